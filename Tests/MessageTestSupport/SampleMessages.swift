import AppProtocols
import Events
import Headers

/// Messages as parsers give them, from what they say.
public enum SampleMessages {
    /// 2024-02-29T23:59:58.000000001Z
    public static let time: Int64 = 1_709_251_198_000_000_001

    /// curl on 192.168.1.10:54321, connected to 93.184.216.34:443.
    public static var info: BaseInfo {
        var info = BaseInfo()
        info.pid = 1234
        info.tid = 1235
        info.comm = CommandName(Array("curl".utf8))
        info.fd = 5
        info.source = IPAddress(v4: 0xC0A8_010A)
        info.sourcePort = 54_321
        info.destination = IPAddress(v4: 0x5DB8_D822)
        info.destinationPort = 443
        return info
    }

    /// HTTP/1: the head stands in `headers.octets` as it is, its lines are fields. `wire` is head and body.
    public static func http1(
        _ kind: MessageKind, _ head: String, body: [UInt8] = [], direction: Direction? = nil
    ) -> Message {
        var message = Message()
        message.reset(kind, direction ?? (kind == .http1Request ? .sent : .received), at: time)
        message.version = 11
        let octets = Array(head.utf8)
        message.headers.octets = octets
        addFields(octets, to: &message)
        let first = octets.prefix { $0 != 0x0D && $0 != 0x0A }
        let words = first.split(separator: 0x20, maxSplits: 2)
        func extent(_ index: Int) -> HeaderList.Extent {
            index < words.count
                ? HeaderList.Extent(start: words[index].startIndex, count: words[index].count) : .none
        }
        if kind == .http1Request {
            message.method = extent(0)
            message.target = extent(1)
        } else {
            message.status = words.count > 1 ? UInt16(String(decoding: words[1], as: UTF8.self)) ?? 0 : 0
            message.reason = extent(2)
        }
        setBody(body, of: &message)
        message.wire = octets + body
        return message
    }

    private static func addFields(_ octets: [UInt8], to message: inout Message) {
        var start = (octets.firstIndex(of: 0x0A) ?? octets.count - 1) + 1
        while start < octets.count, let end = octets[start...].firstIndex(of: 0x0A) {
            let lineEnd = end > start && octets[end - 1] == 0x0D ? end - 1 : end
            if let colon = octets[start..<lineEnd].firstIndex(of: 0x3A) {
                let value = octets[(colon + 1)..<lineEnd].firstIndex { $0 != 0x20 } ?? lineEnd
                let name = HeaderList.Extent(start: start, count: colon - start)
                let field = HeaderList.Field(name: name, value: .init(start: value, count: lineEnd - value))
                message.headers.fields.append(field)
                if String(decoding: octets[start..<colon], as: UTF8.self).lowercased() == "host" {
                    message.host = field.value
                }
            }
            start = end + 1
        }
    }

    /// HTTP/2: fields in order. `wire` is something that only a parser reads.
    public static func http2(
        _ kind: MessageKind, _ fields: [(String, String)], body: [UInt8] = [], trailers: [(String, String)] = []
    ) -> Message {
        var message = Message()
        message.reset(kind, kind.isRequest ? .sent : .received, at: time)
        message.version = 20
        message.streamID = 1
        for (name, value) in fields {
            message.headers.append(name: Array(name.utf8).span, value: Array(value.utf8).span)
            let extent = message.headers.fields[message.headers.fields.count - 1].value
            switch name {
            case ":method": message.method = extent
            case ":path": message.target = extent
            case ":authority": message.host = extent
            case ":status": message.status = UInt16(value) ?? 0
            default: break
            }
        }
        for (name, value) in trailers {
            message.trailers.append(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
        setBody(body, of: &message)
        return message
    }

    /// Anything whose contents are its body: raw octets, WebSocket, gRPC, frames. `wire` is the body.
    public static func body(
        _ kind: MessageKind, _ body: [UInt8], code: UInt8 = 0, flags: UInt8 = 0, target: String = ""
    ) -> Message {
        var message = Message()
        message.reset(kind, .received, at: time)
        message.code = code
        message.flags = flags
        if kind == .grpc || kind == .http2Frame { message.streamID = 1 }
        if !target.isEmpty { message.target = message.headers.append(Array(target.utf8).span) }
        setBody(body, of: &message)
        message.wire = body
        return message
    }

    private static func setBody(_ body: [UInt8], of message: inout Message) {
        message.body.octets = body
        message.body.length = UInt64(body.count)
        message.body.decodedLength = UInt64(body.count)
    }

    public static var transaction: Transaction {
        var transaction = Transaction()
        transaction.method = Array("GET".utf8)
        transaction.host = Array("example.com".utf8)
        transaction.target = Array("/index.html?item=1".utf8)
        transaction.status = 200
        transaction.responseLength = 16_384
        transaction.requestTime = time
        transaction.requestEndTime = time + 1_000
        transaction.responseTime = time + 12_346_000
        transaction.responseEndTime = time + 13_000_000
        return transaction
    }
}
