import KernelIO

/// What a program file has inside, told by texts that compilers and libraries leave in it.
public struct ProgramMarks: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Go's own TLS: the name of a function of crypto/tls, which the runtime needs for traces of its stack.
    public static let goTLS = ProgramMarks(rawValue: 1 << 0)
    /// OpenSSL's code: it names its source files when it reports errors.
    public static let openSSL = ProgramMarks(rawValue: 1 << 1)
    /// Likewise BoringSSL's, which is C++.
    public static let boringSSL = ProgramMarks(rawValue: 1 << 2)
    public static let rustls = ProgramMarks(rawValue: 1 << 3)
    /// The name of a function that is probed: it has symbols, of its own or imported.
    public static let namesSSLRead = ProgramMarks(rawValue: 1 << 4)
    /// It moves plaintext through a BIO, which enters no function that is probed.
    public static let sslBIO = ProgramMarks(rawValue: 1 << 5)

    /// By bit.
    private static let texts: [[UInt8]] = [
        Array("crypto/tls.(*Conn).Write".utf8), Array("ssl/ssl_lib.c\0".utf8), Array("ssl/ssl_lib.cc".utf8),
        Array("rustls::".utf8), Array("\0SSL_read\0".utf8), Array("\0BIO_f_ssl\0".utf8), Array("\0BIO_new_ssl\0".utf8),
    ]

    /// Larger files are looked at so far.
    private static let octetsMax = 256 << 20

    /// - Returns: nothing where the file cannot be read.
    public init(of path: String) {
        let found = (try? FileSearch.found(Self.texts, in: path, atMost: Self.octetsMax)) ?? 0
        // The last two mean the same.
        rawValue = found & 0x3F | (found >> 6 & 1) << 5
    }
}
