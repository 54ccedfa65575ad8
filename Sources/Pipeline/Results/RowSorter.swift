import Flows

/// Puts the rows of some tables in order.
struct RowSorter {
    let tables: [FlowTables]
    let order: RowOrder
    /// Rows wanted; `nil` for all.
    let limit: Int?

    func sorted() -> [RowReference] {
        var items = ranked()
        if let limit, limit < items.count { items = Self.smallest(limit, of: items) }
        Self.radixSort(&items)
        sortTies(&items)
        if let limit, limit < items.count { items.removeLast(items.count - limit) }
        return items.map(\.row)
    }

    private struct Item: BitwiseCopyable {
        /// Smaller comes first.
        var rank: UInt64
        var row: RowReference
    }

    private func ranked() -> [Item] {
        var items: [Item] = []
        items.reserveCapacity(tables.reduce(0) { $0 + $1.count })
        for table in tables.indices {
            append(tables[table].compact, table: table, isWide: false, to: &items)
            append(tables[table].wide, table: table, isWide: true, to: &items)
        }
        return items
    }

    private func append<Key>(_ store: borrowing FlowStore<Key>, table: Int, isWide: Bool, to items: inout [Item]) {
        let rows = store.rows
        for index in rows.indices {
            items.append(
                Item(rank: rank(rows[index].counters), row: RowReference(table: table, isWide: isWide, index: index)))
        }
    }

    private func rank(_ counters: FlowCounters) -> UInt64 {
        /// Signed times in reverse unsigned order.
        func latestFirst(_ time: Int64) -> UInt64 { ~(UInt64(bitPattern: time) ^ 1 << 63) }
        switch order {
        case .bytes: return ~counters.totalBytes
        case .packets: return ~counters.totalPackets
        case .firstSeen: return latestFirst(counters.firstSeen)
        case .lastSeen: return latestFirst(counters.lastSeen)
        case .duration: return ~UInt64(bitPattern: counters.lastSeen &- counters.firstSeen)
        case .key: return 0
        }
    }

    /// The items of the `count` smallest ranks, and all that tie with the last of them; in no order.
    private static func smallest(_ count: Int, of items: [Item]) -> [Item] {
        guard count > 0 else { return [] }
        // Bits of the largest rank wanted, found from the top: each pass counts the candidates with a zero bit.
        var prefix: UInt64 = 0
        var remaining = count
        var candidates = items
        for bit in stride(from: UInt64(63), through: 0, by: -1) {
            let zeros = candidates.lazy.filter { $0.rank >> bit & 1 == 0 }.count
            let takeZeros = remaining <= zeros
            if !takeZeros {
                remaining -= zeros
                prefix |= 1 << bit
            }
            if zeros > 0, zeros < candidates.count {
                candidates = candidates.filter { ($0.rank >> bit & 1 == 0) == takeZeros }
            }
        }
        return items.filter { $0.rank <= prefix }
    }

    /// By least significant digit, eleven bits at a time; digits that all ranks share are passed over.
    private static func radixSort(_ items: inout [Item]) {
        guard items.count > 1 else { return }
        var differing: UInt64 = 0
        for item in items { differing |= item.rank ^ items[0].rank }
        var other = items
        for shift in stride(from: UInt64(0), to: 64, by: 11) where differing >> shift & 0x7FF != 0 {
            var starts = [Int](repeating: 0, count: 2048)
            for item in items { starts[Int(item.rank >> shift & 0x7FF)] += 1 }
            var sum = 0
            for digit in starts.indices {
                let count = starts[digit]
                starts[digit] = sum
                sum += count
            }
            scatter(items, by: shift, &starts, into: &other)
            swap(&items, &other)
        }
    }

    private static func scatter(_ items: [Item], by shift: UInt64, _ starts: inout [Int], into output: inout [Item]) {
        var output = output.mutableSpan
        var starts = starts.mutableSpan
        let items = items.span
        for i in items.indices {
            let digit = Int(items[i].rank >> shift & 0x7FF)
            output[starts[digit]] = items[i]
            starts[digit] += 1
        }
    }

    private func sortTies(_ items: inout [Item]) {
        var start = 0
        var keyed: [(key: FlowKey, item: Item)] = []
        while start < items.count {
            var end = start + 1
            while end < items.count, items[end].rank == items[start].rank { end += 1 }
            if end - start > 1 {
                keyed.removeAll(keepingCapacity: true)
                for item in items[start..<end] { keyed.append((key(of: item.row), item)) }
                keyed.sort { $0.key < $1.key }
                for offset in keyed.indices { items[start + offset] = keyed[offset].item }
            }
            start = end
        }
    }

    /// The key as the row shows it: from the initiator's side.
    private func key(of row: RowReference) -> FlowKey {
        let table = tables[row.table]
        return row.isWide ? table.wide.record(at: row.index).key : table.compact.record(at: row.index).key
    }
}
