import Flows
import Headers

/// A key's fields by name.
public enum AlertKeyText {
    /// The fields as rows in JSON have them: `src_ip` and `10.0.0.0/24`, `dst_port` and `443`.
    public static func fields(_ key: FlowKey, _ fields: KeyFields) -> [(name: String, text: String, isText: Bool)] {
        var all: [(name: String, text: String, isText: Bool)] = []
        if let prefix = fields.source { all.append(("src_ip", address(key.source, prefix), true)) }
        if let prefix = fields.destination { all.append(("dst_ip", address(key.destination, prefix), true)) }
        if fields.sourcePort { all.append(("src_port", "\(key.sourcePort)", false)) }
        if fields.destinationPort { all.append(("dst_port", "\(key.destinationPort)", false)) }
        if fields.protocol { all.append(("protocol", "\(key.protocol)", false)) }
        if fields.vlan { all.append(("vlan", "\(key.vlan)", false)) }
        return all
    }

    /// The fields in one line; of a key without any, `total`.
    public static func text(_ key: FlowKey, _ fields: KeyFields) -> String {
        let all = self.fields(key, fields)
        if all.isEmpty { return "total" }
        return all.count == 1 ? all[0].text : all.map { "\($0.name)=\($0.text)" }.joined(separator: " ")
    }

    /// A filter that the rows of the key pass; `nil` where it has no fields that a filter can name.
    static func filter(_ key: FlowKey, _ fields: KeyFields) -> String? {
        let parts = self.fields(key, fields).filter { field in
            // A port of 0 is none, and nothing compares with none.
            !(field.name.hasSuffix("port") && field.text == "0") && field.text != "-"
        }
        return parts.isEmpty ? nil : parts.map { "\($0.name) == \($0.text)" }.joined(separator: " and ")
    }

    private static func address(_ address: IPAddress, _ prefix: AddressPrefix) -> String {
        guard address.family != .none else { return "-" }
        let isFour = address.family == .v4
        let isWhole = isFour ? prefix.v4 == 32 : prefix.v6 == 128
        return "\(address)" + (isWhole ? "" : "/\(isFour ? prefix.v4 : prefix.v6)")
    }
}
