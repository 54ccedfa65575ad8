import Alerts

/// What a settings file says of alerts.
public struct AlertSettings: Equatable, Sendable {
    /// Each has been checked against the file's tasks.
    public var rules: [AlertRule] = []
    /// Empty: alerts are said on standard error.
    public var notifiers: [NotifierSettings] = []
    /// Messages of all rules together.
    public var limit = AlertLimit.allDefault
    /// Go2NetSpectra's `check_interval`: the interval of snapshots where nothing else says it.
    public var checkIntervalNanoseconds: Int64?

    public init() {}
}

/// One way to tell somebody.
public struct NotifierSettings: Equatable, Sendable {
    public struct Header: Equatable, Sendable {
        public var name: String
        public var value: String
    }

    public enum Kind: Equatable, Sendable {
        case webhook(url: String, headers: [Header], template: AlertTemplate?)
        case mail(MailSettings)
        /// The program and its arguments.
        case command([String])
        /// `nil` for standard error.
        case log(path: String?)
    }

    public var name: String
    public var kind: Kind
    /// `nil` for the notifier's own defaults.
    public var queueMax: Int?
    public var tries: Int?
    public var timeoutNanoseconds: Int64?
}

/// A mail server, and who writes to whom.
public struct MailSettings: Equatable, Sendable {
    public enum Encryption: String, Sendable, CaseIterable {
        case auto, starttls, implicit, optional
    }

    public var host = ""
    public var port = 587
    public var encryption = Encryption.auto
    public var user = ""
    public var password = ""
    public var from = ""
    public var to: [String] = []
}
