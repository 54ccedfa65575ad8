import CaptureFiles
import KernelIO

/// Writes packets into pcapng files, one after the other where they are rotated. Each file is valid by itself: it has
/// all interfaces, and the secrets that its packets need before them. It ends at a whole block whatever happens.
///
/// Every packet is counted as written when its whole block is in a file. After the first failure nothing more is
/// written, and what still comes is counted as lost. Not for use by several threads at once.
public final class CaptureFileWriter {
    public struct Counts: Equatable, Sendable {
        public var packets: UInt64 = 0
        /// Whole in a file.
        public var written: UInt64 = 0
        /// Not in any file, as it could not be written.
        public var lost: UInt64 = 0
        /// Written, and removed with files beyond the ring.
        public var removed: UInt64 = 0
        /// Decryption Secrets Blocks written; a connection's may be repeated in later files.
        public var secretsBlocks: UInt64 = 0
        /// Octets of secrets forgotten for room: packets in later files may be without theirs.
        public var forgottenSecretsOctets: UInt64 = 0
        public var files = 0
        public var octets: UInt64 = 0

        public init() {}

        /// Packets that wait in memory.
        public var waiting: UInt64 { packets - written - lost }
    }

    /// A packet to be written.
    public struct Packet: Sendable {
        /// What `addInterface` gave.
        public var interface: UInt32
        /// Nanoseconds since 1970.
        public var time: Int64
        /// Octets on the wire; `nil`: as many as there are.
        public var wireLength: UInt32?
        /// Shown with the packet, in UTF-8; empty: none.
        public var comment: [UInt8] = []
        /// epb_flags (pcapng § 4.3.1): 1 inbound, 2 outbound.
        public var flags: UInt32?
        /// Whose secrets it needs, as told to `add(secrets:of:)`.
        public var connection: Int?

        public init(interface: UInt32, time: Int64, wireLength: UInt32? = nil) {
            self.interface = interface
            self.time = time
            self.wireLength = wireLength
        }
    }

    public private(set) var counts = Counts()
    /// Why nothing more is written.
    public private(set) var failure: SystemFailure?

    private let source: any CaptureFileSource
    private let rotation: CaptureRotation
    private let application: String
    private var file: GrowingFile?
    private var blocks = PcapngWriter()
    private var interfaces: [(description: CaptureInterface, counters: (InterfaceCounters, time: Int64)?)] = []
    private var secrets = ConnectionSecrets()
    /// What is not written yet, and where its blocks end.
    private var buffer: [UInt8] = []
    private var ends: [BlockEnd] = []
    /// Of the file: octets with those in the buffer, packets, and the time of the first one.
    private var octets: UInt64 = 0
    private var packetsWritten: UInt64 = 0
    private var firstTime: Int64?
    /// Of files that are there, the oldest first: how many packets each has.
    private var packetsOfFiles: [UInt64] = []

    private struct BlockEnd {
        var offset: Int
        var isPacket: Bool
    }

    private static let bufferOctets = 256 << 10

    /// Creates the first file.
    public init(
        _ source: any CaptureFileSource, rotation: CaptureRotation = CaptureRotation(),
        application: String = "netspectra"
    ) throws(SystemFailure) {
        self.source = source
        self.rotation = rotation
        self.application = application
        buffer.reserveCapacity(Self.bufferOctets * 2)
        file = try source.open(number: 1)
        begin()
    }

    /// Describes an interface, in this and all later files. Its resolution is made nanoseconds.
    public func addInterface(_ interface: CaptureInterface) -> UInt32 {
        var interface = interface
        interface.resolution = .nanoseconds
        interface.offsetSeconds = 0
        interfaces.append((interface, nil))
        let number = blocks.appendInterface(interface, to: &buffer)
        endBlock()
        return number
    }

    /// What an interface has counted until now: the last such numbers stand at the end of each file.
    public func set(_ counters: InterfaceCounters, of interface: UInt32, at time: Int64) {
        interfaces[Int(interface)].counters = (counters, time)
    }

    /// Lines of a key log. They are written before the next packet of the connection, and repeated in each later file
    /// that has one.
    /// - Parameter connection: a number of the caller's choice; `nil`: whose they are is not known, and they are
    ///   written now and once.
    public func add(secrets lines: Span<UInt8>, of connection: Int?) {
        guard let connection else { return write(secrets: lines) }
        counts.forgottenSecretsOctets += UInt64(secrets.add(lines, of: connection))
    }

    /// The connection has ended: its secrets are not kept any longer.
    public func forget(connection: Int) { secrets.forget(connection) }

    public func append(_ packet: Packet, _ frame: Span<UInt8>) {
        counts.packets += 1
        guard failure == nil else {
            counts.lost += 1
            return
        }
        var due = packet.connection.map { secrets.due(of: $0) } ?? []
        if isFull(for: packet, frame.count, due.count) {
            rotate()
            if let connection = packet.connection { due = secrets.due(of: connection) }
        }
        if !due.isEmpty { write(secrets: due.span) }
        if firstTime == nil { firstTime = packet.time }
        blocks.appendPacket(
            interface: packet.interface, time: packet.time, wireLength: packet.wireLength, frame: frame,
            comment: packet.comment.span, flags: packet.flags, to: &buffer)
        endBlock(isPacket: true)
        if buffer.count >= Self.bufferOctets { flush() }
    }

    /// Brings what waits into the file.
    public func flush() {
        guard !buffer.isEmpty else { return }
        // Taken out for as long as it is borrowed, and put back with its memory.
        var waiting: [UInt8] = []
        swap(&waiting, &buffer)
        write(waiting.span)
        waiting.removeAll(keepingCapacity: true)
        swap(&waiting, &buffer)
        ends.removeAll(keepingCapacity: true)
    }

    private func write(_ blocks: Span<UInt8>) {
        guard failure == nil, let before = file?.count, let outcome = file?.write(blocks) else {
            counts.lost += UInt64(ends.count { $0.isPacket })
            return
        }
        let whole = ends.lastIndex { $0.offset <= outcome.written }.map { $0 + 1 } ?? 0
        let packets = UInt64(ends[..<whole].count { $0.isPacket })
        counts.written += packets
        counts.lost += UInt64(ends[whole...].count { $0.isPacket })
        packetsWritten += packets
        let octets = whole > 0 ? ends[whole - 1].offset : 0
        counts.octets += UInt64(octets)
        guard let failure = outcome.failure else { return }
        self.failure = failure
        if octets < outcome.written { _ = file?.truncate(to: before + UInt64(octets)) }
    }

    /// Writes the statistics of interfaces, and ends the last file.
    /// - Throws: the first failure of all.
    public func close() throws(SystemFailure) {
        end(syncs: true)
        if let failure { throw failure }
    }

    // MARK: - Files

    private func begin() {
        counts.files += 1
        octets = 0
        packetsWritten = 0
        firstTime = nil
        secrets.beginFile()
        blocks = PcapngWriter()
        blocks.appendSectionHeader(operatingSystem: "Linux", application: application, to: &buffer)
        endBlock()
        for interface in interfaces {
            blocks.appendInterface(interface.description, to: &buffer)
            endBlock()
        }
    }

    private func end(syncs: Bool) {
        for (number, interface) in interfaces.enumerated() {
            guard let (counters, time) = interface.counters else { continue }
            blocks.appendStatistics(interface: UInt32(number), time: time, counters, to: &buffer)
            endBlock()
        }
        flush()
        guard let file = file.take() else { return }
        packetsOfFiles.append(packetsWritten)
        do throws(SystemFailure) {
            try file.close(syncs: syncs)
        } catch {
            failure = failure ?? error
        }
    }

    private func rotate() {
        end(syncs: false)
        guard failure == nil else { return }
        do throws(SystemFailure) {
            file = try source.open(number: counts.files + 1)
        } catch {
            failure = error
            return
        }
        if let filesMax = rotation.filesMax, packetsOfFiles.count >= filesMax {
            counts.removed += packetsOfFiles.removeFirst()
        }
        begin()
    }

    private func isFull(for packet: Packet, _ captured: Int, _ secrets: Int) -> Bool {
        guard let firstTime else { return false }
        if let longest = rotation.nanosecondsMax, packet.time &- firstTime >= longest { return true }
        guard let largest = rotation.octetsMax else { return false }
        let needed = Self.packetOctetsAround + captured + packet.comment.count + (secrets > 0 ? secrets + 24 : 0)
        return octets + UInt64(needed + interfaces.count * Self.statisticsOctets) > largest
    }

    /// The most octets around a frame in its block, padding and options included, comments not.
    private static let packetOctetsAround = 32 + 4 + 4 + 8 + 12 + 4
    private static let statisticsOctets = 24 + 7 * 12 + 4

    // MARK: - Blocks

    private func write(secrets lines: Span<UInt8>) {
        guard failure == nil else { return }
        blocks.appendSecrets(lines, to: &buffer)
        endBlock()
        counts.secretsBlocks += 1
    }

    private func endBlock(isPacket: Bool = false) {
        octets += UInt64(buffer.count - (ends.last?.offset ?? 0))
        ends.append(BlockEnd(offset: buffer.count, isPacket: isPacket))
    }
}
