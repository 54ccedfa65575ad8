import CLibBPF
import Glibc
import KernelIO

/// What libbpf would print on standard error: kept, to be told where something fails.
enum BPFLog {
    private static let lines = Monitor<[String]>([])
    private static let linesMax = 64

    /// From now on libbpf is silent.
    static func install() {
        // SAFETY: the function lives as long as the program; it reads the format and arguments during the call.
        _ = unsafe libbpf_set_print { level, format, arguments in
            guard level == LIBBPF_WARN, let format = unsafe format, let arguments = unsafe arguments else { return 0 }
            var text = [CChar](repeating: 0, count: 4_096)
            _ = unsafe vsnprintf(&text, text.count, format, arguments)
            let line = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            BPFLog.append(line)
            return 0
        }
    }

    private static func append(_ text: String) {
        lines.withLock { lines in
            for line in text.split(separator: "\n") { lines.append(String(line)) }
            if lines.count > linesMax { lines.removeFirst(lines.count - linesMax) }
        }
    }

    /// What was said since the last call.
    static func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }
}
