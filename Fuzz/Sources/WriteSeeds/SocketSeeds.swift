/// What the kernel tells of sockets (Sources/C/CProbeRecords/owner_records.h).
enum SocketSeeds {
    static var records: [String: [UInt8]] {
        let group = record(
            67, 1_568, [(16, little(88, 8)), (24, [2]), (28, [1]), (32, Array("ssh".utf8)), (160, Array("a".utf8))])
        let scanned = record(66, 32, [(16, little(9, 8))]), gone = record(65, 24, [(16, little(77, 8))])
        let connected = owner(77, pid: 4711, remote: [10, 0, 0, 2]), listens = owner(78, pid: 1, remote: [])
        return [
            "group": group, "connected": connected, "listens": listens,
            "closed": connected + scanned + gone + scanned,
            "reused": connected + owner(77, pid: 4712, remote: [10, 0, 0, 3]) + gone,
            "shared": connected + owner(77, pid: 4712, remote: [10, 0, 0, 2]) + scanned,
            "crowd": (0..<12).flatMap { owner(UInt64($0), pid: 1, remote: [10, 0, 1, UInt8($0)]) } + gone + listens,
        ]
    }

    private static func owner(_ cookie: UInt64, pid: UInt64, remote: [UInt8]) -> [UInt8] {
        record(
            64, 120,
            [
                (16, little(4, 8)), (24, little(cookie, 8)), (32, little(88, 8)), (40, little(99, 8)),
                (48, little(pid, 4)), (52, little(1000, 4)), (56, little(3, 4)),
                (60, [2, 6, UInt8(pid & 1), remote.isEmpty ? 1 : 0]), (64, little(443, 2)),
                (66, little(remote.isEmpty ? 0 : 50_000, 2)), (72, Array("nginx".utf8)), (88, [10, 0, 0, 1]),
                (104, remote),
            ])
    }

    /// Octets of a record: its header with a time of 5, and what stands where.
    private static func record(_ type: UInt64, _ count: Int, _ fields: [(at: Int, octets: [UInt8])]) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        let header: [(at: Int, octets: [UInt8])] = [
            (0, little(UInt64(count), 4)), (4, little(type, 2)), (6, [1]), (8, little(5, 8)),
        ]
        for (at, values) in header + fields { octets.replaceSubrange(at..<at + values.count, with: values) }
        return octets
    }

    private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
}
