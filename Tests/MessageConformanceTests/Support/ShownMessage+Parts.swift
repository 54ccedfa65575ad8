import AppProtocols
import Events
import Octets
import Outputs

/// What tests ask of a message.
extension ShownMessage {
    var kind: MessageKind { message.kind }
    var direction: Direction { message.direction }
    var status: UInt16 { message.status }
    var notes: [MessageNote] { message.notes }
    var isComplete: Bool { message.isComplete }
    var body: String { String(decoding: message.body.octets, as: UTF8.self) }
    var method: String { text(message.method) }
    var target: String { text(message.target) }
    var host: String { text(message.host) }
    /// `name: value` in wire order and case, `?` for what is unknown.
    var headers: [String] { Self.lines(message.headers) }
    var trailers: [String] { Self.lines(message.trailers) }

    private func text(_ extent: HeaderList.Extent) -> String {
        String(decoding: message.headers.octets[extent.range], as: UTF8.self)
    }

    private static func lines(_ list: HeaderList) -> [String] {
        list.fields.map { field in
            let name =
                field.marks.contains(.unknownName)
                ? "?" : String(decoding: list.octets[field.name.range], as: UTF8.self)
            let value =
                field.marks.contains(.unknownValue)
                ? "?" : String(decoding: list.octets[field.value.range], as: UTF8.self)
            return "\(name): \(value)"
        }
    }

    /// The record as a format writes it.
    func rendered(_ format: some MessageFormat) -> String {
        var buffer = OctetBuffer()
        format.append(message, base, to: &buffer)
        return String(decoding: [UInt8](buffer), as: UTF8.self)
    }

    /// The record as people read it.
    var text: String { rendered(MessageTextFormat()) }

    /// Everything about the message and whose it is, times included: equal where messages are.
    var signature: String {
        let message = message
        return """
            \(message.kind) \(message.direction) \(message.time) \(message.endTime) \(base.pid) \(base.sock) \
            v\(message.version) #\(message.streamID) \(message.status) \(method) \(target) \(host) \
            \(message.kind == .http1Request || message.kind == .http1Response ? message.headers.octets : []) \
            \(headers) \(trailers) \(message.body.octets) \(message.body.length) \(message.body.decodedLength) \
            \(message.body.digest) \(message.body.codings) \(message.code) \(message.flags) \
            \(message.gapLength.map { "\($0)" } ?? "-") \(message.isComplete) \(message.isContinuation) \
            \(message.notes) \(message.wire)
            """
    }
}
