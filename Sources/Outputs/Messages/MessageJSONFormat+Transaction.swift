import AppProtocols
import Events
import Octets

/// Transactions: one object each, once the response is there or is no longer expected.
extension MessageJSONFormat {
    public func append(
        _ transaction: borrowing Transaction, _ info: BaseInfo, to buffer: inout OctetBuffer
    ) {
        var latin1 = Latin1Members()
        buffer.append("{\"type\":\"transaction\",\"time\":")
        append(time: transaction.requestTime, info, transaction.direction, &buffer, &latin1)
        buffer.append(",\"protocol\":\"\(Self.protocolName(transaction.kind))\"")
        if transaction.streamID != 0 { append(pieces.stream, UInt64(transaction.streamID), &buffer) }
        append(pieces.method, transaction.methodOctets, .method, &buffer, &latin1)
        append(pieces.host, transaction.hostOctets, .host, &buffer, &latin1)
        append(pieces.target, transaction.targetOctets, .target, &buffer, &latin1)
        if transaction.status != 0 { append(pieces.status, UInt64(transaction.status), &buffer) }
        if let status = transaction.grpcStatus { buffer.append(",\"grpc_status\":\(status)") }
        append(numbersOf: transaction, &buffer)
        append(latin1, &buffer)
        buffer.append(transaction.isComplete ? pieces.complete : pieces.incomplete)
        buffer.append("}\n")
    }

    private static func protocolName(_ kind: MessageKind) -> String {
        switch kind {
        case .http2Request, .http2Response: "http2"
        case .grpc: "grpc"
        default: "http1"
        }
    }

    private func append(
        _ name: OctetPiece, _ octets: Span<UInt8>, _ member: Latin1Members, _ buffer: inout OctetBuffer,
        _ latin1: inout Latin1Members
    ) {
        guard !octets.isEmpty else { return }
        buffer.append(name)
        if !buffer.append(jsonAny: octets) { latin1.insert(member) }
    }

    private func append(numbersOf transaction: borrowing Transaction, _ buffer: inout OctetBuffer) {
        append(",\"request_length\":", transaction.requestLength, &buffer)
        append(",\"response_length\":", transaction.responseLength, &buffer)
        append(time: ",\"request_end_time\":", transaction.requestEndTime, &buffer)
        append(time: ",\"response_time\":", transaction.responseTime, &buffer)
        append(time: ",\"response_end_time\":", transaction.responseEndTime, &buffer)
        if let latency = transaction.latency {
            buffer.append(",\"latency\":")
            buffer.append(decimal: latency)
        }
    }

    private func append(_ name: String, _ value: UInt64, _ buffer: inout OctetBuffer) {
        buffer.append(name)
        buffer.append(decimal: value)
    }

    /// Times that are not known are left out.
    private func append(time name: String, _ value: Int64, _ buffer: inout OctetBuffer) {
        guard value != 0 else { return }
        buffer.append(name)
        buffer.append(decimal: value)
    }
}
