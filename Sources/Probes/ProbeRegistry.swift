/// Every module that can be traced: one file in `Modules`, one line here.
public enum ProbeRegistry {
    /// Libraries whose plaintext `trace tls` shows.
    public static let tls: [ProbeModule] = [
        .openSSL,
        .gnuTLS,
    ]

    /// Libraries whose connections' secrets `trace tls --mode keylog` logs.
    public static let secrets: [ProbeModule] = [
        .openSSLConnections,
        .openSSLSecrets,
        .gnuTLSSecrets,
        .nettleSecrets,
        .goSecrets,
    ]
}
