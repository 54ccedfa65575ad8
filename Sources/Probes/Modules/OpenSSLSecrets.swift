extension ProbeModule {
    /// The calls in which OpenSSL 1.1.1 and 3 make handshakes: they tell the connections apart whose secrets the other
    /// library, libcrypto, derives.
    public static let openSSLConnections = ProbeModule(
        name: "OpenSSL connections", libraries: ["libssl"],
        functions: [
            "SSL_do_handshake", "SSL_connect", "SSL_accept", "SSL_read", "SSL_write", "SSL_read_ex", "SSL_write_ex",
            "SSL_write_ex2", "SSL_read_early_data", "SSL_write_early_data", "SSL_peek", "SSL_peek_ex", "SSL_shutdown",
            "SSL_stateless",
        ].map {
            FunctionSpec(
                $0, entry: "connection_call", return: "call_returns", isRequired: $0 == "SSL_do_handshake")
        } + [FunctionSpec("SSL_free", entry: "object_freed", return: nil, isRequired: true)],
        isHelper: true)

    /// Secrets as libcrypto derives them. EVP_KDF_derive takes parameters since 3.0 (which has EVP_KDF_fetch, too);
    /// 1.1.1 (which has RAND_DRBG_get0_public, and 3.0 no longer) is told them one by one.
    public static let openSSLSecrets = ProbeModule(
        name: "OpenSSL key derivation", libraries: ["libcrypto"],
        functions: [
            FunctionSpec("EVP_KDF_derive", entry: "kdf_derive", return: "kdf_derive_returns", with: "EVP_KDF_fetch"),
            FunctionSpec(
                "EVP_PKEY_CTX_ctrl", entry: "pkey_control", return: "pkey_control_returns",
                with: "RAND_DRBG_get0_public"),
            FunctionSpec(
                "EVP_PKEY_derive", entry: "pkey_derive", return: "pkey_derive_returns", with: "RAND_DRBG_get0_public"),
            // The ClientHello goes through these.
            FunctionSpec("BIO_read", entry: "bio_read", return: "bio_read_returns", isRequired: true),
            FunctionSpec("BIO_write", entry: "bio_write", return: "call_returns", isRequired: true),
            FunctionSpec("BIO_read_ex", entry: "bio_read_ex", return: "bio_read_returns"),
            FunctionSpec("BIO_write_ex", entry: "bio_write", return: "call_returns"),
        ],
        sources: ["EVP_KDF_derive", "EVP_PKEY_derive"])
}
