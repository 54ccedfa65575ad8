/// One field of a task's key. Prefixed addresses keep that many leading bits.
public struct KeyFields: Hashable, Sendable {
    /// `nil`: the field is not in the key. Otherwise the prefix length for each family.
    public var source: AddressPrefix?
    public var destination: AddressPrefix?
    public var sourcePort = false
    public var destinationPort = false
    public var `protocol` = false
    public var vlan = false

    public init(
        source: AddressPrefix? = nil, destination: AddressPrefix? = nil, sourcePort: Bool = false,
        destinationPort: Bool = false, protocol: Bool = false, vlan: Bool = false
    ) {
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.protocol = `protocol`
        self.vlan = vlan
    }

    /// Source and destination address and port, and the protocol.
    public static let fiveTuple = KeyFields(
        source: .whole, destination: .whole, sourcePort: true, destinationPort: true, protocol: true)
}

/// How many leading bits of an address a key keeps.
public struct AddressPrefix: Hashable, Sendable {
    /// 0 ... 32
    public var v4: UInt8
    /// 0 ... 128
    public var v6: UInt8

    public init(v4: UInt8, v6: UInt8) {
        precondition(v4 <= 32 && v6 <= 128, "prefix lengths are at most 32 and 128")
        self.v4 = v4
        self.v6 = v6
    }

    public static let whole = AddressPrefix(v4: 32, v6: 128)
}

/// What is counted: a name, the key fields, and whether both directions share a row.
public struct FlowTask: Hashable, Sendable {
    public var name: String
    public var fields: KeyFields
    public var bidirectional: Bool
    /// Octets that the task may take; `nil` for no limit of its own. Beyond it the smallest flows go into the row of
    /// evicted flows and a sketch, which bounds what the rows that remain, or come back, have lost to it.
    public var memoryLimit: Int?

    public init(name: String, fields: KeyFields, bidirectional: Bool = false, memoryLimit: Int? = nil) {
        self.name = name
        self.fields = fields
        self.bidirectional = bidirectional
        self.memoryLimit = memoryLimit
    }
}
