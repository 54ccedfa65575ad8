/// Everything that is wrong with a settings file.
public struct ConfigurationFailure: Error, Equatable, Sendable {
    /// The file's name as the user gave it.
    public var file: String
    /// In the order of the file; at least one.
    public var problems: [ConfigurationProblem]
}

/// One thing that is wrong with a settings file.
public struct ConfigurationProblem: Equatable, Sendable {
    /// Counted from 1.
    public var line: Int
    public var column: Int
    /// The path of the setting, such as `aggregator.exact_tasks[0].key_fields`; empty where the whole file is wrong.
    public var key: String
    /// What is wrong, what was expected, and the nearest valid name.
    public var message: String
}

extension ConfigurationFailure: CustomStringConvertible {
    /// A line per problem: `file:line:column: key: message`, the form that editors jump from.
    public var description: String {
        problems.map { problem in
            "\(file):\(problem.line):\(problem.column): " + (problem.key.isEmpty ? "" : "\(problem.key): ")
                + problem.message
        }.joined(separator: "\n")
    }
}
