import Flows
import Headers
import Octets

/// The `/24` behind the addresses of a task, where its key does not keep them whole.
struct PrefixText: Sendable {
    /// Per family; 255 stands for none.
    struct Lengths: Sendable {
        var v4: UInt8 = 255
        var v6: UInt8 = 255

        init(_ prefix: AddressPrefix?) {
            guard let prefix else { return }
            if prefix.v4 < 32 { v4 = prefix.v4 }
            if prefix.v6 < 128 { v6 = prefix.v6 }
        }
    }

    var source: Lengths
    var destination: Lengths

    init(_ fields: KeyFields) {
        source = Lengths(fields.source)
        destination = Lengths(fields.destination)
    }
}

extension OctetWriter {
    /// An address with its prefix length, at most 43 octets.
    @inline(always)
    @_lifetime(self: copy self)
    mutating func append(address: IPAddress, _ prefix: PrefixText.Lengths) {
        append(address: address)
        let length = address.family == .v4 ? prefix.v4 : prefix.v6
        if length != 255 {
            append(0x2F)
            append(decimal: UInt64(length))
        }
    }
}
