/// Which connection an event belongs to: by its socket where that is known, else by its descriptor, else by its thread.
/// Both directions, and all threads that use the connection, have the same key.
public struct ConnectionKey: Hashable, Sendable {
    /// What `value` is.
    public enum Kind: UInt8, Sendable { case socket, descriptor, thread }

    public var kind: Kind
    public var pid: UInt32
    public var value: UInt64

    public init(pid: UInt32, tid: UInt32, fd: Int32, sock: UInt64) {
        self.pid = pid
        if sock != 0 {
            kind = .socket
            value = sock
        } else if fd >= 0 {
            kind = .descriptor
            value = UInt64(UInt32(bitPattern: fd))
        } else {
            kind = .thread
            value = UInt64(tid)
        }
    }

    /// Spreads keys over shards; all connections of a socket, whatever the process, are in one.
    var shardHash: UInt64 {
        let word = kind == .socket ? value : value &+ UInt64(pid) << 32
        return (word ^ word >> 29) &* 0x9E37_79B9_7F4A_7C15
    }
}
