import Events
import Flows
import Headers
import Octets
import Sockets

/// Any octets as the kernel's records of sockets, one behind the other: no trap, no hang, never more sockets than there
/// is room for; and whoever is named as the owner of a flow was told of.
@c(LLVMFuzzerTestOneInput)
public func fuzzSockets(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    let socketsMax = 8
    var owners = SocketOwners(network: 3, endsAreTold: size.isMultiple(of: 2), socketsMax: socketsMax)
    owners.setLocalAddresses([IPAddress(v4: 0x0A00_0001)])
    // The kernel's clock began somewhere in this century.
    let clock = ClockOffset(nanoseconds: 1_700_000_000_000_000_000)
    var told: Set<SocketOwner> = []
    var position = 0
    while input.count - position >= 4 {
        let length = Int(input.span.littleEndian32(at: position))
        let record = input.span.extracting(position..<min(position + max(length, 1), input.count))
        owners.take(record, clock: clock)
        precondition(owners.count <= socketsMax, "more sockets than there is room for")
        position += record.count
        guard let event = try? SocketEvent(record, clock: clock), case .owner(let sighting) = event else { continue }
        told.insert(sighting.owner)
        check(sighting, owners, told)
    }
    return 0
}

private func check(_ sighting: SocketSighting, _ owners: SocketOwners, _ told: Set<SocketOwner>) {
    let ends = sighting.ends
    let remote = ends.remote.family == .none ? ends.local : ends.remote
    let family: UInt64 = ends.local.family == .v4 ? 4 : 6
    let ports = UInt64(ends.localPort) << 48 | UInt64(ends.remotePort) << 32
    let key = FlowKey(
        sourceHigh: ends.local.high, sourceLow: ends.local.low, destinationHigh: remote.high,
        destinationLow: remote.low, meta: ports | UInt64(ends.protocol) << 8 | family)
    for time in [sighting.since, sighting.time, .min, .max] {
        let answer = owners.owners(of: key, at: time)
        for end in [answer.source, answer.destination] {
            if case .known(let owner) = end { precondition(told.contains(owner), "an owner that nobody named") }
        }
    }
}
