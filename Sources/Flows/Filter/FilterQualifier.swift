import Headers

/// What pcap-filter(7) calls qualifiers: what an identifier is, at which end, over which protocol.
struct FilterQualifier: Equatable {
    enum Kind: Equatable {
        case host, net, port, portRange, `protocol`
    }

    enum Carrier: Equatable {
        case any
        case ip(IPFamily)
        case transport(UInt8)
    }

    var carrier = Carrier.any
    var side = FilterSide.either
    var kind = Kind.host

    /// The test that the protocol qualifier stands for.
    var carrierTests: [FilterInstruction] {
        switch carrier {
        case .any: []
        case .ip(let family): [.version(family)]
        case .transport(let number): [.protocolNumber(number)]
        }
    }
}

extension FilterInstruction {
    static func version(_ family: IPFamily) -> Self {
        .range(.version, UInt64(family.rawValue)...UInt64(family.rawValue))
    }

    static func protocolNumber(_ number: UInt8) -> Self { .range(.protocol, UInt64(number)...UInt64(number)) }
}
