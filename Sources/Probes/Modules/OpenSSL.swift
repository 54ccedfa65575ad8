extension ProbeModule {
    /// OpenSSL 1.1 and later, and what shares its interface. SSL_peek moves nothing: its octets are read again.
    public static let openSSL = ProbeModule(
        name: "OpenSSL", libraries: ["libssl"],
        functions: [
            FunctionSpec("SSL_read", entry: "openssl_read", return: "call_returns", isRequired: true),
            FunctionSpec("SSL_write", entry: "openssl_write", return: "call_returns", isRequired: true),
            FunctionSpec("SSL_read_ex", entry: "openssl_read_ex", return: "call_returns"),
            FunctionSpec("SSL_write_ex", entry: "openssl_write_ex", return: "call_returns"),
            FunctionSpec("SSL_write_ex2", entry: "openssl_write_ex2", return: "call_returns"),
            FunctionSpec("SSL_read_early_data", entry: "openssl_read_ex", return: "call_returns"),
            FunctionSpec("SSL_write_early_data", entry: "openssl_write_ex", return: "call_returns"),
            // They tell which socket the connection has.
            FunctionSpec("SSL_do_handshake", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("SSL_connect", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("SSL_accept", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("SSL_peek", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("SSL_peek_ex", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("SSL_shutdown", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("SSL_free", entry: "object_freed", return: nil),
        ])
}
