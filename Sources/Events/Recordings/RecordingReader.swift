import Octets

/// Reads JSON Lines recordings: an event per line, from octets that come in any pieces.
///
///     {"Op":"data","DataType":1,"Timestamp":1700000000000010000,"Pid":42,"Tid":42,"Payload":"aGVsbG8=",…}
///     {"Op":"destroy","Timestamp":1700000000000020000,"Sock":18446612690100928000}
///     {"Op":"close","Timestamp":1700000000000030000}
///
/// Members may come in any order, unknown ones are passed over, a missing `Op` means `data`; `Tuple`, `Sock`, `Tid`,
/// `Comm`, `Fd`, `Version`, `DataLen` may be missing. A wrong line is reported and the next one is read.
public struct RecordingReader: Sendable {
    public enum Item: Equatable, Sendable {
        /// Plaintext: `info`, `tlsVersion` and `payload` hold it until the next call.
        case data
        case destroyed(sock: UInt64, time: Int64)
        case closed(time: Int64)
    }

    /// A longer line is refused, so that a file without line ends does not fill the memory.
    public static let lineOctetsMax = 16 << 20

    /// Who and when of the last `data`.
    public internal(set) var info = BaseInfo()
    public internal(set) var tlsVersion = TLSVersion.none
    /// The plaintext of the last `data`.
    public internal(set) var payload: [UInt8] = []
    /// Lines taken so far, empty ones included.
    public private(set) var lines: UInt64 = 0

    /// Octets behind the position given last that were searched for a line's end already.
    private var searched = 0
    /// The line was refused for its length; its rest is passed over.
    private var isSkipping = false
    /// The tuple read last, and what it means: a recording repeats it on every line.
    var lastTuple: [UInt8] = []
    var tupleInfo = BaseInfo()

    public init() {}

    /// Reads the next event in `octets`, from `position` on, and moves `position` behind its line.
    /// - Parameters:
    ///   - octets: of the file, `position` being the first that was not taken yet.
    ///   - isFinal: the file ends with `octets`: what is left is a line.
    /// - Returns: `nil`: more octets are needed, or the file ended.
    /// - Throws: what is wrong with a line, which is taken: the next call reads the next one.
    public mutating func next(
        _ octets: Span<UInt8>, from position: inout Int, isFinal: Bool
    ) throws(RecordingFailure) -> Item? {
        while true {
            guard let range = try takeLine(octets, from: &position, isFinal: isFinal) else { return nil }
            let line = octets.extracting(range)
            if isBlank(line) { continue }
            return try read(line)
        }
    }

    /// - Returns: where the line lies, its end not counted; `nil`: more octets are needed, or the file ended.
    private mutating func takeLine(
        _ octets: Span<UInt8>, from position: inout Int, isFinal: Bool
    ) throws(RecordingFailure) -> Range<Int>? {
        while true {
            let start = position
            var end = min(start + searched, octets.count)
            while end < octets.count, octets[end] != 0x0A { end += 1 }
            let isEnded = end < octets.count
            if !isSkipping, end - start > Self.lineOctetsMax {
                lines += 1
                searched = 0
                isSkipping = !isEnded
                position = isEnded ? end + 1 : end
                throw RecordingFailure(.lineTooLong, line: lines, column: Self.lineOctetsMax + 1)
            }
            guard isEnded || (isFinal && (end > start || isSkipping)) else {
                if isSkipping { position = end } else { searched = end - start }
                return nil
            }
            position = isEnded ? end + 1 : end
            searched = 0
            if isSkipping {
                isSkipping = false
                continue
            }
            lines += 1
            return start..<end
        }
    }

    private func isBlank(_ line: Span<UInt8>) -> Bool {
        for index in line.indices where line[index] != 0x20 && line[index] != 0x0D && line[index] != 0x09 {
            return false
        }
        return true
    }
}
