import CaptureTestSupport
import Cryptography
import Flows
import Glibc
import KernelIO
import Pipeline

/// Any octets as a capture that is edited: no trap, every packet kept, filtered or refused, and what comes out is a
/// capture with the packets that were kept. An address that was replaced is nowhere in headers any more.
///
/// The input: an octet that chooses what is done, then the capture.
@c(LLVMFuzzerTestOneInput)
public func fuzzEdit(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let choice = input.first else { return 0 }
    var settings = CaptureEdit.Settings()
    if choice & 1 != 0 { settings.filter = filter }
    if choice & 2 != 0 { settings.keyLog = Array("CLIENT_RANDOM 00 00\n".utf8) }
    settings.stripsSecrets = choice & 4 != 0
    if choice & 8 != 0 { settings.anonymiser = CryptoPAn(key: [UInt8](0..<32)) }
    let file = place(input[1...])
    var edited: [UInt8] = []
    do throws(SystemFailure) {
        let outcome = try CaptureEdit.run(path: file, settings, shouldStop: { false }) { octets in
            edited.append(contentsOf: octets)
        }
        precondition(outcome.isBalanced, "packets are lost")
        let read = ParsedCapture(edited)
        precondition(UInt64(read.frames.count) == outcome.kept, "other packets than were kept")
        if settings.stripsSecrets, settings.keyLog.isEmpty { precondition(read.secrets.isEmpty, "secrets are left") }
    } catch {
        preconditionFailure("nothing was written that could fail")
    }
    return 0
}

private let filter = try? PacketFilter(parsing: "tcp or vlan 7 or length > 60")

/// A file without a name that has these octets.
private func place(_ octets: ArraySlice<UInt8>) -> String {
    // SAFETY: the calls read their arguments during the call.
    _ = ftruncate(descriptor, 0)
    let written = unsafe octets.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    precondition(written == octets.count, "no room for the input")
    return "/proc/self/fd/\(descriptor)"
}

// SAFETY: the stream is never closed, so its descriptor stays.
private let descriptor = unsafe fileno(tmpfile())
