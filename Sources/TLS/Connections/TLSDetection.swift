import Octets

/// Whether octets are those of TLS.
public enum TLSDetection: Equatable, Sendable {
    case yes, no
    /// More octets would tell.
    case needMore

    /// Octets that tell for sure.
    public static let octetsMax = RecordHeader.octets + 6

    /// Looks at the octets with which a direction begins: a hello, or in the middle of a connection an encrypted
    /// record.
    public static func detect(_ octets: Span<UInt8>) -> TLSDetection {
        let hello = detectHello(octets)
        guard hello == .no else { return hello }
        let start: [UInt8] = [23, 3, 3]
        for index in 0..<min(octets.count, start.count) where octets[index] != start[index] { return .no }
        guard octets.count >= RecordHeader.octets else { return .needMore }
        // No cipher gives fewer octets than a tag has.
        guard let header = RecordHeader(octets, at: 0), header.length > 16 else { return .no }
        return .yes
    }

    /// Looks at the octets with which the other end begins to answer: any record.
    public static func detectAnswer(_ octets: Span<UInt8>) -> TLSDetection {
        guard octets.count > 0 else { return .needMore }
        guard 20...23 ~= octets[0], octets.count < 2 || octets[1] == 3, octets.count < 3 || octets[2] <= 4 else {
            return .no
        }
        guard octets.count >= RecordHeader.octets else { return .needMore }
        return RecordHeader(octets, at: 0) == nil ? .no : .yes
    }

    /// Looks for a ClientHello or ServerHello alone: where TLS begins within a connection (STARTTLS, CONNECT).
    public static func detectHello(_ octets: Span<UInt8>) -> TLSDetection {
        guard octets.count > 0 else { return .needMore }
        guard octets[0] == 22, octets.count < 2 || octets[1] == 3, octets.count < 3 || octets[2] <= 4 else {
            return .no
        }
        guard octets.count >= octetsMax else { return .needMore }
        guard let header = RecordHeader(octets, at: 0), header.length >= 6 else { return .no }
        let type = HandshakeType(rawValue: octets[5])
        let length = Int(octets[6]) << 16 | Int(octets.bigEndian16(at: 7))
        // Both have a version, a random, and more than an octet of lists.
        let isHello = (type == .clientHello || type == .serverHello) && 38...(1 << 16) ~= length && octets[9] == 3
        return isHello ? .yes : .no
    }
}
