import Events
import Octets
import TLS
import TLSTestSupport

/// Any octets as the messages in which client and server introduce themselves: no trap, no text longer than the octets
/// allow, and what is told of a connection comes back from how it is handed on.
///
/// The input: an octet that chooses the message, then its body.
@c(LLVMFuzzerTestOneInput)
public func fuzzHandshake(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let choice = input.first else { return 0 }
    let body = input.span.extracting(1..<input.count)
    var summary = TLSSummary()
    do throws(TLSFailure) {
        switch choice & 3 {
        case 0:
            let hello = try ClientHello(body)
            precondition(hello.random.count == 32 && hello.sessionID.count <= 255)
            precondition(2 * hello.cipherSuites.count <= body.count && 4 * hello.extensions.count <= body.count)
            summary.ja3 = hello.ja3(ToyCryptography())
            summary.ja4 = hello.ja4(ToyCryptography())
            precondition(hello.ja3Text.split(separator: ",", omittingEmptySubsequences: false).count == 5)
            precondition(hello.ja4Raw.utf8.count <= 64 + 5 * body.count && hello.ja4Raw.utf8.prefix(10).count == 10)
            summary.serverName = hello.serverName.map { String(decoding: $0, as: UTF8.self) }
            summary.offeredProtocols = hello.applicationProtocols.map { String(decoding: $0, as: UTF8.self) }
        case 1:
            let hello = try ServerHello(body)
            precondition(hello.random.count == 32 && 4 * hello.extensions.count <= body.count)
            summary.cipherSuite = hello.cipherSuite
        default:
            let subject = try CertificateSubject.first(in: body, is13: choice & 1 == 1)
            precondition(subject.utf8.count <= 16 + 8 * body.count, "a name from nowhere")
            summary.certificateSubject = subject
        }
    } catch {
        return 0
    }
    let encoded = summary.encoded
    _ = TLSSummary(encoded: encoded.span)
    return 0
}
