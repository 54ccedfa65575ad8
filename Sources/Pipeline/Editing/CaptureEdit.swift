import CaptureFiles
import Cryptography
import Flows
import Headers
import KernelIO
import Octets

/// Copies a capture and changes it on the way: fewer packets, other addresses, secrets added or taken out. What comes
/// out is a capture of the same format; with secrets added always pcapng.
///
/// Blocks of pcapng are copied as they are, options and comments included, unless addresses are replaced: then sections
/// and interfaces are written anew and nothing is copied that may name a host (names, comments, filters).
public struct CaptureEdit {
    public struct Settings {
        /// Packets that are kept; `nil`: all. It sees addresses as they were.
        public var filter: PacketFilter?
        /// Which header of a tunnelled packet the filter sees.
        public var tunnels = TunnelMode.outer
        /// A TLS key log that is put before all packets.
        public var keyLog: [UInt8] = []
        /// Decryption Secrets Blocks are left out.
        public var stripsSecrets = false
        /// Replaces addresses.
        public var anonymiser: CryptoPAn?

        public init() {}
    }

    /// What became of the packets.
    public struct Outcome: Sendable {
        public var capture: CaptureReport
        public var packets: UInt64 = 0
        public var kept: UInt64 = 0
        /// Not matched by the filter.
        public var filtered: UInt64 = 0
        /// Left out as addresses in them could not all be replaced.
        public var refused: UInt64 = 0
        /// Blocks of secrets that were left out.
        public var strippedSecrets: UInt64 = 0
        /// Blocks of secrets that stay in a capture with other addresses: they open what names its ends in other ways.
        public var keptSecrets: UInt64 = 0

        public var isBalanced: Bool { packets == kept + filtered + refused }
    }

    private let settings: Settings
    private let dissector: Dissector
    private let anonymiser: FrameAnonymiser?
    /// What is to be written next.
    private var output: [UInt8] = []
    private var outcome: Outcome
    /// Writes pcapng anew; `nil` where blocks or records are copied.
    private var writer: PcapngWriter?
    /// Writes classic captures.
    private var records: PcapWriter?
    private var interfacesWritten = 0
    /// Of the section that the next packet stands in.
    private var order = ByteOrder.littleEndian
    private var hasInjected = false
    private var hasHeader = false

    private static let pieceOctets = 256 << 10

    private init(_ settings: Settings, _ report: CaptureReport) {
        self.settings = settings
        dissector = Dissector(tunnels: settings.tunnels)
        anonymiser = settings.anonymiser.map { FrameAnonymiser($0) }
        outcome = Outcome(capture: report)
    }

    /// Reads the capture at `path`, `-` for standard input, and gives what comes out to `write`, in pieces.
    ///
    /// - Parameter shouldStop: asked between batches of packets.
    /// - Throws: what `write` throws.
    public static func run(
        path: String, _ settings: Settings, shouldStop: () -> Bool,
        write: (Span<UInt8>) throws(SystemFailure) -> Void
    ) throws(SystemFailure) -> Outcome {
        var reader: CaptureReader
        do throws(InputFailure) {
            reader = try CaptureReader(path: path, keepsBlocks: true)
        } catch {
            return Outcome(capture: CaptureReport(path: path, unreadable: error))
        }
        var edit = CaptureEdit(settings, CaptureReport(reader, end: .stopped))
        var batch = FrameBatch()
        var end = CaptureEnd.stopped
        reading: while !shouldStop() {
            switch reader.next(&batch) {
            case .frames, .stopped:
                edit.take(batch, reader.takeBlocks(), reader.parser)
            case .idle(let input):
                _ = input.file.waitUntilReadable()
            case .ended(let reason):
                end = reason
                batch.frames.removeAll()
                edit.take(batch, reader.takeBlocks(), reader.parser)
                break reading
            }
            if edit.output.count >= pieceOctets { try edit.flush(write) }
        }
        try edit.flush(write)
        edit.outcome.capture = CaptureReport(reader, end: end)
        return edit.outcome
    }

    private mutating func flush(_ write: (Span<UInt8>) throws(SystemFailure) -> Void) throws(SystemFailure) {
        guard !output.isEmpty else { return }
        try write(output.span)
        output.removeAll(keepingCapacity: true)
    }

    /// Takes a batch of frames and the blocks that stand before, between and behind them.
    private mutating func take(_ batch: borrowing FrameBatch, _ blocks: [CaptureBlock], _ parser: CaptureParser) {
        guard let format = parser.format else { return }
        begin(format, parser)
        describeInterfaces(parser)
        let first = parser.statistics.frames - UInt64(batch.frames.count)
        var nextBlock = 0
        for index in 0..<batch.frames.count {
            while nextBlock < blocks.count, blocks[nextBlock].framesBefore <= first + UInt64(index) {
                take(blocks[nextBlock])
                nextBlock += 1
            }
            if nextBlock > 0 { order = blocks[nextBlock - 1].byteOrder }
            take(batch.frames.span[index], batch.window.span, format)
        }
        while nextBlock < blocks.count {
            order = blocks[nextBlock].byteOrder
            take(blocks[nextBlock])
            nextBlock += 1
        }
    }

    // MARK: - The beginning

    private mutating func begin(_ format: CaptureFormat, _ parser: CaptureParser) {
        guard !hasHeader else { return }
        hasHeader = true
        switch format {
        case .pcap(let header) where settings.keyLog.isEmpty:
            let writer = PcapWriter(
                linkType: header.linkType, snapLength: header.snapLength, fraction: header.fraction,
                byteOrder: header.byteOrder)
            writer.appendHeader(to: &output)
            records = writer
        case .pcap: beginAnew()
        case .pcapng: if settings.anonymiser != nil { beginAnew() }
        }
    }

    private mutating func beginAnew() {
        var writer = PcapngWriter()
        writer.appendSectionHeader(application: "netspectra", to: &output)
        let keyLog = settings.keyLog
        if !keyLog.isEmpty { writer.appendSecrets(keyLog.span, to: &output) }
        self.writer = writer
    }

    /// Describes the interfaces that were read and not written yet.
    private mutating func describeInterfaces(_ parser: CaptureParser) {
        guard writer != nil else { return }
        while interfacesWritten < parser.interfaces.count {
            let interface = parser.interfaces[interfacesWritten]
            // What names a host, or filters for one, is left out.
            var described = CaptureInterface(linkType: interface.linkType)
            described.snapLength = interface.snapLength
            described.resolution = interface.resolution
            described.offsetSeconds = interface.offsetSeconds
            described.frameCheckOctets = interface.frameCheckOctets
            if settings.anonymiser == nil { described.name = interface.name }
            writer?.appendInterface(described, to: &output)
            interfacesWritten += 1
        }
    }

    // MARK: - Blocks

    private mutating func take(_ block: CaptureBlock) {
        if block.type == .decryptionSecrets, settings.stripsSecrets {
            outcome.strippedSecrets += 1
            return
        }
        if writer != nil {
            // Secrets name nobody; everything else may.
            if block.type == .decryptionSecrets, let secrets = block.secrets {
                outcome.keptSecrets += 1
                writer?.appendSecrets(type: secrets.type, secrets.octets.span, to: &output)
            }
            return
        }
        var block = block
        block.forgetSectionLength()
        output.append(contentsOf: block.octets.span)
        if block.type == .sectionHeader, !settings.keyLog.isEmpty, !hasInjected {
            hasInjected = true
            let keyLog = settings.keyLog
            PcapngWriter(byteOrder: block.byteOrder).appendSecrets(keyLog.span, to: &output)
        }
    }

    // MARK: - Frames

    private mutating func take(_ frame: FrameRecord, _ window: Span<UInt8>, _ format: CaptureFormat) {
        outcome.packets += 1
        let start = Int(frame.offset)
        let octets = window.extracting(start..<start + Int(frame.capturedLength))
        let linkType = LinkType(rawValue: frame.linkType)
        if let filter = settings.filter {
            let dissection = dissector.dissect(
                octets, linkType: linkType, time: frame.time, wireLength: frame.wireLength)
            guard filter.matches(dissection.info) else {
                outcome.filtered += 1
                return
            }
        }
        if let anonymiser {
            guard anonymiser.anonymise(octets, linkType: linkType, wireLength: frame.wireLength) else {
                outcome.refused += 1
                return
            }
            outcome.kept += 1
            let changed = anonymiser.frame
            append(frame, changed.span)
            return
        }
        outcome.kept += 1
        if case .pcapng = format, writer == nil {
            if let block = CaptureBlock.packet(in: window, around: start, order) {
                output.append(contentsOf: window.extracting(block))
            }
            return
        }
        append(frame, octets)
    }

    private mutating func append(_ frame: FrameRecord, _ octets: Span<UInt8>) {
        if let writer {
            writer.appendPacket(
                interface: UInt32(frame.interface), time: frame.time, wireLength: frame.wireLength, frame: octets,
                to: &output)
        } else if let records {
            records.appendRecord(time: frame.time, wireLength: frame.wireLength, frame: octets, to: &output)
        }
    }
}
