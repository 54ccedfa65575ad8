import Octets

/// Looks for a record in octets of which nobody knows where records begin, after a gap. Holds at most one record.
///
/// A place where a header might stand is offered with all octets of its record; who searches says whether it opens.
struct RecordSearch {
    private(set) var held: [UInt8] = []
    private var start = 0

    var waitingOctets: Int { held.count - start }

    /// Takes as many of the octets as a record could need.
    mutating func take(_ input: Span<UInt8>, _ position: inout Int) {
        if start > 0 {
            held.removeFirst(start)
            start = 0
        }
        let room = RecordHeader.octets + RecordHeader.lengthMax + 1 - held.count
        let count = min(room, input.count - position)
        guard count > 0 else { return }
        held.append(contentsOf: input.extracting(position..<position + count))
        position += count
    }

    /// The next whole candidate, and how many octets before it cannot begin a record.
    ///
    /// - Returns: `nil` where more octets are needed first.
    mutating func next(passed: inout Int) -> (header: RecordHeader, fragment: Range<Int>)? {
        var place = start
        defer {
            passed += place - start
            start = place
        }
        let octets = held.span
        while octets.count - place >= RecordHeader.octets {
            if let header = RecordHeader(octets, at: place), header.length > 0 {
                guard octets.count - place >= header.recordOctets else { return nil }
                return (header, place + RecordHeader.octets..<place + header.recordOctets)
            }
            place += 1
        }
        return nil
    }

    /// The candidate was none.
    mutating func reject() { start += 1 }

    /// The candidate was a record; what follows it is given back.
    mutating func accept(_ header: RecordHeader) -> [UInt8] {
        let rest = Array(held[(start + header.recordOctets)...])
        self = RecordSearch()
        return rest
    }
}
