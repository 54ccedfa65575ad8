import Octets

/// An Ethernet/IPv4 ARP packet (RFC 826). The dissector only names it: it carries no IP packet.
public struct ARPFields: Equatable, Sendable {
    public enum Operation: UInt16, Sendable { case request = 1, reply = 2 }

    public var operation: Operation
    public var senderHardware: MACAddress
    public var sender: UInt32
    public var targetHardware: MACAddress
    public var target: UInt32

    public init(
        operation: Operation, senderHardware: MACAddress, sender: UInt32, targetHardware: MACAddress, target: UInt32
    ) {
        self.operation = operation
        self.senderHardware = senderHardware
        self.sender = sender
        self.targetHardware = targetHardware
        self.target = target
    }

    public func emit(into out: inout [UInt8]) {
        out.appendBigEndian(UInt16(1))
        out.appendBigEndian(EtherType.ipv4.rawValue)
        out.append(6)
        out.append(4)
        out.appendBigEndian(operation.rawValue)
        senderHardware.emit(into: &out)
        out.appendBigEndian(sender)
        targetHardware.emit(into: &out)
        out.appendBigEndian(target)
    }
}
