import Flows
import KernelIO
import Octets

/// What a task's `summary.json` says of its shards (`TaskSummary`): `nil` where there is none, or it says nothing that
/// can be.
struct TaskTotals {
    private(set) var shards: Int?
    private(set) var flows: UInt64?
    private(set) var packets: UInt64?
    private(set) var bytes: UInt64?

    init(summary path: String) {
        guard let text = try? InputFile.contents(of: path, atMost: 1 << 20) else { return }
        var scanner = JSONScanner(text.span)
        while let token = try? scanner.next(), token != .end {
            guard scanner.depth == 1, case .name(let name, _) = token, let value = try? scanner.next() else { continue }
            guard case .number(let digits) = value else { continue }
            let number = UInt64(String(decoding: text[digits], as: UTF8.self))
            switch String(decoding: text[name], as: UTF8.self) {
            case "shards": shards = number.flatMap { $0 <= SnapshotDirectoryWriter.shardsMax ? Int($0) : nil }
            case "total_flows": flows = number
            case "total_packets": packets = number
            case "total_bytes": bytes = number
            default: break
            }
        }
    }
}

/// Where a task's shards together do not hold what its summary says: one of them is another's copy, or not of this
/// task and snapshot although it says so.
public struct TotalsDisagreement: Equatable, Sendable {
    /// The task's directory.
    public var path: String
    /// Of `flows`, `packets` and `bytes` those that differ.
    public var totals: [(name: String, found: UInt64, told: UInt64)]

    init?(path: String, _ result: TaskResult, _ told: TaskTotals) {
        let totals = [
            ("flows", UInt64(result.flowCount), told.flows), ("packets", result.totalPackets, told.packets),
            ("bytes", result.totalBytes, told.bytes),
        ]
        self.path = path
        self.totals = totals.compactMap { name, found, told in
            told.flatMap { $0 == found ? nil : (name, found, $0) }
        }
        if self.totals.isEmpty { return nil }
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.path == b.path && a.totals.elementsEqual(b.totals, by: ==)
    }
}

extension TotalsDisagreement: CustomStringConvertible {
    public var description: String {
        let list = totals.map { "\($0.found) \($0.name) instead of \($0.told)" }.joined(separator: ", ")
        return "\(SystemName.shown(path)): the shards do not hold what summary.json says: \(list)"
    }
}
