import Octets

/// The name of a connection's direction that people are shown: `{Pid}_{Tid}_{Comm}_{Fd}_{DataType}`, and
/// `_{Tuple}` behind it where the tuple is known. It is no key: a comm may hold `_` (`ConnectionKey` is the key).
extension OctetBuffer {
    /// Appends the text; control characters of the comm are escaped.
    public mutating func append(uuidOf info: borrowing BaseInfo) {
        write(atMost: 24) { output in
            output.append(decimal: UInt64(info.pid))
            output.append(UInt8(ascii: "_"))
            output.append(decimal: UInt64(info.tid))
            output.append(UInt8(ascii: "_"))
        }
        append(escaping: info.comm.span, keepsLines: false)
        write(atMost: 24) { output in
            output.append(UInt8(ascii: "_"))
            output.append(decimal: Int64(info.fd))
            output.append(UInt8(ascii: "_"))
            output.append(decimal: UInt64(info.direction.rawValue))
        }
        guard info.hasTuple else { return }
        append("_")
        append(tupleOf: info)
    }

    /// Appends the line that the original puts before a message:
    /// `PID:1234, Comm:curl, Src:192.168.1.10:54321, Dest:93.184.216.34:443,` and a line's end. What is not known is
    /// left out.
    public mutating func append(originOf info: borrowing BaseInfo) {
        append("PID:")
        append(decimal: UInt64(info.pid))
        append(", Comm:")
        append(escaping: info.comm.span, keepsLines: false)
        append(",")
        if info.hasTuple {
            append(" Src:")
            append(info.source, port: info.sourcePort)
            append(", Dest:")
            append(info.destination, port: info.destinationPort)
            append(",")
        }
        append("\n")
    }
}

extension BaseInfo {
    public var uuidText: String {
        var buffer = OctetBuffer()
        buffer.append(uuidOf: self)
        return buffer.description
    }
}
