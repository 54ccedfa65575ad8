extension ProbeModule {
    /// crypto/tls of Go 1.17 and later: what it calls for each secret, whether or not the program asked for a key log.
    /// A return is not probed: Go moves its stacks.
    public static let goSecrets = ProbeModule(
        name: "Go (crypto/tls)", libraries: [],
        functions: [
            FunctionSpec("crypto/tls.(*Config).writeKeyLog", entry: "go_key_log", return: nil, isRequired: true)
        ])
}
