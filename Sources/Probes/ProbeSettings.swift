/// What is taken from the programs that are traced: an object of programs for the kernel each.
public enum ProbeSubject: Sendable {
    /// What goes in and out of TLS libraries.
    case plaintext
    /// The secrets of their connections.
    case secrets
}

/// Who is traced, and with what room.
public struct ProbeSettings: Equatable, Sendable {
    public var subject = ProbeSubject.plaintext
    /// Only these processes; empty: all.
    public var pids: [UInt32] = []
    /// Also the children of these processes, and theirs: those that run already, and later ones from the moment they
    /// are forked.
    public var followsChildren = false
    /// Only processes in this control group and in those below: its number, `ControlGroup.identifier(of:)`.
    public var controlGroup: UInt64?
    /// Only this user's.
    public var uid: UInt32?
    /// Only threads of this name.
    public var comm: String?
    /// The ring between the kernel and this program: a power of two, at least a page.
    public var ringBytes: UInt32 = 16 << 20
    /// Octets of one call that are passed on; the rest is counted.
    public var payloadMax: UInt64 = Self.payloadLimit

    /// Where the kernel can (Linux 5.8), one ring for all processors. Tests try both.
    public var usesRing = true
    /// Where the kernel can (Linux 6.6), one link stands for many functions. Tests try both.
    public var linksManyFunctions = true

    /// 256 records of 16 KiB (`PIECES_MAX` of tls.bpf.c).
    public static let payloadLimit: UInt64 = 4 << 20

    public init() {}
}
