/// Every module that can be traced: one file in `Modules`, one line here.
public enum ProbeRegistry {
    /// Libraries whose plaintext `trace tls` shows.
    public static let tls: [ProbeModule] = [
        .openSSL,
        .gnuTLS,
    ]
}
