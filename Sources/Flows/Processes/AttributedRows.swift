/// Rows that say whose their flows are.
public protocol AttributedRows: FlowRows {
    /// What the numbers of `readProcesses` stand for.
    var processes: ProcessNumbers { get }
    /// Replaces `numbers` by those of the rows of `range`, in the same order as `read` gives them.
    func readProcesses(_ range: Range<Int>, into numbers: inout [ProcessPair])
}

extension AttributedRows {
    /// The processes of the rows of `range`, each spelt out.
    public func readAllProcesses(_ range: Range<Int>) -> [RowProcess] {
        var pairs: [ProcessPair] = []
        readProcesses(range, into: &pairs)
        let processes = processes
        return pairs.map(processes.process)
    }
}

/// The processes of a row's two ends, as numbers of a `ProcessNumbers`.
@frozen public struct ProcessPair: Hashable, Sendable, BitwiseCopyable {
    public var local: UInt32
    /// `ProcessNumbers.unknown` where the other end is not this machine's.
    public var peer: UInt32

    public init(local: UInt32 = ProcessNumbers.unknown, peer: UInt32 = ProcessNumbers.unknown) {
        self.local = local
        self.peer = peer
    }
}

/// Numbers for processes: few processes have many rows, and outputs name each once.
public struct ProcessNumbers: Equatable, Sendable {
    public static let unknown: UInt32 = 0
    public static let several: UInt32 = 1
    /// The number of the first process.
    public static let first: UInt32 = 2

    /// The first has the number `first`, and so on.
    public private(set) var processes: [FlowProcess] = []
    private var numbers: [FlowProcess: UInt32] = [:]

    public init() {}

    public init(_ processes: some Sequence<FlowProcess>) {
        self.processes = Array(processes)
        for (index, process) in self.processes.enumerated() { numbers[process] = Self.first + UInt32(index) }
    }

    public mutating func pair(_ process: RowProcess) -> ProcessPair {
        ProcessPair(local: number(process.local), peer: process.peer.map { number(of: $0) } ?? Self.unknown)
    }

    private mutating func number(_ answer: ProcessAnswer) -> UInt32 {
        switch answer {
        case .unknown: Self.unknown
        case .several: Self.several
        case .known(let process): number(of: process)
        }
    }

    private mutating func number(of process: FlowProcess) -> UInt32 {
        if let number = numbers[process] { return number }
        let number = Self.first + UInt32(processes.count)
        processes.append(process)
        numbers[process] = number
        return number
    }

    /// A number that stands for nothing is unknown: it may come from a file.
    public func process(_ pair: ProcessPair) -> RowProcess {
        RowProcess(answer(pair.local), peer: answer(pair.peer).process)
    }

    private func answer(_ number: UInt32) -> ProcessAnswer {
        guard number >= Self.first else { return number == Self.several ? .several : .unknown }
        let index = Int(number - Self.first)
        return index < processes.count ? .known(processes[index]) : .unknown
    }
}

/// Other rows with the processes of each.
public struct OwnedRows: AttributedRows, BoundedRows {
    private let rows: any FlowRows
    private let pairs: [ProcessPair]
    public let processes: ProcessNumbers

    /// - Precondition: there is a pair for each row.
    public init(_ rows: any FlowRows, _ pairs: [ProcessPair], _ processes: ProcessNumbers) {
        precondition(pairs.count >= rows.count, "each row has a pair of processes")
        self.rows = rows
        self.pairs = pairs
        self.processes = processes
    }

    public var count: Int { rows.count }

    public func read(_ range: Range<Int>, into buffer: inout [FlowRecord]) { rows.read(range, into: &buffer) }

    public func readProcesses(_ range: Range<Int>, into numbers: inout [ProcessPair]) {
        numbers.removeAll(keepingCapacity: true)
        numbers.append(contentsOf: pairs[range])
    }

    public func readBounds(_ range: Range<Int>, into bounds: inout [RowBound]) {
        if let bounded = rows as? any BoundedRows { return bounded.readBounds(range, into: &bounds) }
        bounds = [RowBound](repeating: .none, count: range.count)
    }

    fileprivate func firstOwned(_ count: Int) -> OwnedRows {
        OwnedRows(FirstRows(count, of: rows), pairs, processes)
    }
}

extension FlowRows {
    /// The first of them, with all that is known of each.
    public func first(_ count: Int) -> any FlowRows {
        (self as? OwnedRows)?.firstOwned(count) ?? FirstRows(count, of: self)
    }
}

extension FlowTask {
    /// Whether its rows are flows: whose they are can be asked only then.
    public var tellsWholeFlows: Bool {
        fields.source == .whole && fields.destination == .whole && fields.sourcePort && fields.destinationPort
            && fields.protocol
    }
}
