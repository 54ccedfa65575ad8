import Octets

/// The text forms of plaintext events, after eCapture 2.5.
extension OctetBuffer {
    /// `[2024-02-29 23:59:58.123] PID:1 TID:2 Comm:curl FD:5 READ (20 bytes):`, the data on the following lines.
    mutating func append(plaintext data: Span<UInt8>, of info: BaseInfo, isHex: Bool) {
        append("[\(CivilTime(nanoseconds: info.time).milliseconds)] PID:\(info.pid) TID:\(info.tid) Comm:")
        append(terminal: info.comm)
        append(" FD:\(info.fd) \(info.direction.verb) (\(data.count) bytes\(isHex ? ", hex" : "")):\n")
        if isHex { append(hexDump: data) } else { append(payload: data) }
    }

    /// Appends a payload as text, ended by a line's end.
    mutating func append(payload: Span<UInt8>) {
        append(terminal: payload, .kept)
        if payload.isEmpty || payload[payload.count - 1] != 0x0A { append("\n") }
    }
}

extension Direction {
    /// What the program did, as the original names it.
    public var verb: String { self == .received ? "READ" : "WRITE" }
}

extension CivilTime {
    /// `2024-02-29 23:59:58.123`
    var milliseconds: String {
        let digits = "\(nanosecond / 1_000_000)"
        return "\(text).\(String(repeating: "0", count: 3 - digits.utf8.count))\(digits)"
    }
}
