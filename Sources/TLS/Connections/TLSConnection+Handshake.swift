import Events
import Octets

/// Handshake messages: what is public of them, and which change keys.
extension TLSConnection {
    func take(_ message: HandshakeAssembler.Message, _ direction: Direction) {
        switch message.type {
        case .clientHello:
            guard let hello = try? ClientHello(message.body.span) else { return }
            client = direction
            clientRandom = hello.random
            if clientHello == nil { clientHello = hello }
        case .serverHello:
            guard let hello = try? ServerHello(message.body.span), !hello.isRetryRequest else { return }
            client = direction.opposite
            serverRandom = hello.random
            serverHello = hello
            if isVersion13 == true { exchange.forget() }
        case .encryptedExtensions:
            encryptedProtocol = (try? ServerHello.chosenProtocol(inEncryptedExtensions: message.body.span)) ?? nil
            if (try? ServerHello.takesEarlyData(inEncryptedExtensions: message.body.span)) == true {
                takesEarlyData = true
            }
        case .certificate where direction != client && certificateSubject == nil:
            certificateSubject = try? CertificateSubject.first(in: message.body.span, is13: isVersion13 == true)
        case .endOfEarlyData:
            // Only sent to a server that takes it (RFC 8446 § 4.5).
            takesEarlyData = true
            advance(to: .handshake, direction)
        case .finished: advance(to: .application, direction)
        case .keyUpdate where isVersion13 == true && self[direction].epoch == .application: update(direction)
        default: break
        }
        guard isVersion13 != true else { return }
        exchange.take(message, fromClient: direction == client, keeps: workspace.keys.hasPreMasters)
        if message.type == .clientKeyExchange {
            // Should the answer have been captured before it.
            for direction in Direction.allCases { self[direction].keysLookedAt = nil }
        }
    }
}
