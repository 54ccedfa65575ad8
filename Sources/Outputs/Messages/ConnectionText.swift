import AppProtocols
import Events
import Headers
import Octets

/// How people are shown which program and connection a message belongs to.
extension OctetBuffer {
    /// `{Pid}_{Tid}_{Comm}_{Fd}_{DataType}`, and `_{Tuple}` behind it where the tuple is known. A comm may hold any
    /// octet, `_` too: programs read the fields that records have apart.
    mutating func append(uuid info: borrowing BaseInfo, _ direction: Direction) {
        let (pid, tid, fd) = (UInt64(info.pid), UInt64(info.tid), Int64(info.fd))
        write(atMost: 23) { writer in
            writer.append(decimal: pid)
            writer.append(0x5F)
            writer.append(decimal: tid)
            writer.append(0x5F)
        }
        append(contentsOf: info.comm.span)
        write(atMost: 24) { writer in
            writer.append(0x5F)
            writer.append(decimal: fd)
            writer.append(0x5F)
            writer.append(decimal: UInt64(direction.rawValue))
        }
        guard info.hasTuple else { return }
        write(atMost: 2 + 2 * OctetWriter.endpointOctetsMax) { writer in
            writer.append(0x5F)
            writer.append(endpoint: info.source, info.sourcePort)
            writer.append(UInt8(ascii: "-"))
            writer.append(endpoint: info.destination, info.destinationPort)
        }
    }
}

extension OctetWriter {
    /// An address in brackets, a colon and a port.
    static let endpointOctetsMax = OctetWriter.addressOctetsMax + 8

    /// `192.168.1.10:54321` or `[2001:db8::1]:443`.
    @_lifetime(self: copy self)
    mutating func append(endpoint address: IPAddress, _ port: UInt16) {
        if address.family == .v6 { append(UInt8(ascii: "[")) }
        append(address: address)
        if address.family == .v6 { append(UInt8(ascii: "]")) }
        append(UInt8(ascii: ":"))
        append(decimal: UInt64(port))
    }
}
