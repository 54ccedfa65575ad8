import AppProtocols
import Events
import Headers
import Octets

/// Records as `LogEntry` messages, length-delimited (a varint, then the message).
///
/// Fields are written straight into the buffer, in order of their numbers and without those that have their default, as
/// the generated code does; the octets are the same. The payload is the message as text shows it, unescaped;
/// the comm is escaped.
public struct MessageProtobufFormat: MessageFormat {
    /// Which numbers the fields of `Event` have.
    public enum Schema: Sendable, CaseIterable {
        /// timestamp 1, uuid 2, pid 3, pname 4, src_ip 5, src_port 6, dst_ip 7, dst_port 8, type 9, length 10,
        /// payload 11.
        case standard
        /// As eCapture's clients have them: src_ip 3, src_port 4, dst_ip 5, dst_port 6, pid 7, pname 8.
        case ecapture
    }

    public var schema: Schema

    public init(schema: Schema = .standard) { self.schema = schema }

    public func append(_ message: borrowing Message, _ info: BaseInfo, to buffer: inout OctetBuffer) {
        let payload = MessagePayload.octetCount(of: message)
        // Both lengths in front depend on the fields' lengths. Room is left for them as they will most likely be.
        let start = buffer.count
        var room = Lengths(front: Self.likelyFrontOctets, payload: payload).octets
        buffer.write(atMost: room) { writer in
            for _ in 0..<room { writer.append(0) }
        }
        appendFront(message, info, payload, &buffer)
        let lengths = Lengths(front: buffer.count - start - room, payload: payload)
        if lengths.octets != room {
            buffer.move(from: start + room, by: lengths.octets - room)
            room = lengths.octets
        }
        buffer.rewrite(at: start) { $0.append(lengths) }
        guard payload > 0 else { return }
        buffer.write(atMost: 11) { writer in
            writer.append(0x5A)
            writer.append(varint: UInt64(payload))
        }
        MessagePayload.append(message, to: &buffer)
    }

    /// What the fields of `Event` but the payload take as a rule; only speed depends on it.
    private static let likelyFrontOctets = 100

    /// Transactions have no form in this schema.
    public func append(
        _ transaction: borrowing Transaction, _ info: BaseInfo, to buffer: inout OctetBuffer
    ) {}

    /// All fields of `Event` but the payload.
    private func appendFront(
        _ message: borrowing Message, _ info: BaseInfo, _ payload: Int, _ buffer: inout OctetBuffer
    ) {
        append(1, UInt64(bitPattern: message.time), &buffer)
        let direction = message.direction
        append(text: 2, &buffer) { $0.append(uuidOf: info, direction) }
        if schema == .standard { append(process: info, firstField: 3, &buffer) }
        append(endpoints: info, firstField: schema == .standard ? 5 : 3, &buffer)
        if schema == .ecapture { append(process: info, firstField: 7, &buffer) }
        append(9, UInt64(message.kind.rawValue), &buffer)
        append(10, UInt64(UInt32(clamping: payload)), &buffer)
    }

    private func append(process info: BaseInfo, firstField: UInt8, _ buffer: inout OctetBuffer) {
        append(firstField, UInt64(info.pid), &buffer)
        append(text: firstField + 1, &buffer) { $0.append(terminal: info.comm) }
    }

    private func append(endpoints info: BaseInfo, firstField: UInt8, _ buffer: inout OctetBuffer) {
        guard info.hasTuple else { return }
        append(address: info.source, firstField, &buffer)
        append(firstField + 1, UInt64(info.sourcePort), &buffer)
        append(address: info.destination, firstField + 2, &buffer)
        append(firstField + 3, UInt64(info.destinationPort), &buffer)
    }

    private func append(address: IPAddress, _ field: UInt8, _ buffer: inout OctetBuffer) {
        append(text: field, &buffer) { buffer in
            buffer.write(atMost: OctetWriter.addressOctetsMax) { $0.append(address: address) }
        }
    }

    /// A varint field.
    private func append(_ field: UInt8, _ value: UInt64, _ buffer: inout OctetBuffer) {
        guard value != 0 else { return }
        buffer.write(atMost: 11) { writer in
            writer.append(field << 3)
            writer.append(varint: value)
        }
    }

    /// A text field, which is UTF-8 (all that is written here is escaped). Short ones have a length of one octet, which
    /// is written first and set once it is known.
    private func append(text field: UInt8, _ buffer: inout OctetBuffer, _ body: (inout OctetBuffer) -> Void) {
        let start = buffer.count
        buffer.write(atMost: 2) { $0.append(word: UInt64(field << 3 | 2), count: 2) }
        body(&buffer)
        let length = buffer.count - start - 2
        if length == 0 { return buffer.truncate(to: start) }
        let more = ProtobufText.varintOctets(UInt64(length)) - 1
        if more > 0 { buffer.move(from: start + 2, by: more) }
        buffer.rewrite(at: start + 1) { $0.append(varint: UInt64(length)) }
    }

    /// The lengths in front of a record and what stands between them.
    fileprivate struct Lengths {
        let event: Int
        let entry: Int

        init(front: Int, payload: Int) {
            event = front + (payload == 0 ? 0 : 1 + ProtobufText.varintOctets(UInt64(payload)) + payload)
            entry = 3 + ProtobufText.varintOctets(UInt64(event)) + event
        }

        var octets: Int { ProtobufText.varintOctets(UInt64(entry)) + 3 + ProtobufText.varintOctets(UInt64(event)) }
    }
}

/// Varints (base 128, the lowest seven bits first).
enum ProtobufText {
    static func varintOctets(_ value: UInt64) -> Int {
        max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
    }
}

extension OctetWriter {
    @_lifetime(self: copy self)
    fileprivate mutating func append(_ lengths: MessageProtobufFormat.Lengths) {
        append(varint: UInt64(lengths.entry))
        append(0x08)  // log_type = EVENT
        append(0x02)
        append(0x12)  // event_payload
        append(varint: UInt64(lengths.event))
    }

    @_lifetime(self: copy self)
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

extension OctetBuffer {
    /// Moves what stands from `start` on forward, or backward over what stands before it.
    mutating func move(from start: Int, by distance: Int) {
        let tail = [UInt8](copying: octets.extracting(start..<count))
        truncate(to: min(start, start + distance))
        write(atMost: max(0, distance)) { writer in
            for _ in 0..<max(0, distance) { writer.append(0) }
        }
        append(contentsOf: tail.span)
    }
}
