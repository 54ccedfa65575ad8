import ArgumentParser
import LiveCapture

/// What `trace --mode pcapng` captures.
struct PacketTraceOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "With --mode pcapng: capture on this interface; any is all of them. Repeatable.", valueName: "interface"))
    var interface: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --mode pcapng: only packets that match this, in libpcap's language (man pcap-filter).",
            valueName: "filter"))
    var filter: String?

    @Flag(help: "With --mode pcapng: only packets of connections whose secrets are known.")
    var tracedOnly = false

    func validate(for mode: TraceMode, _ options: MessageOptions) throws {
        guard mode == .pcapng else {
            if !interface.isEmpty { throw ValidationError("--interface needs --mode pcapng") }
            if filter != nil { throw ValidationError("--filter needs --mode pcapng") }
            if tracedOnly { throw ValidationError("--traced-only needs --mode pcapng") }
            if mode == .plaintext, options.capture.pcapng == nil {
                throw ValidationError("--mode plaintext: into which capture? Add --pcapng FILE")
            }
            if mode == .keylog, options.capture.pcapng != nil {
                throw ValidationError("--pcapng: --mode keylog writes no capture; --mode pcapng does")
            }
            return
        }
        guard options.capture.pcapng != nil else {
            throw ValidationError("--mode pcapng: into which file? Add --pcapng FILE")
        }
        guard !interface.isEmpty else {
            throw ValidationError("--mode pcapng: on which interface? Add -i, such as -i eth0 or -i any")
        }
        for (index, name) in interface.enumerated() where interface[..<index].contains(name) {
            throw ValidationError("-i \(name) is given twice")
        }
        if let unused = options.namesMessages {
            throw ValidationError("\(unused): --mode pcapng prints no messages")
        }
    }

    /// Whole packets, and as much room for them as a second of a busy link needs.
    var settings: InterfaceSettings {
        var settings = InterfaceSettings()
        settings.snapLength = InterfaceSettings.snapLengthMax
        settings.filter = filter ?? ""
        settings.bufferOctets = Self.bufferOctets
        return settings
    }

    private static let bufferOctets = 64 << 20
}
