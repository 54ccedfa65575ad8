/// By what rows are ordered; rows that tie are in the order of their keys.
public enum RowOrder: String, Sendable, CaseIterable {
    /// Most first; both directions of a bidirectional row count.
    case bytes, packets
    /// Latest first.
    case firstSeen = "first_seen"
    case lastSeen = "last_seen"
    /// Longest first: from first to last packet.
    case duration
    /// By the key alone.
    case key
}
