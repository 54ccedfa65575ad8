import Octets

/// The name of a connection's direction that people are shown: `{Pid}_{Tid}_{Comm}_{Fd}_{DataType}`, and
/// `_{Tuple}` behind it where the tuple is known. It is no key: a comm may hold `_` (`ConnectionKey` is the key).
extension OctetBuffer {
    /// Appends the text, which is UTF-8 whatever the comm is: what could drive a terminal and what is no UTF-8 is
    /// escaped in it.
    public mutating func append(uuidOf info: BaseInfo, _ direction: Direction) {
        let (pid, tid, fd) = (UInt64(info.pid), UInt64(info.tid), Int64(info.fd))
        write(atMost: 24) { writer in
            writer.append(decimal: pid)
            writer.append(UInt8(ascii: "_"))
            writer.append(decimal: tid)
            writer.append(UInt8(ascii: "_"))
        }
        append(terminal: info.comm)
        write(atMost: 24) { writer in
            writer.append(UInt8(ascii: "_"))
            writer.append(decimal: fd)
            writer.append(UInt8(ascii: "_"))
            writer.append(decimal: UInt64(direction.rawValue))
        }
        guard info.hasTuple else { return }
        write(atMost: 1) { $0.append(UInt8(ascii: "_")) }
        append(tupleOf: info)
    }
}

extension BaseInfo {
    public var uuidText: String {
        var buffer = OctetBuffer()
        buffer.append(uuidOf: self, direction)
        return buffer.description
    }
}
