import Events
import TLS
import TLSTestSupport

/// A connection that the input describes, with octets of its own, damage and gaps: no trap, an end, a ledger that
/// balances; and however the octets are cut, the same comes out.
///
/// The input: an octet that chooses version, suite and what keys are known, one for the size of pieces, then steps of
/// what to do and a number; octets of its own stand behind their step.
@c(LLVMFuzzerTestOneInput)
public func fuzzTLS(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard input.count >= 2 else { return 0 }
    let script = Script(input)
    let whole = script.run(piece: .max)
    let pieces = script.run(piece: 1 + Int(input[1]))
    precondition(whole == pieces, "a split shows")
    _ = TLSSummary(encoded: input.span)
    return 0
}

private struct Script {
    enum Step {
        case octets([UInt8], Direction)
        case gap(Int?, Direction)
    }

    var steps: [Step] = []
    var keyLog = ""

    init(_ input: [UInt8]) {
        let choice = input[0]
        let suites: [UInt16] = choice & 1 == 0 ? [0x1301, 0x1302, 0x1303, 0x1304] : [0xC02F, 0xC030, 0xCCA8, 0xC0AE]
        var conversation = TLSConversation(choice & 1 == 0 ? .tls13 : .tls12, suite: suites[Int(choice >> 1 & 3)])
        // Up to TLS 1.2: what the key log gives, and whether the master secret is bound to the handshake.
        conversation.logged = TLSConversation.Logged.allCases[Int(choice >> 4 & 3)]
        conversation.isExtended = choice & 0x41 == 0x41
        conversation.sessionID = [1, 2, 3]
        conversation.handshake(early: choice & 9 == 8 ? [1, 2, 3] : [])
        var rest = input.dropFirst(2)
        var taken = 0
        func flush(_ steps: inout [Step], _ change: (inout [UInt8]) -> Void = { _ in }) {
            for piece in conversation.pieces[taken...] {
                var octets = piece.octets
                change(&octets)
                steps.append(.octets(octets, piece.direction))
            }
            taken = conversation.pieces.count
        }
        flush(&steps)
        // A run's length is bounded, as every record costs as much as it has octets.
        for _ in 0..<64 {
            guard let action = rest.popFirst(), let value = rest.popFirst() else { break }
            let direction: Direction = action & 1 == 0 ? .sent : .received
            switch action >> 1 & 7 {
            case 0, 1: conversation.say([UInt8](repeating: action, count: Int(value)), direction)
            case 2 where choice & 1 == 0: conversation.updateKey(direction)
            case 3:
                conversation.say([value], direction)
                flush(&steps) { $0[$0.count - 1] ^= value }
            case 4: steps.append(.gap(value == 0xFF ? nil : Int(value), direction))
            case 5:
                // A record of which the beginning is missing.
                conversation.say([UInt8](repeating: 7, count: 80), direction)
                let cut = min(Int(value), 80)
                steps.append(.gap(action & 0x80 == 0 ? cut : nil, direction))
                flush(&steps) { $0.removeFirst(cut) }
            case 6: conversation.close(direction)
            default:
                steps.append(.octets(Array(rest.prefix(Int(value))), direction))
                rest = rest.dropFirst(Int(value))
            }
            flush(&steps)
        }
        keyLog = choice & 0x80 == 0 ? conversation.keyLog : ""
    }

    /// What came out in each direction, with what follows another of its kind joined to it.
    func run(piece: Int) -> [[CollectingTLSSink.Item]] {
        var keys = KeyLog()
        keys.append(Array(keyLog.utf8).span)
        keys.finish()
        let workspace = TLSWorkspace(ToyCryptography(), keys: keys)
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for step in steps {
            switch step {
            case .gap(let octets, let direction): connection.skip(octets, direction, to: &sink)
            case .octets(let octets, let direction):
                for start in stride(from: 0, to: octets.count, by: min(piece, 1 << 20)) {
                    let end = min(start + min(piece, 1 << 20), octets.count)
                    connection.receive(octets.span.extracting(start..<end), direction, to: &sink)
                }
            }
        }
        connection.end(to: &sink)
        precondition(workspace.ledger.isBalanced, "the ledger does not balance")
        return [sink.sent, sink.received].map(Self.joined)
    }

    private static func joined(_ items: [CollectingTLSSink.Item]) -> [CollectingTLSSink.Item] {
        var joined: [CollectingTLSSink.Item] = []
        for item in items {
            switch (joined.last, item) {
            case (.octets(let before)?, .octets(let octets)): joined[joined.count - 1] = .octets(before + octets)
            case (.unwrapped(let before)?, .unwrapped(let octets)):
                joined[joined.count - 1] = .unwrapped(before + octets)
            default: joined.append(item)
            }
        }
        return joined
    }
}
