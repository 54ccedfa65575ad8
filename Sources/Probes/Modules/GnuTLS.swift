extension ProbeModule {
    /// GnuTLS 3. In newer versions `gnutls_record_send` jumps into `gnutls_record_send2`, so one of them is probed.
    public static let gnuTLS = ProbeModule(
        name: "GnuTLS", libraries: ["libgnutls"],
        functions: [
            FunctionSpec(
                "gnutls_record_send2", "gnutls_record_send", entry: "gnutls_send", return: "call_returns",
                isRequired: true),
            FunctionSpec("gnutls_record_recv", entry: "gnutls_receive", return: "call_returns", isRequired: true),
            FunctionSpec("gnutls_record_recv_seq", entry: "gnutls_receive", return: "call_returns"),
            // What is corked was seen when it was sent.
            FunctionSpec("gnutls_record_uncork", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("gnutls_handshake", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("gnutls_bye", entry: "other_call", return: "other_call_returns"),
            FunctionSpec("gnutls_deinit", entry: "object_freed", return: nil),
        ])
}
