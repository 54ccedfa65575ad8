import KernelIO

/// Where in a file the programs of a module are to run. Finding it out needs no privilege.
public struct ProbeSites: Equatable, Sendable {
    /// The functions that the file has, and those of the module that it does not have.
    public private(set) var functions: [String] = []
    public private(set) var missing: [String] = []
    /// Offsets in the file, by program: in the order of the module's functions.
    private(set) var entries: [(program: String, offsets: [UInt64])] = []
    private(set) var returns: [(program: String, offsets: [UInt64])] = []

    /// - Throws: where a function that is needed is missing, or the file cannot be read.
    public init(of file: TracedFile) throws(ProbeFailure) {
        let module = file.module
        let offsets: [String: UInt64]
        do throws(SystemFailure) {
            let names = module.functions.flatMap { $0.symbols + [$0.companion].compactMap(\.self) }
            offsets = try ElfSymbols.offsets(of: Set(names), in: file.path)
        } catch {
            var failure = error
            failure.path = file.shownPath
            throw ProbeFailure(failure)
        }
        for function in module.functions {
            let isMeant = function.companion.map { offsets[$0] != nil } ?? true
            guard isMeant, let symbol = function.symbols.first(where: { offsets[$0] != nil }),
                let offset = offsets[symbol]
            else {
                guard !function.isRequired else {
                    throw ProbeFailure(
                        .unavailable,
                        "\(file.shownPath) has no function \(function.symbols.joined(separator: " or ")), which "
                            + "\(module.name) has: looked for in the symbol tables of the file")
                }
                missing += function.symbols
                continue
            }
            functions.append(symbol)
            Self.add(offset, to: function.entry, &entries)
            if let program = function.return { Self.add(offset, to: program, &returns) }
        }
        if !module.sources.isEmpty, module.sources.isDisjoint(with: functions) {
            throw ProbeFailure(
                .unavailable,
                "\(file.shownPath) is no version of \(module.name) that is known: it has none of the functions "
                    + module.sources.sorted().joined(separator: ", "))
        }
    }

    private static func add(
        _ offset: UInt64, to program: String, _ sites: inout [(program: String, offsets: [UInt64])]
    ) {
        guard let known = sites.firstIndex(where: { $0.program == program }) else {
            sites.append((program, [offset]))
            return
        }
        // Two names of one function are one place.
        if !sites[known].offsets.contains(offset) { sites[known].offsets.append(offset) }
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.functions == right.functions && left.missing == right.missing
            && left.entries.elementsEqual(right.entries, by: ==) && left.returns.elementsEqual(right.returns, by: ==)
    }
}
