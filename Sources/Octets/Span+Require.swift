extension Span where Element == UInt8 {
    /// The one check a header view makes before its accessors may read: that `count` octets are there.
    ///
    /// - Parameter offset: where this span starts in the frame; only the failure says it.
    @inline(always)
    public func require(_ count: Int, _ layer: DecodeFailure.Layer, at offset: Int) throws(DecodeFailure) {
        guard self.count >= count else {
            throw DecodeFailure(layer, .truncated, at: offset, needed: count, available: self.count)
        }
    }
}
