import Flows

/// From keys that begin or cease to fire to what is told of them.
extension AlertRuleState {
    /// Items of one alert, and rows of its evidence.
    static let itemsMax = 10
    static let evidenceMax = 5

    mutating func alerts(
        _ turns: [Turn], _ result: AlertResult, _ span: AlertSpan, _ all: inout AlertBucket,
        _ counts: inout AlertCounts
    ) -> [Alert] {
        // What is over is told whenever its beginning was: as often as that was, so no limit is needed.
        let ended = turns.filter { $0.item.resolvedAt != nil }
        let told = ended.filter(\.isTold)
        counts.untoldBefore += UInt64(ended.count - told.count)
        var alerts = groups(told).map { alert(.resolved, $0.key, $0.turns, span) }
        for group in groups(turns.filter { $0.item.resolvedAt == nil }) {
            let keys = UInt64(group.turns.count)
            guard limit.hasRoom, all.hasRoom else {
                if limit.hasRoom { counts.limitedByAll += keys } else { counts.limitedByRule += keys }
                suppressed += keys
                continue
            }
            limit.take()
            all.take()
            for turn in group.turns { active[turn.item.key]?.isTold = true }
            alerts.append(alert(.firing, group.key, group.turns, span))
            suppressed = 0
        }
        for alert in alerts { counts.told += UInt64(alert.keyCount) }
        counts.messages += UInt64(alerts.count)
        addEvidence(result, to: &alerts)
        return alerts
    }

    /// Turns that are told together, the ones with the largest values first.
    private func groups(_ turns: [Turn]) -> [(key: FlowKey, turns: [Turn])] {
        let inOrder = turns.sorted {
            let (a, b) = ($0.item, $1.item)
            return a.value.value != b.value.value ? a.value.value > b.value.value : a.key < b.key
        }
        var groups: [(key: FlowKey, turns: [Turn])] = []
        var places: [FlowKey: Int] = [:]
        let plan: KeyPlan? =
            if case .fields(let fields) = rule.grouping { KeyPlan(FlowTask(name: "", fields: fields)) } else { nil }
        for turn in inOrder {
            let key =
                switch rule.grouping {
                case .rule: FlowKey.whole
                case .key: turn.item.key
                case .fields: plan?.masked(turn.item.key) ?? .whole
                }
            if let place = places[key] {
                groups[place].turns.append(turn)
            } else {
                places[key] = groups.count
                groups.append((key, [turn]))
            }
        }
        return groups
    }

    private func alert(_ state: Alert.State, _ group: FlowKey, _ turns: [Turn], _ span: AlertSpan) -> Alert {
        var alert = Alert(
            id: Self.id(rule.name, group), state: state, rule: rule, task: task, time: span.end,
            items: turns.prefix(Self.itemsMax).map(\.item), keyCount: turns.count, evidence: [],
            suppressed: state == .firing ? suppressed : 0)
        alert.query = options.store.map { AlertQuery.command(alert, store: $0, storeInterval: options.storeInterval) }
        return alert
    }

    /// FNV-1a, 64 bits, of the rule's name and the group's key.
    private static func id(_ name: String, _ key: FlowKey) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ octet: UInt8) { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        for octet in name.utf8 { add(octet) }
        for word in [key.sourceHigh, key.sourceLow, key.destinationHigh, key.destinationLow, key.meta] {
            for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// The largest rows of the keys that the alerts name.
    private func addEvidence(_ result: AlertResult, to alerts: inout [Alert]) {
        var places: [FlowKey: Int] = [:]
        for (index, alert) in alerts.enumerated() where alert.state == .firing {
            for item in alert.items { places[item.key] = index }
        }
        guard !places.isEmpty else { return }
        let keys = groupKeys
        let counter = (rule.condition.metric ?? .bytes).counter
        // Rows are the flows that are counted; the larger ones say more.
        let rank: AlertCounter = counter == .flows ? .bytes : counter
        var found = [[AlertEvidence]](repeating: [], count: alerts.count)
        result.forEachRow(rule.filter) { row in
            let key = rule.condition.isTotal ? .whole : keys?.masked(row.key) ?? row.key
            guard let place = places[key] else { return }
            let value = row.value(rank).value
            if found[place].count == Self.evidenceMax, value <= found[place][Self.evidenceMax - 1].value(rank).value {
                return
            }
            let at = found[place].firstIndex { $0.value(rank).value < value } ?? found[place].count
            found[place].insert(row, at: at)
            if found[place].count > Self.evidenceMax { found[place].removeLast() }
        }
        for index in alerts.indices { alerts[index].evidence = found[index] }
    }
}
