import Flows
import Headers
import Octets

/// Builds the messages of one task's IPFIX file (RFC 7011, RFC 5655; biflows RFC 5103).
///
/// The caller writes a message out whenever `append` says that it is full:
///
///     if !encoder.append(row) {
///         encoder.closeMessage()
///         write(encoder.message)
///         encoder.openMessage()
///         encoder.append(row)
///     }
///
/// The file begins with the record that names the task and ends with the number of its rows (`appendEnd`).
public struct IPFIXEncoder: Sendable {
    /// The length field of a message has 16 bits.
    public static let messageOctetsMax = 65_535
    /// A longer task name is refused by `init`.
    public static let nameOctetsMax = 1024
    /// A record after its set's header and its template fits into any message that holds nothing else.
    static let headerOctets = 16

    public let task: FlowTask
    /// The observation domain of every message: the task's position in its snapshot, from 1.
    public let domain: UInt32
    /// Rows say whose they are.
    private let hasProcesses: Bool
    private let exportSeconds: UInt32
    private let recordOctets: [Int]
    private let prefixed: PrefixLengths
    private var buffer = OctetBuffer()
    /// Where the message under construction begins; before it stand closed ones that were kept.
    private var messageStart = 0
    /// Where the open set's header stands, and which rows it holds; 0 and -1 while none is open.
    private var setStart = 0
    private var setKind = -1
    /// One bit per row kind whose template is in the file.
    private var announced: UInt16 = 0
    /// Data records so far, modulo 2^32: the sequence number of the next message (RFC 7011 § 3.1).
    private var sequence: UInt32 = 0
    private var rowCount: UInt64 = 0

    /// The record that names the task and the templates of its rows are in the first message.
    ///
    /// - Parameters:
    ///   - time: the snapshot's time, nanoseconds since 1970.
    ///   - processes: those that rows name, where rows say whose they are.
    /// - Precondition: the name has at most `nameOctetsMax` octets.
    public init(task: FlowTask, domain: UInt32, time: Int64, processes: ProcessNumbers? = nil) {
        precondition(task.name.utf8.count <= Self.nameOctetsMax, "the task's name is too long for an IPFIX file")
        self.task = task
        self.domain = domain
        hasProcesses = processes != nil
        exportSeconds = UInt32(clamping: time.floorQuotient(1_000_000_000))
        recordOctets = RowKind.all.map {
            IPFIXTemplate.row(task, $0, hasProcesses: processes != nil).recordOctets
        }
        prefixed = PrefixLengths(task.fields)
        openMessage()
        appendTaskRecord(time)
        let hasAddresses = task.fields.source != nil || task.fields.destination != nil
        for family in hasAddresses ? [IPFamily.v4, .v6] : [.none] {
            announce(RowKind(family: family))
        }
        if let processes { append(processes) }
    }

    /// The message as it is to be written, once it is closed, with those kept before it.
    public var message: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { buffer.octets }
    }

    /// Appends a row; `false` if the message has no room for it, and then nothing was appended.
    ///
    /// - Parameter process: whose it is, where rows say so.
    public mutating func append(_ row: FlowRecord, process: ProcessPair = ProcessPair()) -> Bool {
        let kind = RowKind(row)
        guard kind.index == setKind || open(kind) else { return false }
        guard fits(recordOctets[kind.index]) else { return false }
        write(row, kind, process)
        sequence &+= 1
        rowCount &+= 1
        return true
    }

    /// Appends the row of evicted flows; `false` if the message has no room for it.
    public mutating func append(other row: FlowRecord, evictedFlows: UInt64) -> Bool {
        let template = IPFIXTemplate.other(task)
        guard fits(template.setOctets + 4 + template.recordOctets) else { return false }
        append(template)
        openSet(template.id)
        let bidirectional = task.bidirectional
        buffer.write(atMost: template.recordOctets) {
            $0.append(bigEndian: evictedFlows)
            $0.append(timesOf: row, wide: true)
            $0.append(countersOf: row, wide: true, bidirectional: bidirectional)
        }
        sequence &+= 1
        return true
    }

    /// Appends the file's last record, the number of its rows; `false` if the message has no room for it.
    public mutating func appendEnd() -> Bool {
        guard fits(IPFIXTemplate.end.setOctets + 4 + 12) else { return false }
        append(IPFIXTemplate.end)
        openSet(IPFIXTemplate.endID)
        let (domain, rowCount) = (domain, rowCount)
        buffer.write(atMost: 12) {
            $0.append(bigEndian: domain)
            $0.append(bigEndian: rowCount)
        }
        sequence &+= 1
        return true
    }

    /// Fills in the lengths. Afterwards `message` is complete, and `openMessage` is the only call that makes sense.
    public mutating func closeMessage() {
        closeSet()
        // At most `messageOctetsMax`, as every `append` checked.
        replace(at: messageStart + 2, UInt16(buffer.count - messageStart))
    }

    /// Begins the next message.
    ///
    /// - Parameter keepsClosed: the closed ones stay before it, to be written together.
    public mutating func openMessage(keepsClosed: Bool = false) {
        if !keepsClosed { buffer.removeAll() }
        messageStart = buffer.count
        setKind = -1
        setStart = 0
        let (time, sequence, domain) = (exportSeconds, sequence, domain)
        buffer.write(atMost: Self.headerOctets) {
            $0.append(bigEndian: UInt16(10))  // the version of IPFIX
            $0.append(bigEndian: UInt16(0))  // the length, filled in by `closeMessage`
            $0.append(bigEndian: time)
            $0.append(bigEndian: sequence)
            $0.append(bigEndian: domain)
        }
    }
}

/// Parts of a file that are encoded apart, on several threads.
extension IPFIXEncoder {
    /// The same encoder.
    ///
    /// - Parameter capacity: octets kept ready.
    public func withCapacity(_ capacity: Int) -> IPFIXEncoder {
        var part = self
        part.buffer.reserve(capacity)
        return part
    }

    /// Forgets what was encoded and begins a later part of the same file, in the same memory: without the record that
    /// names the task, which the first part has.
    public mutating func beginLaterPart() {
        // The first message of the file shows the templates of all families with common times and counters, and only
        // those.
        announced &= 0b111
        sequence = 0
        rowCount = 0
        openMessage()
    }

    /// Says how much of the file stands before this part, before the part's last message is closed.
    ///
    /// - Parameters:
    ///   - records: data records in the parts before (`recordCount` summed up, modulo 2³²).
    ///   - rows: rows in the parts before.
    public mutating func place(afterRecords records: UInt32, rows: UInt64) {
        var start = 0
        while start <= messageStart {
            let number = buffer.octets.bigEndian32(at: start + 8) &+ records
            let length = Int(buffer.octets.bigEndian16(at: start + 2))
            replace(at: start + 8, UInt16(truncatingIfNeeded: number >> 16))
            replace(at: start + 10, UInt16(truncatingIfNeeded: number))
            if start == messageStart { break }
            start += length
        }
        sequence &+= records
        rowCount &+= rows
    }

    /// Data records so far, modulo 2³²; those of the parts before included once they are known.
    public var recordCount: UInt32 { sequence }
    /// Rows so far, likewise.
    public var rowsSoFar: UInt64 { rowCount }
}

/// Sets and templates.
extension IPFIXEncoder {
    private func fits(_ octets: Int) -> Bool { buffer.count - messageStart + octets <= Self.messageOctetsMax }

    /// Opens a set for rows of `kind`, after their template if this is the file's first; `false` without room for both
    /// and one record.
    private mutating func open(_ kind: RowKind) -> Bool {
        let isAnnounced = announced & 1 << UInt16(kind.index) != 0
        let template = isAnnounced ? 0 : rowTemplate(kind).setOctets
        guard fits(template + 4 + recordOctets[kind.index]) else { return false }
        if !isAnnounced { announce(kind) }
        openSet(IPFIXTemplate.firstRowID + UInt16(kind.index))
        setKind = kind.index
        return true
    }

    private func rowTemplate(_ kind: RowKind) -> IPFIXTemplate {
        IPFIXTemplate.row(task, kind, hasProcesses: hasProcesses)
    }

    private mutating func announce(_ kind: RowKind) {
        append(rowTemplate(kind))
        announced |= 1 << UInt16(kind.index)
    }

    private mutating func openSet(_ id: UInt16) {
        closeSet()
        setStart = buffer.count
        buffer.write(atMost: 4) {
            $0.append(bigEndian: id)
            $0.append(bigEndian: UInt16(0))  // the length, filled in by `closeSet`
        }
    }

    private mutating func closeSet() {
        guard setStart > 0 else { return }
        replace(at: setStart + 2, UInt16(buffer.count - setStart))
        setStart = 0
        setKind = -1
    }

    private mutating func replace(at offset: Int, _ value: UInt16) {
        buffer.write(atMost: 0) { $0.replace(at: offset, bigEndian: value) }
    }

    private mutating func append(_ template: IPFIXTemplate) {
        openSet(template.scopeCount > 0 ? 3 : 2)  // RFC 7011 § 3.3.2
        buffer.write(atMost: template.setOctets) { $0.append(template) }
        closeSet()
    }

    private mutating func appendTaskRecord(_ time: Int64) {
        let template = IPFIXTemplate.task(task)
        append(template)
        openSet(template.id)
        let (task, domain) = (task, domain)
        buffer.write(atMost: Self.nameOctetsMax + 64) { writer in
            writer.append(bigEndian: domain)
            writer.append(variableLength: task.name.utf8.count)
            writer.append(text: task.name)
            writer.append(bigEndian: NTPTime.milliseconds(time))
            writer.append(bigEndian: NTPTime.timestamp(time))
            for prefix in [task.fields.source, task.fields.destination] {
                guard let prefix else { continue }
                writer.append(prefix.v4)
                writer.append(prefix.v6)
            }
            if task.bidirectional { writer.append(1) }  // forward is from the initiator (RFC 5103 § 6.3)
        }
        closeSet()
        sequence &+= 1
    }
}

/// Processes.
extension IPFIXEncoder {
    /// What a name takes at most: the rest of it is cut off.
    static let processNameOctetsMax = 4096

    private mutating func append(_ processes: ProcessNumbers) {
        let template = IPFIXTemplate.process
        append(template)
        for (index, process) in processes.processes.enumerated() {
            let comm = Array(process.comm.utf8.prefix(Self.processNameOctetsMax))
            let cgroup = Array(process.cgroup.utf8.prefix(Self.processNameOctetsMax))
            let octets = 12 + 6 + comm.count + cgroup.count
            if !fits(octets + 4) {
                closeMessage()
                openMessage(keepsClosed: true)
            }
            openSet(template.id)
            buffer.write(atMost: octets) { writer in
                let number = ProcessNumbers.first + UInt32(index)
                writer.append(bigEndian: IPFIXTemplate.processEngine | number & 0xFF_FFFF)
                for name in [comm, cgroup] {
                    writer.append(variableLength: name.count)
                    for octet in name { writer.append(octet) }
                }
                writer.append(bigEndian: process.pid)
                writer.append(bigEndian: process.uid)
            }
            closeSet()
            sequence &+= 1
        }
    }
}

/// Records.
extension IPFIXEncoder {
    @inline(always)
    private mutating func write(_ row: FlowRecord, _ kind: RowKind, _ process: ProcessPair) {
        let (key, prefixed, bidirectional, hasProcesses) = (task.fields, prefixed, task.bidirectional, hasProcesses)
        buffer.write(atMost: 160) { writer in
            writer.append(addressesOf: row.key, key, prefixed, kind.family)
            if key.sourcePort { writer.append(bigEndian: row.key.sourcePort) }
            if key.destinationPort { writer.append(bigEndian: row.key.destinationPort) }
            if key.protocol { writer.append(row.key.protocol) }
            if key.vlan { writer.append(bigEndian: row.key.vlan) }
            writer.append(timesOf: row, wide: kind.hasWideTimes)
            writer.append(countersOf: row, wide: kind.hasWideCounters, bidirectional: bidirectional)
            guard hasProcesses else { return }
            writer.append(bigEndian: IPFIXTemplate.processEngine | process.local)
            writer.append(bigEndian: IPFIXTemplate.processEngine | process.peer)
        }
    }
}
