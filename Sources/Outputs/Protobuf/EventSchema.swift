/// Which numbers the fields 3 to 8 of a protobuf `Event` have.
public enum EventSchema: String, Sendable, CaseIterable {
    /// eCapture's description, and the default: pid 3, pname 4, src_ip 5, src_port 6, dst_ip 7, dst_port 8
    /// (proto/event.proto).
    case standard
    /// What eCapture's own clients use: src_ip 3, src_port 4, dst_ip 5, dst_port 6, pid 7, pname 8
    /// (proto/ecapture_event.proto).
    case ecapture
}
