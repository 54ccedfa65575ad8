/// State that parsers of one thread lend each other: what one message is done with serves the next one, on whichever
/// connection. So memory that was just used is used again, and a connection between two messages holds none.
///
/// One for each thread.
public final class ParserPools {
    let http1 = HTTP1Pool()
    let http2 = HTTP2Pool()

    public init() {}
}
