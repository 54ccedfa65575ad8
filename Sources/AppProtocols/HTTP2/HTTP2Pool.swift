/// One message that is being received: one element, or none (see `BoxPool`).
typealias HTTP2AssemblyBox = [HTTP2Assembly]

/// State for reuse, by all connections of one context.
final class HTTP2Pool {
    private var block = HTTP2HeaderBlock()
    private let boxes = BoxPool<HTTP2Assembly>()

    /// A header block, new or reset.
    func takeBlock() -> HTTP2HeaderBlock {
        var taken = HTTP2HeaderBlock()
        swap(&taken, &block)
        return taken
    }

    /// - Parameter other: a block that is done with: its memory is used again.
    func give(_ other: inout HTTP2HeaderBlock) { swap(&other, &block) }

    /// One that is new or retired.
    func takeAssembly() -> HTTP2AssemblyBox { boxes.take() ?? [HTTP2Assembly()] }

    /// - Parameter box: of a message that ended, given up by whoever had it.
    func give(_ box: consuming HTTP2AssemblyBox) {
        boxes.give(box) { box, others in
            let capacity = box[0].retire()
            if capacity > MessageBody.keptOctets, !Self.mayKeepBody(capacity, others) {
                box[0].message.body.octets = []
            }
        }
    }

    /// The memory of one large body stays for the next: to have it anew takes longer than to fill it.
    private static func mayKeepBody(_ capacity: Int, _ boxes: borrowing [HTTP2AssemblyBox]) -> Bool {
        guard capacity <= largeBodyOctetsMax else { return false }
        for index in boxes.indices where boxes[index][0].message.body.octets.capacity > MessageBody.keptOctets {
            return false
        }
        return true
    }

    /// A body of the usual limit, in memory that grew by doubling.
    private static let largeBodyOctetsMax = 4 << 20
}
