import ContentCodings
import Events
import KernelIO
import Octets

/// Reads recorded events into an event processor: record files and JSON Lines recordings, told apart by their first
/// octets, plain or compressed. Time is that of the events, so a replay takes no waiting and repeats.
public struct RecordedEvents: Sendable {
    /// Problems that are kept to be told; further ones are counted.
    public var problemsMax = 16
    /// Whether events of a record file that says that they are in order stay in that order.
    public var keepsOrder = true

    public init() {}

    /// What became of one file.
    public struct Outcome: Sendable {
        public var path: String
        /// Records or lines that were read, whatever became of them.
        public var records: UInt64 = 0
        /// Of these: those that went to the processor.
        public var delivered: UInt64 = 0
        /// Of these: those that belong to a module (secrets, packets, connections), or steer the pipeline.
        public var moduleRecords: UInt64 = 0
        /// Of these: those of a type that this version does not know.
        public var unknownRecords: UInt64 = 0
        /// Of these: those that were damaged.
        public var badRecords: UInt64 = 0
        /// What is wrong, the first ones: a sentence each, with its place.
        public var problems: [String] = []
        /// The file could not be opened or read to its end.
        public var failure: InputFailure?
        /// The recording says that the pipeline was closed at this time: what follows is counted only.
        public var closedAt: Int64?
        /// Of the records: those behind that.
        public var lateRecords: UInt64 = 0
        /// The processor wanted no more.
        public var isStopped = false

        public init(path: String) { self.path = path }

        /// Something of the file is damaged or missing.
        public var isDamaged: Bool { badRecords > 0 || failure != nil }
    }

    /// How long a pipe is waited for before somebody is asked whether to stop.
    private static let patienceNanoseconds: Int64 = 100_000_000

    /// Reads one file to its end.
    /// - Parameters:
    ///   - shouldStop: asked now and then; true ends the input there.
    public func read(
        _ path: String, into entrance: some EventEntrance, shouldStop: () -> Bool = { false }
    ) -> Outcome {
        var run = Run(path: path, problemsMax: problemsMax, keepsOrder: keepsOrder, entrance: entrance)
        do throws(InputFailure) {
            var input = try CaptureInput(path: path)
            run.outcome.path = input.path
            var chunk = entrance.takeChunk(octets: PayloadChunk.octets)
            defer { entrance.release(chunk) }
            var have = 0
            var isAtEnd = false
            while !isAtEnd, !run.isDone, !shouldStop() {
                if have == chunk.memory.count {
                    // A line or record that does not fit: both have their own limits.
                    chunk = Self.exchange(chunk, 0..<have, octets: have * 2, entrance)
                }
                guard let count = try Self.read(&input, into: chunk, from: have) else {
                    // A pipe has nothing just now.
                    _ = input.file.file.waitUntilReadable(nanoseconds: Self.patienceNanoseconds)
                    continue
                }
                isAtEnd = count == 0
                have += count
                // Payloads stay where they were read, unless pipes give them in small pieces.
                let isLent = have >= PayloadChunk.octets / 2
                let taken = run.take(chunk, have, isLent: isLent, isFinal: isAtEnd)
                if isLent {
                    chunk = Self.exchange(chunk, taken..<have, octets: PayloadChunk.octets, entrance)
                } else {
                    chunk.memory.fill { $0.moveToStart(taken..<have) }
                }
                have -= taken
            }
        } catch {
            // What came before is good, and what is held was cut by the failure.
            run.outcome.failure = error
        }
        return run.outcome
    }

    /// Reads behind the first `have` octets; `nil`: there is nothing just now.
    private static func read(
        _ input: inout CaptureInput, into chunk: PayloadChunk, from have: Int
    ) throws(InputFailure) -> Int? {
        try chunk.memory.fill { (memory) throws(InputFailure) in
            try input.read(into: &memory, at: have..<memory.count)
        }
    }

    /// Goes on in another chunk, at least so large, that begins with a range of this one.
    private static func exchange(
        _ chunk: PayloadChunk, _ range: Range<Int>, octets: Int, _ entrance: some EventEntrance
    ) -> PayloadChunk {
        let next = entrance.takeChunk(octets: max(octets, 2 * range.count))
        let memory = chunk.memory
        next.replace(at: 0, with: memory.span.extracting(range))
        entrance.release(chunk)
        return next
    }

    /// One file being read.
    private struct Run<Entrance: EventEntrance> {
        var outcome: Outcome
        let problemsMax: Int
        let keepsOrder: Bool
        let entrance: Entrance
        private var isRecordFile: Bool?
        private var recordFile = RecordFileReader()
        private var recording = RecordingReader()
        /// Where what is read lies, if payloads may stay there.
        private var lent: PayloadChunk?
        /// Events with payloads in it that are still to be written.
        private var waiting: [LentEvent] = []
        private static var waitingMax: Int { 64 }

        init(path: String, problemsMax: Int, keepsOrder: Bool, entrance: Entrance) {
            outcome = Outcome(path: path)
            self.problemsMax = problemsMax
            self.keepsOrder = keepsOrder
            self.entrance = entrance
        }

        var isDone: Bool { outcome.isStopped || recordFileFailed }
        private var recordFileFailed = false

        /// Takes the first `count` octets of a chunk.
        /// - Parameter isLent: payloads may stay in it.
        /// - Returns: the octets that were taken.
        mutating func take(_ chunk: PayloadChunk, _ count: Int, isLent: Bool, isFinal: Bool) -> Int {
            lent = isLent ? chunk : nil
            let memory = chunk.memory
            let taken = take(memory.span.extracting(0..<count), isFinal: isFinal)
            writeWaiting()
            lent = nil
            return taken
        }

        private mutating func take(_ octets: Span<UInt8>, isFinal: Bool) -> Int {
            if isRecordFile == nil { isRecordFile = RecordFile.detect(octets) ?? (isFinal ? false : nil) }
            var position = 0
            guard let isRecordFile else { return 0 }
            if isRecordFile {
                takeRecords(octets, from: &position, isFinal: isFinal)
            } else {
                takeLines(octets, from: &position, isFinal: isFinal)
            }
            return position
        }

        private mutating func takeRecords(_ octets: Span<UInt8>, from position: inout Int, isFinal: Bool) {
            while !isDone {
                let (start, before) = (recordFile.offset, outcome.records)
                do throws(EventFailure) {
                    switch try recordFile.next(octets, from: &position, isFinal: isFinal) {
                    case .needMore: return
                    case .record(let range, _):
                        outcome.records += 1
                        try take(
                            record: octets.extracting(range), from: range.lowerBound,
                            at: start == 0 ? Int64(RecordFile.headerOctets) : start)
                    }
                } catch {
                    // What does not even begin or end as a record is counted as one.
                    outcome.records = before + 1
                    note("\(error)")
                    if recordFile.offset == start { recordFileFailed = true }
                }
            }
        }

        /// - Parameters:
        ///   - position: where the record lies in its chunk.
        ///   - offset: where it lies in the file.
        private mutating func take(
            record: Span<UInt8>, from position: Int, at offset: Int64
        ) throws(EventFailure) {
            let header = try RecordHeader(record, at: offset)
            guard outcome.closedAt == nil else {
                outcome.lateRecords += 1
                return
            }
            if header.type.isData {
                let view = try DataRecordView(record, at: offset)
                var head = EventHead(view)
                if header.type == .text { head.kind = .text }
                if header.type == .tls { head.kind = .tls }
                let start = position + DataRecordView.fixedOctets
                return write(head, view.data, at: start..<start + view.dataLength)
            }
            let value = try EventRecord(record, at: offset)
            switch value {
            case .socketDestroyed(let event): write(EventHead(destroyed: event.sock, pid: event.pid, at: event.time))
            case .connData(let event) where event.isDestroy:
                write(EventHead(destroyed: event.info.sock, pid: event.info.pid, at: event.info.time))
            case .directionClosed(let event): write(EventHead(event))
            case .closed(let event):
                outcome.moduleRecords += 1
                outcome.closedAt = event.time
            case .unknown: outcome.unknownRecords += 1
            default:
                guard header.type.route == .output, let event = value.event else {
                    outcome.moduleRecords += 1
                    return
                }
                var head = EventHead(event.baseInfo)
                head.kind = .text
                var text = OctetBuffer()
                event.appendText(to: &text)
                write(head, text.octets)
            }
        }

        private mutating func takeLines(_ octets: Span<UInt8>, from position: inout Int, isFinal: Bool) {
            while !isDone {
                do throws(RecordingFailure) {
                    guard let item = try recording.next(octets, from: &position, isFinal: isFinal) else { return }
                    outcome.records += 1
                    guard outcome.closedAt == nil else {
                        outcome.lateRecords += 1
                        continue
                    }
                    switch item {
                    case .data:
                        let payload = recording.payload
                        write(EventHead(recording.info), payload.span)
                    case .destroyed(let sock, let time): write(EventHead(destroyed: sock, pid: 0, at: time))
                    case .closed(let time):
                        outcome.moduleRecords += 1
                        outcome.closedAt = time
                    }
                } catch {
                    outcome.records += 1
                    note("\(error)")
                }
            }
        }

        /// - Parameter range: where the payload lies in its chunk, if it does.
        private mutating func write(
            _ head: EventHead, _ payload: Span<UInt8> = Span(), at range: Range<Int>? = nil
        ) {
            var head = head
            head.isInOrder = keepsOrder && recordFile.isInOrder
            if lent != nil, let range {
                waiting.append(LentEvent(head, range))
                if waiting.count == Self.waitingMax { writeWaiting() }
            } else {
                writeWaiting()
                outcome.delivered += 1
                if entrance.write(head, payload) == .closed { outcome.isStopped = true }
            }
        }

        private mutating func writeWaiting() {
            guard let lent, !waiting.isEmpty else { return }
            outcome.delivered += UInt64(waiting.count)
            if entrance.write(waiting, in: lent) == .closed { outcome.isStopped = true }
            waiting.removeAll(keepingCapacity: true)
        }

        private mutating func note(_ problem: String) {
            outcome.badRecords += 1
            guard outcome.problems.count < problemsMax else { return }
            outcome.problems.append("\(SystemName.shown(outcome.path)): \(problem)")
        }
    }
}

extension EventHead {
    init(_ view: borrowing DataRecordView) {
        self.init()
        time = Int64(bitPattern: view.time)
        pid = view.pid
        tid = view.tid
        fd = view.fd
        sock = view.sock
        comm = view.commandName
        tlsVersion = view.tlsVersion
        direction = view.direction
        if view.hasTuple {
            source = view.source
            destination = view.destination
            sourcePort = view.sourcePort
            destinationPort = view.destinationPort
        }
        missing = view.missing ?? EventHead.unknown
        if view.dataLength == 0, missing > 0 { kind = .gap }
    }

    init(_ info: BaseInfo) {
        self.init()
        time = info.time
        pid = info.pid
        tid = info.tid
        fd = info.fd
        sock = info.sock
        comm = info.comm
        direction = info.direction
        source = info.source
        destination = info.destination
        sourcePort = info.sourcePort
        destinationPort = info.destinationPort
    }

    init(_ event: DirectionClosedEvent) {
        self.init()
        kind = .closed
        time = event.time
        pid = event.pid
        tid = event.tid
        sock = event.sock
        fd = event.fd
        direction = event.direction
    }

    init(destroyed sock: UInt64, pid: UInt32, at time: Int64) {
        self.init()
        kind = .destroyed
        self.time = time
        self.pid = pid
        self.sock = sock
    }
}
