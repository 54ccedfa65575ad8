extension ProbeModule {
    /// Handshakes of GnuTLS 3.6 and later, and the master secrets of TLS 1.2. `_gnutls_prf_raw` is exported for tests
    /// of the library itself.
    public static let gnuTLSSecrets = ProbeModule(
        name: "GnuTLS", libraries: ["libgnutls"],
        functions: [
            FunctionSpec("gnutls_handshake", entry: "socket_call", return: "call_returns", isRequired: true),
            // Its own sockets are seen; where a program moves the messages itself, this has them, too.
            FunctionSpec("gnutls_hash_fast", entry: "text_digested", return: nil),
            FunctionSpec("_gnutls_prf_raw", entry: "prf_raw", return: nil),
            FunctionSpec("gnutls_deinit", entry: "object_freed", return: nil, isRequired: true),
        ])

    /// The secrets of its TLS 1.3, as Nettle derives them.
    public static let nettleSecrets = ProbeModule(
        name: "Nettle", libraries: ["libnettle"],
        functions: [
            FunctionSpec("nettle_hkdf_expand", entry: "hkdf_expand", return: "hkdf_expand_returns", isRequired: true)
        ],
        isHelper: true)
}
