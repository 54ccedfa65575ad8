import CPcap
import CaptureFiles
import Glibc
import KernelIO

/// One packet socket on one interface: frames as they come (libpcap, with TPACKET_V3 underneath).
///
/// Never waits by itself: `read` takes what is there, `wait` waits for more. Whoever shares one guards it: all but
/// `wait` is for one thread at a time.
@safe public final class InterfaceCapture: @unchecked Sendable {
    public let name: String
    /// The LINKTYPE_ value of its frames.
    public let linkType: UInt16
    public let snapLength: Int
    /// Whether times are in nanoseconds; otherwise microseconds.
    public let hasNanoseconds: Bool
    /// What the machine sends to itself the socket receives twice, when it is sent and when it arrives; `read` gives
    /// only the second.
    public let leavesOutSecondSight: Bool
    /// The kernel keeps frames until a block of the buffer is full, or so long.
    public static let blockMilliseconds: Int32 = 50

    private let handle: OpaquePointer
    private let descriptor: Int32
    private var program: bpf_program
    /// Frames that `read` has given, and their octets.
    public private(set) var framesRead: UInt64 = 0
    public private(set) var octetsRead: UInt64 = 0
    private var total = SocketCounters()
    private var last = pcap_stat()
    /// libpcap looks for this in files, which a confined process cannot open, and only if it is promiscuous.
    private let statistics: InterfaceStatistics?
    private var droppedBefore: UInt64?
    /// Why the interface gives nothing any more, and since when (monotonic).
    private var failure: (text: String, since: Int64)?
    private var isEnded = false
    private let isNetworkDevice: Bool
    /// When the interface was last seen to be up.
    private var lastLook: Int64 = 0

    /// What became of a call of `read`.
    public enum Reading: Equatable, Sendable {
        /// There is at least one frame.
        case frames
        case idle
        /// The interface gives nothing any more; the text says why.
        case ended(String)
    }

    /// Opens the interface. No frame is let in before `start`.
    init(name: String, settings: InterfaceSettings) throws(InterfaceFailure) {
        var created: OpaquePointer?
        // SAFETY: pcap_create(3) reads the name and writes the text during the call.
        let message = unsafe withErrorText { text in
            unsafe created = pcap_create(name, text)
            return unsafe created != nil
        }
        guard let handle = unsafe created else { throw .other(interface: name, message: message ?? "") }
        do throws(InterfaceFailure) {
            hasNanoseconds = try unsafe Self.activate(handle, name, settings)
            unsafe program = try Self.compile(handle, name, settings.filter)
        } catch {
            // `deinit` does not run for an object that was never whole.
            unsafe pcap_close(handle)
            throw error
        }
        // SAFETY: the handle is active from here on, and closed by `deinit`.
        self.name = name
        unsafe self.handle = handle
        unsafe descriptor = pcap_get_selectable_fd(handle)
        unsafe linkType = Self.linkType(pcap_datalink(handle))
        snapLength = settings.snapLength
        let interfaces = (try? NetworkInterface.all()) ?? []
        leavesOutSecondSight = name == "any" || interfaces.contains { $0.name == name && $0.isLoopback }
        statistics = InterfaceStatistics(of: name)
        unsafe isNetworkDevice = ns_interface_is_up(descriptor, name) == 1
    }

    deinit {
        // SAFETY: nobody uses the handle any more; both were made in `init`.
        unsafe pcap_freecode(&program)
        unsafe pcap_close(handle)
    }

    // MARK: - Opening

    /// - Returns: whether times are in nanoseconds.
    // SAFETY: `handle` is a fresh one; the calls keep nothing of what they are given.
    @unsafe private static func activate(
        _ handle: OpaquePointer, _ name: String, _ settings: InterfaceSettings
    ) throws(InterfaceFailure) -> Bool {
        unsafe pcap_set_snaplen(handle, Int32(clamping: settings.snapLength))
        unsafe pcap_set_promisc(handle, settings.isPromiscuous ? 1 : 0)
        unsafe pcap_set_timeout(handle, blockMilliseconds)
        unsafe pcap_set_buffer_size(handle, Int32(clamping: settings.bufferOctets))
        let hasNanoseconds = unsafe pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO) == 0
        // SAFETY: as above. Codes above 0 are warnings, such as that `any` cannot be promiscuous.
        let code = unsafe pcap_activate(handle)
        guard code >= 0 else { throw unsafe failure(code, handle, name) }
        // What came in since then is not wanted: no filter is in place, and no fan-out.
        // SAFETY: the handle is active.
        let text = unsafe withErrorText { text in unsafe pcap_setnonblock(handle, 1, text) == 0 }
        if let text { throw .other(interface: name, message: text) }
        if unsafe ns_packet_reject_all(pcap_get_selectable_fd(handle)) != 0 {
            throw .other(interface: name, message: "it takes no filter")
        }
        return hasNanoseconds
    }

    // SAFETY: the handle is open; texts of codes are constants.
    @unsafe private static func failure(_ code: Int32, _ handle: OpaquePointer, _ name: String) -> InterfaceFailure {
        switch code {
        case PCAP_ERROR_NO_SUCH_DEVICE: return .noSuchInterface(name)
        case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED: return .notPermitted(name)
        case PCAP_ERROR_IFACE_NOT_UP: return .isDown(name)
        default:
            let text = unsafe errorText(handle)
            let message = text.isEmpty ? unsafe String(cString: pcap_statustostr(code)) : text
            return .other(interface: name, message: message)
        }
    }

    // SAFETY: pcap_geterr(3) gives a NUL-terminated text that lives as long as the handle; it is copied at once.
    @unsafe private static func errorText(_ handle: OpaquePointer) -> String {
        unsafe String(cString: pcap_geterr(handle))
    }

    /// DLT_ values that differ from LINKTYPE_ ones on Linux (pcap-linktype(7)).
    private static func linkType(_ datalink: Int32) -> UInt16 {
        datalink == 12 ? 101 : UInt16(clamping: datalink)  // DLT_RAW
    }

    // MARK: - The filter

    // SAFETY: `program` is filled by pcap_compile(3) where that succeeds; texts are read during the calls.
    @unsafe private static func compile(
        _ handle: OpaquePointer, _ name: String, _ filter: String
    ) throws(InterfaceFailure) -> bpf_program {
        var network: UInt32 = 0
        var mask: UInt32 = 0
        // Only for «ip broadcast»; without a mask libpcap says that it needs one.
        if unsafe withErrorText({ text in unsafe pcap_lookupnet(name, &network, &mask, text) == 0 }) != nil {
            mask = PCAP_NETMASK_UNKNOWN
        }
        if let program = unsafe compile(handle, filter, mask) { return unsafe program }
        let message = unsafe errorText(handle)
        let words = filter.split(whereSeparator: \.isWhitespace)
        // The longest part that means something: what is wrong comes after it.
        // SAFETY: what was compiled is freed once.
        for count in stride(from: words.count - 1, to: 0, by: -1) {
            let part = words[..<count].joined(separator: " ")
            guard var program = unsafe compile(handle, part, mask) else { continue }
            unsafe pcap_freecode(&program)
            throw .filter(message: message, after: part)
        }
        throw .filter(message: message, after: "")
    }

    @unsafe private static func compile(_ handle: OpaquePointer, _ filter: String, _ mask: UInt32) -> bpf_program? {
        var program = unsafe bpf_program()
        // SAFETY: as above.
        return unsafe pcap_compile(handle, &program, filter, 1, mask) == 0 ? program : nil
    }

    // MARK: - From start to end

    /// The kernel shares the interface's frames among all sockets of the group.
    ///
    /// - Parameter group: of the socket that joined first; `nil` makes one.
    /// - Returns: the group.
    func joinFanout(_ group: UInt16?) throws(InterfaceFailure) -> UInt16 {
        guard ns_packet_join_fanout(descriptor, group ?? 0, group == nil ? 1 : 0) == 0 else {
            let failure = SystemFailure(operation: "share the frames of", path: name, errno: errno)
            throw .other(interface: name, message: "\(failure)")
        }
        return UInt16(clamping: ns_packet_fanout_group(descriptor))
    }

    /// Throws away what came in before the socket was set up, and counts from zero.
    func settle() {
        let discard: pcap_handler = { _, _, _ in }
        let start = Clock.monotonicNanoseconds
        var discarded = 0
        while true {
            // SAFETY: the callback uses nothing.
            let count = unsafe pcap_dispatch(handle, -1, discard, nil)
            if count < 0 { break }
            discarded += Int(count)
            updateCounters()
            if count > 0 { continue }
            if total.received == total.dropped + UInt64(discarded) { break }
            // Frames that libpcap leaves out are not seen here: a block's time is enough for what is to come.
            if Clock.monotonicNanoseconds - start > Self.patienceNanoseconds { break }
            Self.wait(for: [self], orUntil: nil, milliseconds: Self.blockMilliseconds)
        }
        total = SocketCounters()
        droppedBefore = statistics?.current?.dropped
    }

    /// From now on frames that pass the filter are let in.
    func start() throws(InterfaceFailure) {
        // SAFETY: the program was compiled for this handle.
        guard unsafe pcap_setfilter(handle, &program) == 0 else {
            throw .filter(message: unsafe Self.errorText(handle), after: "")
        }
    }

    /// Lets no further frame in. Those that were received can be read until `isDrained`.
    public func close() { _ = ns_packet_reject_all(descriptor) }

    /// After `close`: whether all that was received and not dropped has been read. Where libpcap leaves frames out (see
    /// `leavesOutSecondSight`) it may never be: then nothing comes for more than `patienceNanoseconds`.
    public var isDrained: Bool { isEnded || framesRead + counters.dropped >= counters.received }

    // MARK: - Reading

    /// Takes the frames that are there.
    ///
    /// - Parameters:
    ///   - window: filled from its start; grown so that it holds more than one frame.
    ///   - frames: emptied first.
    ///   - interface: what the records are to say (`FrameRecord.interface`).
    ///   - limit: frames wanted at most, at least 1.
    public func read(
        into window: inout MappedArray<UInt8>, frames: inout FrameList, interface: UInt16, limit: Int = .max
    ) -> Reading {
        frames.removeAll()
        window.grow(to: 2 * snapLength)
        let count = Int32(clamping: min(frames.capacity, max(limit, 1)))
        let handle = unsafe handle
        var target = window.mutableSpan
        // SAFETY: window, list and filling are held exclusively by this call, which libpcap does not outlive.
        let code = unsafe target.withUnsafeMutableBufferPointer { window in
            unsafe withUnsafeMutablePointer(to: &frames) { frames in
                var filling = unsafe FrameFilling(
                    window: window, frames: frames, handle: handle, snapLength: snapLength,
                    fraction: hasNanoseconds ? 1 : 1000, linkType: linkType, interface: interface)
                let code = unsafe withUnsafeMutableBytes(of: &filling) { filling in
                    unsafe pcap_dispatch(
                        handle, count, fillFrame, filling.baseAddress!.assumingMemoryBound(to: UInt8.self))
                }
                octetsRead += UInt64(filling.position)
                return code
            }
        }
        framesRead += UInt64(frames.count)
        if !frames.isEmpty { return .frames }
        let now = Clock.monotonicNanoseconds
        // SAFETY: the handle is open.
        if code < 0, code != PCAP_ERROR_BREAK { fail(unsafe Self.errorText(handle), now) } else { look(now) }
        guard let failure else { return .idle }
        // What was received before waits in a block that the kernel is still to close.
        guard isDrained || now - failure.since > Self.patienceNanoseconds else { return .idle }
        isEnded = true
        return .ended(failure.text)
    }

    private func fail(_ text: String, _ now: Int64) {
        guard failure == nil else { return }
        failure = (text, now)
        close()
    }

    /// libpcap goes on with an interface that is down, as it may come up again; then nobody knows what was missed.
    private func look(_ now: Int64) {
        guard isNetworkDevice, failure == nil, now - lastLook > Self.patienceNanoseconds else { return }
        lastLook = now
        // SAFETY: the name is read during the call.
        switch unsafe ns_interface_is_up(descriptor, name) {
        case 1: break
        case 0: fail("the interface went down", now)
        default: fail("the interface is gone", now)
        }
    }

    /// More than it takes until the last block is closed.
    public static var patienceNanoseconds: Int64 { 3 * Int64(blockMilliseconds) * 1_000_000 }

    /// Waits until one of several has frames or has ended, until `wakeUp` is raised, or for so long.
    public static func wait(for captures: [InterfaceCapture], orUntil wakeUp: WakeUp?, milliseconds: Int32) {
        // Descriptors below 0 are passed over.
        var descriptors = captures.map { $0.isEnded ? -1 : $0.descriptor }
        if let wakeUp { descriptors.append(wakeUp.descriptor) }
        var requests = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        // SAFETY: poll(2) reads and writes the elements during the call.
        _ = unsafe poll(&requests, nfds_t(requests.count), milliseconds)
    }

    // MARK: - Counters

    /// What the kernel has counted so far. To be asked now and then: libpcap's own counters have 32 bits.
    public var counters: SocketCounters {
        updateCounters()
        return total
    }

    private func updateCounters() {
        var now = pcap_stat()
        // SAFETY: pcap_stats(3) fills `now` during the call.
        guard unsafe pcap_stats(handle, &now) == 0 else { return }
        total.received += UInt64(now.ps_recv &- last.ps_recv)
        total.dropped += UInt64(now.ps_drop &- last.ps_drop)
        last = now
    }

    /// Frames the interface dropped before the socket could see them. The interface counts for all who listen. `nil`:
    /// not known, as of `any`. To be asked now and then: the answer takes a lock of the kernel.
    public var droppedByInterface: UInt64? {
        guard let droppedBefore, let dropped = statistics?.current?.dropped else { return nil }
        return dropped >= droppedBefore ? dropped - droppedBefore : 0
    }
}

extension InterfaceCapture {
    /// Opens sockets on interfaces, and starts all of them as nearly at once as can be.
    ///
    /// - Returns: `settings.fanout` lanes, each with one socket per interface, in the order of `names`. Together the
    ///   lanes get each frame once.
    public static func open(
        _ names: [String], settings: InterfaceSettings
    ) throws(InterfaceFailure) -> [[InterfaceCapture]] {
        var lanes: [[InterfaceCapture]] = []
        var groups = [UInt16?](repeating: nil, count: names.count)
        for _ in 0..<max(settings.fanout, 1) {
            var lane: [InterfaceCapture] = []
            for index in names.indices {
                let capture = try InterfaceCapture(name: names[index], settings: settings)
                if settings.fanout > 1 { groups[index] = try capture.joinFanout(groups[index]) }
                lane.append(capture)
            }
            lanes.append(lane)
        }
        for capture in lanes.joined() { capture.settle() }
        for capture in lanes.joined() { try capture.start() }
        return lanes
    }
}
