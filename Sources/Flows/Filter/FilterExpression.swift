import Headers

/// One test of a filter, as other languages (SQL) can say it. A test of a field that a packet or row does not have is
/// false, inverted or not.
public struct FilterTest: Equatable, Sendable {
    public enum Side: Sendable { case source, destination, either, both }

    public enum Subject: Equatable, Sendable {
        case version(ClosedRange<UInt64>?)
        /// The address, masked.
        case address(IPAddress, mask: IPAddress)
        case port(ClosedRange<UInt64>?)
        case `protocol`(ClosedRange<UInt64>?)
        case vlan(ClosedRange<UInt64>?)
        case length(ClosedRange<UInt64>?)
        /// The flags, masked.
        case flags(UInt8, mask: UInt8)
    }

    public var subject: Subject
    public var side: Side
    /// Turns the outcome around where the field is there.
    public var isInverted: Bool

    init(_ instruction: FilterInstruction) {
        let range = instruction.low <= instruction.high ? instruction.low...instruction.high : nil
        subject =
            switch instruction.test {
            case .version: .version(range)
            case .address:
                .address(
                    IPAddress(family: instruction.family, high: instruction.high, low: instruction.low),
                    mask: IPAddress(
                        family: instruction.family, high: instruction.maskHigh, low: instruction.maskLow))
            case .port: .port(range)
            case .protocol: .protocol(range)
            case .vlan: .vlan(range)
            case .length, .capturedLength: .length(range)
            case .flags:
                .flags(UInt8(truncatingIfNeeded: instruction.low), mask: UInt8(truncatingIfNeeded: instruction.maskLow))
            }
        side =
            switch instruction.side {
            case .source: .source
            case .destination: .destination
            case .either: .either
            case .both: .both
            }
        isInverted = instruction.inverted
    }
}

/// A filter as a tree.
public indirect enum FilterExpression: Equatable, Sendable {
    case always
    case test(FilterTest)
    case not(FilterExpression)
    case all([FilterExpression])
    case any([FilterExpression])
}

extension PacketFilter {
    /// The expression, put together from the compiled code: two neighbours of which the second is reached from the
    /// first alone, and which share an exit, are one `and` or `or`. Code made by the parser always folds to one.
    public var expression: FilterExpression {
        var nodes = instructions.map { node in
            CodeNode(.test(FilterTest(node)), whenTrue: Int(node.whenTrue), whenFalse: Int(node.whenFalse))
        }
        var uses = [Int](repeating: 0, count: nodes.count + 2)
        for node in nodes {
            uses[node.whenTrue] += 1
            uses[node.whenFalse] += 1
        }
        // From the end: what follows a node is then as folded as it can be.
        var stack: [Int] = []
        for index in nodes.indices.reversed() {
            while let next = stack.last, let folded = nodes[index].folded(nodes[next], at: next, uses: uses[next]) {
                uses[nodes[next].whenTrue] -= 1
                uses[nodes[next].whenFalse] -= 1
                uses[nodes[index].whenTrue] -= 1
                uses[nodes[index].whenFalse] -= 1
                nodes[index] = folded
                uses[folded.whenTrue] += 1
                uses[folded.whenFalse] += 1
                stack.removeLast()
            }
            stack.append(index)
        }
        guard let whole = stack.last else { return .always }
        // Behind a `not`, what holds leads to the exit that refuses.
        return nodes[whole].whenTrue == nodes.count ? nodes[whole].expression : .not(nodes[whole].expression)
    }

    /// The key fields that the tests look at; addresses with as many bits as they compare.
    public var keyFields: KeyFields {
        var fields = KeyFields()
        func widened(_ prefix: AddressPrefix?, _ instruction: FilterInstruction) -> AddressPrefix {
            let bits = UInt8(instruction.maskHigh.nonzeroBitCount + instruction.maskLow.nonzeroBitCount)
            var result = prefix ?? AddressPrefix(v4: 0, v6: 0)
            if instruction.family == .v4 { result.v4 = max(result.v4, bits) }
            if instruction.family == .v6 { result.v6 = max(result.v6, bits) }
            return result
        }
        for instruction in instructions {
            let (source, destination) = (instruction.side != .destination, instruction.side != .source)
            switch instruction.test {
            case .address:
                if source { fields.source = widened(fields.source, instruction) }
                if destination { fields.destination = widened(fields.destination, instruction) }
            case .port:
                if source { fields.sourcePort = true }
                if destination { fields.destinationPort = true }
            case .protocol: fields.protocol = true
            case .vlan: fields.vlan = true
            case .version, .flags, .length, .capturedLength: break
            }
        }
        return fields
    }

    /// Whether a test looks at a single packet's length, which no row has.
    public var testsLengths: Bool {
        instructions.contains { $0.test == .length || $0.test == .capturedLength }
    }

    /// Whether a test looks at TCP flags, which rows of sketches do not have.
    public var testsFlags: Bool { instructions.contains { $0.test == .flags } }

    /// Whether a test looks at the IP version, which rows with an address have.
    public var testsVersion: Bool { instructions.contains { $0.test == .version } }
}

/// A piece of code with one way in and two ways out.
private struct CodeNode {
    var expression: FilterExpression
    var whenTrue: Int
    var whenFalse: Int

    init(_ expression: FilterExpression, whenTrue: Int, whenFalse: Int) {
        self.expression = expression
        self.whenTrue = whenTrue
        self.whenFalse = whenFalse
    }

    /// This node and the next, which stands at `place` and is reached from `uses` exits, as one.
    func folded(_ next: CodeNode, at place: Int, uses: Int) -> CodeNode? {
        guard uses == 1 else { return nil }
        if whenTrue == place, whenFalse == next.whenFalse { return and(expression, next) }
        if whenTrue == place, whenFalse == next.whenTrue { return or(expression.negated, next) }
        if whenFalse == place, whenTrue == next.whenTrue { return or(expression, next) }
        if whenFalse == place, whenTrue == next.whenFalse { return and(expression.negated, next) }
        return nil
    }

    private func and(_ first: FilterExpression, _ next: CodeNode) -> CodeNode {
        CodeNode(.all(first.conjuncts + next.expression.conjuncts), whenTrue: next.whenTrue, whenFalse: next.whenFalse)
    }

    private func or(_ first: FilterExpression, _ next: CodeNode) -> CodeNode {
        CodeNode(.any(first.disjuncts + next.expression.disjuncts), whenTrue: next.whenTrue, whenFalse: next.whenFalse)
    }
}

extension FilterExpression {
    fileprivate var negated: FilterExpression {
        if case .not(let inner) = self { inner } else { .not(self) }
    }
    fileprivate var conjuncts: [FilterExpression] { if case .all(let parts) = self { parts } else { [self] } }
    fileprivate var disjuncts: [FilterExpression] { if case .any(let parts) = self { parts } else { [self] } }
}
