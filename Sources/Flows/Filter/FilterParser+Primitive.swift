import Headers

/// The primitives of pcap-filter(7).
extension FilterParser {
    /// Parses a primitive that starts with the word that is looked at.
    mutating func primitive(_ word: String, nesting: Int) throws(FilterFailure) -> FilterFragment {
        switch word.lowercased() {
        case "less":
            let number = try octetsAfterKeyword()
            return code.emit(.range(.length, 0...number))
        case "greater":
            let number = try octetsAfterKeyword()
            return code.emit(.range(.length, number...UInt64.max))
        case "vlan": return try vlan()
        case "src", "dst", "host", "net", "port", "portrange", "proto":
            return try qualified(FilterQualifier(), nesting: nesting)
        case "ip", "ip6": return try network(word.lowercased(), nesting: nesting)
        case let name where FilterVocabulary.protocolKeywords.contains(name):
            return try transport(name, nesting: nesting)
        case let name:
            if let advice = FilterVocabulary.unsupported[name] { throw failure(.unsupported(advice)) }
            return try bareIdentifier(word)
        }
    }

    private mutating func octetsAfterKeyword() throws(FilterFailure) -> UInt64 {
        take()
        try requireRoom()
        lastQualifier = nil
        guard case .word(let word) = token.kind else { throw failure(.expected("a number of octets")) }
        let value = try number(word, upTo: UInt64(UInt32.max), names: [], expecting: "a number of octets")
        take()
        return value
    }

    /// `vlan`: tagged at all; `vlan N`: with this identifier.
    private mutating func vlan() throws(FilterFailure) -> FilterFragment {
        take()
        try requireRoom()
        lastQualifier = nil
        guard case .word(let word) = token.kind, FilterParser.number(word) != nil else {
            return code.emit(.range(.vlan, 1...4_095))
        }
        let identifier = try number(word, upTo: FilterField.vlan.max, names: [], expecting: "a VLAN identifier")
        take()
        return code.emit(.range(.vlan, identifier...identifier))
    }

    private mutating func network(_ name: String, nesting: Int) throws(FilterFailure) -> FilterFragment {
        take()
        try refuseByteAccess(name)
        let family = name == "ip" ? IPFamily.v4 : .v6
        if isAtQualifier { return try qualified(FilterQualifier(carrier: .ip(family)), nesting: nesting) }
        try requireRoom()
        lastQualifier = nil
        return code.emit(.version(family))
    }

    private mutating func transport(_ name: String, nesting: Int) throws(FilterFailure) -> FilterFragment {
        take()
        try refuseByteAccess(name)
        let number = UInt8(truncatingIfNeeded: FilterVocabulary.value(name, among: FilterVocabulary.protocols) ?? 0)
        if isAtQualifier { return try qualified(FilterQualifier(carrier: .transport(number)), nesting: nesting) }
        let tests = FilterParser.alone(number)
        try requireRoom(for: tests.count)
        lastQualifier = nil
        return code.all(tests)
    }

    /// `icmp` and `igmp` are `ip proto …`, `icmp6` is `ip6 proto …` (pcap-filter(7)); the others go over both.
    private static func alone(_ number: UInt8) -> [FilterInstruction] {
        switch IPProtocol(rawValue: number) {
        case .icmp, .igmp: [.version(.v4), .protocolNumber(number)]
        case .icmpv6: [.version(.v6), .protocolNumber(number)]
        default: [.protocolNumber(number)]
        }
    }

    private var isAtQualifier: Bool {
        if case .word(let word) = token.kind {
            ["src", "dst", "host", "net", "port", "portrange", "proto"].contains(word.lowercased())
        } else {
            false
        }
    }

    /// `tcp[13] & 2 != 0` and its like.
    private func refuseByteAccess(_ name: String) throws(FilterFailure) {
        guard token.kind == .arithmetic else { return }
        throw failure(.unsupported(name == "tcp" ? "write tcp_flags has syn" : "octets of headers cannot be asked for"))
    }

    /// `[src | dst | src or dst | src and dst] [host | net | port | portrange | proto] identifier`.
    private mutating func qualified(
        _ start: FilterQualifier, nesting: Int
    ) throws(FilterFailure) -> FilterFragment {
        var qualifier = start
        let sideWasGiven = try side(&qualifier)
        let place = token
        if case .word(let word) = token.kind, let kind = FilterParser.kind(word) {
            take()
            qualifier.kind = kind
            try refuse(qualifier, sideWasGiven: sideWasGiven, at: place)
        }
        lastQualifier = qualifier
        // `port (80 or 443)`: the qualifier goes into the parentheses.
        if token.kind == .open {
            return try parenthesised(nesting: nesting)
        }
        return try identifier(qualifier)
    }

    private static func kind(_ word: String) -> FilterQualifier.Kind? {
        switch word.lowercased() {
        case "host": .host
        case "net": .net
        case "port": .port
        case "portrange": .portRange
        case "proto": .protocol
        default: nil
        }
    }

    /// Combinations that no packet can match, or that mean nothing.
    private func refuse(
        _ qualifier: FilterQualifier, sideWasGiven: Bool, at place: FilterToken
    ) throws(FilterFailure) {
        switch (qualifier.kind, qualifier.carrier) {
        case (.port, .transport(let number)), (.portRange, .transport(let number)):
            guard ![6, 17, 33, 132, 136].contains(number) else { return }
            throw failure(.expected("host or net; this protocol has no ports"), at: place)
        case (.protocol, .transport): throw failure(.expected("host, net, port or portrange"), at: place)
        case (.protocol, _):
            if sideWasGiven { throw failure(.expected("host, net, port or portrange"), at: place) }
        default: return
        }
    }

    /// Takes `src`, `dst`, `src or dst`, `src and dst` (either order); says whether there was one.
    private mutating func side(_ qualifier: inout FilterQualifier) throws(FilterFailure) -> Bool {
        guard isAt("src") || isAt("dst") else { return false }
        let first = isAt("src") ? FilterSide.source : .destination
        qualifier.side = first
        take()
        guard token.kind == .or || token.kind == .and, case .word(let word) = following.kind,
            word.lowercased() == (first == .source ? "dst" : "src")
        else { return true }
        qualifier.side = take().kind == .or ? .either : .both
        take()
        return true
    }

    /// An identifier without a qualifier: the last one's, or an address alone.
    private mutating func bareIdentifier(_ word: String) throws(FilterFailure) -> FilterFragment {
        if let lastQualifier { return try identifier(lastQualifier) }
        if IPAddress(text: word.split(separator: "/", maxSplits: 1).first ?? "") != nil {
            lastQualifier = FilterQualifier()
            return try identifier(FilterQualifier())
        }
        if FilterParser.number(word) != nil {
            throw failure(.expected("a test; a bare number needs a qualifier such as \"port\", or a set: in {80, 443}"))
        }
        if FilterField(word: word) != nil {
            take()
            throw failure(.expected("a comparison such as ==, != or in"))
        }
        let names = FilterField.allCases.map(\.rawValue) + FilterVocabulary.keywords
        throw failure(.unknown("a field, keyword or address", nearest: NearestName.find(word, among: names)))
    }

    private mutating func identifier(_ qualifier: FilterQualifier) throws(FilterFailure) -> FilterFragment {
        try requireRoom(for: qualifier.carrierTests.count + 1)
        guard case .word(let word) = token.kind else {
            throw failure(.expected("\(FilterParser.name(qualifier.kind)) after the qualifier"))
        }
        let test = try test(word, qualifier)
        return code.all(qualifier.carrierTests + [test])
    }

    private static func name(_ kind: FilterQualifier.Kind) -> String {
        switch kind {
        case .host: "an IPv4 or IPv6 address (names are not looked up)"
        case .net: "a network such as 10.0.0.0/8, 192.168 or 2001:db8::/32"
        case .port: "a port number or service name"
        case .portRange: "a port range such as 8000-9000"
        case .protocol: "a protocol name or number"
        }
    }

    /// The test that an identifier stands for; takes it.
    private mutating func test(_ word: String, _ qualifier: FilterQualifier) throws(FilterFailure) -> FilterInstruction
    {
        let what = FilterParser.name(qualifier.kind)
        let result: FilterInstruction
        switch qualifier.kind {
        case .host: result = .address(try inCarrier(try prefix(word, expecting: what), qualifier), side: qualifier.side)
        case .net:
            var network = try inCarrier(try network(word), qualifier)
            if case .word(let next) = following.kind, next.lowercased() == "mask" {
                take()
                take()
                network = try masked(network)
            }
            result = .address(network, side: qualifier.side)
        case .port:
            let port = try number(word, upTo: 65_535, names: FilterVocabulary.services, expecting: what)
            result = .range(.port, port...port, side: qualifier.side)
        case .portRange:
            var ports = try range(word, upTo: 65_535, names: [])
            if ports == nil {
                let port = try number(word, upTo: 65_535, names: FilterVocabulary.services, expecting: what)
                ports = port...port
            }
            result = .range(.port, ports ?? 0...0, side: qualifier.side)
        case .protocol:
            // pcap-filter(7) wants keywords escaped here: `ip proto \tcp`. Both spellings are taken.
            let name = word.hasPrefix("\\") ? String(word.dropFirst()) : word
            let value = try number(name, upTo: 255, names: FilterVocabulary.protocols, expecting: what)
            result = .range(.protocol, value...value)
        }
        take()
        return result
    }

    private func inCarrier(
        _ prefix: FilterPrefix, _ qualifier: FilterQualifier
    ) throws(FilterFailure) -> FilterPrefix {
        if case .ip(let family) = qualifier.carrier, family != prefix.address.family {
            throw failure(.expected(family == .v4 ? "an IPv4 address after \"ip\"" : "an IPv6 address after \"ip6\""))
        }
        return prefix
    }

    /// A prefix, or an IPv4 network by its first octets: `10`, `192.168`, `172.16/12`.
    private func network(_ word: String) throws(FilterFailure) -> FilterPrefix {
        let what = FilterParser.name(.net)
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        let octets = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard octets.count < 4, parts.count <= 2 else { return try prefix(word, expecting: what) }
        var address: UInt32 = 0
        for text in octets {
            guard let octet = IPAddress.decimalOctet(Array(text.utf8)[...]) else {
                return try prefix(word, expecting: what)
            }
            address = address << 8 | UInt32(octet)
        }
        address <<= UInt32(8 * (4 - octets.count))
        let padded = IPAddress(v4: address)
        guard parts.count == 2 else { return FilterPrefix(address: padded, length: 8 * octets.count) }
        return try prefix("\(padded)/\(parts[1])", expecting: what)
    }

    /// `net A mask M`; looks at M and leaves taking it to the caller. Only a mask of leading ones is a network.
    private func masked(_ network: FilterPrefix) throws(FilterFailure) -> FilterPrefix {
        let what = "an IPv4 network mask such as 255.255.0.0"
        guard case .word(let word) = token.kind, network.address.family == .v4, let mask = IPAddress(text: word),
            mask.family == .v4
        else { throw failure(.expected(what)) }
        let bits = UInt32(truncatingIfNeeded: mask.low)
        guard (~bits &+ 1).nonzeroBitCount <= 1 else {
            throw failure(.expected(what))
        }
        return FilterPrefix(address: network.address, length: bits.nonzeroBitCount)
    }
}
