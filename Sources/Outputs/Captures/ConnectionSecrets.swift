/// The secrets of connections whose packets are being written: which of them the current file does not have yet.
///
/// Bounded: those that came first are forgotten for room.
struct ConnectionSecrets {
    private struct Entry {
        var lines: [UInt8] = []
        /// How many octets of `lines` file number `file` has.
        var written = 0
        var file = 0
        /// Tells whether `order` means this entry, or one of the same number that was forgotten.
        var serial: UInt64
    }

    private var entries: [Int: Entry] = [:]
    /// Connections as they came, from `first` on; some may be forgotten.
    private var order: [(connection: Int, serial: UInt64)] = []
    private var first = 0
    private var serial: UInt64 = 0
    private var octets = 0
    private var file = 0

    /// Some 80,000 connections of TLS 1.3.
    static let octetsMax = 64 << 20
    let octetsMax: Int

    init(octetsMax: Int = Self.octetsMax) { self.octetsMax = octetsMax }

    /// - Returns: how many octets were forgotten for room.
    mutating func add(_ lines: Span<UInt8>, of connection: Int) -> Int {
        if entries[connection] == nil {
            serial += 1
            entries[connection] = Entry(serial: serial)
            order.append((connection, serial))
        }
        entries[connection]?.lines.append(contentsOf: lines)
        octets += lines.count
        var forgotten = 0
        while octets > octetsMax, first < order.count {
            let oldest = order[first]
            first += 1
            guard let entry = entries[oldest.connection], entry.serial == oldest.serial else { continue }
            forgotten += entry.lines.count
            forget(oldest.connection)
        }
        compact()
        return forgotten
    }

    mutating func forget(_ connection: Int) {
        guard let entry = entries.removeValue(forKey: connection) else { return }
        octets -= entry.lines.count
    }

    mutating func beginFile() { file += 1 }

    /// What the current file lacks; from now on it has it.
    mutating func due(of connection: Int) -> [UInt8] {
        guard let entry = entries[connection] else { return [] }
        let written = entry.file == file ? entry.written : 0
        guard written < entry.lines.count else { return [] }
        entries[connection]?.file = file
        entries[connection]?.written = entry.lines.count
        return Array(entry.lines[written...])
    }

    /// Drops what was forgotten from `order` once it is most of it.
    private mutating func compact() {
        guard order.count > 64, order.count > 2 * entries.count + first else {
            if first > 64, first > order.count / 2 {
                order.removeFirst(first)
                first = 0
            }
            return
        }
        order = order[first...].filter { entries[$0.connection]?.serial == $0.serial }
        first = 0
    }
}
