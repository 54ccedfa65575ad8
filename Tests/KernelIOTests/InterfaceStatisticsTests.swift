import Glibc
import Testing

@testable import KernelIO

struct InterfaceStatisticsTests {
    private static func file(_ name: String) throws -> UInt64 {
        let octets = try InputFile.contents(of: "/sys/class/net/lo/statistics/\(name)", atMost: 100)
        return UInt64(String(decoding: octets.filter { $0 != 0x0A }, as: UTF8.self)) ?? .max
    }

    /// What the kernel tells through the socket is what it tells in files, where those are this network's.
    @Test func theyAreThoseOfTheKernel() throws {
        let statistics = try #require(InterfaceStatistics(of: "lo"))
        for _ in 0..<3 {
            let before = try Self.file("rx_packets")
            let counts = try #require(statistics.current)
            let after = try Self.file("rx_packets")
            #expect(before <= counts.received && counts.received <= after)
            let dropped = try Self.file("rx_missed_errors") + Self.file("rx_fifo_errors")
            #expect(counts.dropped == dropped)
        }
    }

    @Test func whatIsNoInterfaceHasNone() {
        #expect(InterfaceStatistics(of: "any") == nil && InterfaceStatistics(of: "absent0") == nil)
    }

    /// Files are closed to a confined process; the socket is not.
    @Test func aConfinedProcessMayAsk() throws {
        let statistics = try #require(InterfaceStatistics(of: "lo"))
        let child = try ChildProcess.fork {
            guard (try? Sandbox.enter()) != nil else { return 2 }
            return statistics.current == nil ? 1 : 0
        }
        #expect(child.wait() == .exited(0))
    }
}
