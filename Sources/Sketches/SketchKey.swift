/// What a sketch can know by name: 40 octets of the caller's own meaning.
@frozen public struct SketchKey: BitwiseCopyable, Hashable, Sendable {
    public var first: UInt64, second: UInt64, third: UInt64, fourth: UInt64, fifth: UInt64

    @inlinable @inline(__always)
    public init(_ first: UInt64, _ second: UInt64 = 0, _ third: UInt64 = 0, _ fourth: UInt64 = 0, _ fifth: UInt64 = 0) {
        self.first = first
        self.second = second
        self.third = third
        self.fourth = fourth
        self.fifth = fifth
    }
}
