/// Finds the name that somebody who typed `word` most likely meant.
///
/// Case, `_` and `-` do not count. The distance is that of Damerau and Levenshtein (optimal string alignment): an
/// insertion, deletion, substitution or swap of neighbours costs 1.
public enum NearestName {
    /// Longer words are never a misspelt name, and comparing them would cost the square of their length.
    private static let wordOctetsMax = 64

    /// The nearest of `names`, the first of equals; `nil` if none is near enough to be a misspelling: at most
    /// a third of the word's letters (at least one) may differ.
    public static func find(_ word: String, among names: some Sequence<String>) -> String? {
        let typed = folded(word)
        guard !typed.isEmpty, typed.count <= wordOctetsMax else { return nil }
        var best: (name: String, distance: Int)?
        for name in names {
            let candidate = folded(name)
            guard candidate.count <= wordOctetsMax else { continue }
            let allowed = max(1, max(typed.count, candidate.count) / 3)
            let distance = distance(typed, candidate)
            // A word of one or two letters is within one edit of half the vocabulary: it must share a letter.
            guard distance <= allowed, distance < max(typed.count, candidate.count) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (name, distance) }
        }
        return best?.name
    }

    /// ` (did you mean «name»?)`, or nothing where no name is near.
    public static func hint(_ word: String, among names: some Sequence<String>) -> String {
        find(word, among: names).map { " (did you mean \($0)?)" } ?? ""
    }

    /// ASCII letters in lower case, without `_` and `-`: the form in which names are compared everywhere.
    static func folded(_ word: some StringProtocol) -> [UInt8] {
        word.utf8.compactMap { octet in
            switch octet {
            case UInt8(ascii: "_"), UInt8(ascii: "-"): nil
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): octet | 0x20
            default: octet
            }
        }
    }

    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
