import SwiftProtobuf

/// Between the program's values and the generated messages, of which there is one per numbering.
extension LogEntry {
    /// The entry's octets, without a length before them.
    func serialized(_ schema: EventSchema) throws(ProtobufFailure) -> [UInt8] {
        do {
            return switch schema {
            case .standard: try standard.serializedBytes()
            case .ecapture: try ecapture.serializedBytes()
            }
        } catch {
            throw ProtobufFailure(.tooLarge, at: 0)
        }
    }

    /// - Returns: `nil` for an entry without anything in it.
    init?(_ octets: [UInt8], _ schema: EventSchema) throws(ProtobufFailure) {
        do {
            switch schema {
            case .standard: self.init(try PBLogEntry(serializedBytes: octets))
            case .ecapture: self.init(try PBeCaptureLogEntry(serializedBytes: octets))
            }
        } catch {
            throw ProtobufFailure(.malformed, at: 0)
        }
    }

    private var standard: PBLogEntry {
        var entry = PBLogEntry()
        switch self {
        case .event(let event):
            entry.logType = .event
            entry.eventPayload = PBEvent(event)
        case .heartbeat(let time, let count, let message):
            entry.logType = .heartbeat
            entry.heartbeatPayload.timestamp = time
            entry.heartbeatPayload.count = count
            entry.heartbeatPayload.message = message
        case .runLog(let line):
            entry.logType = .processLog
            entry.runLog = line
        }
        return entry
    }

    private var ecapture: PBeCaptureLogEntry {
        var entry = PBeCaptureLogEntry()
        switch self {
        case .event(let event):
            entry.logType = .event
            entry.eventPayload = PBeCaptureEvent(event)
        case .heartbeat(let time, let count, let message):
            entry.logType = .heartbeat
            entry.heartbeatPayload.timestamp = time
            entry.heartbeatPayload.count = count
            entry.heartbeatPayload.message = message
        case .runLog(let line):
            entry.logType = .processLog
            entry.runLog = line
        }
        return entry
    }

    private init?(_ entry: PBLogEntry) {
        switch entry.payload {
        case .eventPayload(let event): self = .event(EventMessage(event))
        case .heartbeatPayload(let beat):
            self = .heartbeat(time: beat.timestamp, count: beat.count, message: beat.message)
        case .runLog(let line): self = .runLog(line)
        case nil: return nil
        }
    }

    private init?(_ entry: PBeCaptureLogEntry) {
        switch entry.payload {
        case .eventPayload(let event): self = .event(EventMessage(event))
        case .heartbeatPayload(let beat):
            self = .heartbeat(time: beat.timestamp, count: beat.count, message: beat.message)
        case .runLog(let line): self = .runLog(line)
        case nil: return nil
        }
    }
}

/// The two generated events differ in the numbers of their fields only.
private protocol GeneratedEvent: SwiftProtobuf.Message {
    associatedtype Octets: RangeReplaceableCollection<UInt8>
    var timestamp: Int64 { get set }
    var uuid: String { get set }
    var pid: Int64 { get set }
    var pname: String { get set }
    var srcIp: String { get set }
    var srcPort: UInt32 { get set }
    var dstIp: String { get set }
    var dstPort: UInt32 { get set }
    var type: UInt32 { get set }
    var length: UInt32 { get set }
    var payload: Octets { get set }
}

extension PBEvent: GeneratedEvent {}
extension PBeCaptureEvent: GeneratedEvent {}

extension GeneratedEvent {
    fileprivate init(_ event: EventMessage) {
        self.init()
        timestamp = event.time
        uuid = event.uuid
        pid = event.pid
        pname = event.processName
        srcIp = event.sourceIP
        srcPort = event.sourcePort
        dstIp = event.destinationIP
        dstPort = event.destinationPort
        type = event.type
        length = event.length
        payload = Octets(event.payload)
    }
}

extension EventMessage {
    fileprivate init(_ event: some GeneratedEvent) {
        self.init()
        time = event.timestamp
        uuid = event.uuid
        pid = event.pid
        processName = event.pname
        sourceIP = event.srcIp
        sourcePort = event.srcPort
        destinationIP = event.dstIp
        destinationPort = event.dstPort
        type = event.type
        length = event.length
        payload = Array(event.payload)
    }
}
