/// Octets in memory of their own that one thread fills and several read then: what is being read must not be changed,
/// which is for those who share it to see to.
@safe public final class SharedOctets: @unchecked Sendable {
    // SAFETY: whoever shares this sees to it that nothing is read while it is changed (see above); `fill` calls nothing
    // that comes back here but what its caller wrote.
    @exclusivity(unchecked) private var array: MappedArray<UInt8>

    /// Reserves `count` octets of zero.
    public init(count: Int) { unsafe array = MappedArray(count: count) }

    public var count: Int { unsafe array.count }

    public var span: Span<UInt8> {
        @_lifetime(borrow self) get {
            // SAFETY: the mapping never grows, and is freed with `self`, which the span borrows.
            unsafe _overrideLifetime(array.span, borrowing: self)
        }
    }

    /// Lets `body` change what nobody reads.
    public func fill<Result, Failure: Error>(
        _ body: (inout MappedArray<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(&array)
    }
}
