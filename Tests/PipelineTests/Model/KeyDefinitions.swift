import CaptureTestSupport
import Flows

/// Tasks of every shape.
enum KeyDefinitions {
    /// Fields a source has a partner for, so that they make sense in both directions.
    static let symmetric: [KeyFields] = [
        .fiveTuple,
        KeyFields(source: .whole, destination: .whole),
        KeyFields(source: .whole, destination: .whole, protocol: true, vlan: true),
        KeyFields(source: AddressPrefix(v4: 24, v6: 48), destination: AddressPrefix(v4: 24, v6: 48)),
        KeyFields(
            source: AddressPrefix(v4: 24, v6: 64), destination: AddressPrefix(v4: 24, v6: 64), sourcePort: true,
            destinationPort: true),
        KeyFields(source: AddressPrefix(v4: 0, v6: 1), destination: AddressPrefix(v4: 0, v6: 1)),
        KeyFields(source: AddressPrefix(v4: 1, v6: 127), destination: AddressPrefix(v4: 1, v6: 127), protocol: true),
        KeyFields(sourcePort: true, destinationPort: true),
        KeyFields(sourcePort: true, destinationPort: true, protocol: true),
        KeyFields(protocol: true),
        KeyFields(vlan: true),
        KeyFields(),
    ]

    static let oneSided: [KeyFields] = [
        KeyFields(source: .whole),
        KeyFields(destination: AddressPrefix(v4: 24, v6: 48)),
        KeyFields(source: AddressPrefix(v4: 16, v6: 65), destinationPort: true),
        KeyFields(source: AddressPrefix(v4: 8, v6: 32), destination: .whole, protocol: true),
        KeyFields(destinationPort: true),
        KeyFields(sourcePort: true, vlan: true),
    ]

    static let tasks: [FlowTask] =
        (symmetric + oneSided).map { FlowTask(name: "one-way \($0)", fields: $0) }
        + symmetric.map { FlowTask(name: "both \($0)", fields: $0, bidirectional: true) }

    /// Any subset of the fields with any prefixes; bidirectional ones are symmetric.
    static func random(_ random: inout SeededGenerator) -> FlowTask {
        let isBidirectional = Bool.random(using: &random)
        var fields = KeyFields(
            source: prefix(&random), destination: prefix(&random), sourcePort: Bool.random(using: &random),
            destinationPort: Bool.random(using: &random), protocol: Bool.random(using: &random),
            vlan: Bool.random(using: &random))
        if isBidirectional {
            fields.destination = fields.source
            fields.destinationPort = fields.sourcePort
        }
        return FlowTask(name: "\(fields)", fields: fields, bidirectional: isBidirectional)
    }

    private static func prefix(_ random: inout SeededGenerator) -> AddressPrefix? {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: nil
        case 1: .whole
        default: AddressPrefix(v4: .random(in: 0...32, using: &random), v6: .random(in: 0...128, using: &random))
        }
    }
}
