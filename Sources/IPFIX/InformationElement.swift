import Octets

/// One field of a template: an element of the IANA registry or its reverse (RFC 7011 § 3.2, RFC 5103 § 6.1), and the
/// octets it has in this template.
public struct InformationElement: Hashable, Sendable {
    public var id: UInt16
    /// Octets in a record; 65,535 stands for a length in the record itself (RFC 7011 § 7).
    public var length: UInt16
    /// Whose element it is; 0 for those of the IANA registry.
    public var enterprise: UInt32

    public init(id: UInt16, length: UInt16, enterprise: UInt32 = 0) {
        self.id = id
        self.length = length
        self.enterprise = enterprise
    }

    /// The element counts the reverse direction of a biflow.
    public var isReverse: Bool { enterprise == Self.reverseEnterprise }

    /// Private enterprise number of the reverse elements (RFC 5103 § 6.1).
    public static let reverseEnterprise: UInt32 = 29305
    /// That of ntop, whose elements for processes are the only ones that more than one program writes or reads.
    public static let ntopEnterprise: UInt32 = 35632

    /// Octets in a template (RFC 7011 § 3.2).
    var templateOctets: Int { enterprise == 0 ? 4 : 8 }
    static let variableLength: UInt16 = 65_535

    /// The same, encoded in four octets (RFC 7011 § 6.2).
    var inFourOctets: Self { Self(id: id, length: 4, enterprise: enterprise) }

    static func reverse(_ element: Self) -> Self {
        Self(id: element.id, length: element.length, enterprise: reverseEnterprise)
    }
}

/// The elements that are written (https://www.iana.org/assignments/ipfix).
extension InformationElement {
    /// Octets of the IP packets, headers included.
    static let octetDeltaCount = Self(id: 1, length: 8)
    static let packetDeltaCount = Self(id: 2, length: 8)
    /// Original flows in an aggregated flow (RFC 7015): how many flows were evicted into this record.
    static let deltaFlowCount = Self(id: 3, length: 8)
    static let protocolIdentifier = Self(id: 4, length: 1)
    static let tcpControlBits = Self(id: 6, length: 2)
    static let sourceTransportPort = Self(id: 7, length: 2)
    static let sourceIPv4Address = Self(id: 8, length: 4)
    static let sourceIPv4PrefixLength = Self(id: 9, length: 1)
    static let destinationTransportPort = Self(id: 11, length: 2)
    static let destinationIPv4Address = Self(id: 12, length: 4)
    static let destinationIPv4PrefixLength = Self(id: 13, length: 1)
    static let sourceIPv6Address = Self(id: 27, length: 16)
    static let destinationIPv6Address = Self(id: 28, length: 16)
    static let sourceIPv6PrefixLength = Self(id: 29, length: 1)
    static let destinationIPv6PrefixLength = Self(id: 30, length: 1)
    static let exportedFlowRecordTotalCount = Self(id: 42, length: 8)
    static let sourceIPv4Prefix = Self(id: 44, length: 4)
    static let destinationIPv4Prefix = Self(id: 45, length: 4)
    static let vlanId = Self(id: 58, length: 2)
    static let observationDomainId = Self(id: 149, length: 4)
    static let flowEndReason = Self(id: 136, length: 1)
    static let flowStartMilliseconds = Self(id: 152, length: 8)
    static let flowEndMilliseconds = Self(id: 153, length: 8)
    static let flowStartNanoseconds = Self(id: 156, length: 8)
    static let flowEndNanoseconds = Self(id: 157, length: 8)
    static let destinationIPv6Prefix = Self(id: 169, length: 16)
    static let sourceIPv6Prefix = Self(id: 170, length: 16)
    static let biflowDirection = Self(id: 239, length: 1)
    static let observationDomainName = Self(id: 300, length: variableLength)
    static let observationTimeMilliseconds = Self(id: 323, length: 8)
    static let observationTimeNanoseconds = Self(id: 325, length: 8)
    /// Octets of the frames, layer 2 header included: what is counted. `octetDeltaCount` (1) would begin at the IP
    /// header.
    static let layer2OctetDeltaCount = Self(id: 352, length: 8)
    /// What a process is called by in a file: the engine of user-defined names and a number (RFC 6759 § 4).
    static let applicationId = Self(id: 95, length: 4)
    static let applicationDescription = Self(id: 94, length: variableLength)
    static let applicationName = Self(id: 96, length: variableLength)
}

/// Elements of ntop's nProbe (%SRC_PROC_PID … of its manual, each less 57,472); a process that is not known has 0.
extension InformationElement {
    static let sourceProcessID = Self(id: 168, length: 4, enterprise: ntopEnterprise)
    /// Octets of a name, filled up with zeros.
    static let sourceProcessName = Self(id: 169, length: 16, enterprise: ntopEnterprise)
    static let sourceProcessUser = Self(id: 425, length: 4, enterprise: ntopEnterprise)
    static let destinationProcessID = Self(id: 375, length: 4, enterprise: ntopEnterprise)
    static let destinationProcessName = Self(id: 376, length: 16, enterprise: ntopEnterprise)
    static let destinationProcessUser = Self(id: 426, length: 4, enterprise: ntopEnterprise)
}

extension OctetWriter {
    /// A template record (RFC 7011 § 3.4.1, § 3.4.2.2).
    @_lifetime(self: copy self)
    mutating func append(_ template: IPFIXTemplate) {
        append(bigEndian: template.id)
        append(bigEndian: UInt16(template.fields.count))
        if template.scopeCount > 0 { append(bigEndian: UInt16(template.scopeCount)) }
        for field in template.fields {
            append(bigEndian: field.enterprise == 0 ? field.id : field.id | 0x8000)
            append(bigEndian: field.length)
            if field.enterprise != 0 { append(bigEndian: field.enterprise) }
        }
    }
}
