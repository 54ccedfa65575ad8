import Events
import Octets

/// A body in whose place another message begins.
extension HTTP1Stream {
    /// Looks at what comes where a body goes on. If it is another message, the one that is open ends.
    /// - Returns: what to tell the caller; `nil`: go on.
    mutating func beginAnother(
        _ octets: Span<UInt8>, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) -> ParserStep? {
        switch state {
        case .fixedBody, .bodyUntilClose, .chunkData: break
        case .chunkSize where bodySeen == 0: break
        case .start, .head, .chunkSize, .chunkEnd, .trailers, .searching: return nil
        }
        let mayBeAnother = environment.arrival.mayBeAnother
        let isRequest = message.kind == .http1Request
        // Only a request that came meanwhile can be what a response answers here.
        let mayBeNext =
            isRequest ? isRefused(exchange) : mayBeAnother && exchange.waiting(for: direction, at: .max) != nil
        guard mayBeNext || (isRequest && mayBeAnother) else { return nil }
        switch isRequest ? HTTP1StartLine.detectUsualRequest(octets) : HTTP1StartLine.detectResponse(octets) {
        case .no: return nil
        case .needMore: return ParserStep(consumed: 0)
        case .yes where mayBeNext:
            endMessage(inOrder: true, &exchange, environment)
            return nil
        case .yes: return ParserStep(consumed: 0, .another)
        }
    }

    /// A request that was answered for good while it waited for `100 (Continue)`: it need not send its body (RFC 9110
    /// § 10.1.1).
    private func isRefused(_ exchange: borrowing HTTP1Exchange) -> Bool {
        expectsContinue && bodySeen == 0 && exchange.waiting(for: direction.opposite, at: .max) == nil
    }
}
