import Flows
import Headers

/// What one run found, as plain values: `ReportText` prints it for people, `ReportJSON` for programs.
public struct AnalysisReport: Equatable, Sendable {
    public var capture: CaptureSummary
    /// The outermost protocols; what they carry stands in their children.
    public var hierarchy: [ProtocolNode]
    /// In the order in which they are to be printed, as the flows and services.
    public var talkers: [Talker]
    /// How many addresses there are in all.
    public var talkerCount: UInt64
    public var topFlows: TopFlows?
    public var services: [ServiceShare]
    /// How many services there are in all.
    public var serviceCount: UInt64
    /// TLS connections, those that most are alike first, of so many kinds and connections in all; `nil`: nobody looked.
    public var tls: TLSShares?
    public var ledger: LedgerReport
    /// Sentences about what is wrong with the input: file, octet and reason.
    public var problems: [String]
    /// Sentences about the input that are no problems.
    public var notes: [String]

    public init(
        capture: CaptureSummary, hierarchy: [ProtocolNode] = [], talkers: [Talker] = [], talkerCount: UInt64 = 0,
        topFlows: TopFlows? = nil, services: [ServiceShare] = [], serviceCount: UInt64 = 0,
        ledger: LedgerReport = LedgerReport(), problems: [String] = [], notes: [String] = []
    ) {
        self.capture = capture
        self.hierarchy = hierarchy
        self.talkers = talkers
        self.talkerCount = talkerCount
        self.topFlows = topFlows
        self.services = services
        self.serviceCount = serviceCount
        self.ledger = ledger
        self.problems = problems
        self.notes = notes
    }
}

/// The packets of all files together.
public struct CaptureSummary: Equatable, Sendable {
    public var files: [CaptureFileSummary]
    /// Times of the earliest and latest packet, nanoseconds since 1970; `nil` without packets.
    public var firstTime: Int64?
    public var lastTime: Int64?
    public var packets: UInt64
    /// Octets of the frames on the wire.
    public var bytes: UInt64
    /// Octets of the frames in the files.
    public var capturedBytes: UInt64

    public init(
        files: [CaptureFileSummary], firstTime: Int64?, lastTime: Int64?, packets: UInt64, bytes: UInt64,
        capturedBytes: UInt64
    ) {
        self.files = files
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.packets = packets
        self.bytes = bytes
        self.capturedBytes = capturedBytes
    }

    /// From the first packet to the last; 0 for one packet or none.
    public var durationNanoseconds: UInt64 {
        guard let firstTime, let lastTime, lastTime > firstTime else { return 0 }
        // Wraps to the right value where the span exceeds 63 bits.
        return UInt64(bitPattern: lastTime &- firstTime)
    }

    /// `nil` where no time passed.
    public var bitsPerSecond: Double? { perSecond(8 * Double(bytes)) }
    public var packetsPerSecond: Double? { perSecond(Double(packets)) }
    /// Octets on the wire; `nil` without packets.
    public var averagePacketBytes: Double? { packets == 0 ? nil : Double(bytes) / Double(packets) }

    private func perSecond(_ count: Double) -> Double? {
        durationNanoseconds == 0 ? nil : count / (Double(durationNanoseconds) / 1e9)
    }
}

/// One file of a run.
public struct CaptureFileSummary: Equatable, Sendable {
    public var name: String
    /// `pcap`, `pcapng`, with what it is compressed by: `pcapng.gz`.
    public var format: String
    /// The names of the link types of its interfaces.
    public var linkTypes: [String]
    /// The file's size; `nil` for a stream.
    public var bytes: UInt64?
    public var packets: UInt64

    public init(name: String, format: String, linkTypes: [String], bytes: UInt64?, packets: UInt64) {
        self.name = name
        self.format = format
        self.linkTypes = linkTypes
        self.bytes = bytes
        self.packets = packets
    }
}

/// A protocol in the hierarchy with everything that it carried.
public struct ProtocolNode: Equatable, Sendable {
    public var name: String
    public var packets: UInt64
    /// Octets of the whole frames.
    public var bytes: UInt64
    public var children: [ProtocolNode]

    public init(name: String, packets: UInt64, bytes: UInt64, children: [ProtocolNode] = []) {
        self.name = name
        self.packets = packets
        self.bytes = bytes
        self.children = children
    }
}

/// An address and what it sent and received.
public struct Talker: Equatable, Sendable {
    public var address: IPAddress
    public var sentPackets: UInt64, sentBytes: UInt64
    public var receivedPackets: UInt64, receivedBytes: UInt64

    public init(
        address: IPAddress, sentPackets: UInt64, sentBytes: UInt64, receivedPackets: UInt64, receivedBytes: UInt64
    ) {
        self.address = address
        self.sentPackets = sentPackets
        self.sentBytes = sentBytes
        self.receivedPackets = receivedPackets
        self.receivedBytes = receivedBytes
    }

    public var totalBytes: UInt64 { sentBytes &+ receivedBytes }
}

/// The largest flows of a task.
public struct TopFlows: Equatable, Sendable {
    public var task: FlowTask
    public var rows: [FlowRecord]
    /// Of all flows, evicted ones included.
    public var flowCount: UInt64
    public var totalBytes: UInt64
    /// What «largest» means: `bytes`, `packets` …
    public var sortedBy: String

    public init(
        task: FlowTask, rows: [FlowRecord], flowCount: UInt64, totalBytes: UInt64, sortedBy: String = "bytes"
    ) {
        self.task = task
        self.rows = rows
        self.flowCount = flowCount
        self.totalBytes = totalBytes
        self.sortedBy = sortedBy
    }
}

/// The traffic of a server port, both directions.
public struct ServiceShare: Equatable, Sendable {
    public var `protocol`: UInt8
    /// `nil` for protocols without ports.
    public var port: UInt16?
    public var flows: UInt64
    public var packets: UInt64
    public var bytes: UInt64

    public init(protocol: UInt8, port: UInt16?, flows: UInt64, packets: UInt64, bytes: UInt64) {
        self.protocol = `protocol`
        self.port = port
        self.flows = flows
        self.packets = packets
        self.bytes = bytes
    }
}
