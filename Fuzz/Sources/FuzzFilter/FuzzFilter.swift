import Flows
import Headers
import PacketTestSupport

/// Any text as a filter: no trap; an error lies inside the text; a filter means the same in parentheses, and the
/// opposite behind `not`, for a packet of every kind.
@c(LLVMFuzzerTestOneInput)
public func fuzzFilter(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    let text = String(decoding: input, as: UTF8.self)
    do throws(FilterFailure) {
        let filter = try PacketFilter(parsing: text)
        check(filter, text)
    } catch {
        precondition(1...(text.count + 1) ~= error.column, "the error points outside the text")
        precondition(!error.description.isEmpty)
    }
    return 0
}

private let packets: [PacketInfo] = SampleFrame.all.map { sample in
    Dissector(tunnels: .outer).dissect(
        sample.octets.span, linkType: sample.linkType, time: 0, wireLength: UInt32(sample.octets.count)
    ).info
}

private func check(_ filter: PacketFilter, _ text: String) {
    // An empty expression matches everything, but is nothing in parentheses; and nesting has a limit.
    guard let wrapped = try? PacketFilter(parsing: "(\(text))"),
        let negated = try? PacketFilter(parsing: "not (\(text))")
    else { return }
    for packet in packets {
        let matches = filter.matches(packet)
        precondition(wrapped.matches(packet) == matches, "parentheses change the meaning")
        precondition(negated.matches(packet) != matches, "not does not negate")
    }
}
