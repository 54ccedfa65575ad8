/// State objects for reuse, by all connections of one context.
final class HTTP2Pool {
    /// The memory of header blocks: each lies here from its first frame to its last, or until others may come between.
    var block = HTTP2HeaderBlock()
    /// One value, so that taking or giving takes one access to the object.
    private var spares = Spares()

    func takeAssembly() -> HTTP2Assembly { spares.assemblies.popLast() ?? HTTP2Assembly() }

    /// The block is to wait for its next frame elsewhere.
    func takeBlock() -> HTTP2HeaderBlock {
        var taken = HTTP2HeaderBlock()
        swap(&taken, &block)
        return taken
    }

    /// - Parameter other: a block that is done with: its memory is used again.
    func give(_ other: inout HTTP2HeaderBlock) { swap(&other, &block) }

    func give(_ assembly: consuming HTTP2Assembly) { spares.give(assembly) }
}

private struct Spares {
    var assemblies: [HTTP2Assembly] = []
    private static let max = 64

    mutating func give(_ assembly: consuming HTTP2Assembly) {
        guard assemblies.count < Self.max else { return }
        let capacity = assembly.parts.retire()
        if capacity > MessageBody.keptOctets, !mayKeepBody(capacity) { assembly.parts.message.body.octets = [] }
        assemblies.append(assembly)
    }

    /// The memory of one large body stays for the next: to have it anew takes longer than to fill it.
    private func mayKeepBody(_ capacity: Int) -> Bool {
        capacity <= Self.largeBodyOctetsMax
            && assemblies.allSatisfy { $0.parts.message.body.octets.capacity <= MessageBody.keptOctets }
    }

    /// A body of the usual limit, in memory that grew by doubling.
    private static let largeBodyOctetsMax = 4 << 20
}
