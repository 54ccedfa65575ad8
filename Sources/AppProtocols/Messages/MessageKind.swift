/// What a message is. The raw values up to 5 are the parser types of eCapture's records; ours start at 16.
public enum MessageKind: UInt8, Sendable, CaseIterable {
    case raw = 0
    case http1Request = 1
    case http2Request = 2
    case http1Response = 3
    case http2Response = 4
    case webSocket = 5
    case grpc = 16
    /// Octets are missing here: `Message.gapLength` says how many.
    case gap = 17
    /// One HTTP/2 frame, where frames are asked for.
    case http2Frame = 18

    public var isRequest: Bool { self == .http1Request || self == .http2Request }
    public var isResponse: Bool { self == .http1Response || self == .http2Response }
}
