/// What one worker's tables may take. Owned by that worker's thread.
final class MemoryBudget {
    /// Octets; `nil` for no limit.
    let limit: Int?
    private(set) var used = 0

    init(limit: Int?) { self.limit = limit }

    func allows(_ more: Int) -> Bool { limit.map { used + more <= $0 } ?? true }
    func take(_ octets: Int) { used += octets }
    func giveBack(_ octets: Int) { used -= octets }
}
