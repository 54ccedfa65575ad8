import Headers

/// What the records of exported flows consist of.
///
/// A collector of 2023 that skips what it does not know (nfcapd 1.7.1) takes all of a one-way record it has a place
/// for. Of a biflow it would take the reverse TCP flags for the forward ones, and show the reverse counts only when
/// asked: so for such collectors each direction is a record.
public enum FlowDirections: String, Sendable, CaseIterable {
    /// One record per direction that has packets.
    case apart
    /// One record for both (RFC 5103).
    case together
}

extension IPFIXTemplate {
    /// The identifiers differ from those of files, for a collector that gets both.
    private static let firstFlowID: UInt16 = 300

    /// - Parameter hasProcesses: whose both ends are stands behind everything else.
    static func flow(
        _ directions: FlowDirections, _ family: IPFamily, hasProcesses: Bool = false
    ) -> IPFIXTemplate {
        let addresses: [InformationElement] =
            family == .v6
            ? [.sourceIPv6Address, .destinationIPv6Address] : [.sourceIPv4Address, .destinationIPv4Address]
        let key: [InformationElement] = [
            .sourceTransportPort, .destinationTransportPort, .protocolIdentifier, .vlanId, .flowEndReason,
        ]
        let counts: [InformationElement] = [
            .flowStartMilliseconds, .flowEndMilliseconds, .packetDeltaCount, .octetDeltaCount, .layer2OctetDeltaCount,
            .tcpControlBits,
        ]
        let reverse = directions == .together ? [.biflowDirection] + counts.map(InformationElement.reverse) : []
        let processes: [InformationElement] = [
            .sourceProcessID, .sourceProcessName, .sourceProcessUser, .destinationProcessID, .destinationProcessName,
            .destinationProcessUser,
        ]
        let id =
            firstFlowID + (family == .v6 ? 1 : 0) + (directions == .together ? 2 : 0) + (hasProcesses ? 4 : 0)
        return IPFIXTemplate(
            id: id, scopeCount: 0,
            fields: addresses + key + counts + reverse + (hasProcesses ? processes : []))
    }

    /// Every template of exported flows, by its identifier.
    static let flows: [UInt16: FlowTemplate] = {
        var all: [UInt16: FlowTemplate] = [:]
        for directions in FlowDirections.allCases {
            for family in [IPFamily.v4, .v6] {
                for hasProcesses in [false, true] {
                    let template = flow(directions, family, hasProcesses: hasProcesses)
                    all[template.id] = FlowTemplate(
                        template: template, directions: directions, family: family, hasProcesses: hasProcesses)
                }
            }
        }
        return all
    }()
}

/// A template of exported flows, and what it means.
struct FlowTemplate: Sendable {
    var template: IPFIXTemplate
    var directions: FlowDirections
    var family: IPFamily
    var hasProcesses: Bool
}
