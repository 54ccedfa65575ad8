import AppProtocols
import Configuration
import Testing

@Suite struct RedactSettingsTests {
    static func read(_ yaml: String) throws(ConfigurationFailure) -> Settings {
        try Settings(yaml: Array(yaml.utf8), file: "config.yaml")
    }

    @Test func readsEverySetting() throws {
        let settings = try Self.read(
            """
            redact:
              headers: [X-Api-Key]
              query: [token, sig]
              json: [password]
              mode: hash
            """)
        #expect(settings.redaction.headers == RedactionSettings.defaultHeaders + ["X-Api-Key"])
        #expect(settings.redaction.query == ["token", "sig"])
        #expect(settings.redaction.json == ["password"])
        #expect(settings.redaction.mode == .hash)
    }

    /// Without a word about them, credentials are redacted.
    @Test func theUsualSecretsNeedNoSetting() throws {
        for yaml in ["", "redact: {}", "redact: {headers: []}"] {
            let redaction = try Self.read(yaml).redaction
            #expect(redaction.headers == ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"])
            #expect(redaction.mode == .remove)
        }
    }

    @Test(arguments: [
        (
            "redact: {header: [a]}",
            "1:10: redact.header: unknown setting (did you mean headers?); redact takes headers, query, json, mode"
        ),
        ("redact: {query: token}", "1:17: redact.query: expected a list of parameter names, not \"token\""),
        ("redact: {json: ['']}", "1:17: redact.json[0]: expected a name, not \"\""),
        ("redact: {mode: md5}", "1:16: redact.mode: expected remove or hash, not \"md5\""),
    ])
    func saysWhatIsWrong(yaml: String, expected: String) {
        #expect { _ = try Self.read(yaml) } throws: { error in
            let text = "\(error)"
            #expect(text == "config.yaml:" + expected)
            return text == "config.yaml:" + expected
        }
    }
}
