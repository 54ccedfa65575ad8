import Events
import Streams

/// A sink that keeps all it is told, and checks the protocol's promises on the way.
struct RecordedStreams: StreamSink {
    /// One direction of a connection, as it was told: adjacent data joined.
    enum Piece: Equatable {
        case data([UInt8])
        case gap(Int?, StreamGap.Cause)
    }

    struct Stream {
        var connection: StreamConnection
        var pieces: [Direction: [Piece]] = [:]
        var closed: Set<Direction> = []
        var resets: [Direction] = []
        var end: StreamEnd?
        var times: [Int64] = []

        func octets(_ direction: Direction) -> [UInt8] {
            (pieces[direction] ?? []).flatMap { piece -> [UInt8] in
                if case .data(let octets) = piece { octets } else { [] }
            }
        }

        func gaps(_ direction: Direction) -> [Piece] {
            (pieces[direction] ?? []).filter { if case .gap = $0 { true } else { false } }
        }
    }

    private(set) var streams: [Stream] = []
    private var open: [Int: Int] = [:]
    private(set) var calls: [String] = []

    private func index(_ id: StreamID) -> Int {
        guard let index = open[id.slot], streams[index].connection.id == id else {
            preconditionFailure("a connection that is not open")
        }
        return index
    }

    mutating func opened(_ connection: StreamConnection) {
        precondition(open[connection.id.slot] == nil, "a slot with two connections")
        precondition(Int(connection.id.serial) == streams.count + 1, "serials ascend by one")
        open[connection.id.slot] = streams.count
        streams.append(Stream(connection: connection))
        calls.append("opened")
    }

    mutating func data(_ octets: Span<UInt8>, _ direction: Direction, of stream: StreamID, at time: Int64) {
        precondition(!octets.isEmpty, "empty data")
        let index = index(stream)
        precondition(!streams[index].closed.contains(direction), "data behind the end")
        let copy = octets.indices.map { octets[$0] }
        var pieces = streams[index].pieces[direction] ?? []
        if case .data(let before) = pieces.last {
            pieces[pieces.count - 1] = .data(before + copy)
        } else {
            pieces.append(.data(copy))
        }
        streams[index].pieces[direction] = pieces
        streams[index].times.append(time)
        calls.append("data \(direction) \(octets.count)")
    }

    mutating func gap(_ gap: StreamGap, _ direction: Direction, of stream: StreamID, at time: Int64) {
        let index = index(stream)
        precondition(!streams[index].closed.contains(direction), "a gap behind the end")
        streams[index].pieces[direction, default: []].append(.gap(gap.octets, gap.cause))
        calls.append("gap \(direction) \(gap.octets.map(String.init) ?? "?") \(gap.cause)")
    }

    mutating func closed(_ direction: Direction, of stream: StreamID, at time: Int64) {
        precondition(streams[index(stream)].closed.insert(direction).inserted, "closed twice")
        calls.append("closed \(direction)")
    }

    mutating func reset(by direction: Direction, of stream: StreamID, at time: Int64) {
        streams[index(stream)].resets.append(direction)
        calls.append("reset \(direction)")
    }

    mutating func ended(_ end: StreamEnd, of stream: StreamID, at time: Int64) {
        streams[index(stream)].end = end
        open[stream.slot] = nil
        calls.append("ended \(end)")
    }
}
