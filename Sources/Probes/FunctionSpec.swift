/// A function of a library that is probed: which programs run when it is entered and when it returns.
public struct FunctionSpec: Equatable, Sendable {
    /// Its name, and names that stand for it where it is missing: the first one found is probed.
    public let symbols: [String]
    /// The name of the program in the BPF object that runs at its entry.
    public let entry: String
    /// Likewise at its return; `nil`: none.
    public let `return`: String?
    /// A library without it cannot be traced.
    public let isRequired: Bool
    /// Another function, which tells versions of a library apart: only files that have it, too, are probed here; `nil`:
    /// all.
    public let companion: String?

    public init(
        _ symbols: String..., entry: String, return: String?, isRequired: Bool = false, with companion: String? = nil
    ) {
        self.symbols = symbols
        self.entry = entry
        self.return = `return`
        self.isRequired = isRequired
        self.companion = companion
    }
}
