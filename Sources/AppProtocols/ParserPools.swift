/// State that parsers lend each other: what one message is done with serves the next one, on whichever
/// connection. So memory that was just used is used again, and a connection between two messages holds none.
///
/// Used by one thread at a time, with all parsers that share it.
public final class ParserPools {
    let http1 = HTTP1Pool()
    let http2 = HTTP2Pool()

    public init() {}
}
