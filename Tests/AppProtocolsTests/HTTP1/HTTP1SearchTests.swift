import AppProtocols
import Events
import Testing

struct HTTP1SearchTests {
    /// The rest of something before a method is no part of its name.
    @Test(arguments: [("tail", "GET"), ("some tail", "POST"), ("}]PUT x ", "GET"), ("", "PROPPATCH"), ("", "MKCOL")])
    func whatStandsBeforeAMethodIsShownRaw(tail: String, method: String) {
        let dialogue = Dialogue()
        dialogue.say(.sent, "GET /first HTTP/1.1\r\n\r\n")
        dialogue.lose(.sent, 9)
        dialogue.say(.sent, "\(tail)\(method) /next HTTP/1.1\r\n\r\n")
        #expect(dialogue.messages.last?.method == method)
        #expect(dialogue.messages.filter { $0.kind == .raw }.map(\.bodyText) == (tail.isEmpty ? [] : [tail]))
    }

    /// What the search takes for a start line and the reader does not would be found again for ever.
    @Test(arguments: [
        "G\u{1}ET / HTTP/1.1\r\n", "GET /\u{1} HTTP/1.1\r\n", "x\u{1}GET /\u{2} HTTP/1.1\r\n", "GET /\r HTTP/1.1\r\n",
    ])
    func searchAndReaderAgree(line: String) {
        let dialogue = Dialogue()
        dialogue.say(.sent, "\u{1}\n\(line)\r\nGET /next HTTP/1.1\r\n\r\n")
        #expect(dialogue.messages.last?.target == "/next")
        #expect(dialogue.unconsumed(.sent).isEmpty)
    }
}
