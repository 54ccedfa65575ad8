import Events
import Octets

/// After a gap: finds the next record by trying to open what looks like one. Only what is authentic counts, so nothing
/// is spliced that does not belong there.
extension TLSConnection {
    /// How many numbers a record may be ahead of the one that is expected after the gap.
    private static let numbersTried: UInt64 = 256
    private static let laterNumbersTried: UInt64 = 16

    func search<Sink: TLSSink & ~Copyable>(
        _ octets: Span<UInt8>, _ position: inout Int, _ direction: Direction, to sink: inout Sink
    ) {
        var search = RecordSearch()
        swap(&search, &self[direction].search!)
        search.take(octets, &position)
        var passed = 0
        while let (header, fragment) = search.next(passed: &passed) {
            let held = search.held
            guard let opened = open(found: header, held.span.extracting(fragment), direction) else {
                search.reject()
                passed += 1
                continue
            }
            countEncrypted(whyNotFound(direction), passed)
            self[direction].search = nil
            let rest = search.accept(header)
            if let opened {
                takeOpened(header, opened, direction, to: &sink)
            } else {
                take(header, held.span.extracting(fragment), direction, to: &sink)
            }
            // What was held behind the record is read like anything else.
            takeAgain(rest.span, direction, to: &sink)
            return
        }
        countEncrypted(whyNotFound(direction), passed)
        self[direction].search = search
    }

    /// Without a key nothing can be found, and nothing is lost by it.
    func whyNotFound(_ direction: Direction) -> TLSLedger.Cause {
        let cause = whyNotOpened(direction)
        return cause.isLoss ? .unrecognised : cause
    }

    /// What a candidate is.
    ///
    /// - Returns: `nil`: no record. `.some(nil)`: a record in the clear. Else what opening it gave.
    private func open(
        found header: RecordHeader, _ fragment: Span<UInt8>, _ direction: Direction
    ) -> RecordProtection.Opened?? {
        if isVersion13 != true, !self[direction].isProtected {
            // The one record of a handshake that cannot be mistaken; keys change with it.
            let isChange = header.type == .changeCipherSpec && fragment.count == 1 && fragment[0] == 1
            return isChange ? .some(nil) : nil
        }
        guard isVersion13 != true || header.type == .applicationData else { return nil }
        prepare(direction)
        let before = self[direction].sequence
        // As many records as fit into the gap were lost at least.
        let lost = UInt64((self[direction].searchedGap ?? 0) / (RecordHeader.octets + RecordHeader.lengthMax))
        for sequence in before + lost..<before + lost + Self.numbersTried {
            guard self[direction].trialsLeft > 0, !self[direction].protections.isEmpty else { break }
            self[direction].trialsLeft -= 1
            if let opened = openCurrent(header, fragment, direction, sequence) {
                self[direction].sequence = sequence
                return opened
            }
        }
        return openLater(header, fragment, direction, sequences: 0..<Self.laterNumbersTried).map { .some($0) }
    }
}
