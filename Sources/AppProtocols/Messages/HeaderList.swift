import Octets

/// Header or trailer fields in wire order and case, in one buffer that is reused from message to message.
///
/// A field is two ranges of `octets`, so whatever else stands there (HTTP/1: the start line and the line ends) stays
/// as it was on the wire and can be shown again octet by octet. Fields of HTTP/2 stand there as lines, as they are
/// shown.
public struct HeaderList: Sendable, Equatable {
    /// Where something lies in `octets`.
    public struct Extent: Sendable, Equatable {
        public var start: UInt32
        public var count: UInt32

        public init(start: Int, count: Int) {
            self.start = UInt32(truncatingIfNeeded: start)
            self.count = UInt32(truncatingIfNeeded: count)
        }

        public static let none = Extent(start: 0, count: 0)
        public var range: Range<Int> { Int(start)..<(Int(start) + Int(count)) }
        public var isEmpty: Bool { count == 0 }
    }

    public struct Field: Sendable, Equatable {
        public var name: Extent
        public var value: Extent
        public var marks: Marks

        public init(name: Extent, value: Extent, marks: Marks = []) {
            self.name = name
            self.value = value
            self.marks = marks
        }
    }

    public struct Marks: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The name refers to a table entry that was never seen (joined mid-connection): it is shown as unknown.
        @inline(always) public static var unknownName: Marks { Marks(rawValue: 1) }
        /// The same of the value.
        @inline(always) public static var unknownValue: Marks { Marks(rawValue: 2) }
        /// Sent as a never-indexed literal: the sender holds it for sensitive (RFC 7541 § 7.1.3).
        @inline(always) public static var neverIndexed: Marks { Marks(rawValue: 4) }
    }

    public var octets: [UInt8] = []
    public var fields: [Field] = []
    /// `octets` are a line `name: value` for each of `fields`, in order, nothing between them, and nothing is unknown.
    public internal(set) var areLines = false

    /// What stands between name and value: colon and blank, the first lowest.
    @inline(always) static var separator: UInt64 { 0x203A }
    @inline(always) static var separatorOctets: Int { 2 }
    @inline(always) static var lineEnd: UInt8 { 0x0A }
    /// What a line has besides name and value.
    @inline(always) static var lineOctets: Int { separatorOctets + 1 }

    public init() {}

    public var isEmpty: Bool { fields.isEmpty }

    /// Octets of memory that it needs.
    @inline(__always) var heldOctets: Int { octets.count + fields.count * MemoryLayout<Field>.stride }

    /// Forgets everything and keeps the memory, up to a bound so that one huge head does not stay for ever.
    public mutating func removeAll() {
        areLines = false
        if !octets.isEmpty { octets.removeAll(keepingCapacity: octets.capacity <= 16_384) }
        if !fields.isEmpty { fields.removeAll(keepingCapacity: fields.capacity <= 256) }
    }

    @_lifetime(borrow self)
    public func span(of extent: Extent) -> Span<UInt8> { octets.span.extracting(extent.range) }

    /// Appends a field whose name and value are copied, as a line.
    public mutating func append(name: Span<UInt8>, value: Span<UInt8>, marks: Marks = []) {
        let staysLines = marks.isDisjoint(with: [.unknownName, .unknownValue]) && (areLines || octets.isEmpty)
        let nameExtent = append(name)
        octets.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
        fields.append(Field(name: nameExtent, value: append(value), marks: marks))
        octets.append(Self.lineEnd)
        areLines = staysLines
    }

    /// Appends octets that are no field yet.
    public mutating func append(_ text: Span<UInt8>) -> Extent {
        areLines = false
        let start = octets.count
        octets.append(contentsOf: text)
        return Extent(start: start, count: text.count)
    }
}
