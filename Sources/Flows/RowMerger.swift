import Headers

/// Adds up rows of several snapshots under the keys of one task.
///
/// Sums commute, so the order in which rows come does not matter. Rows with a negative weight are taken away: the
/// state of a cumulative count before the time that is asked for.
public struct RowMerger: Sendable {
    /// A sum, in the orientation of its key: of a bidirectional task the end with the lower address and port is first.
    fileprivate struct Sum {
        var packets: [2 of Int64] = [0, 0]
        var bytes: [2 of Int64] = [0, 0]
        var flags: [2 of UInt8] = [0, 0]
        var firstSeen = Int64.max
        var lastSeen = Int64.min
        /// Which direction has the row that was seen first; of both, direction 0.
        var firstDirection = 1
        var bound = RowBound.none
    }

    /// One row of the result.
    public struct Row: Equatable, Sendable {
        public var record: FlowRecord
        public var bound: RowBound
        /// What the rows in it have in common, of the fields that are asked for.
        public var process: RowProcess

        public init(record: FlowRecord, bound: RowBound, process: RowProcess = .unknown) {
            self.record = record
            self.bound = bound
            self.process = process
        }
    }

    /// What a sum is of.
    private struct Group: Hashable {
        var key: FlowKey
        var process: ProcessPair
    }

    public let task: FlowTask
    private let plan: KeyPlan
    private let filter: PacketFilter?
    private let processFields: ProcessFields
    private var processes = ProcessNumbers()
    private var sums: [Group: Sum] = [:]

    /// - Parameters:
    ///   - task: what the sums are kept by.
    ///   - filter: which rows count; looked at before the key is cut.
    ///   - processes: what of their processes keeps rows apart as well.
    public init(_ task: FlowTask, filter: PacketFilter? = nil, processes: ProcessFields = []) {
        self.task = task
        processFields = processes
        plan = KeyPlan(task)
        self.filter = filter
    }

    public var count: Int { sums.count }

    /// Adds a row of a task whose key covers this one's.
    ///
    /// A bidirectional row counts in a one-way task as two: what each end sent. Each then has the times of both.
    ///
    /// - Parameter weight: 1, or -1 for what is to be taken away.
    public mutating func add(
        _ row: FlowRecord, of stored: FlowTask, bound: RowBound = .none, weight: Int64 = 1,
        process: RowProcess = .unknown
    ) {
        let pair = processFields.isEmpty ? ProcessPair() : processes.pair(processFields.masked(process))
        guard stored.bidirectional, !task.bidirectional else {
            return addWhole(row, of: stored, bound: bound, weight: weight, pair)
        }
        var forward = row
        forward.reversePackets = 0
        forward.reverseBytes = 0
        forward.reverseTCPFlags = 0
        if forward.packets > 0 { addWhole(forward, of: stored, bound: bound, weight: weight, pair) }
        guard row.reversePackets > 0 else { return }
        var back = forward
        back.key.swapEnds()
        back.packets = row.reversePackets
        back.bytes = row.reverseBytes
        back.tcpFlags = row.reverseTCPFlags
        addWhole(back, of: stored, bound: bound, weight: weight, pair)
    }

    private mutating func addWhole(
        _ row: FlowRecord, of stored: FlowTask, bound: RowBound, weight: Int64, _ process: ProcessPair
    ) {
        if let filter, !filter.matches(PacketInfo(row, fields: stored.fields)) { return }
        var key = plan.masked(row.key)
        var direction = 0
        var folds = false
        if task.bidirectional {
            if key.sourceIsAbove {
                key.swapEnds()
                direction = 1
            }
            folds = key.hasEqualEnds
            if folds { direction = 0 }
        }
        let back = folds ? 0 : 1 - direction
        sums[Group(key: key, process: process), default: Sum()].add(row, direction, back, bound, weight)
    }

    /// The sums, those without a packet left out.
    public consuming func rows() -> [Row] {
        var rows: [Row] = []
        rows.reserveCapacity(sums.count)
        for (group, sum) in sums where sum.packets[0] + sum.packets[1] > 0 {
            var row = sum.row(group.key, task)
            row.process = processes.process(group.process)
            rows.append(row)
        }
        return rows
    }
}

extension RowMerger.Sum {
    @inline(__always)
    fileprivate mutating func add(
        _ row: FlowRecord, _ direction: Int, _ back: Int, _ bound: RowBound, _ weight: Int64
    ) {
        // Wraps: what was stored may be anything.
        packets[direction] &+= weight &* Int64(bitPattern: row.packets)
        packets[back] &+= weight &* Int64(bitPattern: row.reversePackets)
        bytes[direction] &+= weight &* Int64(bitPattern: row.bytes)
        bytes[back] &+= weight &* Int64(bitPattern: row.reverseBytes)
        self.bound = weight > 0 ? self.bound + bound : self.bound - bound
        guard weight > 0 else { return }
        flags[direction] |= row.tcpFlags
        flags[back] |= row.reverseTCPFlags
        lastSeen = max(lastSeen, row.lastSeen)
        if row.firstSeen < firstSeen {
            firstSeen = row.firstSeen
            firstDirection = direction
        } else if row.firstSeen == firstSeen {
            firstDirection = min(firstDirection, direction)
        }
    }

    fileprivate func row(_ key: FlowKey, _ task: FlowTask) -> RowMerger.Row {
        var key = key
        let forward = task.bidirectional ? firstDirection : 0
        if forward == 1 { key.swapEnds() }
        let record = FlowRecord(
            key: key, packets: UInt64(bitPattern: packets[forward]), bytes: UInt64(bitPattern: bytes[forward]),
            reversePackets: UInt64(bitPattern: packets[1 - forward]),
            reverseBytes: UInt64(bitPattern: bytes[1 - forward]), firstSeen: firstSeen, lastSeen: lastSeen,
            tcpFlags: flags[forward], reverseTCPFlags: flags[1 - forward])
        return RowMerger.Row(record: record, bound: bound)
    }
}

extension KeyPlan {
    /// The key with what the task asks for, ends not exchanged.
    @inlinable public func masked(_ key: FlowKey) -> FlowKey {
        let isWide = key.family == .v6
        return FlowKey(
            sourceHigh: isWide ? key.sourceHigh & wide.sourceHigh : 0,
            sourceLow: key.sourceLow & (isWide ? wide.sourceLow : compactAddresses >> 32),
            destinationHigh: isWide ? key.destinationHigh & wide.destinationHigh : 0,
            destinationLow: key.destinationLow & (isWide ? wide.destinationLow : compactAddresses & 0xFFFF_FFFF),
            meta: key.meta & wide.meta)
    }
}

extension PacketInfo {
    /// A row as a filter sees it: what its task's key does not have does not count against a test of what it has. Ports
    /// of 0 are none (later fragments, ICMP), and flags are the union of both directions.
    public init(_ row: FlowRecord, fields: KeyFields) {
        let key = row.key
        let hasPorts = fields.sourcePort || fields.destinationPort
        var marks = PacketMarks()
        if hasPorts, key.sourcePort == 0, key.destinationPort == 0 { marks.insert(.portsCut) }
        self.init(
            time: row.lastSeen, source: key.source, destination: key.destination,
            protocol: fields.protocol ? IPProtocol(rawValue: key.protocol) : .tcp, sourcePort: key.sourcePort,
            destinationPort: key.destinationPort, vlan: key.vlan,
            tcpFlags: TCPFlags(rawValue: row.tcpFlags | row.reverseTCPFlags), marks: marks)
    }
}

extension KeyFields {
    /// Whether a key of these fields holds all of `other`.
    public func covers(_ other: KeyFields) -> Bool {
        FlowTask(name: "", fields: other, bidirectional: true).canRollUp(from: FlowTask(name: "", fields: self))
    }

    /// What either asks for.
    public func union(_ other: KeyFields) -> KeyFields {
        func wider(_ a: AddressPrefix?, _ b: AddressPrefix?) -> AddressPrefix? {
            guard let a, let b else { return a ?? b }
            return AddressPrefix(v4: max(a.v4, b.v4), v6: max(a.v6, b.v6))
        }
        return KeyFields(
            source: wider(source, other.source), destination: wider(destination, other.destination),
            sourcePort: sourcePort || other.sourcePort, destinationPort: destinationPort || other.destinationPort,
            protocol: `protocol` || other.protocol, vlan: vlan || other.vlan)
    }
}
