import Cryptography
import Headers
import Octets

/// Replaces the IP addresses in frames with those that Crypto-PAn gives for them, and sets the checksums right that
/// cover them: in IP headers at any depth of tunnels, in ARP, and in what ICMP quotes.
///
/// Frames in which addresses may stand elsewhere are refused, so that nobody's address stays for want of a parser. What
/// programs say (names, addresses in DNS or HTTP) is payload and stays as it is.
final class FrameAnonymiser {
    private let cipher: CryptoPAn
    private let dissector = Dissector(tunnels: .inner)
    /// The frame as it is changed, and as it was.
    private(set) var frame: [UInt8] = []
    private var original: [UInt8] = []

    init(_ cipher: CryptoPAn) { self.cipher = cipher }

    /// Changes a copy of the frame, which `frame` then holds; `false`: the frame is to be left out.
    func anonymise(_ octets: Span<UInt8>, linkType: LinkType, wireLength: UInt32) -> Bool {
        frame.removeAll(keepingCapacity: true)
        frame.append(contentsOf: octets)
        let (dissection, places) = dissector.places(in: octets, linkType: linkType, wireLength: wireLength)
        guard !places.isEmpty, dissection.outcome == .flow || places.allSatisfy({ $0.kind == .arp }) else {
            return false
        }
        if let stopped = dissection.stopped {
            switch stopped.layer {
            case .ipv4, .ipv6, .ipv6Extension: return false
            default: if stopped.reason == .tooDeep { return false }
            }
        }
        original = frame
        // From the inside out: a checksum covers what is further in.
        for (index, place) in places.enumerated().reversed() {
            let isInnermost = index == places.count - 1
            switch place.kind {
            case .ipv4: guard anonymise4(place.offset, isInnermost: isInnermost) else { return false }
            case .ipv6: guard anonymise6(place.offset, isInnermost: isInnermost) else { return false }
            case .arp: guard anonymiseARP(place.offset) else { return false }
            }
        }
        return true
    }

    // MARK: - Headers

    /// Options with addresses in them: record route, time stamps, source routes (RFC 791 § 3.1).
    private static let optionsWithAddresses: Set<UInt8> = [7, 68, 131, 137]

    private func anonymise4(_ start: Int, isInnermost: Bool) -> Bool {
        let headerOctets = Int(frame[start] & 15) * 4
        guard headerOctets >= 20, frame.count - start >= headerOctets, !hasAddressOptions(start, headerOctets) else {
            return false
        }
        let isFirst = frame.span.bigEndian16(at: start + 6) & 0x1FFF == 0
        let transport = start + headerOctets
        guard
            anonymiseTransport(
                IPProtocol(rawValue: frame[start + 9]), at: isFirst ? transport : nil, isInnermost: isInnermost,
                change: {
                    guard self.replace4(at: start + 12), self.replace4(at: start + 16) else { return nil }
                    return start + 12..<start + 20
                })
        else { return false }
        adjust(checksumAt: start + 10, for: start + 12..<start + 20)
        return true
    }

    private func hasAddressOptions(_ start: Int, _ headerOctets: Int) -> Bool {
        var position = start + 20
        while position < start + headerOctets {
            let type = frame[position]
            if type == 0 { return false }
            if Self.optionsWithAddresses.contains(type) { return true }
            guard type != 1 else {
                position += 1
                continue
            }
            guard position + 1 < start + headerOctets, frame[position + 1] >= 2 else { return true }
            position += Int(frame[position + 1])
        }
        return false
    }

    private func anonymise6(_ start: Int, isInnermost: Bool) -> Bool {
        var next = IPProtocol(rawValue: frame[start + 6])
        var transport = start + 40
        var isFirst = true
        while next.isIPv6Extension {
            // A routing header holds addresses. What is cut holds no more of anything.
            guard next.rawValue != 43 else { return false }
            guard frame.count - transport >= 8 else {
                isFirst = false
                break
            }
            if next.rawValue == 44, frame.span.bigEndian16(at: transport + 2) & 0xFFF8 != 0 { isFirst = false }
            let length =
                next.rawValue == 44
                ? 8
                : next.rawValue == 51
                    ? (Int(frame[transport + 1]) + 2) * 4 : (Int(frame[transport + 1]) + 1) * 8
            next = IPProtocol(rawValue: frame[transport])
            transport += length
            guard isFirst else { break }
        }
        return anonymiseTransport(
            next, at: isFirst ? transport : nil, isInnermost: isInnermost,
            change: {
                guard self.replace6(at: start + 8), self.replace6(at: start + 24) else { return nil }
                return start + 8..<start + 40
            })
    }

    /// Hardware addresses of any length, protocol addresses of IPv4 (RFC 826).
    private func anonymiseARP(_ start: Int) -> Bool {
        guard frame.count - start >= 8, frame.span.bigEndian16(at: start + 2) == EtherType.ipv4.rawValue,
            frame[start + 5] == 4
        else { return false }
        let hardware = Int(frame[start + 4])
        let sender = start + 8 + hardware
        let target = sender + 4 + hardware
        guard frame.count >= target + 4 else { return false }
        return replace4(at: sender) && replace4(at: target)
    }

    // MARK: - What is above

    /// Protocols that carry no addresses but in headers that are looked at.
    private static let protocols: Set<UInt8> = [1, 4, 6, 17, 33, 41, 47, 50, 51, 58, 59, 97, 136, 137]

    /// Changes a header's addresses, and sets the checksum above it right.
    ///
    /// - Parameters:
    ///   - transport: where the header above begins; `nil` in fragments but the first.
    ///   - change: changes the addresses, and says where they are.
    private func anonymiseTransport(
        _ protocol: IPProtocol, at transport: Int?, isInnermost: Bool, change: () -> Range<Int>?
    ) -> Bool {
        guard Self.protocols.contains(`protocol`.rawValue) else { return false }
        var hasChangedAbove = !isInnermost
        if let transport, transport < frame.count {
            if `protocol` == .icmp || `protocol`.rawValue == 58 {
                guard let isChanged = anonymiseICMP(transport, isVersion6: `protocol` != .icmp) else { return false }
                hasChangedAbove = hasChangedAbove || isChanged
            }
        }
        guard let addresses = change() else { return false }
        guard let transport, transport < frame.count else { return true }
        let place: Int
        switch `protocol`.rawValue {
        case 6: place = transport + 16
        case 17, 136: place = transport + 6
        case 33: place = transport + 6
        case 1, 58: place = transport + 2
        default: return true
        }
        guard place + 2 <= frame.count else { return true }
        let isUDP = `protocol`.rawValue == 17
        if isUDP, frame.span.bigEndian16(at: place) == 0 { return true }  // none was made
        // First, as the checksum itself lies there and must not have changed yet.
        if hasChangedAbove { adjust(checksumAt: place, for: transport..<frame.count) }
        // ICMP over IPv4 has no pseudo-header (RFC 792).
        if `protocol` != .icmp { adjust(checksumAt: place, for: addresses) }
        if isUDP, frame.span.bigEndian16(at: place) == 0 {
            frame[place] = 0xFF
            frame[place + 1] = 0xFF
        }
        return true
    }

    /// Addresses in ICMP messages: of packets that errors quote, of gateways and neighbours (RFC 792, 4443, 4861).
    ///
    /// - Returns: whether anything was changed; `nil`: the frame is to be left out.
    private func anonymiseICMP(_ start: Int, isVersion6: Bool) -> Bool? {
        let type = frame[start]
        let quoted = start + 8
        if isVersion6 {
            switch type {
            case 1...4: return anonymiseQuoted(quoted, version: 6)
            case 128, 129, 133: return false
            case 130, 131, 132, 135, 136: return frame.count >= quoted + 16 && replace6(at: quoted) ? true : nil
            default: return nil
            }
        }
        switch type {
        case 0, 8, 13, 14: return false
        case 3, 4, 11, 12: return anonymiseQuoted(quoted, version: 4)
        case 5: return frame.count >= quoted && replace4(at: start + 4) ? anonymiseQuoted(quoted, version: 4) : nil
        default: return nil
        }
    }

    /// The packet an error quotes, usually no more than its headers' beginning.
    private func anonymiseQuoted(_ start: Int, version: UInt8) -> Bool? {
        guard start < frame.count else { return true }
        guard frame[start] >> 4 == version, frame.count - start >= (version == 4 ? 20 : 40) else { return nil }
        let isDone = version == 4 ? anonymise4(start, isInnermost: true) : anonymise6(start, isInnermost: true)
        return isDone ? true : nil
    }

    // MARK: - Octets

    private func replace4(at offset: Int) -> Bool {
        guard let mapped = cipher.anonymised(frame.span.bigEndian32(at: offset)) else { return false }
        for index in 0..<4 { frame[offset + index] = UInt8(truncatingIfNeeded: mapped >> UInt32(24 - 8 * index)) }
        return true
    }

    private func replace6(at offset: Int) -> Bool {
        let high = frame.span.bigEndian64(at: offset)
        let low = frame.span.bigEndian64(at: offset + 8)
        guard let mapped = cipher.anonymised(high, low) else { return false }
        for index in 0..<8 {
            frame[offset + index] = UInt8(truncatingIfNeeded: mapped.high >> UInt64(56 - 8 * index))
            frame[offset + 8 + index] = UInt8(truncatingIfNeeded: mapped.low >> UInt64(56 - 8 * index))
        }
        return true
    }

    /// Updates a checksum for what has changed in a range (RFC 1624 § 3): wrong ones stay wrong by as much, and it does
    /// not matter that the capture lacks what is further on.
    private func adjust(checksumAt place: Int, for range: Range<Int>) {
        let old = frame.span.bigEndian16(at: place)
        var before = InternetChecksum()
        var after = InternetChecksum()
        before.add(original.span.extracting(range))
        after.add(frame.span.extracting(range))
        // `value` is the complement of the sum: what is added is the complement of the old sum, and the new one.
        var sum = UInt32(~old) + UInt32(before.value) + UInt32(~after.value)
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        let new = ~UInt16(truncatingIfNeeded: sum)
        frame[place] = UInt8(new >> 8)
        frame[place + 1] = UInt8(truncatingIfNeeded: new)
    }
}
