import Events
import Headers
import Octets
import Testing

@testable import Sockets

struct SocketEventTests {
    /// Octets of a record: its header with a time of 5, and what stands where.
    private static func record(_ type: UInt16, _ count: Int, _ fields: [(at: Int, octets: [UInt8])]) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        let header: [(at: Int, octets: [UInt8])] = [
            (0, little(UInt64(count), 4)), (4, little(UInt64(type), 2)), (6, [1]), (8, little(5, 8)),
        ]
        for (at, values) in header + fields { octets.replaceSubrange(at..<at + values.count, with: values) }
        return octets
    }

    private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }

    private static let sample = record(
        64, 120,
        [
            (16, little(4, 8)), (24, little(77, 8)), (32, little(88, 8)), (40, little(99, 8)), (48, little(4711, 4)),
            (52, little(1000, 4)), (56, little(3, 4)), (60, [2, 6, 1, 3]), (64, little(443, 2)),
            (66, little(50_000, 2)), (72, Array("nginx".utf8)), (88, [10, 0, 0, 1]), (104, [10, 0, 0, 2]),
        ])

    private static func read(_ octets: [UInt8]) throws(EventFailure) -> SocketEvent {
        try SocketEvent(octets.span, clock: ClockOffset(nanoseconds: 100))
    }

    @Test func anOwner() throws {
        guard case .owner(let sighting) = try Self.read(Self.sample) else {
            Issue.record("no owner")
            return
        }
        #expect(
            sighting.ends
                == SocketEnds(
                    protocol: 6, local: IPAddress(v4: 0x0A00_0001), localPort: 443, remote: IPAddress(v4: 0x0A00_0002),
                    remotePort: 50_000))
        #expect(
            sighting.owner
                == SocketOwner(pid: 4711, started: 99, uid: 1000, cgroup: 88, comm: CommandName(Array("nginx".utf8))))
        #expect(sighting.cookie == 77 && sighting.network == 3 && sighting.since == 104 && sighting.time == 105)
        #expect(!sighting.isUse && sighting.listens && !sighting.isV6Only)
    }

    @Test func addressesOfIPv6AndNone() throws {
        var octets = Self.sample
        octets[60] = 10
        octets.replaceSubrange(88..<120, with: [UInt8](repeating: 0, count: 32))
        guard case .owner(let sighting) = try Self.read(octets) else {
            Issue.record("no owner")
            return
        }
        #expect(sighting.ends.local == IPAddress(v6: 0, 0) && sighting.ends.remote == .none && sighting.isV6Only)
    }

    @Test func theOthers() throws {
        #expect(try Self.read(Self.record(65, 24, [(16, Self.little(77, 8))])) == .gone(cookie: 77, time: 105))
        let scan = Self.record(66, 32, [(16, Self.little(3, 8)), (24, Self.little(9, 8))])
        #expect(try Self.read(scan) == .scanned(begun: 103, time: 105, lost: 9))
        func group(_ names: [String], isWhole: Bool) -> [UInt8] {
            let places = names.enumerated().map { (at: 32 + $0 * 128, octets: Array($1.utf8)) }
            return Self.record(
                67, 1_568,
                [(16, Self.little(88, 8)), (24, Self.little(UInt64(names.count), 4)), (28, [isWhole ? 1 : 0])] + places)
        }
        let long = String(repeating: "x", count: 128)
        #expect(
            try Self.read(group(["ssh.service", "system.slice"], isWhole: true))
                == .group(88, path: "/system.slice/ssh.service"))
        #expect(try Self.read(group([], isWhole: true)) == .group(88, path: "/"))
        #expect(try Self.read(group([long], isWhole: false)) == .group(88, path: "/…/" + long))
    }

    @Test func everyShorterRecordIsRefused() {
        for record in [
            Self.sample, Self.record(65, 24, []), Self.record(66, 32, []), Self.record(67, 1_568, []),
        ] {
            for count in 0..<record.count {
                #expect(throws: EventFailure.self) { try Self.read(Array(record.prefix(count))) }
            }
        }
        #expect(throws: EventFailure.self) { try Self.read(Self.record(1, 120, [])) }
        var owners = SocketOwners(network: 1, endsAreTold: true)
        owners.take([1, 2, 3].span, clock: .none)
        #expect(owners.damaged == 1)
    }
}
