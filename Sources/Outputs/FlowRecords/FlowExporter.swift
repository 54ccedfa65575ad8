import Flows
import IPFIX
import KernelIO

/// Sends flow records to a collector, as IPFIX messages over UDP or TCP (RFC 7011 § 10).
///
/// Over UDP nobody answers: what was handed to the network counts as written, unless its refusal comes back. Over TCP a
/// connection that breaks is made again, with growing pauses; the message that was under way goes out anew in the next.
public final class FlowExporter: FlowRecordSink, @unchecked Sendable {
    public let name: String
    private let address: ExportAddress
    private let processes: FlowProcesses?
    private var encoder: FlowMessageEncoder
    private var socket: NetworkSocket?
    private var isOpen = false
    /// The flows in the open message: a new connection counts its records anew, so the message is built again.
    private var pending: [(flow: MeteredFlow, ends: FlowEnds)] = []
    /// Of the message before, while its refusal may still come.
    private var lastSent = 0
    private var messagesSinceTemplates = 0
    private var templatesSent: Int64?
    private var burst = (count: 0, begun: Int64(0))
    /// When the records ended; nobody waits for a collector for longer than `graceNanoseconds` after it.
    private var ended: Int64?
    /// That time is over.
    private var hasGivenUp = false

    /// Over UDP the templates come again with every so many messages, and after this time: a collector that was
    /// started later, or has missed them, can read nothing before (RFC 7011 § 8.4).
    private static let templateMessages = 16
    private static let templateNanoseconds: Int64 = 30_000_000_000
    /// Datagrams in a row, and how long they are to take: twice as many fit into a socket's buffer as Linux has it.
    private static let burstMessages = 16
    private static let burstNanoseconds: Int64 = 1_000_000
    /// How long a collector may take nothing before its connection counts as broken.
    private static let stallMilliseconds: Int32 = 10_000
    private static let firstPause: Int64 = 100_000_000
    private static let longestPause: Int64 = 10_000_000_000
    private static let graceNanoseconds: Int64 = 5_000_000_000

    /// - Parameter processes: tells whose flows are; then each record says so.
    public init(
        _ address: ExportAddress, directions: FlowDirections, domain: UInt32 = 1, processes: FlowProcesses? = nil
    ) {
        name = address.description
        self.address = address
        self.processes = processes
        encoder = FlowMessageEncoder(directions: directions, domain: domain, hasProcesses: processes != nil)
    }

    public func write(_ flows: [MeteredFlow], _ link: SinkLink) {
        let known = processes?(flows)
        for (index, flow) in flows.enumerated() {
            let ends = known?[index] ?? FlowEnds()
            if !isOpen { open() }
            if !encoder.append(flow, ends) {
                send(link)
                open()
                _ = encoder.append(flow, ends)
            }
            pending.append((flow, ends))
        }
    }

    public func flush(_ link: SinkLink) {
        if !pending.isEmpty { send(link) }
    }

    public func finish(_ link: SinkLink) {
        flush(link)
        switch address.transport {
        case .udp:
            if let failure = socket?.takeFailure() { refused(failure, link) }
        case .tcp:
            guard let connection = socket.take() else { return }
            if !connection.finish(milliseconds: Int32(Self.graceNanoseconds / 1_000_000)) {
                link.failed(
                    SystemFailure(
                        operation: "end", path: name, errno: 0, detail: "the collector has not closed the connection"))
            }
        }
    }

    private func open() {
        isOpen = true
        let now = Clock.monotonicNanoseconds
        // Over TCP they have a message of their own, at the start of the connection.
        let hasTemplates =
            address.transport == .udp
            && (messagesSinceTemplates >= Self.templateMessages
                || templatesSent.map { now - $0 >= Self.templateNanoseconds } ?? true)
        encoder.openMessage(at: Clock.wallNanoseconds, withTemplates: hasTemplates)
        guard hasTemplates else { return }
        templatesSent = now
        messagesSinceTemplates = 0
    }

    private func send(_ link: SinkLink) {
        encoder.closeMessage()
        switch address.transport {
        case .udp: sendDatagram(link)
        case .tcp: sendThroughStream(link)
        }
        isOpen = false
        pending.removeAll(keepingCapacity: true)
    }

    private func count(_ link: SinkLink) {
        link.written(pending.count, messages: 1, dataRecords: UInt64(encoder.recordCount))
        messagesSinceTemplates += 1
        lastSent = pending.count
    }
}

/// UDP.
extension FlowExporter {
    private func sendDatagram(_ link: SinkLink) {
        keepPace(link)
        do throws(SystemFailure) {
            if socket == nil { socket = try NetworkSocket(.datagrams, host: address.host, port: address.port) }
            if let failure = socket?.takeFailure() { refused(failure, link) }
            try socket?.send(encoder.message)
            count(link)
        } catch {
            link.failed(error)
            link.lost(pending.count, cause: "\(error)")
            lastSent = 0
            // A collector that comes back knows no templates.
            templatesSent = nil
        }
    }

    /// Nobody listened to the message before.
    private func refused(_ failure: SystemFailure, _ link: SinkLink) {
        link.failed(failure)
        link.takeBack(lastSent, cause: "\(failure)")
        lastSent = 0
        templatesSent = nil
    }

    /// A collector on the same machine reads from a buffer that a burst would fill, and nobody would hear of it.
    private func keepPace(_ link: SinkLink) {
        let now = Clock.monotonicNanoseconds
        if burst.count < Self.burstMessages {
            if burst.count == 0 { burst.begun = now }
            burst.count += 1
            return
        }
        let rest = Self.burstNanoseconds - (now - burst.begun)
        if rest > 0 { Clock.sleep(nanoseconds: rest) }
        burst = (1, Clock.monotonicNanoseconds)
    }
}

/// TCP.
extension FlowExporter {
    private func sendThroughStream(_ link: SinkLink) {
        var pause = Self.firstPause
        while true {
            if hasGivenUp { return link.lost(pending.count, cause: Self.awayCause) }
            do throws(SystemFailure) {
                try connect()
                try socket?.write(encoder.message, milliseconds: Self.stallMilliseconds)
                link.setAway(false)
                return count(link)
            } catch {
                socket = nil
                link.setAway(true)
                link.failed(error)
                wait(pause, link)
                pause = min(2 * pause, Self.longestPause)
            }
        }
    }

    /// Makes a connection where there is none. A new session counts from 0, and begins with the templates (RFC 7011
    /// § 3.1, § 8), so the message is built again for it.
    private func connect() throws(SystemFailure) {
        if socket?.isOtherEndClosed ?? false { socket = nil }
        guard socket == nil else { return }
        socket = try NetworkSocket(.stream, host: address.host, port: address.port)
        encoder.beginSession()
        encoder.openMessage(at: Clock.wallNanoseconds, withTemplates: true)
        encoder.closeMessage()
        try socket?.write(encoder.message, milliseconds: Self.stallMilliseconds)
        encoder.openMessage(at: Clock.wallNanoseconds, withTemplates: false)
        for (flow, ends) in pending { _ = encoder.append(flow, ends) }
        encoder.closeMessage()
    }

    private static let awayCause = "the collector was away at the end"

    /// Waits before the next try, and not for ever once no more records come.
    private func wait(_ pause: Int64, _ link: SinkLink) {
        guard link.pause(nanoseconds: pause) else { return }
        let now = Clock.monotonicNanoseconds
        let since = ended ?? now
        ended = since
        if now - since >= Self.graceNanoseconds {
            hasGivenUp = true
        } else {
            Clock.sleep(nanoseconds: min(pause, 500_000_000))
        }
    }
}
