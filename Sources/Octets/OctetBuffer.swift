/// Octets that grow at the end and are written out in pieces: memory is filled once and reused after `removeAll`.
public struct OctetBuffer: Sendable {
    private var storage: [UInt8]
    public private(set) var count = 0
    /// `nil`: it takes none. So it is one word, in buffers that are moved about.
    private var lent: [Loan]?
    /// What was lent, in order: where there is any, `octets` is not all.
    public var loans: [Loan] { lent ?? [] }

    /// Octets that belong into the buffer's and stay where they are.
    public struct Loan: Sendable {
        /// Of the octet of the buffer that they stand before.
        public let position: Int
        fileprivate let lender: [UInt8]
        fileprivate let count: Int

        public var octets: Span<UInt8> {
            @_lifetime(borrow self) borrowing get { lender.span.extracting(0..<count) }
        }
    }

    /// Less than this is faster copied, and written together with what stands around it.
    private static let lentOctetsMin = 8 << 10

    /// - Parameters:
    ///   - capacity: octets kept ready; more are added when a `write` asks for them.
    ///   - takesLoans: whoever reads it puts what was lent in its place.
    public init(capacity: Int = 0, takesLoans: Bool = false) {
        storage = capacity > 0 ? [UInt8](repeating: 0, count: capacity + OctetWriter.slack) : []
        lent = takesLoans ? [] : nil
    }

    /// What was written, without what was lent.
    public var octets: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { storage.span.extracting(0..<count) }
    }

    public var isEmpty: Bool { count == 0 }

    /// Forgets what was written and keeps the memory.
    public mutating func removeAll() {
        count = 0
        if lent?.isEmpty == false { lent?.removeAll(keepingCapacity: true) }
    }

    /// Octets that can be written without asking for more memory.
    public var capacity: Int { storage.count }

    /// Forgets everything from `newCount` on.
    public mutating func truncate(to newCount: Int) {
        precondition(0...count ~= newCount, "a buffer is truncated to at most what it holds")
        count = newCount
        while let last = lent?.last, last.position > newCount { lent?.removeLast() }
    }

    /// Writes over octets that stand in the buffer, as lengths need that are known later. `body` writes octet by octet
    /// (wide stores would reach beyond) and not more than there are.
    public mutating func rewrite(at offset: Int, _ body: (inout OctetWriter) -> Void) {
        precondition(0...count ~= offset, "only what was written can be written over")
        let end = count
        var writer = OctetWriter(mutableStorage, at: offset)
        body(&writer)
        precondition(writer.position <= end, "more was written over than there was")
    }

    /// Appends what `body` writes, at most `octetsMax` octets. Writing more traps.
    @inline(always)
    public mutating func write(atMost octetsMax: Int, _ body: (inout OctetWriter) -> Void) {
        reserve(octetsMax)
        let start = count
        var writer = OctetWriter(mutableStorage, at: start)
        body(&writer)
        let end = writer.position
        advance(to: end)
    }

    /// Appends the UTF-8 octets of `text`.
    public mutating func append(_ text: String) {
        let length = text.utf8.count
        write(atMost: length) { $0.append(text: text) }
    }

    public mutating func append(contentsOf source: Span<UInt8>) {
        reserve(source.count)
        let start = count
        let end = start + source.count
        var target = storage.mutableSpan
        precondition(end <= target.count)  // with it the loop becomes wide moves; a loop over a writer does not
        for index in source.indices { target[start &+ index] = source[index] }
        count = end
    }

    /// Appends the first octets of an array. Where they are many and the buffer takes loans they are not copied.
    public mutating func append(lending octets: [UInt8], first length: Int) {
        if lent != nil, length >= Self.lentOctetsMin {
            lent?.append(Loan(position: count, lender: octets, count: length))
        } else {
            append(contentsOf: octets.span.extracting(0..<length))
        }
    }

    public mutating func append(decimal value: UInt64) { write(atMost: 20) { $0.append(decimal: value) } }

    public mutating func append(decimal value: Int64) { write(atMost: 20) { $0.append(decimal: value) } }

    /// Keeps memory ready for so many octets more.
    public mutating func reserve(_ octets: Int) {
        let needed = count + octets + OctetWriter.slack
        guard needed > storage.count else { return }
        // Doubling keeps the filling below a constant cost per octet written.
        storage.append(contentsOf: repeatElement(0, count: max(needed, 2 * storage.count) - storage.count))
    }

    @usableFromInline var mutableStorage: MutableSpan<UInt8> {
        @_lifetime(&self) mutating get { storage.mutableSpan }
    }

    @usableFromInline mutating func advance(to end: Int) {
        precondition(end >= count && end <= storage.count - OctetWriter.slack, "more was written than announced")
        count = end
    }
}

extension OctetBuffer: CustomStringConvertible {
    /// The octets as text, with what was lent.
    public var description: String { String(decoding: [UInt8](self), as: UTF8.self) }
}

extension [UInt8] {
    /// Copies what the buffer holds, and what was lent to it.
    public init(_ buffer: borrowing OctetBuffer) {
        self = []
        reserveCapacity(buffer.count)
        var start = 0
        for loan in buffer.loans {
            append(contentsOf: buffer.octets.extracting(start..<loan.position))
            append(contentsOf: loan.octets)
            start = loan.position
        }
        append(contentsOf: buffer.octets.extracting(start...))
    }
}
