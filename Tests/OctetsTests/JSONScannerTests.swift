import Octets
import Testing

@Suite struct JSONScannerTests {
    /// The tokens' names, with what stands at them.
    private static func tokens(_ text: String) throws(JSONFailure) -> [String] {
        let octets = Array(text.utf8)
        var scanner = JSONScanner(octets.span)
        var found: [String] = []
        func slice(_ range: Range<Int>) -> String { String(decoding: octets[range], as: UTF8.self) }
        while true {
            switch try scanner.next() {
            case .beginObject: found.append("{")
            case .endObject: found.append("}")
            case .beginArray: found.append("[")
            case .endArray: found.append("]")
            case .name(let range, let hasEscapes): found.append("\(slice(range)):\(hasEscapes ? "!" : "")")
            case .string(let range, let hasEscapes): found.append("'\(slice(range))'\(hasEscapes ? "!" : "")")
            case .number(let range): found.append(slice(range))
            case .bool(let value): found.append("\(value)")
            case .null: found.append("null")
            case .end: return found
            }
        }
    }

    private static func failure(_ text: String) -> JSONFailure? {
        do throws(JSONFailure) {
            _ = try tokens(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func everyKindOfToken() throws {
        let text = #" { "a" : [ 1, -2.5e+10, 0, "x\"y", true, false, null, {}, [] ], "b\n":"" } "#
        #expect(
            try Self.tokens(text) == [
                "{", "a:", "[", "1", "-2.5e+10", "0", #"'x\"y'!"#, "true", "false", "null", "{", "}", "[", "]", "]",
                #"b\n:!"#, "''", "}",
            ])
        #expect(try Self.tokens("7") == ["7"])
    }

    @Test(
        arguments: [
            ("", .truncated, 0), ("  ", .truncated, 2), ("{", .truncated, 1), ("[1", .truncated, 2),
            ("\"a", .truncated, 2),
            ("\"\\", .truncated, 2), ("\"\\u12", .truncated, 5), ("tru", .truncated, 3), ("1.", .truncated, 2),
            ("-", .truncated, 1), ("1e", .truncated, 2), ("[1,]", .unexpected, 3), ("{,}", .unexpected, 1),
            ("{\"a\":1,}", .unexpected, 7), ("{\"a\" 1}", .unexpected, 5), ("{1:1}", .unexpected, 1),
            ("[1}", .unexpected, 2),
            ("{\"a\":1]", .unexpected, 6), ("1 2", .unexpected, 2), ("]", .unexpected, 0), ("[1 2]", .unexpected, 3),
            ("trux", .unexpected, 3), ("'a'", .unexpected, 0), ("[,1]", .unexpected, 1), ("01", .badNumber, 0),
            ("-01", .badNumber, 1), ("-x", .badNumber, 1), ("1.x", .badNumber, 2), ("1ex", .badNumber, 2),
            ("+1", .unexpected, 0), ("\"\\x\"", .badEscape, 2), ("\"\\u12g4\"", .badEscape, 5),
            ("\"a\nb\"", .controlCharacter, 2), ("{\"a\":}", .unexpected, 5), ("[1}]", .unexpected, 2),
        ] as [(String, JSONFailure.Reason, Int)])
    func whatIsNoJSONIsRefused(text: String, reason: JSONFailure.Reason, position: Int) {
        #expect(Self.failure(text) == JSONFailure(reason, at: position))
    }

    @Test func nestingIsFollowedToItsLimit() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[{\"a\":", count: depth / 2) + "1" + String(repeating: "}]", count: depth / 2)
        }
        #expect(Self.failure(nested(JSONScanner.depthMax)) == nil)
        #expect(Self.failure(nested(JSONScanner.depthMax + 2))?.reason == .tooDeep)
    }

    @Test func valuesArePassedOverWhole() throws {
        let text = Array(#"{"a":{"b":[1,{"c":2}]},"d":3}"#.utf8)
        var scanner = JSONScanner(text.span)
        var names: [String] = []
        #expect(try scanner.next() == .beginObject)
        while case .name(let range, _) = try scanner.next() {
            names.append(String(decoding: text[range], as: UTF8.self))
            try scanner.skipValue()
        }
        #expect(names == ["a", "d"])
    }

    @Test(arguments: [
        (#"plain"#, "plain"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u00e9\u20AC"#, "é€"),
        (#"\ud83d\ude00"#, "😀"), (#"\ud83d"#, "\u{FFFD}"),
        (#"\ude00x"#, "\u{FFFD}x"), (#"\ud83d\u0041"#, "\u{FFFD}A"),
        (#"\u0000"#, "\0"),
    ])
    func escapesAreResolved(text: String, expected: String) {
        let octets = Array(text.utf8)
        #expect(JSONString.unescaped(octets.span) == Array(expected.utf8))
    }

    @Test func integersAreReadExactly() {
        func integer<Value: FixedWidthInteger>(_ text: String, _ type: Value.Type) -> Value? {
            Array(text.utf8).span.integer(as: type)
        }
        #expect(integer("18446744073709551615", UInt64.self) == .max)
        #expect(integer("18446744073709551616", UInt64.self) == nil)
        #expect(integer("-9223372036854775808", Int64.self) == .min)
        #expect(integer("-9223372036854775809", Int64.self) == nil)
        #expect(integer("127", Int8.self) == 127 && integer("128", Int8.self) == nil)
        #expect(integer("-0", UInt8.self) == 0 && integer("-1", UInt8.self) == nil)
        for text in ["", "-", "1.0", "1e3", "+1", " 1"] { #expect(integer(text, Int64.self) == nil) }
    }
}
