/// Reads capture files pushed to it piece by piece: classic pcap in all its variants and pcapng.
///
/// The parser does no I/O and keeps no octet of the file. Its caller owns a window of the file, and calls `parse` with
/// it until told to refill it. Each call parses as many records as the window holds whole and the list has room for.
/// A value: copying it copies its state, so a reader can try and go back.
///
/// It trusts nothing: no length makes it trap, loop or allocate. Well-framed records with impossible contents are
/// counted by cause and skipped; where the framing itself breaks, it stops with a failure that names the octet.
///
/// Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng; where they leave a choice, what Wireshark does.
public struct CaptureParser: Sendable {
    /// Set by the first octets of the file.
    public internal(set) var format: CaptureFormat?
    /// All sections' interfaces in file order. Only grows.
    public internal(set) var interfaces: [CaptureInterface] = []
    /// The first `sectionsKeptMax` sections; `statistics.sections` counts them all.
    public internal(set) var sections: [CaptureSection] = []
    public internal(set) var statistics = CaptureStatistics()
    /// What ended the parser (`endedEarly`, `failed`) is a packet's record or block, and so the packet is lost. Of a
    /// block that is cut within its type nobody knows; nearly all are packets.
    public private(set) var endedWithinPacket = false
    /// Whether TLS key logs in Decryption Secrets Blocks are kept, to be taken with `takeSecrets`.
    public var keepsSecrets = false
    var secrets: [UInt8] = []
    /// Whether all blocks of pcapng but packets are kept, to be taken with `takeBlocks`.
    public var keepsBlocks = false
    var keptBlocks: [CaptureBlock] = []

    var state = State.start
    /// Parallel to `interfaces`: what each frame needs of them, flat.
    var clocks: [InterfaceClock] = []
    /// Where the current section's interfaces start in `interfaces`.
    var sectionBase = 0
    /// Interfaces the current section described; those beyond the table's end are counted and not kept.
    var sectionInterfaces = 0
    var textOctetsKept = 0

    enum State: Sendable {
        case start
        case pcap(PcapHeader)
        /// Between blocks.
        case pcapng(ByteOrder)
        /// The body of an unneeded block was skipped; its second length comes next. `start`: the block's file offset.
        case skippedBlock(BlockType, ByteOrder, length: UInt32, start: Int64)
        case failed(CaptureFailure)
        case ended(Stop)
    }

    /// Why a call of `parse` returned.
    public enum Stop: Equatable, Sendable {
        /// The list has no room. Empty it and call again.
        case full
        /// The record at `position` needs at least this many octets, counted from there. Refill the window and call
        /// again.
        case needMore(Int)
        /// Drop this many octets of the file from `position`, in the window or not yet read, then call again with what
        /// follows them. If the file ends before, call with an empty final window.
        case skip(Int64)
        /// The file ends after a whole record.
        case end
        /// The file ends within a record. All before it was delivered.
        case endedEarly(CutShort)
        /// Nothing after this can be read. All before it was delivered.
        case failed(CaptureFailure)
    }

    public init() {}

    /// Largest captured length of a frame (Wireshark's limits): a record that claims more breaks the framing.
    public static func capturedLengthMax(linkType: UInt16) -> UInt32 {
        switch linkType {
        case 231, 249: 128 << 20  // D-Bus, USBPcap
        case 279: 32 << 20  // EBHSCR
        default: 256 << 10
        }
    }

    /// The most octets `needMore` ever asks for: the largest frame and what stands around it in its block.
    public static let recordOctetsMax = (128 << 20) + blockOverheadMax
    /// Octets of a packet block around its frame, options included. Longer ones are bad records.
    static let blockOverheadMax = 256 << 10
    /// Octets of a block that is needed whole and holds no frame. An option has at most 64 KiB.
    static let metadataBlockMax = 1 << 20
    /// An unneeded block up to this length is buffered like any other, a longer one skipped.
    static let bufferedBlockMax = 64 << 10
    /// A Decryption Secrets Block up to this length is buffered where secrets are kept: some 80,000 connections.
    static let secretsBlockMax = 64 << 20
    /// As many as `FrameRecord.interface` can name.
    static let interfacesMax = 65_536
    static let sectionsKeptMax = 1024

    /// The key logs of the Decryption Secrets Blocks that were parsed since the last call, one after the other.
    public mutating func takeSecrets() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &secrets)
        return taken
    }

    /// The blocks but packets that were parsed since the last call. Those that are skipped for their size are not
    /// there.
    public mutating func takeBlocks() -> [CaptureBlock] {
        var taken: [CaptureBlock] = []
        swap(&taken, &keptBlocks)
        return taken
    }

    /// Parses whole records of `window` from `position` on.
    ///
    /// Appends frames to `frames` while they fit, with offsets relative to the window's start, and moves `position`
    /// past what was consumed. `position` must lie in `0 ... window.count`,
    /// and the window have less than 4 GiB.
    ///
    /// - Parameters:
    ///   - fileOffset: octets of the (decompressed) file before the window; only used in messages.
    ///   - isFinal: no more octets will follow the window's.
    public mutating func parse(
        _ window: Span<UInt8>, position: inout Int, fileOffset: Int64, isFinal: Bool, frames: inout FrameList
    ) -> Stop {
        precondition(position >= 0 && position <= window.count, "position lies outside the window")
        precondition(window.count <= Int(UInt32.max), "frame offsets have 32 bits")
        let input = Input(octets: window, fileOffset: fileOffset, isFinal: isFinal)
        while true {
            let step: Stop?
            switch state {
            case .start: step = start(input, &position)
            case .pcap(let header): step = records(header, input, &position, &frames)
            case .pcapng(let order): step = blocks(order, input, &position, &frames)
            case .skippedBlock(let type, let order, let length, let start):
                step = trailer(type, order, length: length, start: start, input, &position)
            case .failed(let failure): return .failed(failure)
            case .ended(let stop): return stop
            }
            guard let step else { continue }
            switch step {
            case .failed(let failure):
                endedWithinPacket = isPacket(input, position)
                state = .failed(failure)
            case .end, .endedEarly:
                endedWithinPacket = step != .end && isPacket(input, position)
                state = .ended(step)
            case .full, .needMore, .skip: break
            }
            return step
        }
    }

    /// What one call was given.
    struct Input: ~Escapable {
        let octets: Span<UInt8>
        let fileOffset: Int64
        let isFinal: Bool

        @_lifetime(copy octets)
        init(octets: Span<UInt8>, fileOffset: Int64, isFinal: Bool) {
            self.octets = octets
            self.fileOffset = fileOffset
            self.isFinal = isFinal
        }

        func offset(of position: Int) -> Int64 { fileOffset &+ Int64(position) }

        /// What to answer when `needed` octets from `position` on are not all there.
        func incomplete(at position: Int, needed: Int) -> Stop {
            guard isFinal else { return .needMore(needed) }
            let available = octets.count - position
            guard available > 0 else { return .end }
            return .endedEarly(
                CutShort(fileOffset: offset(of: position), available: available, needed: Int64(needed)))
        }
    }

    /// Whether what begins at `position`, or of what that is the rest, holds a frame.
    private func isPacket(_ input: borrowing Input, _ position: Int) -> Bool {
        switch state {
        case .start, .failed, .ended: return false
        case .pcap: return true
        case .pcapng(let order):
            guard statistics.sections > 0 else { return false }
            guard input.octets.count - position >= 4 else { return true }
            return BlockType(rawValue: order.uint32(input.octets, at: position)).holdsFrame
        case .skippedBlock(let type, _, _, _): return type.holdsFrame
        }
    }

    /// Recognises the format by its first octets.
    private mutating func start(_ input: borrowing Input, _ position: inout Int) -> Stop? {
        let available = input.octets.count - position
        guard available >= 4 else {
            if !input.isFinal { return .needMore(4) }
            return .failed(
                CaptureFailure(
                    available == 0 ? .empty : .tooShort, at: input.offset(of: position), found: UInt64(available),
                    expected: 4))
        }
        let first = ByteOrder.bigEndian.uint32(input.octets, at: position)
        if first == BlockType.sectionHeader.rawValue {
            // The order is not known yet; the header block at `position` will tell before it is used.
            state = .pcapng(.littleEndian)
            return nil
        }
        guard let magic = PcapHeader.Magic(first) else {
            return .failed(CaptureFailure(.notACapture, at: input.offset(of: position), found: UInt64(first)))
        }
        return pcapHeader(magic, input, &position)
    }
}
