import CKernelIO
import Glibc

/// Looks for octets in a file.
public enum FileSearch {
    private static let pieceOctets = 1 << 20

    /// Which of some texts a file holds, in its first octets up to a limit.
    /// - Parameter needles: up to 64, each of at most 256 octets.
    /// - Returns: a bit for each.
    public static func found(_ needles: [[UInt8]], in path: String, atMost limit: Int) throws(SystemFailure) -> UInt64 {
        let file = try InputFile(path: path)
        let overlap = 256
        var buffer = [UInt8](repeating: 0, count: pieceOctets + overlap)
        var found: UInt64 = 0
        var (kept, done) = (0, 0)
        while done < limit, found != (1 << UInt64(needles.count)) - 1 {
            var span = buffer.mutableSpan
            let count = try file.read(into: &span, kept..<kept + pieceOctets)
            guard count > 0 else { break }
            done += count
            let end = kept + count
            for (index, needle) in needles.enumerated() where found >> UInt64(index) & 1 == 0 {
                // SAFETY: the function reads `end` octets of the buffer and all of the needle during the call.
                if unsafe ns_holds(buffer, end, needle, needle.count) == 1 { found |= 1 << UInt64(index) }
            }
            // What lies across two pieces is looked for in the next one.
            let rest = min(end, overlap)
            buffer.replaceSubrange(0..<rest, with: buffer[(end - rest)..<end])
            kept = rest
        }
        return found
    }
}
