/// Malformations for people; programs match the case's name.
extension Malformation {
    /// What is wrong, in a few words that go on after a colon.
    public var phrase: String {
        switch self {
        case .startLine: "the start line"
        case .headerField: "a header field"
        case .headTooLarge: "the head is too large"
        case .contentLength: "Content-Length"
        case .transferCoding: "Transfer-Encoding"
        case .chunkSize: "the size of a chunk"
        case .chunkEnd: "the end of a chunk"
        case .lineEnd: "the end of a line"
        case .conflictingLength: "two lengths that contradict each other"
        case .unsynchronised: "no message begins here, octets before it are missing"
        case .frameSize: "the size of a frame"
        case .framePadding: "the padding of a frame"
        case .frameStream: "the stream of a frame"
        case .frameOrder: "a frame that must not stand here"
        case .frameContent: "the contents of a frame"
        case .headerBlock: "a header block"
        case .headerListTooLarge: "the header list is too large"
        case .webSocketFrame: "a WebSocket frame"
        case .grpcPrefix: "the prefix of a gRPC message"
        case .coding: "a content coding"
        }
    }
}
