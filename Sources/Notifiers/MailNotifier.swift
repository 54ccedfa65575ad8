import Alerts
import KernelIO
import Octets
import Outputs
import Transfers

/// Sends alerts as mail (RFC 5322) by SMTP.
public struct MailNotifier: Notifier {
    /// When the connection is encrypted.
    public enum Encryption: String, Sendable, CaseIterable {
        /// Implicit TLS on port 465; else STARTTLS if the server offers it, which it must if there is a password,
        /// unless it is on this machine.
        case automatic = "auto"
        /// By STARTTLS (RFC 3207), or not at all.
        case startTLS = "starttls"
        /// From the first octet on (RFC 8314 § 3.3).
        case implicit
        /// As the server offers.
        case optional
    }

    /// A server, and who writes to whom.
    public struct Server: Equatable, Sendable {
        public var host: String
        public var port: Int
        public var encryption: Encryption
        /// Empty for none.
        public var user: String
        public var password: String
        public var from: String
        public var to: [String]

        public init(
            host: String, port: Int = 587, encryption: Encryption = .automatic, user: String = "",
            password: String = "", from: String, to: [String]
        ) {
            self.host = host
            self.port = port
            self.encryption = encryption
            self.user = user
            self.password = password
            self.from = from
            self.to = to
        }

        var isImplicit: Bool { encryption == .implicit || encryption == .automatic && port == 465 }
        var mustEncrypt: Bool {
            let isHere = host == "localhost" || host.hasPrefix("127.") || host == "::1"
            return encryption == .startTLS || encryption == .automatic && !password.isEmpty && !isHere
        }
        var name: String { "smtp\(isImplicit ? "s" : "")://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    }

    private let server: Server
    private let transfer: Transfer

    /// - Throws: where libcurl is not installed.
    public init(_ server: Server) throws(SystemFailure) {
        self.server = server
        transfer = try Transfer(for: server.name)
    }

    public func send(_ alert: Alert, timeout: Int64) throws(SystemFailure) {
        try transfer.mail(
            message(alert, now: Clock.wallNanoseconds), from: server.from, to: server.to, url: server.name,
            mustEncrypt: server.mustEncrypt, user: server.user, password: server.password,
            timeout: max(1, Int(timeout / 1_000_000)), name: server.name)
    }

    /// The message: for people, with the JSON object below.
    func message(_ alert: Alert, now: Int64) -> [UInt8] {
        let time = CivilTime(nanoseconds: now)
        let body = AlertText.lines(alert) + "\n" + AlertJSON.text(alert) + "\n"
        let lines = [
            "Date: \(Self.date(time))",
            "From: <\(server.from)>",
            "To: \(server.to.map { "<\($0)>" }.joined(separator: ", "))",
            "Subject: \(Self.encoded("[netspectra] \(AlertText.plain("summary", alert))"))",
            "Message-ID: <\(alert.id).\(now)@netspectra>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=UTF-8",
            // Lines of any length and octet in ASCII lines of 76.
            "Content-Transfer-Encoding: base64",
            "",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n" + Self.wrapped(Array(body.utf8))).utf8)
    }

    /// RFC 5322 § 3.3.
    static func date(_ time: CivilTime) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(time.day) \(months[time.month - 1]) \(time.year) \(time.clock) +0000"
    }

    /// Words of at most 75 octets (RFC 2047 § 2), whatever the text holds: no line can be made to end early.
    static func encoded(_ text: String) -> String {
        let isPlain = text.utf8.count <= 900 && text.utf8.allSatisfy { 0x20..<0x7F ~= $0 }
        if isPlain, text.utf8.count < 66 { return text }
        var words: [String] = []
        var piece: [UInt8] = []
        for character in text.prefix(500) {
            let octets = Array(String(character).utf8)
            // A character with very many marks is no text.
            guard octets.count <= 45 else { continue }
            if piece.count + octets.count > 45 {
                words.append("=?UTF-8?B?\(base64(piece))?=")
                piece = []
            }
            piece += octets
        }
        if !piece.isEmpty { words.append("=?UTF-8?B?\(base64(piece))?=") }
        return words.joined(separator: "\r\n ")
    }

    private static func wrapped(_ octets: [UInt8]) -> String {
        var text = ""
        var start = 0
        while start < octets.count {
            let end = min(start + 57, octets.count)
            text += base64(Array(octets[start..<end])) + "\r\n"
            start = end
        }
        return text
    }

    private static func base64(_ octets: [UInt8]) -> String {
        var buffer = OctetBuffer()
        buffer.append(base64: octets.span)
        let octets = buffer.octets
        return String(decoding: octets.indices.map { octets[$0] }, as: UTF8.self)
    }
}
