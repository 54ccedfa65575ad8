import Headers

/// What the next packet of a flow is: its direction, its flags and its size.
struct PacketShape {
    var isBackward = false
    /// Empty but for TCP.
    var flags = TCPFlags()
    var options = TCPOptions.none
    /// Octets of the IP packet, header included.
    var packetLength = 0

    /// Which options a TCP header carries.
    enum TCPOptions: Int {
        case none = 0
        /// NOP, NOP, timestamps (RFC 7323).
        case timestamps = 12
        /// MSS, SACK permitted, timestamps, window scale, as hosts send them with SYN.
        case handshake = 20
    }

    init(_ flow: SyntheticFlow, _ random: inout RandomSource) {
        let isTCP = flow.truth.protocol == .tcp
        let isLarge = chooseDirection(flow, &random)
        let isSYN = flags.contains(.syn)
        let networkHeader = flow.truth.source.family == .v6 ? 40 : 20
        if isTCP { options = isSYN ? .handshake : .timestamps }
        let least = networkHeader + (isTCP ? 20 + options.rawValue : 8)
        if isLarge {
            packetLength = Int(random.number(1_000...1_500))
        } else {
            packetLength = isSYN ? least : Int(random.number(UInt32(max(least, 40))...100))
        }
        // Some hosts use no timestamps: bare acknowledgements of 40 or 60 octets.
        if flags == .ack, !isLarge, flow.sent > 2, random.isWithin(0.5) {
            options = .none
            packetLength = networkHeader + 20
        }
    }

    /// Sets the direction and flags; whether the packet is full of data.
    private mutating func chooseDirection(_ flow: SyntheticFlow, _ random: inout RandomSource) -> Bool {
        let isTCP = flow.truth.protocol == .tcp
        if isTCP, flow.planned > 3 {
            switch flow.sent {
            case 0: return set(backward: false, .syn)
            case 1: return set(backward: true, [.syn, .ack])
            case 2: return set(backward: false, .ack)
            case flow.planned - 1: return set(backward: random.isWithin(0.5), [.fin, .ack])
            default: break
            }
        } else if flow.sent == 0 {
            return set(backward: false, isTCP ? .syn : [])
        }
        if flow.truth.protocol == .icmp || flow.truth.protocol == .icmpv6 {
            return set(backward: flow.sent % 2 == 1, [])  // request, reply, request …
        }
        let isData = random.isWithin(0.58)
        let isLarge = random.isWithin(isData ? 0.88 : 0.03)
        _ = set(backward: isData == flow.dataComesBack, isTCP ? isLarge ? [.psh, .ack] : .ack : [])
        return isLarge
    }

    private mutating func set(backward: Bool, _ flags: TCPFlags) -> Bool {
        isBackward = backward
        self.flags = flags
        return false
    }
}
