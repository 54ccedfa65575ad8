import Cryptography
import Events
import KernelIO
import Streams
import TLS

/// Takes TLS off the streams that carry it: what is decrypted goes on as the stream's own octets; of what is not, what
/// is public goes on when the connection ends. Streams of anything else go through as they are.
///
/// TLS is recognised by the octets a direction begins with, and later by a hello that begins a segment, as after
/// STARTTLS or CONNECT.
struct TLSStreams: StreamSink, ~Copyable {
    private var events: StreamEvents
    private let workspace: TLSWorkspace
    private let connectionsMax: Int
    /// By `StreamID.slot`.
    private var slots: [Slot] = []
    private var openConnections = 0

    private struct Slot {
        var tls: TLSConnection?
        /// TLS was found, and there was no room for it.
        var isRefused = false
        var sent = Side()
        var received = Side()

        subscript(direction: Direction) -> Side {
            _read { if direction == .sent { yield sent } else { yield received } }
            _modify { if direction == .sent { yield &sent } else { yield &received } }
        }

        /// Mutating only in name: what is not is called on a copy, whose references would be counted for each segment.
        mutating func state(_ direction: Direction) -> State {
            direction == .sent ? state(sent) : state(received)
        }

        private func state(_ side: borrowing Side) -> State {
            State(
                isTLS: side.isTLS, hasBegun: side.hasBegun, isHolding: !side.held.isEmpty,
                isFound: tls != nil || isRefused)
        }
    }

    /// One direction of a stream.
    private struct Side {
        /// Its octets are those of TLS.
        var isTLS = false
        /// The first octets were looked at.
        var hasBegun = false
        /// Too few octets so far to tell.
        var held: [UInt8] = []
        var heldTime: Int64 = 0
    }

    /// What is asked about each segment.
    private struct State {
        /// This direction's octets are those of TLS.
        var isTLS: Bool
        /// Its first octets were looked at.
        var hasBegun: Bool
        /// They are held, being too few to tell.
        var isHolding: Bool
        /// TLS was found, in this direction or the other.
        var isFound: Bool
    }

    init(before events: consuming StreamEvents, keys: KeyLog, connectionsMax: Int) {
        self.events = consume events
        workspace = TLSWorkspace(LibCrypto(), keys: keys)
        self.connectionsMax = connectionsMax
    }

    var isClosed: Bool { events.isClosed }
    var ledger: TLSLedger { workspace.ledger }
    var keyCounts: KeyLog.Counts { workspace.keys.counts }

    /// See `StreamEvents`.
    mutating func lend(_ window: inout MappedArray<UInt8>) -> SharedOctets { events.lend(&window) }
    mutating func endLending() { events.endLending() }

    /// Takes a key log that stood in the capture.
    mutating func add(keys octets: [UInt8]) {
        guard !octets.isEmpty else { return }
        workspace.keys.append(octets.span)
        workspace.keys.finish()
    }

    mutating func opened(_ connection: StreamConnection) {
        while slots.count <= connection.id.slot { slots.append(Slot()) }
        slots[connection.id.slot] = Slot()
        events.opened(connection)
    }

    mutating func data(_ octets: Span<UInt8>, _ direction: Direction, of stream: StreamID, at time: Int64) {
        let state = slots[stream.slot].state(direction)
        if state.isTLS {
            takeTLS(octets, direction, stream, time)
        } else if state.isHolding {
            slots[stream.slot][direction].held.append(contentsOf: octets)
            let held = slots[stream.slot][direction].held
            decide(held.span, state, direction, stream, time)
        } else {
            decide(octets, state, direction, stream, time)
        }
    }

    /// Finds out what the octets are that begin a direction, or a segment in it.
    private mutating func decide(
        _ octets: Span<UInt8>, _ state: State, _ direction: Direction, _ stream: StreamID, _ time: Int64
    ) {
        let detection: TLSDetection
        if state.isFound {
            // The other end speaks TLS by now.
            detection = TLSDetection.detectAnswer(octets)
        } else if state.hasBegun {
            detection = TLSDetection.detectHello(octets) == .yes ? .yes : .no
        } else {
            detection = TLSDetection.detect(octets)
        }
        switch detection {
        case .needMore:
            if !state.isHolding {
                slots[stream.slot][direction].held.append(contentsOf: octets)
                slots[stream.slot][direction].heldTime = time
            }
        case .yes:
            begin(direction, stream)
            takeTLS(octets, direction, stream, time)
        case .no:
            if state.isHolding { slots[stream.slot][direction].held = [] }
            if !state.hasBegun { slots[stream.slot][direction].hasBegun = true }
            events.data(octets, direction, of: stream, at: time)
        }
    }

    private mutating func begin(_ direction: Direction, _ stream: StreamID) {
        slots[stream.slot][direction].held = []
        slots[stream.slot][direction].hasBegun = true
        slots[stream.slot][direction].isTLS = true
        guard slots[stream.slot].tls == nil, !slots[stream.slot].isRefused else { return }
        guard openConnections < connectionsMax else {
            slots[stream.slot].isRefused = true
            return
        }
        openConnections += 1
        slots[stream.slot].tls = TLSConnection(workspace)
    }

    private mutating func takeTLS(
        _ octets: Span<UInt8>, _ direction: Direction, _ stream: StreamID, _ time: Int64
    ) {
        guard let tls = slots[stream.slot].tls else {
            workspace.ledger.seen += UInt64(octets.count)
            workspace.ledger[.tooMany] += UInt64(octets.count)
            return
        }
        events.current = (stream, time)
        tls.receive(octets, direction, to: &events)
    }

    mutating func gap(_ gap: StreamGap, _ direction: Direction, of stream: StreamID, at time: Int64) {
        release(direction, stream)
        guard slots[stream.slot][direction].isTLS else {
            events.gap(gap, direction, of: stream, at: time)
            return
        }
        events.current = (stream, time)
        slots[stream.slot].tls?.skip(gap.octets, direction, to: &events)
    }

    /// What was too little to tell goes on as it is.
    private mutating func release(_ direction: Direction, _ stream: StreamID) {
        let side = slots[stream.slot][direction]
        guard !side.held.isEmpty else { return }
        slots[stream.slot][direction].held = []
        slots[stream.slot][direction].hasBegun = true
        events.data(side.held.span, direction, of: stream, at: side.heldTime)
    }

    mutating func closed(_ direction: Direction, of stream: StreamID, at time: Int64) {
        release(direction, stream)
        events.closed(direction, of: stream, at: time)
    }

    mutating func reset(by direction: Direction, of stream: StreamID, at time: Int64) {
        events.reset(by: direction, of: stream, at: time)
    }

    mutating func ended(_ end: StreamEnd, of stream: StreamID, at time: Int64) {
        for direction in Direction.allCases { release(direction, stream) }
        if let tls = slots[stream.slot].tls {
            events.current = (stream, time)
            tls.end(to: &events)
            events.tls(tls.summary, of: stream, at: time)
            openConnections -= 1
        }
        slots[stream.slot] = Slot()
        events.ended(end, of: stream, at: time)
    }
}
