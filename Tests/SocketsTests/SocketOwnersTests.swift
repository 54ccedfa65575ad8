import Flows
import Headers
import Testing

@testable import Sockets

/// Tables that are told of sockets by hand. Times are seconds.
struct SocketOwnersTests {
    private static let here = IPAddress(v4: 0x0A00_0001), there = IPAddress(v4: 0x0A00_0002)
    private static let anyV4 = IPAddress(v4: 0), anyV6 = IPAddress(v6: 0, 0)
    private let first = SocketOwner(pid: 10, started: 1)
    private let second = SocketOwner(pid: 20, started: 2)

    private static func owners(endsAreTold: Bool = true, socketsMax: Int = 1_000) -> SocketOwners {
        var owners = SocketOwners(network: 1, endsAreTold: endsAreTold, socketsMax: socketsMax)
        owners.setLocalAddresses([here])
        return owners
    }

    private static func seconds(_ seconds: Double) -> Int64 { Int64(seconds * 1e9) }

    private static func ends(
        _ protocol: UInt8, _ local: IPAddress = here, _ localPort: UInt16 = 1000, _ remote: IPAddress = there,
        _ remotePort: UInt16 = 80
    ) -> SocketEnds {
        SocketEnds(
            protocol: `protocol`, local: local, localPort: localPort, remote: remote, remotePort: remotePort)
    }

    private static func bound(_ protocol: UInt8, _ local: IPAddress, _ port: UInt16 = 1000) -> SocketEnds {
        SocketEnds(protocol: `protocol`, local: local, localPort: port)
    }

    private static func sighting(
        _ cookie: UInt64, _ ends: SocketEnds, _ owner: SocketOwner, at time: Double, begun: Double? = nil,
        isUse: Bool = true, listens: Bool = false, isV6Only: Bool = false, network: UInt32 = 1
    ) -> SocketEvent {
        .owner(
            SocketSighting(
                cookie: cookie, ends: ends, network: network, owner: owner, isUse: isUse, listens: listens,
                isV6Only: isV6Only, since: seconds(begun ?? time), time: seconds(time)))
    }

    private static func key(
        _ protocol: UInt8, _ source: IPAddress = here, _ sourcePort: UInt16 = 1000, _ destination: IPAddress = there,
        _ destinationPort: UInt16 = 80
    ) -> FlowKey {
        FlowKey(
            sourceHigh: source.high, sourceLow: source.low, destinationHigh: destination.high,
            destinationLow: destination.low,
            meta: FlowKey.meta(
                sourcePort: sourcePort, destinationPort: destinationPort, vlan: 0, protocol: `protocol`,
                family: source.family.rawValue))
    }

    @Test func aConnectionIsFoundFromBothSides() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.ends(6), first, at: 10))
        let sent = owners.owners(of: Self.key(6), at: Self.seconds(11))
        #expect(sent == FlowOwners(source: .known(first)))
        let received = owners.owners(of: Self.key(6, Self.there, 80, Self.here, 1000), at: Self.seconds(11))
        #expect(received == FlowOwners(destination: .known(first)))
        #expect(sent.local == received.local && sent.peer == .unknown)
        // The same ports of the other protocol are another socket's.
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(11)) == FlowOwners())
        #expect(owners.owners(of: Self.key(6, Self.here, 1001), at: Self.seconds(11)) == FlowOwners())
    }

    @Test func bothEndsMayBeHere() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.ends(6), first, at: 10))
        owners.take(Self.sighting(2, Self.ends(6, Self.there, 80, Self.here, 1000), second, at: 10))
        let answer = owners.owners(of: Self.key(6), at: Self.seconds(11))
        #expect(answer.local == .known(first) && answer.peer == .known(second))
    }

    /// A port that another process gets later is its own only from then on, and never the first one's again.
    @Test(arguments: [6, 17] as [UInt8]) func aPortIsUsedAgain(protocol: UInt8) {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.ends(`protocol`), first, at: 10, begun: 9))
        owners.take(.gone(cookie: 1, time: Self.seconds(20)))
        owners.take(Self.sighting(2, Self.ends(`protocol`), second, at: 31, begun: 30))
        let expected: [(Double, OwnerAnswer)] = [
            (8, .unknown), (9.5, .known(first)), (20, .known(first)), (30, .known(second)), (99, .known(second)),
        ]
        for (time, answer) in expected {
            #expect(owners.owners(of: Self.key(`protocol`), at: Self.seconds(time)).source == answer, "\(time) s")
        }
        // After the program has closed it TCP goes on; UDP has nothing more to say.
        let after = owners.owners(of: Self.key(`protocol`), at: Self.seconds(25)).source
        #expect(after == (`protocol` == 6 ? .known(first) : .unknown))
    }

    @Test func betweenTwoProcessesNobodyIsNamed() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.ends(6), first, at: 10))
        owners.take(.gone(cookie: 1, time: Self.seconds(20)))
        // Accepted: it was there a little before anybody saw it.
        owners.take(Self.sighting(2, Self.ends(6), second, at: 22))
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(21)).source == .ambiguous)
        // The same process after itself is no question.
        owners.take(Self.sighting(3, Self.ends(6, Self.here, 7), first, at: 10))
        owners.take(.gone(cookie: 3, time: Self.seconds(20)))
        owners.take(Self.sighting(4, Self.ends(6, Self.here, 7), first, at: 22))
        #expect(owners.owners(of: Self.key(6, Self.here, 7), at: Self.seconds(21)).source == .known(first))
    }

    /// A process number that was given to another process is another process.
    @Test func aProcessNumberIsUsedAgain() {
        var owners = Self.owners()
        let later = SocketOwner(pid: first.pid, started: 99)
        owners.take(Self.sighting(1, Self.ends(6), first, at: 10))
        owners.take(Self.sighting(1, Self.ends(6), later, at: 20))
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(15)).source.owner?.started == first.started)
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(25)).source.owner?.started == 99)
    }

    @Test func aSocketThatIsNotConnectedAnswersForItsPort() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.bound(17, Self.anyV4), first, at: 10))
        let (asked, other) = (IPAddress(v4: 0x0808_0808), IPAddress(v4: 0x0A00_0003))
        #expect(owners.owners(of: Self.key(17, asked, 9, Self.here, 1000), at: Self.seconds(11)).local == .known(first))
        // The port of another machine is not this socket's, whatever its number.
        #expect(owners.owners(of: Self.key(17, Self.here, 9, other, 1000), at: Self.seconds(11)).local == .unknown)
        // A socket that says its address goes before.
        owners.take(Self.sighting(2, Self.bound(17, Self.here), second, at: 10))
        #expect(
            owners.owners(of: Self.key(17, asked, 9, Self.here, 1000), at: Self.seconds(11)).local == .known(second))
        // And one that is connected before that.
        let third = SocketOwner(pid: 30)
        owners.take(Self.sighting(3, Self.ends(17, Self.here, 1000, asked, 9), third, at: 10))
        #expect(owners.owners(of: Self.key(17, asked, 9, Self.here, 1000), at: Self.seconds(11)).local == .known(third))
    }

    @Test func connectionsThatNobodyHasTakenYetAreWhosWhoListens() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.bound(6, Self.anyV4), first, at: 10, listens: false))
        let key = Self.key(6, Self.there, 9, Self.here, 1000)
        #expect(owners.owners(of: key, at: Self.seconds(11)).local == .unknown)
        owners.take(Self.sighting(1, Self.bound(6, Self.anyV4), first, at: 12, listens: true))
        #expect(owners.owners(of: key, at: Self.seconds(13)).local == .known(first))
        // Once another process has accepted one, that is its.
        owners.take(Self.sighting(2, Self.ends(6, Self.here, 1000, Self.there, 9), second, at: 14))
        #expect(owners.owners(of: key, at: Self.seconds(14)).local == .known(second))
    }

    @Test(arguments: [true, false]) func socketsOfIPv6TakeIPv4UnlessTheySayOtherwise(isV6Only: Bool) {
        var owners = Self.owners()
        let v6 = IPAddress(v6: 0xFD00 << 48, 1)
        owners.setLocalAddresses([Self.here, v6])
        owners.take(Self.sighting(1, Self.bound(17, Self.anyV6), first, at: 10, isV6Only: isV6Only))
        let v4Answer = owners.owners(of: Self.key(17, Self.there, 9, Self.here, 1000), at: Self.seconds(11)).local
        #expect(v4Answer == (isV6Only ? .unknown : .known(first)))
        let other = IPAddress(v6: 0xFD00 << 48, 2)
        #expect(owners.owners(of: Self.key(17, other, 9, v6, 1000), at: Self.seconds(11)).local == .known(first))
    }

    @Test func severalProcessesWithOneSocket() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.ends(17), first, at: 10, isUse: false))
        owners.take(Self.sighting(1, Self.ends(17), second, at: 10, isUse: false))
        owners.take(.scanned(begun: Self.seconds(9), time: Self.seconds(10), lost: 0))
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(11)).local == .ambiguous)
        // Who uses it has it.
        owners.take(Self.sighting(1, Self.ends(17), second, at: 12))
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(13)).local == .known(second))
        // When that one is gone, the one that is left has it.
        owners.take(Self.sighting(1, Self.ends(17), first, at: 20, isUse: false))
        owners.take(.scanned(begun: Self.seconds(19), time: Self.seconds(20), lost: 0))
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(21)).local == .known(first))
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(13)).local == .known(second))
    }

    /// As descriptors are handed to another process.
    @Test func aSocketThatIsHandedOn() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.ends(6), first, at: 10))
        owners.take(Self.sighting(1, Self.ends(6), second, at: 20))
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(15)).local == .known(first))
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(25)).local == .known(second))
    }

    @Test func aSocketOfUDPThatConnectsAnew() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.ends(17), first, at: 10))
        owners.take(Self.sighting(1, Self.ends(17, Self.here, 1000, Self.there, 81), first, at: 20))
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(15)).local == .known(first))
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(25)).local == .unknown)
        let now = Self.key(17, Self.here, 1000, Self.there, 81)
        #expect(owners.owners(of: now, at: Self.seconds(25)).local == .known(first))
    }

    @Test(arguments: [true, false]) func whatALookDoesNotFindIsGone(endsAreTold: Bool) {
        var owners = Self.owners(endsAreTold: endsAreTold)
        owners.take(Self.sighting(1, Self.ends(17), first, at: 10))
        #expect(!owners.isComplete)
        // Not where records were lost: its may be among them.
        owners.take(.scanned(begun: Self.seconds(11), time: Self.seconds(12), lost: 5))
        #expect(owners.isComplete && owners.lost == 5)
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(11)).local == .known(first))
        owners.take(.scanned(begun: Self.seconds(13), time: Self.seconds(14), lost: 5))
        let answer = owners.owners(of: Self.key(17), at: Self.seconds(14)).local
        #expect(answer == (endsAreTold ? .known(first) : .unknown))
        owners.take(.scanned(begun: Self.seconds(80), time: Self.seconds(81), lost: 5))
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(81)).local == .unknown)
        // Until somebody else had the port it may have been its.
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(12)).local == .known(first))
    }

    @Test func otherNetworkNamespaces() {
        var owners = Self.owners()
        let loopback = IPAddress(v4: 0x7F00_0001)
        owners.take(Self.sighting(1, Self.ends(6), first, at: 10, network: 2))
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(11)).local == .known(first))
        owners.take(Self.sighting(2, Self.ends(6), second, at: 10, network: 3))
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(11)).local == .ambiguous)
        let own = SocketOwner(pid: 30)
        owners.take(Self.sighting(3, Self.ends(6), own, at: 10))
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(11)).local == .known(own))
        // Loopback never leaves its namespace, and what takes anything there takes nothing here.
        owners.take(Self.sighting(4, Self.ends(6, loopback, 5, loopback, 6), first, at: 10, network: 2))
        owners.take(Self.sighting(5, Self.bound(17, Self.anyV4), first, at: 10, network: 2))
        #expect(owners.owners(of: Self.key(6, loopback, 5, loopback, 6), at: Self.seconds(11)).local == .unknown)
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(11)).local == .unknown)
    }

    @Test func whatTellsNoPortsIsNobodys() {
        var owners = Self.owners()
        owners.take(Self.sighting(1, Self.ends(6), first, at: 10))
        #expect(owners.owners(of: Self.key(6, Self.here, 0), at: Self.seconds(11)) == FlowOwners())
        #expect(owners.owners(of: Self.key(1), at: Self.seconds(11)) == FlowOwners())
    }

    @Test func itsMemoryIsBounded() {
        var owners = Self.owners(socketsMax: 100)
        for cookie in 1...1_000 as ClosedRange<UInt64> {
            owners.take(Self.sighting(cookie, Self.ends(6, Self.here, UInt16(cookie)), first, at: 10))
        }
        #expect(owners.count == 100 && owners.refused == 900)
        // Those that are gone make room.
        for cookie in 1...100 as ClosedRange<UInt64> { owners.take(.gone(cookie: cookie, time: Self.seconds(11))) }
        owners.take(Self.sighting(2_000, Self.ends(6, Self.here, 2_000), second, at: 12))
        #expect(owners.owners(of: Self.key(6, Self.here, 2_000), at: Self.seconds(12)).local == .known(second))
        // Many sockets with the same ends, one after the other.
        for cookie in 3_000...4_000 as ClosedRange<UInt64> {
            owners.take(Self.sighting(cookie, Self.ends(17), first, at: Double(cookie)))
            owners.take(.gone(cookie: cookie, time: Self.seconds(Double(cookie) + 0.5)))
        }
        #expect(owners.count <= 100)
        #expect(owners.owners(of: Self.key(17), at: Self.seconds(4_000)).local == .known(first))
    }

    /// Where there is no room for a socket, its flows are nobody's.
    @Test func aSocketThatIsRefusedIsNobodys() {
        var owners = Self.owners(socketsMax: 2)
        owners.take(Self.sighting(1, Self.ends(6, Self.here, 1), first, at: 10))
        owners.take(Self.sighting(2, Self.ends(6, Self.here, 2), first, at: 10))
        owners.take(Self.sighting(3, Self.ends(6), second, at: 15))
        #expect(owners.refused == 1)
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(21)).local == .unknown)
        owners.take(.gone(cookie: 1, time: Self.seconds(22)))
        owners.take(Self.sighting(3, Self.ends(6), second, at: 23))
        #expect(owners.owners(of: Self.key(6), at: Self.seconds(24)).local == .known(second))
    }
}
