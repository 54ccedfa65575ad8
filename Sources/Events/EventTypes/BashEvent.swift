import Octets

/// A line given to a shell, what it returned, or the shell's end.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 4 |
/// | 16 | 4 | `pid` | |
/// | 20 | 4 | `tid` | |
/// | 24 | 16 | `comm` | up to the first 0 |
/// | 40 | 4 | `uid` | |
/// | 44 | 4 | `return_value` | signed: of the line, where it is known |
/// | 48 | 1 | `kind` | `Kind` |
/// | 49 | 1 | `shell` | 0 bash, 1 zsh |
/// | 50 | 2 | `line_length` | octets of `line`: 0 ... 256 |
/// | 52 | 4 | `reserved` | 0 |
/// | 56 | … | `line` | |
public struct BashEvent: Event {
    /// The original's event types.
    public enum Kind: UInt8, Sendable, CaseIterable {
        case line = 0
        case returnValue = 1
        case exit = 2
    }

    public enum Shell: UInt8, Sendable, CaseIterable { case bash = 0, zsh }

    public static let recordType = RecordType.bash
    public static let lineOctetsMax = 256
    static let fixedOctets = 56

    public var info: BaseInfo
    public var uid: UInt32
    public var returnValue: Int32
    public var kind: Kind
    public var shell: Shell
    public var line: [UInt8]

    public init(
        info: BaseInfo, uid: UInt32, line: [UInt8], returnValue: Int32, kind: Kind = .line, shell: Shell = .bash
    ) {
        self.info = info
        self.uid = uid
        self.line = line
        self.returnValue = returnValue
        self.kind = kind
        self.shell = shell
    }

    public init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure) {
        let header = try RecordHeader(record, as: Self.recordType, fixed: Self.fixedOctets, at: offset)
        try header.requirePayload(
            UInt32(record.littleEndian16(at: 50)), behind: Self.fixedOctets, max: Self.lineOctetsMax, at: offset)
        guard let kind = Kind(rawValue: record[48]), let shell = Shell(rawValue: record[49]) else {
            throw EventFailure(.bash, .invalidField, at: offset)
        }
        info = BaseInfo(processOf: record, header, clock)
        uid = record.littleEndian32(at: 40)
        returnValue = Int32(bitPattern: record.littleEndian32(at: 44))
        self.kind = kind
        self.shell = shell
        line = []
        line.append(contentsOf: record.extracting(Self.fixedOctets...))
    }

    public func encode(into buffer: inout OctetBuffer) {
        let kept = line.span.extracting(0..<min(line.count, Self.lineOctetsMax))
        let length = Self.fixedOctets + kept.count
        buffer.write(atMost: length) { output in
            output.append(header: Self.recordType, length: length, time: info.time)
            output.append(process: info)
            output.append(littleEndian: uid)
            output.append(littleEndian: UInt32(bitPattern: returnValue))
            output.append(kind.rawValue)
            output.append(shell.rawValue)
            output.append(littleEndian: UInt16(kept.count))
            output.append(zeros: 4)
            output.append(contentsOf: kept)
        }
    }

    public var baseInfo: BaseInfo { info }
    public var payload: [UInt8] { line }

    /// bash: `PID:1, UID:0, Comm:bash, Retvalue:0, Line:` and the line on the next; zsh the same without the value and
    /// with the original's tabs.
    public func appendText(to buffer: inout OctetBuffer) {
        appendHead(to: &buffer)
        buffer.append(payload: line.span)
    }

    public func appendHex(to buffer: inout OctetBuffer) {
        appendHead(to: &buffer)
        buffer.append(hexDump: line.span)
    }

    private func appendHead(to buffer: inout OctetBuffer) {
        buffer.append("PID:\(info.pid), UID:\(uid), \(shell == .zsh ? "\t" : "")Comm:")
        buffer.append(terminal: info.comm)
        buffer.append(shell == .zsh ? ", \tLine:\n" : ", Retvalue:\(returnValue), Line:\n")
    }
}
