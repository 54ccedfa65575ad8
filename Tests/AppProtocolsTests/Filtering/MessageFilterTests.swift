import AppProtocols
import Events
import Testing

/// What is wanted of a conversation.
@Suite struct MessageFilterTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("a", "a", true), ("a", "ab", false), ("ab", "a", false), ("*", "", true),
        ("*", "anything", true), ("a*", "a", true), ("a*", "abc", true), ("a*", "ba", false), ("*c", "abc", true),
        ("*c", "abcd", false), ("a*c", "ac", true), ("a*c", "abcbc", true), ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXcYc", false), ("**", "x", true), ("a?c", "abc", false), ("*ab", "aab", true),
    ])
    func patternsMatchWholeTexts(pattern: String, text: String, isMatch: Bool) {
        let octets = Array(text.utf8)
        #expect(Glob(pattern).matches(octets.span) == isMatch)
    }

    @Test func caseCountsUnlessItIsToBeIgnored() {
        let octets = Array("Example.COM".utf8)
        #expect(!Glob("example.*").matches(octets.span) && Glob("eXample.*", ignoresCase: true).matches(octets.span))
    }

    /// Many stars do not take time that grows faster than the product of the lengths.
    @Test func patternsThatAlmostMatchEnd() {
        let octets = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000)
        let matches = Glob(String(repeating: "a*", count: 100) + "b").matches(octets.span)
        #expect(!matches)
    }

    // MARK: - Conversations

    /// Three requests at once, and their answers in order.
    private static func shown(_ change: (inout MessageFilter) -> Void) -> (messages: [String], transactions: [String]) {
        var filter = MessageFilter()
        change(&filter)
        var settings = ParserSettings()
        settings.filter = filter
        let dialogue = Filtered(filter, settings)
        dialogue.say(.sent, "GET /api/users?id=1 HTTP/1.1\r\nHost: a.example.com:8443\r\n\r\n")
        dialogue.say(
            .sent, "POST http://b.example.com/api/orders HTTP/1.1\r\nHost: b.example.com\r\nContent-Length: 2\r\n\r\nhi"
        )
        dialogue.say(.sent, "GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n")
        for status in [200, 404, 503] {
            dialogue.say(.received, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
        }
        return (dialogue.messages, dialogue.transactions)
    }

    @Test func withoutCriteriaEverythingPasses() {
        let shown = Self.shown { _ in }
        #expect(shown.messages.count == 9 && shown.transactions == ["200", "404", "503"])
        #expect(MessageFilter().isEmpty)
    }

    @Test func answersGoWithTheirRequests() {
        let host = Self.shown { $0.hosts = [Glob("*.EXAMPLE.com", ignoresCase: true)] }
        #expect(host.messages == ["GET", "POST", "100", "200", "100", "404"] && host.transactions == ["200", "404"])
        let port = Self.shown { $0.hosts = [Glob("*:8443", ignoresCase: true)] }
        #expect(port.messages == ["GET", "100", "200"])
        let method = Self.shown { $0.methods = [Glob("post", ignoresCase: true)] }
        #expect(method.messages == ["POST", "100", "404"] && method.transactions == ["404"])
        let path = Self.shown { $0.paths = [Glob("/api/*")] }
        #expect(path.messages == ["GET", "POST", "100", "200", "100", "404"])
        let query = Self.shown { $0.paths = [Glob("/api/users?id=*"), Glob("/index.html")] }
        #expect(query.messages == ["GET", "GET", "100", "200", "100", "503"])
    }

    @Test func oneOfEachKindMustMatch() {
        let shown = Self.shown {
            $0.paths = [Glob("/api/*")]
            $0.methods = [Glob("GET"), Glob("PUT")]
        }
        #expect(shown.messages == ["GET", "100", "200"] && shown.transactions == ["200"])
    }

    @Test func statusIsThatOfResponsesAndTransactions() {
        let shown = Self.shown { $0.statuses = [400...499, 503...503] }
        #expect(shown.messages == ["404", "503"] && shown.transactions == ["404", "503"])
    }

    /// An answer whose request was not seen belongs to no request that was asked for.
    @Test func anAnswerWithoutItsRequestIsNotWanted() {
        var filter = MessageFilter()
        filter.paths = [Glob("*")]
        var settings = ParserSettings()
        settings.filter = filter
        let dialogue = Filtered(filter, settings)
        dialogue.say(.received, "HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")
        #expect(dialogue.messages == ["200"], "a path of nothing matches *")
        filter.paths = [Glob("/*")]
        settings.filter = filter
        let other = Filtered(filter, settings)
        other.say(.received, "HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")
        #expect(other.messages.isEmpty)
    }

    @Test func connectionsAreToldByPortsAndProcesses() {
        var base = BaseInfo()
        base.pid = 7
        base.comm = CommandName(Array("nginx".utf8))
        base.sourcePort = 51_000
        base.destinationPort = 443
        func matches(_ change: (inout MessageFilter) -> Void) -> Bool {
            var filter = MessageFilter()
            change(&filter)
            return filter.matches(base)
        }
        #expect(matches { $0.ports = [443] } && matches { $0.ports = [51_000, 1] } && !matches { $0.ports = [80] })
        #expect(matches { $0.pids = [7] } && !matches { $0.pids = [8] })
        #expect(matches { $0.comms = [Glob("ng*")] } && !matches { $0.comms = [Glob("curl")] })
        #expect(
            !matches {
                $0.pids = [7]; $0.ports = [80]
            })
    }
}

/// A dialogue of HTTP/1 of which only what is wanted is kept: methods of requests, statuses of responses.
private final class Filtered: MessageSink {
    private let filter: MessageFilter
    private let parser: HTTP1Parser
    private(set) var messages: [String] = []
    private(set) var transactions: [String] = []
    private var time: Int64 = 0

    init(_ filter: MessageFilter, _ settings: ParserSettings) {
        self.filter = filter
        parser = HTTP1Parser(ParserContext(settings, PlainTools()))
    }

    func say(_ direction: Direction, _ text: String) {
        time += 1
        let octets = Array(text.utf8)
        _ = parser.receive(octets.span, Arrival(direction, time: time, firstTime: time), to: self)
    }

    func receive(_ message: borrowing Message) {
        guard filter.matches(message) else { return }
        let seen = SeenMessage(message)
        messages.append(seen.kind.isRequest ? seen.method : "\(seen.status)")
    }

    func receive(_ transaction: borrowing Transaction) {
        if filter.matches(transaction) { transactions.append("\(transaction.status)") }
    }

    func count(_ malformation: Malformation, octets: UInt64) {}
}
