import Octets

/// Decodes header blocks (RFC 7541 § 3) as an observer must: it cannot end the connection, so it goes on behind what
/// is wrong, and shows what it has not seen as unknown.
///
/// A block may be given in pieces. Work is linear in the block: what exceeds the limits is not copied out, but the
/// table stays right.
struct HPACKDecoder: ~Copyable {
    private(set) var table = HPACKTable()
    let huffman = HuffmanCode()
    /// The largest table that the peer's SETTINGS_HEADER_TABLE_SIZE ever allowed; `nil`: its settings were not seen.
    var tableSizeAllowed: Int? = HPACKTable.initialSizeMax

    struct Limits {
        /// As RFC 9113 § 6.5.2 counts: names, values, and 32 for each field.
        var listOctetsMax: Int
        var fieldsMax: Int
        /// Octets copied into the table for one block; entries beyond are kept as hollow.
        var insertedOctetsMax: Int { 4 * listOctetsMax }
    }

    /// What is known of a block so far.
    struct Progress {
        /// The list's size as RFC 9113 § 6.5.2 counts it, fields beyond the limits included.
        var listOctets = 0
        var fieldsLeftOut = 0
        var unknownFields = 0
        var isMalformed = false
        /// Decoding cannot go on in this block.
        var isStopped = false
        fileprivate var insertedOctets = 0
        fileprivate var isFieldSeen = false
        /// Where names and values are decoded to, on their way to the list: memory that is filled once.
        fileprivate var scratch: [UInt8] = []

        /// Of those that are used again.
        private static let keptOctets = 16_384

        /// Makes the value ready for the next block, and keeps its memory.
        mutating func reset() {
            var kept: [UInt8] = []
            swap(&kept, &scratch)
            self = Progress()
            if kept.count <= Self.keptOctets { swap(&kept, &scratch) }
        }
    }

    enum Stop: Error {
        /// The piece ends inside a representation.
        case truncated
        /// An integer beyond any sense (§ 5.1): where the next field starts is unknown.
        case overflow
    }

    /// A name or a value in the scratch memory, where fields stand as lines.
    struct Text {
        var start: Int
        var count: Int
        /// Octets that were not copied.
        var missingCount = 0
        var isKnown = true
    }

    /// A literal field in the scratch memory.
    private struct Literal {
        var name: Text
        var value: Text
        var isNeverIndexed: Bool

        var missingCount: Int { name.missingCount + value.missingCount }
        var storedCount: Int { name.count + value.count }

        var marks: HeaderList.Marks {
            var marks: HeaderList.Marks = []
            if !name.isKnown { marks.insert(.unknownName) }
            if !value.isKnown { marks.insert(.unknownValue) }
            return marks
        }
    }

    /// Why fields are not decoded any further for now.
    private enum Break {
        /// Nothing is left, or the rest goes on in the next piece.
        case end
        /// The next field may need so many octets of scratch memory.
        case room(Int)
        /// This one goes to the table.
        case insertion(Literal)
        /// The table's size changes.
        case resize(Int)
        /// Where the next field starts is unknown.
        case broken
    }

    /// Where the octets of a list are put: behind those of `list`, once they are decoded.
    private struct Target {
        /// Octets that the list has already.
        var base: Int
        /// How far the scratch memory may be filled.
        var end: Int

        // No list comes near to 2³² octets.
        func extent(_ text: Text) -> HeaderList.Extent { .init(start: base &+ text.start, count: text.count) }
    }

    /// The table is unknown from here on: octets are missing, or the capture began later than the connection.
    mutating func forget() { table.forget() }

    mutating func trim() { table.trim() }

    /// Decodes a piece of a block, appending its fields to `list`, as lines.
    ///
    /// Names and values are copied with wide stores, one behind the other, into memory that reaches beyond them, and to
    /// the list in one go.
    ///
    /// - Parameter isLast: the block ends with this piece.
    /// - Returns: octets used up; the rest begins a representation that goes on in the next piece.
    mutating func decode(
        _ block: Span<UInt8>, isLast: Bool, into list: inout HeaderList, _ progress: inout Progress, _ limits: Limits
    ) -> Int {
        var scratch: [UInt8] = []
        swap(&scratch, &progress.scratch)
        var target = Target(base: list.octets.count, end: scratch.count - Self.slack)
        var position = 0
        var at = 0
        decoding: while !progress.isStopped {
            var writer = OctetWriter(scratch.mutableSpan, at: position)
            let reason = decodeFields(block, &at, isLast: isLast, &writer, target, into: &list, &progress, limits)
            position = writer.position
            switch reason {
            case .end: break decoding
            case .room(let octets):
                scratch.append(contentsOf: repeatElement(0, count: max(octets + Self.growthOctets, scratch.count)))
                target.end = scratch.count - Self.slack
            case .insertion(let literal):
                let start = literal.name.start
                progress.insertedOctets += literal.storedCount
                table.insert(
                    line: scratch.span.extracting(start..<position), nameCount: literal.name.count,
                    missingCount: literal.missingCount, marks: literal.marks)
                if !Self.append(literal, target, to: &list, &progress, limits) { position = start }
            case .resize(let size): resize(to: size, &progress)
            case .broken: stop(&progress)
            }
        }
        list.octets.append(contentsOf: scratch[0..<position])
        list.areLines = progress.unknownFields == 0
        swap(&scratch, &progress.scratch)
        return progress.isStopped ? block.count : at
    }

    /// Wide stores reach so far behind what they write.
    private static let slack = OctetWriter.slack
    /// The least that the scratch memory grows by.
    private static let growthOctets = 1_024

    /// Decodes fields up to where something else is to be done.
    @_lifetime(writer: copy writer)
    private func decodeFields(
        _ block: Span<UInt8>, _ at: inout Int, isLast: Bool, _ writer: inout OctetWriter, _ target: Target,
        into list: inout HeaderList, _ progress: inout Progress, _ limits: Limits
    ) -> Break {
        while at < block.count {
            let start = at
            let kept = writer.position
            do throws(Stop) {
                let first = block[at]
                if first & 0x80 != 0 {
                    let index = try Self.integer(block, &at, prefix: 0x7F)
                    if let needed = appendIndexed(index, &writer, target, to: &list, &progress, limits) {
                        at = start
                        return .room(needed)
                    }
                } else if first & 0xE0 == 0x20 {
                    return .resize(try Self.integer(block, &at, prefix: 0x1F))
                } else {
                    let isIndexed = first & 0x40 != 0
                    let index = try Self.integer(block, &at, prefix: isIndexed ? 0x3F : 0x0F)
                    let octets = HuffmanCode.decodedMax(block.count - at)
                    let needed = nameCountMax(index) + octets + HeaderList.lineOctets
                    guard needed <= target.end - kept else {
                        at = start
                        return .room(needed)
                    }
                    let literal = try literal(first, index, block, &at, &writer, list, &progress, limits)
                    if isIndexed { return .insertion(literal) }
                    if !Self.append(literal, target, to: &list, &progress, limits) { writer.position = kept }
                }
            } catch {
                writer.position = kept
                at = start
                // The lost field may have been an insertion.
                return error == .truncated && !isLast ? .end : .broken
            }
        }
        return .end
    }

    private mutating func stop(_ progress: inout Progress) {
        progress.isMalformed = true
        progress.isStopped = true
        table.forget()
    }

    private mutating func resize(to size: Int, _ progress: inout Progress) {
        // Only at the start of a block (§ 4.2), and within what the peer allows (§ 6.3).
        if progress.isFieldSeen { progress.isMalformed = true }
        if let tableSizeAllowed, size > tableSizeAllowed { progress.isMalformed = true }
        table.resize(to: size)
    }

    // MARK: Fields

    /// § 6.1.
    /// - Returns: how much scratch memory it needs, where there is less.
    @inline(always)
    @_lifetime(writer: copy writer)
    private func appendIndexed(
        _ index: Int, _ writer: inout OctetWriter, _ target: Target, to list: inout HeaderList,
        _ progress: inout Progress, _ limits: Limits
    ) -> Int? {
        if index > HPACKStaticTable.count {
            switch table.reference(index - HPACKStaticTable.count - 1) {
            case .entry(let entry):
                let start = table.start(of: entry)
                return Self.append(
                    entry, at: start, of: table.octets.span, &writer, target, to: &list, &progress, limits)
            case .unknown: break
            case .none: progress.isMalformed = true
            }
        } else if index > 0 {
            let entry = HPACKStaticTable.entries[index]
            let octets = HPACKStaticTable.octets
            return Self.append(
                entry, at: Int(entry.start), of: octets.span, &writer, target, to: &list, &progress, limits)
        } else {
            progress.isMalformed = true
        }
        return appendUnknown(&writer, target, to: &list, &progress, limits)
    }

    /// Appends the line of a table entry.
    @inline(always)
    @_lifetime(writer: copy writer)
    private static func append(
        _ entry: HPACKTable.Entry, at start: Int, of octets: Span<UInt8>, _ writer: inout OctetWriter,
        _ target: Target, to list: inout HeaderList, _ progress: inout Progress, _ limits: Limits
    ) -> Int? {
        let position = writer.position
        guard entry.lineCount <= target.end - position else { return entry.lineCount }
        progress.isFieldSeen = true
        guard admits(entry.storedCount + Int(entry.missingCount), list, &progress, limits) else { return nil }
        writer.append(start..<(start &+ entry.lineCount), of: octets)
        if !entry.marks.isEmpty { progress.unknownFields += 1 }
        let name = Text(start: position, count: Int(entry.nameCount))
        let value = Text(start: position + name.count + HeaderList.separatorOctets, count: Int(entry.valueCount))
        list.fields.append(.init(name: target.extent(name), value: target.extent(value), marks: entry.marks))
        return nil
    }

    /// Appends a field of which nothing is known.
    @_lifetime(writer: copy writer)
    private func appendUnknown(
        _ writer: inout OctetWriter, _ target: Target, to list: inout HeaderList, _ progress: inout Progress,
        _ limits: Limits
    ) -> Int? {
        let position = writer.position
        guard HeaderList.lineOctets <= target.end - position else { return HeaderList.lineOctets }
        progress.isFieldSeen = true
        guard Self.admits(0, list, &progress, limits) else { return nil }
        writer.append(word: HeaderList.separator, count: HeaderList.separatorOctets)
        let text = Text(start: writer.position, count: 0)
        writer.append(HeaderList.lineEnd)
        progress.unknownFields += 1
        let extent = target.extent(text)
        list.fields.append(.init(name: extent, value: extent, marks: [.unknownName, .unknownValue]))
        return nil
    }

    /// Counts a field and says whether there is room for it.
    @inline(always)
    private static func admits(
        _ octets: Int, _ list: borrowing HeaderList, _ progress: inout Progress, _ limits: Limits
    ) -> Bool {
        progress.listOctets += octets + 32
        // Once a field was left out all others are, so that what is shown is the list's beginning.
        guard progress.listOctets <= limits.listOctetsMax, list.fields.count < limits.fieldsMax else {
            progress.fieldsLeftOut += 1
            return false
        }
        return true
    }

    /// § 6.2: what follows the index of the name.
    @_lifetime(writer: copy writer)
    private func literal(
        _ first: UInt8, _ index: Int, _ block: Span<UInt8>, _ at: inout Int, _ writer: inout OctetWriter,
        _ list: borrowing HeaderList, _ progress: inout Progress, _ limits: Limits
    ) throws(Stop) -> Literal {
        let isIndexed = first & 0x40 != 0
        // Beyond the limits a literal matters for the table only.
        let isShown = progress.listOctets <= limits.listOctetsMax && list.fields.count < limits.fieldsMax
        let isNameCopied = isShown || (isIndexed && progress.insertedOctets < limits.insertedOctetsMax)
        let name =
            index == 0
            ? try text(block, &at, isShown || isIndexed, &writer, &progress)
            : self.name(index, isNameCopied, &writer, &progress)
        writer.append(word: HeaderList.separator, count: HeaderList.separatorOctets)
        let value = try text(block, &at, isShown || isIndexed, &writer, &progress)
        writer.append(HeaderList.lineEnd)
        progress.isFieldSeen = true
        return Literal(name: name, value: value, isNeverIndexed: first & 0xF0 == 0x10)
    }

    /// Appends a literal field to the list; false where it is left out.
    @inline(always)
    private static func append(
        _ literal: Literal, _ target: Target, to list: inout HeaderList, _ progress: inout Progress, _ limits: Limits
    ) -> Bool {
        guard admits(literal.storedCount + literal.missingCount, list, &progress, limits) else { return false }
        var marks = literal.marks
        if !marks.isEmpty { progress.unknownFields += 1 }
        if literal.isNeverIndexed { marks.insert(.neverIndexed) }
        list.fields.append(
            .init(name: target.extent(literal.name), value: target.extent(literal.value), marks: marks))
        return true
    }

    /// The most that the name of a table entry takes.
    @inline(always)
    private func nameCountMax(_ index: Int) -> Int {
        if index <= HPACKStaticTable.count { return HPACKStaticTable.nameCountMax }
        guard case .entry(let entry) = table.reference(index - HPACKStaticTable.count - 1) else { return 0 }
        return Int(entry.nameCount)
    }

    /// The name of a table entry.
    @_lifetime(writer: copy writer)
    private func name(
        _ index: Int, _ isCopied: Bool, _ writer: inout OctetWriter, _ progress: inout Progress
    ) -> Text {
        if index <= HPACKStaticTable.count {
            let entry = HPACKStaticTable.entries[index]
            let octets = HPACKStaticTable.octets
            let range = Int(entry.start)..<(Int(entry.start) + Int(entry.nameCount))
            return Self.text(octets.span, range, isCopied, &writer)
        }
        var missingCount = 0
        switch table.reference(index - HPACKStaticTable.count - 1) {
        case .entry(let entry):
            // Values of entries are always kept, so what is missing is the name.
            missingCount = Int(entry.missingCount)
            if !entry.marks.contains(.unknownName) {
                let start = table.start(of: entry)
                return Self.text(table.octets.span, start..<(start + Int(entry.nameCount)), isCopied, &writer)
            }
        case .unknown: break
        case .none: progress.isMalformed = true
        }
        return Text(start: writer.position, count: 0, missingCount: missingCount, isKnown: false)
    }
}
