import Headers

/// One packet as aggregators take it: the full key, and what is counted.
@frozen public struct FlowPacket<Key: TableKey>: BitwiseCopyable, Sendable {
    public var key: Key
    public var time: Int64
    public var wireLength: UInt32
    public var tcpFlags: UInt8

    @inlinable @inline(__always)
    public init(key: Key, time: Int64, wireLength: UInt32, tcpFlags: UInt8) {
        self.key = key
        self.time = time
        self.wireLength = wireLength
        self.tcpFlags = tcpFlags
    }
}
