import Octets

/// A block of pcapng as it stands in the file, for those who copy it.
public struct CaptureBlock: Equatable, Sendable {
    public var type: BlockType
    public var byteOrder: ByteOrder
    /// How many frames the file has before it.
    public var framesBefore: UInt64
    /// The whole block, both lengths included.
    public var octets: [UInt8]

    public init(type: BlockType, byteOrder: ByteOrder, framesBefore: UInt64, octets: [UInt8]) {
        self.type = type
        self.byteOrder = byteOrder
        self.framesBefore = framesBefore
        self.octets = octets
    }

    /// Of a section header: says that the section's length is not known, as it is no longer what it was (pcapng § 4.1).
    public mutating func forgetSectionLength() {
        guard type == .sectionHeader, octets.count >= 24 else { return }
        for index in 16..<24 { octets[index] = 0xFF }
    }
}

extension CaptureBlock {
    /// What a Decryption Secrets Block holds (§ 4.7); `nil` of other blocks, and of damaged ones.
    public var secrets: (type: UInt32, octets: [UInt8])? {
        guard type == .decryptionSecrets, octets.count >= 20 else { return nil }
        let length = Int(byteOrder.uint32(octets.span, at: 12))
        guard length <= octets.count - 20 else { return nil }
        return (byteOrder.uint32(octets.span, at: 8), Array(octets[16..<16 + length]))
    }

    /// The packet block around a frame that the parser gave, with its options.
    ///
    /// - Parameters:
    ///   - window: what was parsed.
    ///   - frame: where the frame begins in it.
    /// - Returns: `nil` where no block stands around it.
    public static func packet(in window: Span<UInt8>, around frame: Int, _ order: ByteOrder) -> Range<Int>? {
        // Enhanced Packet Blocks have 28 octets before the frame, the obsolete ones as well; Simple ones have 12.
        for (before, types) in [(28, [BlockType.enhancedPacket, .packet]), (12, [.simplePacket])] {
            let start = frame - before
            guard start >= 0, types.contains(BlockType(rawValue: order.uint32(window, at: start))) else { continue }
            let length = (Int(order.uint32(window, at: start + 4)) + 3) & ~3
            guard length > before, length <= window.count - start else { continue }
            guard (Int(order.uint32(window, at: start + length - 4)) + 3) & ~3 == length else { continue }
            return start..<start + length
        }
        return nil
    }
}
