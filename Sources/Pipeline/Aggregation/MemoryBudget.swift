/// What one worker's tables may take: all of them together, or those of a task with a limit of its own. Owned by that
/// worker's thread.
final class MemoryBudget {
    /// Octets of tables; `nil` for no limit.
    let limit: Int?
    /// Octets that each of a task's two tables may take for a sketch of what it evicts; `nil` for none.
    let sketchOctets: Int?
    private(set) var used = 0

    /// - Parameter keepsSketch: an eighth of the limit is for sketches of what is evicted.
    init(limit: Int?, keepsSketch: Bool = false) {
        sketchOctets = keepsSketch ? limit.map { $0 / 16 } : nil
        self.limit = limit.map { $0 - 2 * (keepsSketch ? $0 / 16 : 0) }
    }

    func allows(_ more: Int) -> Bool { limit.map { used + more <= $0 } ?? true }
    func take(_ octets: Int) { used += octets }
    func giveBack(_ octets: Int) { used -= octets }
}
