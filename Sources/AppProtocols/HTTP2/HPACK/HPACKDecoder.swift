import Octets

/// Decodes header blocks (RFC 7541 § 3) as an observer must: it cannot end the connection, so it goes on behind what
/// is wrong, and shows what it has not seen as unknown.
///
/// A block may be given in pieces. Work is linear in the block: what exceeds the limits is not copied out, but the
/// table stays right.
struct HPACKDecoder {
    private(set) var table = HPACKTable()
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
    }

    private enum Stop: Error {
        /// The piece ends inside a representation.
        case truncated
        /// An integer beyond any sense (§ 5.1): where the next field starts is unknown.
        case overflow
    }

    private struct Text {
        var extent: HeaderList.Extent
        /// Octets that were not copied.
        var missingCount: Int
        var isKnown: Bool
    }

    /// The table is unknown from here on: octets are missing, or the capture began later than the connection.
    mutating func forget() { table.forget() }

    mutating func trim() { table.trim() }

    /// Decodes a piece of a block, appending its fields to `list`.
    /// - Parameter isLast: the block ends with this piece.
    /// - Returns: octets used up; the rest begins a representation that goes on in the next piece.
    mutating func decode(
        _ block: Span<UInt8>, isLast: Bool, into list: inout HeaderList, _ progress: inout Progress, _ limits: Limits
    ) -> Int {
        var at = 0
        while at < block.count, !progress.isStopped {
            let start = at
            let kept = list.octets.count
            do throws(Stop) {
                let first = block[at]
                if first & 0x80 != 0 {
                    let index = try Self.integer(block, &at, prefix: 0x7F)
                    appendIndexed(index, to: &list, &progress, limits)
                } else if first & 0xE0 == 0x20 {
                    let size = try Self.integer(block, &at, prefix: 0x1F)
                    resize(to: size, &progress)
                } else {
                    try appendLiteral(first, block, &at, to: &list, &progress, limits)
                }
            } catch {
                list.octets.removeLast(list.octets.count - kept)
                at = start
                if error == .truncated, !isLast { return at }
                // The lost field may have been an insertion.
                stop(&progress)
            }
        }
        return block.count
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
    @inline(always)
    private mutating func appendIndexed(
        _ index: Int, to list: inout HeaderList, _ progress: inout Progress, _ limits: Limits
    ) {
        progress.isFieldSeen = true
        if index > HPACKStaticTable.count {
            switch table.reference(index - HPACKStaticTable.count - 1) {
            case .entry(let entry):
                let octets = table.octets.span.extracting(table.range(of: entry))
                append(
                    octets, nameCount: Int(entry.nameCount), missing: Int(entry.missingCount), entry.marks, to: &list,
                    &progress, limits)
                return
            case .unknown: break
            case .none: progress.isMalformed = true
            }
        } else if index > 0 {
            let entry = HPACKStaticTable.entries[index]
            let start = Int(entry.start)
            let end = start + Int(entry.nameCount) + Int(entry.valueCount)
            let octets = HPACKStaticTable.octets
            append(
                octets.span.extracting(start..<end), nameCount: Int(entry.nameCount), missing: 0, [],
                to: &list, &progress, limits)
            return
        } else {
            progress.isMalformed = true
        }
        append(
            Span(), nameCount: 0, missing: 0, [.unknownName, .unknownValue], to: &list, &progress, limits)
    }

    /// Appends a field that stands in a table.
    @inline(always)
    private func append(
        _ octets: Span<UInt8>, nameCount: Int, missing: Int, _ marks: HeaderList.Marks, to list: inout HeaderList,
        _ progress: inout Progress, _ limits: Limits
    ) {
        guard Self.admits(octets.count + missing, list, &progress, limits) else { return }
        if !marks.isEmpty { progress.unknownFields += 1 }
        let start = list.octets.count
        list.octets.append(contentsOf: octets)
        list.fields.append(
            .init(
                name: .init(start: start, count: nameCount),
                value: .init(start: start + nameCount, count: octets.count - nameCount), marks: marks))
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

    /// § 6.2.
    private mutating func appendLiteral(
        _ first: UInt8, _ block: Span<UInt8>, _ at: inout Int, to list: inout HeaderList, _ progress: inout Progress,
        _ limits: Limits
    ) throws(Stop) {
        let isIndexed = first & 0x40 != 0
        let before = list.octets.count
        // Beyond the limits a literal matters for the table only.
        let isShown = progress.listOctets <= limits.listOctetsMax && list.fields.count < limits.fieldsMax
        let isNameCopied = isShown || (isIndexed && progress.insertedOctets < limits.insertedOctetsMax)

        let index = try Self.integer(block, &at, prefix: isIndexed ? 0x3F : 0x0F)
        let name =
            index == 0
            ? try Self.text(block, &at, isShown || isIndexed, into: &list, &progress)
            : self.name(index, isNameCopied, into: &list, &progress)
        let value = try Self.text(block, &at, isShown || isIndexed, into: &list, &progress)
        progress.isFieldSeen = true
        var marks: HeaderList.Marks = []
        if !name.isKnown { marks.insert(.unknownName) }
        if !value.isKnown { marks.insert(.unknownValue) }

        if isIndexed {
            progress.insertedOctets += list.octets.count - before
            table.insert(
                list.octets.span.extracting(before...), nameCount: Int(name.extent.count),
                missingCount: name.missingCount + value.missingCount, marks: marks)
        }
        let octets = list.octets.count - before + name.missingCount + value.missingCount
        guard Self.admits(octets, list, &progress, limits) else {
            list.octets.removeLast(list.octets.count - before)
            return
        }
        if !marks.isEmpty { progress.unknownFields += 1 }
        if first & 0xF0 == 0x10 { marks.insert(.neverIndexed) }
        list.fields.append(.init(name: name.extent, value: value.extent, marks: marks))
    }

    /// The name of a table entry, copied to the list's octets.
    private func name(
        _ index: Int, _ isCopied: Bool, into list: inout HeaderList, _ progress: inout Progress
    ) -> Text {
        let start = list.octets.count
        if index <= HPACKStaticTable.count {
            let entry = HPACKStaticTable.entries[index]
            let from = Int(entry.start)
            let octets = HPACKStaticTable.octets
            return Self.text(
                octets.span.extracting(from..<(from + Int(entry.nameCount))), isCopied, into: &list)
        }
        switch table.reference(index - HPACKStaticTable.count - 1) {
        case .entry(let entry):
            if !entry.marks.contains(.unknownName) {
                let from = table.range(of: entry).lowerBound
                let octets = table.octets.span.extracting(from..<(from + Int(entry.nameCount)))
                return Self.text(octets, isCopied, into: &list)
            }
        case .unknown: break
        case .none: progress.isMalformed = true
        }
        return Text(extent: .init(start: start, count: 0), missingCount: 0, isKnown: false)
    }

    @inline(always)
    private static func text(_ octets: Span<UInt8>, _ isCopied: Bool, into list: inout HeaderList) -> Text {
        let start = list.octets.count
        guard isCopied else {
            return Text(extent: .init(start: start, count: 0), missingCount: octets.count, isKnown: false)
        }
        list.octets.append(contentsOf: octets)
        return Text(extent: .init(start: start, count: octets.count), missingCount: 0, isKnown: true)
    }

    // MARK: Primitive types

    /// A string literal (§ 5.2), decoded to the end of the list's octets.
    private static func text(
        _ block: Span<UInt8>, _ at: inout Int, _ isCopied: Bool, into list: inout HeaderList,
        _ progress: inout Progress
    ) throws(Stop) -> Text {
        guard at < block.count else { throw .truncated }
        let isHuffman = block[at] & 0x80 != 0
        let count = try integer(block, &at, prefix: 0x7F)
        guard count <= block.count - at else { throw .truncated }
        let coded = block.extracting(at..<(at + count))
        at += count
        guard isHuffman, isCopied else { return text(coded, isCopied, into: &list) }
        let start = list.octets.count
        var isRight = false
        list.octets.append(addingCapacity: HuffmanCode.decodedMax(count)) { output in
            isRight = HuffmanCode.decode(coded, into: &output)
        }
        if !isRight {
            progress.isMalformed = true
            list.octets.removeLast(list.octets.count - start)
        }
        return Text(
            extent: .init(start: start, count: list.octets.count - start), missingCount: 0, isKnown: isRight)
    }

    /// An integer (§ 5.1), at most 2²⁸ + 2⁷: nothing here is larger.
    /// - Parameter prefix: the bits of the first octet that belong to it.
    @inline(always)
    private static func integer(_ block: Span<UInt8>, _ at: inout Int, prefix: UInt8) throws(Stop) -> Int {
        let first = block[at] & prefix
        at &+= 1
        return first < prefix ? Int(first) : try longInteger(block, &at, from: Int(prefix))
    }

    private static func longInteger(_ block: Span<UInt8>, _ at: inout Int, from prefix: Int) throws(Stop) -> Int {
        var value = prefix
        var shift = 0
        while at < block.count {
            let octet = block[at]
            at += 1
            value += Int(octet & 0x7F) << shift
            if octet & 0x80 == 0 { return value }
            shift += 7
            if shift > 28 { throw .overflow }
        }
        throw .truncated
    }
}
