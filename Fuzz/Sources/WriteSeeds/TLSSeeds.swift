import CaptureFiles
import CaptureTestSupport
import Events
import TLS
import TLSTestSupport

/// Inputs about TLS: handshakes, key logs, and captures that hold secrets.
enum TLSSeeds {
    /// Behind an octet that chooses the message.
    static var handshakes: [String: [UInt8]] {
        var seeds: [String: [UInt8]] = [:]
        for (name, version, suite) in [("12", TLSVersion.tls12, UInt16(0xC02F)), ("13", .tls13, 0x1301)] {
            var conversation = TLSConversation(version, suite: suite)
            conversation.handshake()
            // Without the headers of record and message.
            if let hello = conversation.pieces.first(where: { $0.direction == .sent }) {
                seeds["client-\(name)"] = [0] + hello.octets.dropFirst(9)
            }
            if let hello = conversation.pieces.first(where: { $0.direction == .received }) {
                seeds["server-\(name)"] = [1] + hello.octets.dropFirst(9)
            }
        }
        let certificate = [0, 0, UInt8(Self.certificate.count)] + Self.certificate
        seeds["certificate-12"] = [2, 0, 0, UInt8(certificate.count)] + certificate
        seeds["certificate-13"] = [3, 0, 0, 0, UInt8(certificate.count + 2)] + certificate + [0, 0]
        return seeds
    }

    /// As short as one can be that has a subject.
    private static var certificate: [UInt8] {
        func element(_ tag: UInt8, _ value: [UInt8]) -> [UInt8] { [tag, UInt8(value.count)] + value }
        func name(_ type: UInt8, _ text: String) -> [UInt8] {
            element(0x31, element(0x30, element(0x06, [0x55, 4, type]) + element(0x0C, Array(text.utf8))))
        }
        let empty = element(0x30, []), subject = element(0x30, name(6, "CH") + name(3, "a, b"))
        let fields = element(0xA0, [2, 1, 2]) + element(0x02, [1]) + empty + empty + empty + subject
        return element(0x30, element(0x30, fields))
    }

    static var keyLogs: [String: [UInt8]] {
        var seeds: [String: [UInt8]] = [:]
        for (name, version, suite) in [("12", TLSVersion.tls12, UInt16(0xC02F)), ("13", .tls13, 0x1301)] {
            var conversation = TLSConversation(version, suite: suite)
            conversation.handshake()
            seeds[name] = Array(("# a comment\r\n" + conversation.keyLog).utf8)
        }
        return seeds
    }

    /// Secrets before packets, in both orders of octets.
    static var captures: [String: [UInt8]] {
        var seeds: [String: [UInt8]] = [:]
        for order in [ByteOrder.littleEndian, .bigEndian] {
            var writer = PcapngWriter(byteOrder: order)
            var octets: [UInt8] = []
            let secrets = Array("CLIENT_RANDOM 00 00\n".utf8), frame = [UInt8](0..<60)
            writer.appendSectionHeader(application: "seeds", to: &octets)
            writer.appendSecrets(secrets.span, to: &octets)
            writer.appendInterface(CaptureInterface(linkType: 1), to: &octets)
            writer.appendPacket(interface: 0, time: 1, wireLength: 60, frame: frame.span, to: &octets)
            seeds["secrets-\(order)"] = octets
        }
        return seeds
    }
}
