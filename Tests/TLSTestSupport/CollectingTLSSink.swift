import Events
import TLS

/// Keeps what a connection says, by direction.
public struct CollectingTLSSink: TLSSink {
    public enum Item: Equatable, Sendable {
        case octets([UInt8])
        case missing(Int?)
        case closed
        case unwrapped([UInt8])
    }

    public var sent: [Item] = []
    public var received: [Item] = []

    public init() {}

    public subscript(direction: Direction) -> [Item] {
        get { direction == .sent ? sent : received }
        set { if direction == .sent { sent = newValue } else { received = newValue } }
    }

    /// The octets of a direction, one after the other.
    public func plaintext(_ direction: Direction) -> [UInt8] {
        self[direction].flatMap { item -> [UInt8] in if case .octets(let octets) = item { octets } else { [] } }
    }

    public mutating func plaintext(_ octets: Span<UInt8>, _ direction: Direction) {
        self[direction].append(.octets(octets.indices.map { octets[$0] }))
    }

    public mutating func missing(_ octets: Int?, _ direction: Direction) { self[direction].append(.missing(octets)) }

    public mutating func closed(_ direction: Direction) { self[direction].append(.closed) }

    public mutating func unwrapped(_ octets: Span<UInt8>, _ direction: Direction) {
        self[direction].append(.unwrapped(octets.indices.map { octets[$0] }))
    }
}
