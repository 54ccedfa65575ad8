/// What the two processes of `top` tell each other: an octet that says what it is, and what belongs to it.
enum TopMessage: Equatable {
    /// To the one that reads packets: a ring of socket records comes with it.
    case sockets(endsAreTold: Bool)
    /// Or: no process will be known, and why.
    case noSockets(String)
    /// Likewise: somebody wants it to end.
    case stop

    static let octetsMax = 1_024

    var octets: [UInt8] {
        switch self {
        case .sockets(let endsAreTold): [1, endsAreTold ? 1 : 0]
        case .noSockets(let reason): [2] + reason.utf8.prefix(Self.octetsMax - 1)
        case .stop: [3]
        }
    }

    init?(_ octets: [UInt8]) {
        switch octets.first {
        case 1 where octets.count == 2: self = .sockets(endsAreTold: octets[1] == 1)
        case 2: self = .noSockets(String(decoding: octets.dropFirst(), as: UTF8.self))
        case 3: self = .stop
        default: return nil
        }
    }
}
