import Events
import Headers
import Octets
import Streams

/// Makes TCP connections of events: what programs said over TLS, as a capture of them would show it without TLS.
///
/// Who opened a connection, and between which addresses it runs, is taken from the events as far as they say:
///
/// * Of captures, it is the end that opened it. Else the server is the end with a port below 32,768 where the other
///   one's is not, or the end that is spoken to first.
/// * Where addresses are not known, 192.0.2.0/24 stands in for the program and 198.51.100.1 port 80 for its peer
///   (RFC 5737), with another port of the program's for each connection. Where a connection runs between two programs
///   that are both seen, the second one's view of it keeps its ports and has these addresses.
public struct PlaintextConversations: Sendable {
    /// One frame of a connection.
    public struct Frame: ~Escapable {
        /// From Ethernet on.
        public let octets: Span<UInt8>
        /// Nanoseconds since 1970.
        public let time: Int64
        /// Seen from the program.
        public let direction: Direction
        /// `PID:4242, Comm:curl`; empty where neither is known.
        public let comment: [UInt8]

        @_lifetime(copy octets)
        init(octets: Span<UInt8>, time: Int64, direction: Direction, comment: [UInt8]) {
            self.octets = octets
            self.time = time
            self.direction = direction
            self.comment = comment
        }
    }

    private struct Entry {
        var conversation: SyntheticConversation
        var local: SyntheticConversation.Side
        var comment: [UInt8]
        var lastTime: Int64
    }

    private var entries: [ConnectionKey: Entry] = [:]
    private var keysOfSockets: [UInt64: [ConnectionKey]] = [:]
    /// Ends of connections that are there, in either order.
    private var used: Set<Set<SyntheticConversation.End>> = []
    private var standIns: UInt32 = 0
    /// Between initial sequence numbers of connections: odd, so that all 2³² come in turn.
    private static let sequenceStep: UInt64 = 0x0100_0193
    private let connectionsMax: Int

    /// Connections made, and those forgotten for room.
    public private(set) var connections: UInt64 = 0
    public private(set) var forgotten: UInt64 = 0
    /// Octets said, and those that could not be: behind the end of their direction.
    public private(set) var octets: UInt64 = 0
    public private(set) var octetsBehindEnd: UInt64 = 0

    public init(connectionsMax: Int) { self.connectionsMax = max(connectionsMax, 1) }

    /// Takes an event, and gives the frames that come of it.
    public mutating func take(_ head: EventHead, _ payload: Span<UInt8>, _ emit: (borrowing Frame) -> Void) {
        switch head.kind {
        case .data, .gap:
            begin(head)
            follow(.saying, head.key, head, payload, emit)
        case .closed: follow(.finishing, head.key, head, payload, emit)
        case .aborted:
            follow(.aborting, head.key, head, payload, emit)
            remove(head.key)
        case .destroyed:
            // Whoever used the socket.
            for key in keysOfSockets[head.sock] ?? [] {
                follow(.finishingBoth, key, head, payload, emit)
                remove(key)
            }
        case .text, .tls: break
        }
    }

    private enum Step { case saying, finishing, finishingBoth, aborting }

    private mutating func follow(
        _ step: Step, _ key: ConnectionKey, _ head: EventHead, _ payload: Span<UInt8>,
        _ emit: (borrowing Frame) -> Void
    ) {
        guard var entry = entries[key] else { return }
        let (comment, local, time) = (entry.comment, entry.local, head.time)
        let side = head.direction == .sent ? local : local.other
        let give = { (frame: Span<UInt8>, by: SyntheticConversation.Side) in
            emit(Frame(octets: frame, time: time, direction: by == local ? .sent : .received, comment: comment))
        }
        switch step {
        case .saying:
            if head.missing > 0 {
                entry.conversation.skip(head.missing == EventHead.unknown ? nil : head.missing, by: side, give)
            }
            octets += UInt64(payload.count)
            if entry.conversation.hasFinished(side) { octetsBehindEnd += UInt64(payload.count) }
            entry.conversation.say(payload, by: side, give)
        case .finishing: entry.conversation.finish(side, give)
        case .finishingBoth:
            for side in SyntheticConversation.Side.allCases { entry.conversation.finish(side, give) }
        case .aborting: entry.conversation.reset(by: local, give)
        }
        entry.lastTime = time
        entries[key] = entry
    }

    // MARK: - Which connections there are

    private mutating func begin(_ head: EventHead) {
        guard entries[head.key] == nil else { return }
        if entries.count >= connectionsMax { forgetOldest() }
        let isSent = head.direction == .sent
        var local = SyntheticConversation.End(
            address: isSent ? head.source : head.destination, port: isSent ? head.sourcePort : head.destinationPort)
        var peer = SyntheticConversation.End(
            address: isSent ? head.destination : head.source, port: isSent ? head.destinationPort : head.sourcePort)
        let isKnown = local.address.family != .none && local.address.family == peer.address.family
        let isLocalClient = isKnown ? Self.isClient(local, peer, head) : isSent
        if !isKnown || used.contains([local, peer]) {
            standIns &+= 1
            // 254 addresses with 16,384 ports each.
            local.address = IPAddress(v4: 0xC000_0201 + standIns / 16_384 % 254)
            peer.address = IPAddress(v4: 0xC633_6401)
            if !isKnown {
                local.port = 49_152 + UInt16(standIns % 16_384)
                peer.port = 80
            }
        }
        used.insert([local, peer])
        if head.sock != 0 { keysOfSockets[head.sock, default: []].append(head.key) }
        connections += 1
        entries[head.key] = Entry(
            conversation: SyntheticConversation(
                client: isLocalClient ? local : peer, server: isLocalClient ? peer : local,
                initialSequence: UInt32(truncatingIfNeeded: connections &* Self.sequenceStep)),
            local: isLocalClient ? .client : .server, comment: Self.comment(head), lastTime: head.time)
    }

    private static func isClient(
        _ local: SyntheticConversation.End, _ peer: SyntheticConversation.End, _ head: EventHead
    ) -> Bool {
        // A capture's events: what was sent is what the opener said.
        if head.pid == 0 { return true }
        let isLocalServed = local.port < 32_768
        return isLocalServed == (peer.port < 32_768) ? head.direction == .sent : !isLocalServed
    }

    private static func comment(_ head: EventHead) -> [UInt8] {
        guard head.pid != 0 else { return [] }
        var buffer = OctetBuffer()
        buffer.append("PID:\(head.pid), Comm:")
        buffer.append(terminal: head.comm)
        return [UInt8](buffer)
    }

    private mutating func remove(_ key: ConnectionKey) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        used.remove(Set(entry.conversation.ends))
        guard key.kind == .sock else { return }
        keysOfSockets[key.id]?.removeAll { $0 == key }
        if keysOfSockets[key.id]?.isEmpty == true { keysOfSockets[key.id] = nil }
    }

    /// A sixteenth of them at once, so that looking for them costs little for each.
    private mutating func forgetOldest() {
        let oldest = entries.map { ($0.value.lastTime, $0.key) }.sorted { ($0.0, $0.1.mixed) < ($1.0, $1.1.mixed) }
        for (_, key) in oldest.prefix(max(entries.count / 16, 1)) {
            remove(key)
            forgotten += 1
        }
    }
}
