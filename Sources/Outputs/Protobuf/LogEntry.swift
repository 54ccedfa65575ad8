import Events
import Octets

/// What a protobuf stream holds, whatever its numbering: a message or event, a heartbeat, or a line of the run's log.
public enum LogEntry: Equatable, Sendable {
    case event(EventMessage)
    case heartbeat(time: Int64, count: Int64, message: String)
    case runLog(String)
}

/// A message, or an event that goes straight to the output, as protobuf has it.
public struct EventMessage: Equatable, Sendable {
    /// Nanoseconds since 1970.
    public var time: Int64 = 0
    /// `{Pid}_{Tid}_{Comm}_{Fd}_{DataType}`, and `_{Tuple}` behind it where the tuple is known.
    public var uuid = ""
    public var pid: Int64 = 0
    /// The comm, escaped as in the UUID.
    public var processName = ""
    /// Empty: not known.
    public var sourceIP = ""
    public var sourcePort: UInt32 = 0
    public var destinationIP = ""
    public var destinationPort: UInt32 = 0
    /// `MessageKind`'s raw value: 0 for events that go straight to the output.
    public var type: UInt32 = 0
    /// Octets of the payload.
    public var length: UInt32 = 0
    public var payload: [UInt8] = []

    public init() {}

    /// The protobuf form of an event of any type: its payload is the plaintext, the line, the query, or the frame.
    public init(_ event: some Event) {
        self.init(info: event.baseInfo, type: 0, payload: event.payload)
    }

    public init(info: BaseInfo, type: UInt32, payload: [UInt8]) {
        time = info.time
        uuid = info.uuidText
        pid = Int64(info.pid)
        var name = OctetBuffer()
        name.append(terminal: info.comm)
        processName = name.description
        if info.hasTuple {
            sourceIP = info.source.description
            sourcePort = UInt32(info.sourcePort)
            destinationIP = info.destination.description
            destinationPort = UInt32(info.destinationPort)
        }
        self.type = type
        length = UInt32(clamping: payload.count)
        self.payload = payload
    }
}
