import Events
import Octets

/// Makes secrets of the kernel's records: each once, whoever of a connection's two ends was seen deriving it.
///
///     records = delivered + repeated + conflicting + damaged
public struct SecretRecords: Sendable {
    private let clock: ClockOffset
    /// Records that were read, whatever became of them.
    public private(set) var records: UInt64 = 0
    /// Secrets that were given on.
    public private(set) var delivered: UInt64 = 0
    /// Those that had been given on before: both ends of the connection are programs on this machine.
    public private(set) var repeated: UInt64 = 0
    /// Those of a connection of which another secret is known for the same purpose. One of the two is wrong, so nothing
    /// more is said.
    public private(set) var conflicting: UInt64 = 0
    /// Records whose layout is wrong. A defect: both sides share one header.
    public private(set) var damaged: UInt64 = 0
    /// Connections of which there is a secret, as far as they are remembered.
    public private(set) var connections: UInt64 = 0

    /// What was given on, by the connection's client random: a digest of each secret, by purpose (0: none), then of
    /// updates.
    private var recent: [[UInt8]: [Int]] = [:]
    private var older: [[UInt8]: [Int]] = [:]

    /// So many connections are remembered at least, and twice as many at most.
    static let connectionsMax = 32_768

    /// Where the kernel's programs say that a secret has taken another's place: reserved in records of files.
    private static let updateOffset = 42
    /// So many updates of one connection are remembered.
    private static let updatesMax = 64
    private static let purposes = MasterSecretEvent.Secret.allCases.count

    public init(clock: ClockOffset) { self.clock = clock }

    /// - Parameters:
    ///   - repeated: is given the record's secret where it was given on before.
    ///   - body: is given each secret of the record that was not given on before.
    public mutating func take(
        _ record: Span<UInt8>, repeated: (DerivedSecret) -> Void = { _ in }, _ body: (DerivedSecret) -> Void
    ) {
        records += 1
        let event: MasterSecretEvent
        do throws(EventFailure) {
            event = try MasterSecretEvent(record: record, clock: clock, at: 0)
        } catch {
            damaged += 1
            return
        }
        // The kernel's programs put one secret into each record.
        guard let purpose = MasterSecretEvent.Secret.allCases.first(where: { !event[$0].isEmpty }) else {
            damaged += 1
            return
        }
        let secret = DerivedSecret(
            purpose: purpose, isUpdate: record.littleEndian16(at: Self.updateOffset) != 0,
            clientRandom: event.clientRandom, octets: event[purpose], info: event.info)
        switch remember(secret) {
        case .new:
            delivered += 1
            body(secret)
        case .known:
            self.repeated += 1
            repeated(secret)
        case .conflicting: conflicting += 1
        }
    }

    private enum Answer { case new, known, conflicting }

    private mutating func remember(_ secret: DerivedSecret) -> Answer {
        let digest = secret.octets.hashValue | 1
        let place = secret.purpose.rawValue
        let remembered = recent[secret.clientRandom] ?? older[secret.clientRandom]
        if remembered == nil { connections += 1 }
        var digests = remembered ?? [Int](repeating: 0, count: Self.purposes)
        if secret.isUpdate {
            // One of many for the same purpose: they stand behind the others.
            if digests[Self.purposes...].contains(digest) { return .known }
            if digests.count == Self.purposes + Self.updatesMax { digests.remove(at: Self.purposes) }
            digests.append(digest)
        } else {
            if digests[place] != 0 { return digests[place] == digest ? .known : .conflicting }
            digests[place] = digest
        }
        if recent.count >= Self.connectionsMax {
            older = recent
            recent = [:]
        }
        recent[secret.clientRandom] = digests
        return .new
    }
}
