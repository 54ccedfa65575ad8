/// What conversations and their parsers share, which would be a large part of a silent connection's memory if each had
/// its own: what they are asked for, their tools, and the state that they lend each other. What one message is done
/// with serves the next one, on whichever connection; so memory that was just used is used again, and a connection
/// between two messages holds none.
///
/// Used by one thread at a time, with all that share it.
public final class ParserContext {
    let registry: ParserRegistry
    let settings: ParserSettings
    public let tools: any BodyTools
    /// Of directions that are between two messages.
    let http1 = BoxPool<HTTP1Stream>()
    let http2 = HTTP2Pool()

    public init(_ settings: ParserSettings, _ tools: any BodyTools, registry: ParserRegistry = .standard) {
        self.registry = registry
        self.settings = settings
        self.tools = tools
    }
}
