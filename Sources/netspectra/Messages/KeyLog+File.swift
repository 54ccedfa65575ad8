import ArgumentParser
import KernelIO
import Octets
import TLS

extension KeyLog {
    private static let pieceOctets = 256 << 10

    /// Reads a key log file; without a path it is empty. What is no line of one is told, and the rest is used.
    init(file path: String?) throws {
        self.init()
        guard let path else { return }
        do throws(SystemFailure) {
            let file = try InputFile(path: path)
            var piece = [UInt8](repeating: 0, count: Self.pieceOctets)
            while true {
                var span = piece.mutableSpan
                let count = try file.read(into: &span, 0..<Self.pieceOctets)
                if count == 0 { break }
                append(piece.span.extracting(0..<count))
            }
        } catch {
            throw Exit.fail(Exit.cannotOpen, "\(error)")
        }
        finish()
        if isEmpty {
            throw Exit.fail(
                Exit.noCapture, "\(SystemName.shown(path)) is no key log: it has no line with a secret")
        }
        if counts.malformed > 0 {
            StandardError.write(
                "netspectra: \(path): \(counts.malformed) line\(counts.malformed == 1 ? "" : "s") of no key log\n")
        }
    }
}
