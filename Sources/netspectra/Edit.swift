import ArgumentParser
import Cryptography
import Flows
import Headers
import KernelIO
import Outputs
import Pipeline
import TLS

/// `netspectra edit`: a capture in, a changed one out.
struct Edit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Copy a capture with fewer packets, other addresses, or secrets added or taken out.",
        usage: "netspectra edit [<options>] <file> -o <output>",
        discussion: """
            Reads a capture that analyze reads, and writes a pcap where it was one, a pcapng where it was one or \
            where --inject-keylog needs it.

            --anonymise replaces every IPv4 and IPv6 address by Crypto-PAn: addresses that share a prefix still do, \
            and the same key gives the same addresses in every capture. Checksums are set right. Packets in which \
            addresses may stand where they are not looked for are left out and counted; comments, names and filters \
            of pcapng are left out, too. What programs say is not changed: host names, addresses in DNS or HTTP.

            Examples:
              netspectra edit --inject-keylog keys.txt capture.pcap -o with-keys.pcapng
              netspectra edit --strip-secrets with-keys.pcapng -o public.pcapng
              netspectra edit --anonymise key.bin --where 'tcp port 443' capture.pcapng -o small.pcapng
              netspectra edit --connections 10.0.0.1:40000-10.0.0.2:443 capture.pcap -o one.pcap
            """)

    @Argument(help: "The capture; - is standard input.", completion: .file())
    var file: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The capture to write; - is standard output. It appears when whole.", valueName: "file"),
        completion: .file())
    var output: String

    @Option(
        name: .customLong("inject-keylog"),
        help: ArgumentHelp("Put this TLS key log before the packets, for Wireshark to decrypt.", valueName: "file"),
        completion: .file())
    var injectedKeyLog: String?

    @Flag(help: "Leave out the secrets that the capture holds.")
    var stripSecrets = false

    @Option(
        help: ArgumentHelp(
            "Replace addresses, with the key in this file: 32 octets, or 64 hexadecimal digits.", valueName: "file"),
        completion: .file())
    var anonymise: String?

    @Option(
        help: ArgumentHelp("Replace addresses, with a key made of this text.", valueName: "text"))
    var anonymiseSeed: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Keep only packets that match, such as 'host 10.0.0.1'.", valueName: "filter"))
    var `where`: String?

    @Option(
        help: ArgumentHelp(
            "Keep only these connections, both directions: ADDRESS:PORT-ADDRESS:PORT, more after commas.",
            valueName: "list"))
    var connections: String?

    @Option(help: ArgumentHelp("Which header of a tunnelled packet --where sees.", valueName: "header"))
    var tunnels: TunnelMode = .outer

    @Flag(name: .shortAndLong, help: "No summary on standard error.")
    var quiet = false

    /// A key log is a text file: more than this is none.
    private static let keyLogOctetsMax = 32 << 20

    func validate() throws {
        if anonymise != nil, anonymiseSeed != nil {
            throw ValidationError("--anonymise and --anonymise-seed both name a key")
        }
        if output != "-", output == file { throw ValidationError("--output names the file that is read") }
        if output == "-", Terminal.isTerminal(1) {
            throw ValidationError("a capture is not text: name a file, or send standard output to one")
        }
    }

    func run() throws {
        var settings = CaptureEdit.Settings()
        settings.filter = try filterText.map(AnalysisOptions.packetFilter)
        settings.tunnels = tunnels
        settings.stripsSecrets = stripSecrets
        settings.keyLog = try keyLog()
        settings.anonymiser = try anonymiser()
        let isInterrupted = Monitor(false)
        StopSignals.onFirst { isInterrupted.update { $0 = true } }
        let outcome: CaptureEdit.Outcome
        do throws(SystemFailure) {
            let target = try OutputFile(path: output)
            outcome = try CaptureEdit.run(
                path: file, settings, shouldStop: { isInterrupted.withLock { $0 } },
                write: { octets throws(SystemFailure) in try target.write(octets) })
            // Of what is no capture nothing is made.
            if !outcome.capture.isUnusable { try target.commit() }
        } catch {
            throw Exit.output(error)
        }
        try finish(outcome, isInterrupted: isInterrupted.withLock { $0 })
    }

    private func finish(_ outcome: CaptureEdit.Outcome, isInterrupted: Bool) throws {
        for problem in outcome.capture.problems { StandardError.write("netspectra: \(problem)\n") }
        if !quiet, !outcome.capture.isUnusable { StandardError.write("netspectra: \(Self.text(outcome))\n") }
        guard outcome.isBalanced else {
            throw Exit.fail(Exit.defect, "the counts do not add up: a defect of netspectra, please report it")
        }
        if isInterrupted { throw Exit.interrupted }
        if let code = [outcome.capture].exitCode { throw code }
    }

    private static func text(_ outcome: CaptureEdit.Outcome) -> String {
        var parts = ["\(HumanUnits.grouped(outcome.kept)) of \(HumanUnits.grouped(outcome.packets)) packets written"]
        if outcome.filtered > 0 { parts.append("\(HumanUnits.grouped(outcome.filtered)) not asked for") }
        if outcome.refused > 0 {
            parts.append("\(HumanUnits.grouped(outcome.refused)) left out as they may hold addresses elsewhere")
        }
        if outcome.strippedSecrets > 0 {
            let blocks = outcome.strippedSecrets == 1 ? "block" : "blocks"
            parts.append("\(HumanUnits.grouped(outcome.strippedSecrets)) \(blocks) of secrets left out")
        }
        if outcome.keptSecrets > 0 {
            let blocks = outcome.keptSecrets == 1 ? "block" : "blocks"
            parts.append(
                "\(HumanUnits.grouped(outcome.keptSecrets)) \(blocks) of secrets kept (--strip-secrets leaves them out)"
            )
        }
        return parts.joined(separator: ", ")
    }

    // MARK: - What options mean

    /// `--where` and `--connections` as one filter.
    private var filterText: String? {
        get throws {
            let parts = try [`where`, connections.map(Self.filter)].compactMap { $0 }
            return parts.isEmpty ? nil : parts.map { "(\($0))" }.joined(separator: " and ")
        }
    }

    /// Connections as tests of packets.
    private static func filter(ofConnections list: String) throws -> String {
        try list.split(separator: ",", omittingEmptySubsequences: false).map { text in
            let ends = text.split(separator: "-").map { part in
                end(part.filter { $0 != " " }.split(separator: ":", omittingEmptySubsequences: false))
            }
            guard ends.count == 2, ends.allSatisfy({ IPAddress(text: $0.address) != nil && UInt16($0.port) != nil })
            else {
                throw ValidationError(
                    "--connections: '\(text)' is not ADDRESS:PORT-ADDRESS:PORT, such as "
                        + "10.0.0.1:40000-10.0.0.2:443 or [2001:db8::1]:40000-[2001:db8::2]:443")
            }
            let (a, b) = (ends[0], ends[1])
            func test(_ from: (String, String), _ to: (String, String)) -> String {
                "(src_ip == \(from.0) and src_port == \(from.1) and dst_ip == \(to.0) and dst_port == \(to.1))"
            }
            return "(\(test(a, b)) or \(test(b, a)))"
        }.joined(separator: " or ")
    }

    /// The last part is the port; IPv6 addresses may stand in brackets.
    private static func end(_ parts: [Substring]) -> (address: String, port: String) {
        var address = parts.dropLast().joined(separator: ":")
        if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        return (address, parts.last.map(String.init) ?? "")
    }

    private func keyLog() throws -> [UInt8] {
        guard let injectedKeyLog else { return [] }
        let octets: [UInt8]
        do throws(SystemFailure) {
            octets = try InputFile.contents(of: injectedKeyLog, atMost: Self.keyLogOctetsMax)
        } catch {
            throw Exit.fail(Exit.cannotOpen, "\(error)")
        }
        var log = KeyLog()
        log.append(octets.span)
        log.finish()
        // A capture may hold such lines, too: it is none of the files that are meant.
        guard !log.isEmpty, !octets.contains(0) else {
            throw Exit.fail(Exit.noCapture, "\(injectedKeyLog) is no key log: it has no line with a secret")
        }
        return octets
    }

    private func anonymiser() throws -> CryptoPAn? {
        var key: [UInt8]
        if let anonymiseSeed {
            key = LibCrypto().digest(.sha256, Array(anonymiseSeed.utf8).span)
        } else if let anonymise {
            do throws(SystemFailure) {
                key = try InputFile.contents(of: anonymise, atMost: 4_096)
            } catch {
                throw Exit.fail(Exit.cannotOpen, "\(error)")
            }
            if key.count != CryptoPAn.keyOctets { key = Self.octets(ofDigits: key) }
        } else {
            return nil
        }
        guard let cipher = CryptoPAn(key: key) else {
            throw Exit.fail(
                Exit.configuration, "--anonymise: the key must have 32 octets, or 64 hexadecimal digits")
        }
        return cipher
    }

    /// None where there is anything but digits and white space.
    private static func octets(ofDigits text: [UInt8]) -> [UInt8] {
        let digits = text.filter { $0 != 0x0A && $0 != 0x0D && $0 != 0x20 }
        let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard values.count == digits.count, values.count % 2 == 0 else { return [] }
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }
}
