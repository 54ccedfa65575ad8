import Foundation

/// What an independent dissector said about a capture (the corpus's ORACLE.md describes the format).
struct DissectionOracle: Decodable {
    /// One packet: indexes into `tuples`, `nil` where there is none.
    struct Packet {
        var number: Int
        var outer: Int?
        var inner: Int?
        var stack: Int?
        var note: Int?
    }

    struct Totals: Hashable {
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
    }

    /// Addresses as text, so that both sides are compared in the canonical form; absent ports are 0, as ours are.
    struct Tuple: Hashable, CustomStringConvertible {
        var source: String
        var destination: String
        var protocolNumber: Int
        var sourcePort: Int
        var destinationPort: Int

        var description: String {
            "\(source):\(sourcePort) → \(destination):\(destinationPort) protocol \(protocolNumber)"
        }
    }

    struct Flow {
        var tuple: Tuple
        var counts: Totals
    }

    var file: String
    var stacks: [String]
    var notes: [String]
    var tuples: [Tuple]
    var packets: [Packet]
    var flowsOuter: [Flow]
    var flowsInner: [Flow]
    var nonIP: Totals
    /// Readers that would not open the file. Where tshark is one of them, the rest is empty.
    var readersRefusing: [String]

    init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(DissectionOracle.self, from: Data(json))
    }

    private enum Key: String, CodingKey {
        case file, stacks, notes, tuples, packets, consensus
        case flowsOuter = "flows_outer"
        case flowsInner = "flows_inner"
        case nonIP = "non_ip"
        case packetColumns = "packet_columns"
        case readersRefusing = "readers_refusing"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        file = try container.decode(String.self, forKey: .file)
        stacks = try container.decode([String].self, forKey: .stacks)
        notes = try container.decode([String].self, forKey: .notes)
        tuples = try container.decode([Tuple].self, forKey: .tuples)
        flowsOuter = try container.decode([Flow].self, forKey: .flowsOuter)
        flowsInner = try container.decode([Flow].self, forKey: .flowsInner)
        nonIP = try container.decode(Totals.self, forKey: .nonIP)
        readersRefusing = try container.nestedContainer(keyedBy: Key.self, forKey: .consensus)
            .decode([String].self, forKey: .readersRefusing)
        let columns = try container.decode([String].self, forKey: .packetColumns)
        packets = try container.decode([Row].self, forKey: .packets).map { row in
            func field(_ name: String) -> Int? { columns.firstIndex(of: name).flatMap { row.values[$0] } }
            return Packet(
                number: field("number") ?? 0, outer: field("outer"), inner: field("inner"), stack: field("stack"),
                note: field("note"))
        }
    }

    /// A row of the packet table. Columns that hold no number are of no interest here.
    private struct Row: Decodable {
        var values: [Int?] = []

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            while !container.isAtEnd {
                if try container.decodeNil() {
                    values.append(nil)
                } else if let number = try? container.decode(Int.self) {
                    values.append(number)
                } else {
                    _ = try container.decode(String.self)
                    values.append(nil)
                }
            }
        }
    }
}

extension DissectionOracle.Totals: Decodable {}

extension DissectionOracle.Tuple: Decodable {
    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        try self.init(from: &container)
    }

    init(from container: inout any UnkeyedDecodingContainer) throws {
        source = try container.decode(String.self)
        destination = try container.decode(String.self)
        protocolNumber = try container.decode(Int.self)
        sourcePort = try container.decodeIfPresent(Int.self) ?? 0
        destinationPort = try container.decodeIfPresent(Int.self) ?? 0
    }
}

extension DissectionOracle.Flow: Decodable {
    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        tuple = try DissectionOracle.Tuple(from: &container)
        counts = DissectionOracle.Totals(
            packets: try container.decode(UInt64.self), bytes: try container.decode(UInt64.self))
    }
}
