/// Walks the options of a block (pcapng § 3.5): code, length, value padded to four octets.
struct OptionReader {
    private var position: Int
    private let end: Int
    private let order: ByteOrder
    /// An option's length runs over the end of the options, or its kind cannot have that length.
    private(set) var isMalformed = false

    /// - Parameter range: the options' octets in the window, without the block's second length.
    init(_ range: Range<Int>, _ order: ByteOrder) {
        position = range.lowerBound
        end = range.upperBound
        self.order = order
    }

    /// The next option's code and where its value lies; `nil` at the end, marked or not.
    mutating func next(_ window: Span<UInt8>) -> (code: UInt16, value: Range<Int>)? {
        guard end - position >= 4 else {
            isMalformed = isMalformed || end != position
            return nil
        }
        let code = order.uint16(window, at: position)
        let length = Int(order.uint16(window, at: position + 2))
        guard code != 0 else { return nil }  // opt_endofopt
        guard length <= end - position - 4 else {
            isMalformed = true
            return nil
        }
        let start = position + 4
        // The padding of the last option may be missing; what counts is that its value is whole.
        position = min(start + (length + 3) & ~3, end)
        return (code, start..<start + length)
    }

    mutating func uint8(_ window: Span<UInt8>, _ value: Range<Int>) -> UInt8? {
        guard has(1, value) else { return nil }
        return window[value.lowerBound]
    }

    mutating func uint64(_ window: Span<UInt8>, _ value: Range<Int>) -> UInt64? {
        guard has(8, value) else { return nil }
        return order.uint64(window, at: value.lowerBound)
    }

    /// A time in ticks: the upper half stands first in either byte order.
    mutating func ticks(_ window: Span<UInt8>, _ value: Range<Int>) -> UInt64? {
        guard has(8, value) else { return nil }
        return UInt64(order.uint32(window, at: value.lowerBound)) << 32
            | UInt64(order.uint32(window, at: value.lowerBound + 4))
    }

    private mutating func has(_ octets: Int, _ value: Range<Int>) -> Bool {
        guard value.count == octets else {
            isMalformed = true
            return false
        }
        return true
    }
}
