import Octets

/// Finds the records in a direction's octets, which may be cut anywhere. A record that lies whole in what is given is
/// not copied; of others at most one is held.
struct RecordFramer {
    enum Step: Equatable {
        case needMore
        /// A whole record; its fragment lies there in the input.
        case inInput(RecordHeader, Range<Int>)
        /// A whole record; it was put together in `held`, header included.
        case inHeld(RecordHeader)
        /// So many octets of a record that a gap has cut were passed over.
        case passed(Int)
        /// No record begins here: nothing was consumed.
        case violation
    }

    /// The beginning of a record.
    private(set) var held: [UInt8] = []
    /// Octets still to come of a record of which some are missing.
    private var toPass = 0

    /// Octets that wait for the rest of their record.
    var waitingOctets: Int { held.count }

    mutating func next(_ input: Span<UInt8>, _ position: inout Int) -> Step {
        guard position < input.count else { return .needMore }
        if toPass > 0 {
            let count = min(toPass, input.count - position)
            toPass -= count
            position += count
            return .passed(count)
        }
        guard held.isEmpty else { return continueHeld(input, &position) }
        let available = input.count - position
        guard available >= RecordHeader.octets else { return hold(input, &position, available) }
        guard let header = RecordHeader(input, at: position) else { return .violation }
        guard available >= header.recordOctets else { return hold(input, &position, available) }
        let fragment = position + RecordHeader.octets..<position + header.recordOctets
        position = fragment.upperBound
        return .inInput(header, fragment)
    }

    private mutating func hold(_ input: Span<UInt8>, _ position: inout Int, _ count: Int) -> Step {
        held.append(contentsOf: input.extracting(position..<position + count))
        position += count
        return .needMore
    }

    private mutating func continueHeld(_ input: Span<UInt8>, _ position: inout Int) -> Step {
        if held.count < RecordHeader.octets {
            let count = min(RecordHeader.octets - held.count, input.count - position)
            _ = hold(input, &position, count)
            guard held.count == RecordHeader.octets else { return .needMore }
        }
        guard let header = RecordHeader(held.span, at: 0) else { return .violation }
        let count = min(header.recordOctets - held.count, input.count - position)
        if count > 0 { _ = hold(input, &position, count) }
        return held.count == header.recordOctets ? .inHeld(header) : .needMore
    }

    /// Gives away what is held and forgets it.
    mutating func takeHeld() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &held)
        return taken
    }

    enum Cut: Equatable {
        /// The record is lost, and where it ends is known: so many octets of it had come.
        case record(RecordHeader, had: Int)
        /// It was lost before.
        case again
        /// Nobody knows where the next record begins: so many octets had come of the one before.
        case unknown(had: Int)
    }

    /// Octets are missing here: how many, if known.
    mutating func cut(_ missing: Int?) -> Cut {
        let had = held.count
        if toPass > 0, let missing, missing <= toPass {
            toPass -= missing
            return .again
        }
        toPass = 0
        let header = had >= RecordHeader.octets ? RecordHeader(held.span, at: 0) : nil
        held = []
        guard let header, let missing, missing <= header.recordOctets - had else { return .unknown(had: had) }
        toPass = header.recordOctets - had - missing
        return .record(header, had: had)
    }
}
