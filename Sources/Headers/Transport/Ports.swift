import Octets

/// The ports that TCP, UDP, UDP-Lite, SCTP and DCCP all start with.
///
///      0             16            31
///     | source port | destination port |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct PortsView: ~Escapable {
    public static let byteCount = 4
    public let octets: Span<UInt8>

    @inline(always) @_lifetime(copy octets)
    public init(_ layer: DecodeFailure.Layer, _ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, layer, at: offset)
        self.octets = octets
    }

    @inline(always) public var source: UInt16 { octets.bigEndian16(at: 0) }
    @inline(always) public var destination: UInt16 { octets.bigEndian16(at: 2) }
}

extension Walk {
    /// Takes the ports as soon as they are there, and fails only then if the rest of the fixed header is not.
    @inline(always)
    mutating func ports(
        _ layer: DecodeFailure.Layer, fixedHeader byteCount: Int, _ frame: Span<UInt8>
    ) throws(DecodeFailure) {
        let rest = rest(of: frame)
        let ports = try PortsView(layer, rest, at: offset)
        if isKeyOpen {
            info.sourcePort = ports.source
            info.destinationPort = ports.destination
        }
        try rest.require(byteCount, layer, at: offset)
    }
}
