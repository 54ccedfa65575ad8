/// Why a `.dat` file could not be read, and where.
public struct IPFIXFailure: Error, Equatable, Sendable {
    public enum Reason: Equatable, Sendable {
        /// The message's version is not 10.
        case version(UInt16)
        /// The message's length is below its header's, or the file ends inside the message.
        case messageLength(claimed: Int, available: Int)
        /// The set's length is below its header's or beyond its message.
        case setLength(claimed: Int, available: Int)
        /// A set identifier that RFC 7011 reserves.
        case reservedSet(UInt16)
        /// A template ends beyond its set, has no fields, withdraws another or contradicts an earlier one.
        case template(UInt16)
        case tooManyTemplates
        /// A template has an element, or lacks one, as no file of ours does.
        case unsupportedElement(template: UInt16, element: UInt16)
        case missingElement(template: UInt16)
        /// A data set before its template.
        case unknownTemplate(UInt16)
        /// Octets behind the last record of a set that are not padding.
        case leftover(template: UInt16)
        /// Messages are missing, doubled or out of order.
        case sequence(expected: UInt32, found: UInt32)
        case domain(expected: UInt32, found: UInt32)
        /// A value that contradicts the file's task record or its element's range.
        case value(element: UInt16)
        /// The file has no record that names its task, or two.
        case taskRecord
        /// The file's last record is missing: the file was cut.
        case missingEnd
        case rowCount(announced: UInt64, found: UInt64)
        /// Records behind the record that ends the file.
        case recordsAfterEnd
    }

    public var reason: Reason
    /// Octets from the start of the file.
    public var offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension IPFIXFailure: CustomStringConvertible {
    public var description: String { "octet \(offset): \(reason)" }
}

extension IPFIXFailure.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .version(let version): "not an IPFIX message: version \(version) instead of 10"
        case .messageLength(let claimed, let available):
            "the message claims \(claimed) octets, \(available) are there"
        case .setLength(let claimed, let available): "the set claims \(claimed) octets, \(available) are there"
        case .reservedSet(let id): "set \(id) is reserved"
        case .template(let id): "template \(id) is damaged"
        case .tooManyTemplates: "too many templates"
        case .unsupportedElement(let id, let element): "template \(id) has element \(element), which is not supported"
        case .missingElement(let id): "template \(id) lacks an element that every flow has"
        case .unknownTemplate(let id): "records of template \(id), which was not announced"
        case .leftover(let id): "octets behind the last record of template \(id)"
        case .sequence(let expected, let found): "message number \(found) where \(expected) was expected"
        case .domain(let expected, let found): "observation domain \(found) where \(expected) was expected"
        case .value(let element): "element \(element) has a value that the file contradicts"
        case .taskRecord: "the record that names the task is missing or doubled"
        case .missingEnd: "the file ends before its last record"
        case .rowCount(let announced, let found): "the file announces \(announced) rows and holds \(found)"
        case .recordsAfterEnd: "records behind the one that ends the file"
        }
    }
}
