import KernelIO
import Octets
import Probes

/// What the two processes of a trace tell each other: an octet that says what it is, and what belongs to it.
enum TraceMessage: Equatable {
    /// To the reader: the ring's descriptor comes with it.
    case ring
    /// To the reader: the probes are gone; these are the numbers that the kernel's programs have counted.
    case detached([UInt64])
    /// To the reader: something to tell beside the live table that it draws; cut to fit.
    case note(String)
    /// From the reader: it is confined by these layers, and reads.
    case reading([Sandbox.Layer])
    /// From the reader: no more is wanted, as nothing can be written any more.
    case enough
    /// From the reader: it has written everything, and these files are whole.
    case whole(MessageOutputs.Whole)

    static let octetsMax = 1_024

    var octets: [UInt8] {
        switch self {
        case .ring: [1]
        case .detached(let counts):
            [2] + counts.flatMap { count in (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } }
        case .reading(let layers): [3] + layers.map(\.rawValue)
        case .enough: [4]
        case .whole(let files): [5, files.rawValue]
        case .note(let text): [6] + text.utf8.prefix(Self.octetsMax - 1)
        }
    }

    init?(_ octets: [UInt8]) {
        let rest = octets.dropFirst()
        switch octets.first {
        case 1: self = .ring
        case 2:
            let span = octets.span
            self = .detached((0..<rest.count / 8).map { span.littleEndian64(at: 1 + $0 * 8) })
        case 3: self = .reading(rest.compactMap { Sandbox.Layer(rawValue: $0) })
        case 4: self = .enough
        case 5: self = .whole(MessageOutputs.Whole(rawValue: rest.first ?? 0))
        case 6: self = .note(String(decoding: rest, as: UTF8.self))
        default: return nil
        }
    }
}
