/// Whether the secrets of a library's connections can be logged (`trace tls --mode keylog`).
public enum KeyLogCoverage: String, Sendable {
    case yes
    /// Once the program is named.
    case named
    case no

    /// By the library and the version that its file's name tells: OpenSSL 1.1.1 and 3, GnuTLS, Go.
    init(of coverage: LibraryCoverage) {
        let isSeen = coverage.verdict == .covered || coverage.verdict == .partly
        switch coverage.library {
        case ProbeModule.openSSL.name where isSeen:
            let isKnown = [".so.3", ".so.1.1"].contains {
                coverage.path.hasSuffix($0) || coverage.path.hasSuffix($0 + ProcessMaps.deletedMark)
            }
            self = isKnown ? .yes : .no
        case ProbeModule.openSSL.name: self = coverage.advice.contains("--binary") ? .named : .no
        case ProbeModule.gnuTLS.name: self = isSeen ? .yes : .no
        case LibraryCoverage.goName: self = .named
        default: self = .no
        }
    }
}
