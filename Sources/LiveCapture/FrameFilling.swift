import CPcap
import CaptureFiles

/// Where the frames of one call of pcap_dispatch(3) go.
@safe struct FrameFilling {
    let window: UnsafeMutableBufferPointer<UInt8>
    let frames: UnsafeMutablePointer<FrameList>
    let handle: OpaquePointer
    let snapLength: Int
    /// Nanoseconds in a unit of the part of a second that packet headers say.
    let fraction: Int64
    let linkType: UInt16
    let interface: UInt16
    var position = 0

    /// Copies one frame out of the kernel's buffer. Ends the call where the window may have no room for another one.
    @inline(always)
    mutating func take(_ header: pcap_pkthdr, _ octets: UnsafePointer<UInt8>) {
        // libpcap cuts at the snap length; the bound does not rely on it.
        let captured = min(Int(header.caplen), snapLength)
        // SAFETY: `captured` octets can be read during the callback, and as many fit: `InterfaceCapture.read` starts
        // with room for a frame, and below the call is ended before there is none.
        unsafe (window.baseAddress! + position).update(from: octets, count: captured)
        let time = Int64(header.ts.tv_sec) &* 1_000_000_000 &+ Int64(header.ts.tv_usec) &* fraction
        // SAFETY: `frames` is the list of `InterfaceCapture.read`, held exclusively during the call, which asks for no
        // more frames than fit.
        unsafe frames.pointee.append(
            FrameRecord(
                time: time, offset: UInt32(truncatingIfNeeded: position),
                capturedLength: UInt32(truncatingIfNeeded: captured), wireLength: header.len, linkType: linkType,
                interface: interface))
        position += captured
        if unsafe window.count - position < snapLength { unsafe pcap_breakloop(handle) }
    }
}

/// What libpcap calls for each frame; `user` is a `FrameFilling`.
// SAFETY: libpcap passes on the pointer that `InterfaceCapture.read` gave it, and a header and octets that stay during
// the call.
let fillFrame: pcap_handler = { user, header, octets in
    unsafe UnsafeMutableRawPointer(user!).assumingMemoryBound(to: FrameFilling.self)
        .pointee.take(header!.pointee, octets!)
}
