/// Notes for people and for programs.
extension MessageNote: CustomStringConvertible {
    /// One line, without a full stop.
    public var description: String {
        switch self {
        case .endNotSeen: "the end was not seen"
        case .soFar(_, nil): "so far; more may follow"
        case .soFar(let seen, let announced?): "\(seen) of \(announced) octets of the body so far; more may follow"
        case .memoryLimited: "shown before its end: the memory for unfinished messages is used up"
        case .bodyShort(let seen, let announced): "the body ends after \(seen) of \(announced) octets"
        case .gap(let octets): octets.map { "\($0) octets are missing inside" } ?? "octets are missing inside"
        case .beginningNotSeen: "the beginning was not seen"
        case .bodyLimited(let shown): "the body is larger than the limit: \(shown) octets are shown"
        case .wireLimited(let shown): "more was captured than the limit: \(shown) octets are shown"
        case .decodingLimited(let octets): "decoding ended at the limit of \(octets) octets"
        case .undecodable(let coding, let octets): "\(coding) could not be decoded after \(octets) octets"
        case .codingTruncated(let coding): "\(coding) ends before its end mark"
        case .unknownCoding: "the content coding is not known: the body is shown as it was on the wire"
        case .codingsLimited(let max):
            "the body has more than \(max) content codings: it is shown as it was on the wire"
        case .fieldsLimited(let max): "the head has more than \(max) fields: further ones are missing"
        case .headLimited(let octets): "the head is larger than the limit of \(octets) octets: fields are missing"
        case .unknownFields(let count): "\(count) header fields refer to table entries that were not seen"
        case .reset(let code): "the stream was reset, error code \(code)"
        case .malformed(let malformation): "malformed: \(malformation.phrase)"
        case .truncated(let octets): "Events truncated, size: \(octets) bytes"
        case .bodyRedacted: "parts of the body are redacted"
        case .bodyWithheld(let octets): "\(octets) octets of the body are withheld: they could not be redacted surely"
        case .wireWithheld(let octets): "\(octets) octets as captured are withheld: they could not be redacted surely"
        }
    }

    /// A name that stays the same from version to version.
    public var code: String {
        switch self {
        case .endNotSeen: "end_not_seen"
        case .soFar: "so_far"
        case .memoryLimited: "memory_limited"
        case .bodyShort: "body_short"
        case .gap: "gap"
        case .beginningNotSeen: "beginning_not_seen"
        case .bodyLimited: "body_limited"
        case .wireLimited: "wire_limited"
        case .decodingLimited: "decoding_limited"
        case .undecodable: "undecodable"
        case .codingTruncated: "coding_truncated"
        case .unknownCoding: "unknown_coding"
        case .codingsLimited: "codings_limited"
        case .fieldsLimited: "fields_limited"
        case .headLimited: "head_limited"
        case .unknownFields: "unknown_fields"
        case .reset: "reset"
        case .malformed: "malformed"
        case .truncated: "truncated"
        case .bodyRedacted: "body_redacted"
        case .bodyWithheld: "body_withheld"
        case .wireWithheld: "wire_withheld"
        }
    }
}
