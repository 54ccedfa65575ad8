import Octets

/// When a capture that is being written goes on in another file, and how many files are kept.
public struct CaptureRotation: Equatable, Sendable {
    /// No file becomes larger, unless one packet is: in octets; `nil`: no bound.
    public var octetsMax: UInt64?
    /// The first packet this much later than the file's first one begins the next: in nanoseconds; `nil`: no bound.
    public var nanosecondsMax: Int64?
    /// The oldest files beyond are removed; `nil`: all are kept.
    public var filesMax: Int?

    public init(octetsMax: UInt64? = nil, nanosecondsMax: Int64? = nil, filesMax: Int? = nil) {
        self.octetsMax = octetsMax
        self.nanosecondsMax = nanosecondsMax
        self.filesMax = filesMax
    }

    /// There may be more than one file.
    public var isActive: Bool { octetsMax != nil || nanosecondsMax != nil }

    /// The name of a file: the path itself where there is one file; else with a number and a time (UTC) before the last
    /// part of the name that a dot begins: `web_00002_20261121093012.pcapng`.
    ///
    /// - Parameters:
    ///   - number: from 1.
    ///   - time: when the file is begun; nanoseconds since 1970.
    public func path(_ path: String, number: Int, time: Int64) -> String {
        guard isActive, path != "-" else { return path }
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let dot = path[name...].dropFirst().lastIndex(of: ".") ?? path.endIndex
        let digits = "\(number)"
        let padded = String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
        let clock = CivilTime(nanoseconds: time).text.filter(\.isNumber)
        return "\(path[..<dot])_\(padded)_\(clock)\(path[dot...])"
    }
}
