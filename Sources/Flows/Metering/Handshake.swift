/// The three segments that begin a TCP connection (RFC 9293 § 3.5), and the time between them.
struct Handshake: BitwiseCopyable, Sendable {
    /// What of a connection whose handshake was not seen is taken for its round trip: 3 ms, as Wireshark has it.
    static let usualRoundTrip: Int64 = 3_000_000

    private enum Stage: UInt8, BitwiseCopyable { case none, asked, answered, over }

    private var stage = Stage.none
    /// Who sent the SYN.
    private var asker: UInt8 = 0
    /// The segment that is to be answered next came more than once, so the answer may be to any of them (RFC 6298 § 3).
    private var isAmbiguous = false
    /// When it came.
    private var time: Int64 = 0
    private(set) var responderRoundTrip: Int64?
    private(set) var initiatorRoundTrip: Int64?

    var isAnswered: Bool { stage == .answered || stage == .over }
    var isOver: Bool { stage == .over }
    /// Both halves, where both are known.
    var roundTrip: Int64? {
        guard let responderRoundTrip, let initiatorRoundTrip else { return nil }
        return responderRoundTrip + initiatorRoundTrip
    }

    /// - Parameter acknowledges: whether an answer is one to the SYN that was seen.
    mutating func syn(isAnswer: Bool, _ direction: Int, at now: Int64, acknowledges: () -> Bool) {
        let direction = UInt8(truncatingIfNeeded: direction)
        switch (stage, isAnswer) {
        case (.none, false):
            (stage, asker, time) = (.asked, direction, now)
        case (.none, true):
            (stage, asker, time) = (.answered, 1 - direction, now)
        case (.asked, false):
            (isAmbiguous, time) = (true, now)
        case (.asked, true):
            guard direction != asker, acknowledges() else { return }
            responderRoundTrip = elapsed(now)
            (stage, isAmbiguous, time) = (.answered, false, now)
        case (.answered, _): isAmbiguous = true
        case (.over, _): break
        }
    }

    /// - Parameter isRight: the segment acknowledges the other side's SYN and nothing more.
    mutating func ack(_ direction: Int, at now: Int64, isRight: Bool) {
        guard stage == .answered, Int(asker) == direction else { return }
        if isRight { initiatorRoundTrip = elapsed(now) }
        stage = .over
    }

    private func elapsed(_ now: Int64) -> Int64? {
        let (difference, overflow) = now.subtractingReportingOverflow(time)
        return isAmbiguous || overflow || difference < 0 ? nil : difference
    }
}
