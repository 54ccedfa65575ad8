/// Why a capture cannot be read any further: from here on nobody can tell where the next record starts.
public struct CaptureFailure: Error, Equatable, Sendable {
    public enum Reason: UInt8, Sendable, CaseIterable {
        case empty
        case tooShort
        case notACapture
        case unsupportedVersion
        case reservedLinkTypeBits
        case recordTooLarge
        case badByteOrderMagic
        case blockLengthTooShort
        case blockLengthsDiffer
        case blockTooLarge
        case noSectionHeader
    }

    public let reason: Reason
    /// Octets from the start of the (decompressed) file to the record that broke the framing.
    public let fileOffset: Int64
    /// The value that was found, and the bound or value it was held against; what they are depends on the reason.
    public let found: UInt64, expected: UInt64

    init(_ reason: Reason, at fileOffset: Int64, found: UInt64 = 0, expected: UInt64 = 0) {
        self.reason = reason
        self.fileOffset = fileOffset
        self.found = found
        self.expected = expected
    }
}

extension CaptureFailure: CustomStringConvertible {
    public var description: String {
        "at octet \(fileOffset): \(explanation)"
    }

    private var explanation: String {
        switch reason {
        case .empty: "the file is empty"
        case .tooShort: "the file has only \(found) octet\(found == 1 ? "" : "s"), too few for a capture"
        case .notACapture: "not a capture: the first octets are those of no known format (0x\(hexadecimal(found)))"
        case .unsupportedVersion: "version \(found).\(expected) of the format is not supported"
        case .reservedLinkTypeBits: "reserved bits of the link type are set (0x\(hexadecimal(found)))"
        case .recordTooLarge: "record claims \(found) octets; at most \(expected) can be"
        case .badByteOrderMagic: "section header without byte-order magic (0x\(hexadecimal(found)))"
        case .blockLengthTooShort: "block length \(found) is below the minimum \(expected)"
        case .blockLengthsDiffer: "block length \(found) at the block's start, \(expected) at its end"
        case .blockTooLarge: "block claims \(found) octets; at most \(expected) can be"
        case .noSectionHeader: "block of type 0x\(hexadecimal(found)) outside a section"
        }
    }

    private func hexadecimal(_ value: UInt64) -> String { String(value, radix: 16) }
}

/// Where a capture ends in the middle of a record: copied or written incompletely, or still being written.
public struct CutShort: Equatable, Sendable, CustomStringConvertible {
    /// Octets from the start of the (decompressed) file to the incomplete record.
    public let fileOffset: Int64
    /// Octets of the incomplete record that are there.
    public let available: Int
    /// Octets it needs, as far as what is there tells.
    public let needed: Int64

    public var description: String {
        "cut short in the middle of a record at octet \(fileOffset): "
            + "\(available) of at least \(needed) octets are there"
    }
}
