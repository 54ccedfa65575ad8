/// Whose state an event belongs to: the socket where it is known, else the descriptor, and the thread only where there
/// is neither. Both directions of a connection have the same key.
///
/// Typed, so that no name of a thread and no text can make two connections one. 16 octets.
@frozen public struct ConnectionKey: Hashable, Sendable {
    @frozen public enum Kind: UInt32, Sendable {
        case sock = 1
        case descriptor = 2
        case thread = 3
    }

    public let pid: UInt32
    public let kind: Kind
    /// The socket's address, the descriptor, or the thread.
    public let id: UInt64

    @inline(always) public init(pid: UInt32, sock: UInt64) {
        self.pid = pid
        kind = .sock
        id = sock
    }

    /// - Parameters:
    ///   - fd: -1: there is none. Below, a number that stands for it: it tells connections apart whose descriptor
    ///     nobody knows.
    ///   - sock: 0: not known.
    @inline(always) public init(pid: UInt32, tid: UInt32, fd: Int32, sock: UInt64) {
        self.pid = pid
        if sock != 0 {
            kind = .sock
            id = sock
        } else if fd != -1 {
            kind = .descriptor
            id = UInt64(UInt32(bitPattern: fd))
        } else {
            kind = .thread
            id = UInt64(tid)
        }
    }

    /// One word instead of three: keys come from the kernel, and those of equal words are still told apart.
    public func hash(into hasher: inout Hasher) { hasher.combine(mixed) }

    /// 64 well-mixed bits, the same in every run: shards are chosen by the upper ones.
    @inline(always) public var mixed: UInt64 {
        // Two multiplications by odd constants (of SplitMix64), each with its upper half folded down.
        var hash = (id ^ UInt64(pid) << 32 ^ UInt64(kind.rawValue)) &* 0xBF58_476D_1CE4_E5B9
        hash ^= hash >> 32
        hash = (hash ^ UInt64(pid)) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 29
    }
}

extension BaseInfo {
    public var connectionKey: ConnectionKey { ConnectionKey(pid: pid, tid: tid, fd: fd, sock: sock) }
}
