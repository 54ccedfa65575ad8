/// Names of files, and whatever else the system takes as octets, as text.
///
/// A name on Linux is any octets, and text is UTF-8. An octet that belongs to no UTF-8 becomes a character of its own,
/// U+10FF80 ... U+10FFFF at the end of what is for private use, and goes back to the system as the octet that it was.
/// Of names that hold such a character each octet of it is treated like that: so no two names are one text.
public enum SystemName {
    private static let firstStandIn: UInt32 = 0x10FF80

    /// The text of a name.
    public static func text(_ octets: Span<UInt8>) -> String {
        var text = ""
        var index = 0
        while index < octets.count {
            let scalar = octets.scalar(at: index)
            if scalar.count > 0, scalar.value < firstStandIn {
                text.unicodeScalars.append(Unicode.Scalar(scalar.value)!)
                index += scalar.count
            } else {
                let octet = octets[index]
                // A UTF-8 sequence has octets from 0x80 on alone, if it is no ASCII.
                text.unicodeScalars.append(Unicode.Scalar(firstStandIn + UInt32(octet & 0x7F))!)
                index += 1
            }
        }
        return text
    }

    /// The octets of a text that `text` made, and of any other text its UTF-8.
    public static func octets(_ text: String) -> [UInt8] {
        guard hasStandIn(text) else { return Array(text.utf8) }
        var octets: [UInt8] = []
        for scalar in text.unicodeScalars {
            if scalar.value >= firstStandIn {
                octets.append(0x80 | UInt8(truncatingIfNeeded: scalar.value))
            } else {
                octets.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
        return octets
    }

    /// The name on one line for people, so that it cannot drive a terminal (`TerminalText`).
    public static func shown(_ text: String) -> String {
        var buffer = OctetBuffer()
        buffer.append(terminal: octets(text).span, .escaped)
        return buffer.description
    }

    /// A message that holds names, all else as it is.
    public static func escaped(_ message: String) -> String {
        guard hasStandIn(message) else { return message }
        return message.unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.value >= firstStandIn {
                text += "\\x" + String(0x80 | scalar.value & 0x7F, radix: 16)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }

    /// For JSON and databases, whose text is Unicode: U+FFFD where an octet is none.
    public static func repaired(_ text: String) -> String {
        hasStandIn(text) ? String(decoding: octets(text), as: UTF8.self) : text
    }

    /// Whether an octet of the name is no UTF-8. All stand-ins begin with this octet, and few else.
    private static func hasStandIn(_ text: String) -> Bool {
        text.utf8.contains(0xF4) && text.unicodeScalars.contains(where: isStandIn)
    }

    /// Whether a character stands for an octet that is no UTF-8.
    public static func isStandIn(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= firstStandIn }
}
