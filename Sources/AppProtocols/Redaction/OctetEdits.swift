import Octets

/// Ranges of octets that are to be replaced, found in any order.
struct OctetEdits {
    struct Edit {
        var range: Range<Int>
        var replacement: [UInt8]
    }

    private(set) var edits: [Edit] = []

    var isEmpty: Bool { edits.isEmpty }

    /// Notes a replacement. Of ranges that overlap one becomes, which takes in both.
    mutating func replace(_ range: Range<Int>, by replacement: [UInt8]) {
        guard !range.isEmpty else { return }
        var merged = Edit(range: range, replacement: replacement)
        var first = edits.count
        while first > 0, edits[first - 1].range.upperBound > range.lowerBound { first -= 1 }
        var end = first
        while end < edits.count, edits[end].range.lowerBound < range.upperBound {
            if end == first { merged.replacement = edits[end].replacement }
            let union = min(merged.range.lowerBound, edits[end].range.lowerBound)
            merged.range = union..<max(merged.range.upperBound, edits[end].range.upperBound)
            end += 1
        }
        edits.replaceSubrange(first..<end, with: [merged])
    }

    func applied(to octets: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        for edit in edits {
            result += octets[position..<edit.range.lowerBound]
            result += edit.replacement
            position = edit.range.upperBound
        }
        return result + octets[position...]
    }

    /// Covers the ranges, moved by `offset` and as far as they lie within `octets`, with asterisks: every octet stays
    /// at its place.
    func mask(_ octets: inout [UInt8], offset: Int = 0) {
        for edit in edits {
            let start = min(edit.range.lowerBound + offset, octets.count)
            for index in start..<max(start, min(edit.range.upperBound + offset, octets.count)) { octets[index] = 0x2A }
        }
    }

    /// Where an extent of the old octets lies in the new ones. One that reaches into an edit takes all of it in.
    func moved(_ extent: HeaderList.Extent) -> HeaderList.Extent {
        let start = moved(extent.range.lowerBound, isEnd: false)
        if extent.isEmpty { return HeaderList.Extent(start: start, count: 0) }
        return HeaderList.Extent(start: start, count: moved(extent.range.upperBound, isEnd: true) - start)
    }

    private func moved(_ offset: Int, isEnd: Bool) -> Int {
        var distance = 0
        for edit in edits {
            guard edit.range.lowerBound < offset else { break }
            if edit.range.upperBound > offset {
                return edit.range.lowerBound + distance + (isEnd ? edit.replacement.count : 0)
            }
            distance += edit.replacement.count - edit.range.count
        }
        return offset + distance
    }
}
