import Flows
import Headers

/// A filter in ClickHouse's language, over the columns of `ClickHouseQuestion.rows`.
struct ClickHouseFilter {
    /// Of the stored rows.
    let fields: KeyFields

    func sql(_ expression: FilterExpression) -> String {
        switch expression {
        case .always: "1"
        case .test(let test): "(\(sql(test)))"
        case .not(let inner): "(NOT \(sql(inner)))"
        case .all(let parts): "(" + parts.map(sql).joined(separator: " AND ") + ")"
        case .any(let parts): "(" + parts.map(sql).joined(separator: " OR ") + ")"
        }
    }

    /// A test of what a row does not have is false, inverted or not.
    private func sql(_ test: FilterTest) -> String {
        switch test.subject {
        case .version(let range): "fam != 0 AND \(inverted(test, contains("fam", range)))"
        case .address(let address, let mask):
            "fam != 0 AND "
                + onSide(test) { end in
                    inverted(
                        test,
                        "fam = \(address.family.rawValue) AND bitAnd(\(end)h0, \(mask.high)) = \(address.high)"
                            + " AND bitAnd(\(end)l0, \(mask.low)) = \(address.low)")
                }
        case .port(let range):
            "\(hasAddress)\(hasPorts) AND " + onSide(test) { inverted(test, contains("\($0)p0", range)) }
        case .protocol(let range): "\(hasAddress)\(inverted(test, contains("pr0", range)))"
        case .vlan(let range): inverted(test, contains("vl0", range))
        // Plans refuse it.
        case .length: "0"
        case .flags(let wanted, let mask):
            "\(hasAddress)\(hasFlags) AND "
                + inverted(test, "bitAnd(bitOr(fl0, rf0), \(mask)) = \(wanted)")
        }
    }

    /// What `PacketInfo.init(_:fields:)` takes a row for: one without an address is of no IP version.
    private var hasAddress: String { "fam != 0 AND " }

    private var hasAnyPort: String {
        fields.sourcePort || fields.destinationPort ? "(sp0 != 0 OR dp0 != 0)" : "1"
    }

    private var hasPorts: String {
        fields.protocol ? "pr0 IN (6, 17, 33, 132, 136) AND \(hasAnyPort)" : hasAnyPort
    }

    private var hasFlags: String { fields.protocol ? "pr0 = 6 AND \(hasAnyPort)" : hasAnyPort }

    private func contains(_ column: String, _ range: ClosedRange<UInt64>?) -> String {
        guard let range else { return "0" }
        return "\(column) >= \(range.lowerBound) AND \(column) <= \(range.upperBound)"
    }

    private func inverted(_ test: FilterTest, _ text: String) -> String {
        test.isInverted ? "(NOT (\(text)))" : "(\(text))"
    }

    private func onSide(_ test: FilterTest, _ text: (String) -> String) -> String {
        switch test.side {
        case .source: text("s")
        case .destination: text("d")
        case .either: "(\(text("s")) OR \(text("d")))"
        case .both: "(\(text("s")) AND \(text("d")))"
        }
    }
}
