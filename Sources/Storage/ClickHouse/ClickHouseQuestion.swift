import Flows

/// A span of a plan as a statement: does what `RowMerger` and `RowCollector` do, on the server.
struct ClickHouseQuestion {
    let plan: QuestionPlan
    /// What the rows are of.
    let stored: FlowTask
    /// Of the parts to be added and to be taken away.
    let added: [UInt64]
    let removed: [UInt64]
    /// The snapshots' days, which are the partitions.
    let days: ClosedRange<UInt16>

    /// Sums by key, all of them: one row for each key with a packet.
    var sums: String {
        guard let elements = plan.elements else { return sums(plan.task) }
        var pairs = plan.task
        pairs.fields = pairs.fields.union(elements)
        let keys = masked(KeyPlan(plan.task), "k")
        return """
            SELECT \(keys)\(processes), count() AS elements, sum(ap) AS ap, sum(ab) AS ab, sum(bp) AS bp, \
            sum(bb) AS bb, \
            min(ft) AS ft, max(lt) AS lt, toUInt8(0) AS fd, groupBitOr(af) AS af, groupBitOr(bf) AS bf, \
            sum(pu) AS pu, sum(po) AS po, sum(bu) AS bu, sum(bo) AS bo
            FROM (\(replacingKeys(sums(pairs)))) GROUP BY k, sh, sl, dh, dl, sp, dp, pr, vl\(processes)
            """
    }

    /// What is known of a row's process, behind its key: 0 unknown, 1 several, 2 known; number, user, name and group.
    private static let processColumns = ["ows", "owp", "owu", "owc", "owg"]

    /// With a comma before each; empty where nobody asks.
    private var processes: String {
        plan.processes.isEmpty ? "" : Self.processColumns.map { ", " + $0 }.joined()
    }

    /// The same of stored rows, as far as rows are put together by it.
    private var storedProcesses: String {
        if plan.processes.isEmpty { return "" }
        func kept(_ field: ProcessFields, _ column: String, else constant: String, _ name: String) -> String {
            "\(plan.processes.contains(field) ? column : constant) AS \(name)"
        }
        let state = "toUInt8(if(process = 1, 1, if(process >= 2, 2, 0))) AS ows"
        return [
            "", state, kept(.pid, "pid", else: "toUInt32(0)", "owp"), kept(.uid, "uid", else: "toUInt32(0)", "owu"),
            kept(.comm, "comm", else: "''", "owc"), kept(.cgroup, "cgroup", else: "''", "owg"),
        ].joined(separator: ", ")
    }

    /// The statement for the rows to be shown.
    var rows: String {
        let limit = plan.limit.map { " LIMIT \($0)" } ?? ""
        let ends = [("sh", "dh"), ("sl", "dl"), ("sp", "dp")]
        let source = ends.map { "if(fd = 1, \($1), \($0)) AS o\($0)" }.joined(separator: ", ")
        let destination = ends.map { "if(fd = 1, \($0), \($1)) AS o\($1)" }.joined(separator: ", ")
        func number(_ first: String, _ second: String, _ type: String) -> String {
            "to\(type)(if(fd = 1, \(second), \(first)))"
        }
        return """
            SELECT toUInt8(k), toUInt64(osh), toUInt64(osl), toUInt64(odh), toUInt64(odl), toUInt16(osp), \
            toUInt16(odp), toUInt16(vl), toUInt8(pr), toUInt64(elements), \
            \(number("ap", "bp", "UInt64")), \(number("ab", "bb", "UInt64")), \
            \(number("bp", "ap", "UInt64")), \(number("bb", "ab", "UInt64")), \
            toInt64(ft), toInt64(lt), \(number("af", "bf", "UInt8")), \(number("bf", "af", "UInt8")), \
            toUInt64(pu), toUInt64(po), toUInt64(bu), toUInt64(bo)\(processes)
            FROM (SELECT *, \(source), \(destination) FROM (\(sums)))
            ORDER BY \(order)k, osh, osl, odh, odl, osp, odp, vl, pr\(processOrder)\(limit) FORMAT RowBinary
            """
    }

    /// As `RowProcess` is ordered.
    private var processOrder: String { plan.processes.isEmpty ? "" : ", ows, owp, owc, owg, owu" }

    /// The statement for what all rows sum up to.
    var totals: String {
        "SELECT toUInt64(count()), toUInt64(sum(ap + bp)), toUInt64(sum(ab + bb)) FROM (\(sums)) FORMAT RowBinary"
    }

    private var order: String {
        switch plan.order {
        case .bytes: "ab + bb DESC, "
        case .packets: "ap + bp DESC, "
        case .elements: plan.elements == nil ? "" : "elements DESC, "
        case .firstSeen: "ft DESC, "
        case .lastSeen: "lt DESC, "
        case .duration: "lt - ft DESC, "
        case .key: ""
        }
    }

    private func sums(_ task: FlowTask) -> String {
        let isTwoWay = task.bidirectional
        let keys = KeyPlan(task)
        // swaps: the higher end is the source. folds: both ends are the same, so there is one direction.
        let swaps = isTwoWay ? "(msh, msl, msp) > (mdh, mdl, mdp)" : "0"
        let folds = isTwoWay ? "(msh = mdh AND msl = mdl AND msp = mdp)" : "0"
        func end(_ first: String, _ second: String, _ name: String) -> String {
            "if(sw, \(second), \(first)) AS \(name)"
        }
        let direction = """
            if(fo, p0 + rp0, if(sw, rp0, p0)) AS xap, if(fo, b0 + rb0, if(sw, rb0, b0)) AS xab, \
            if(fo, 0, if(sw, p0, rp0)) AS xbp, if(fo, 0, if(sw, b0, rb0)) AS xbb, \
            toUInt8(if(fo, bitOr(fl0, rf0), if(sw, rf0, fl0))) AS xaf, toUInt8(if(fo, 0, if(sw, fl0, rf0))) AS xbf
            """
        let oriented = """
            SELECT w, mk AS k, \(end("msh", "mdh", "sh")), \(end("msl", "mdl", "sl")), \(end("mdh", "msh", "dh")), \
            \(end("mdl", "msl", "dl")), \(end("msp", "mdp", "sp")), \(end("mdp", "msp", "dp")), mvl AS vl, mpr AS pr, \
            toUInt8(sw) AS xsw, f0, l0, \(direction), pu0, po0, bu0, bo0\(processes)
            FROM (SELECT *, \(swaps) AS sw, \(folds) AS fo FROM (SELECT *, \(masked(keys, "m")) FROM (\(source))))
            """
        let first = isTwoWay ? "argMinIf(xsw, (f0, xsw), w > 0)" : "toUInt8(0)"
        return """
            SELECT k, sh, sl, dh, dl, sp, dp, pr, vl\(processes), toUInt64(0) AS elements, sum(w * xap) AS ap, \
            sum(w * xab) AS ab, \
            sum(w * xbp) AS bp, sum(w * xbb) AS bb, minIf(f0, w > 0) AS ft, maxIf(l0, w > 0) AS lt, \(first) AS fd, \
            groupBitOr(toUInt8(if(w > 0, xaf, 0))) AS af, groupBitOr(toUInt8(if(w > 0, xbf, 0))) AS bf, \
            sum(if(w > 0, pu0, po0)) AS pu, sum(if(w > 0, po0, pu0)) AS po, \
            sum(if(w > 0, bu0, bo0)) AS bu, sum(if(w > 0, bo0, bu0)) AS bo
            FROM (\(oriented)) GROUP BY k, sh, sl, dh, dl, sp, dp, pr, vl\(processes) HAVING ap + bp > 0
            """
    }

    /// The key of a row, cut to what the task asks for; columns' names begin with `prefix`, of `k` with `k` alone.
    private func masked(_ plan: KeyPlan, _ prefix: String) -> String {
        let isSecond = prefix == "k"
        // The rows of `source`, or those of sums whose names `replacingKeys` has changed.
        func column(_ name: String) -> String { isSecond ? "q\(name)" : "\(name)0" }
        func name(_ name: String) -> String { isSecond ? name : "m\(name)" }
        let family = isSecond ? "qk" : "fam"
        func high(_ end: String, _ mask: UInt64) -> String {
            "toUInt64(if(\(family) = 6, bitAnd(\(column(end)), \(mask)), 0)) AS \(name(end))"
        }
        func low(_ end: String, _ wide: UInt64, _ compact: UInt64) -> String {
            "bitAnd(\(column(end)), toUInt64(if(\(family) = 6, \(wide), \(compact)))) AS \(name(end))"
        }
        let mask = plan.wide
        func kept(_ isKept: Bool, _ column: String, _ name: String) -> String {
            isKept ? "\(column) AS \(name)" : "0 AS \(name)"
        }
        return [
            kept(plan.hasAddresses, family, isSecond ? "k" : "mk"), high("sh", mask.sourceHigh),
            low("sl", mask.sourceLow, plan.compactAddresses >> 32), high("dh", mask.destinationHigh),
            low("dl", mask.destinationLow, plan.compactAddresses & 0xFFFF_FFFF),
            kept(mask.sourcePort != 0, column("sp"), name("sp")),
            kept(mask.destinationPort != 0, column("dp"), name("dp")),
            kept(mask.protocol != 0, column("pr"), name("pr")), kept(mask.vlan != 0, column("vl"), name("vl")),
        ].joined(separator: ", ")
    }

    /// The stored rows of the span, those with both directions as two where one is asked for, and filtered.
    private var source: String {
        let unfolds = stored.bidirectional && !plan.task.bidirectional
        func end(_ source: String, _ destination: String) -> String {
            unfolds ? "if(back = 1, \(destination), \(source))" : source
        }
        let bothEnds = unfolds ? " ARRAY JOIN [toUInt8(0), toUInt8(1)] AS back" : ""
        func reverse(_ column: String) -> String { unfolds ? "0" : column }
        let tokens = (added + removed).map(String.init).joined(separator: ",")
        let minus = removed.map(String.init).joined(separator: ",")
        let weight = removed.isEmpty ? "toInt64(1)" : "toInt64(if(token IN (\(minus)), -1, 1))"
        let filter = plan.filter.map { ClickHouseFilter(fields: stored.fields).sql($0.expression) } ?? "1"
        return """
            SELECT * FROM (
            SELECT \(weight) AS w, family AS fam, \(end("src_high", "dst_high")) AS sh0, \
            \(end("src_low", "dst_low")) AS sl0, \(end("dst_high", "src_high")) AS dh0, \
            \(end("dst_low", "src_low")) AS dl0, \(end("src_port", "dst_port")) AS sp0, \
            \(end("dst_port", "src_port")) AS dp0, protocol AS pr0, vlan AS vl0, \
            toInt64(\(end("packets", "reverse_packets"))) AS p0, toInt64(\(end("bytes", "reverse_bytes"))) AS b0, \
            toInt64(\(reverse("reverse_packets"))) AS rp0, toInt64(\(reverse("reverse_bytes"))) AS rb0, \
            first_seen AS f0, last_seen AS l0, toUInt8(\(end("tcp_flags", "reverse_tcp_flags"))) AS fl0, \
            toUInt8(\(reverse("reverse_tcp_flags"))) AS rf0, \
            toInt64(if(exactness IN (1, 3), packets_bound, 0)) AS pu0, \
            toInt64(if(exactness IN (2, 3), packets_bound, 0)) AS po0, \
            toInt64(if(exactness IN (1, 3), bytes_bound, 0)) AS bu0, \
            toInt64(if(exactness IN (2, 3), bytes_bound, 0)) AS bo0\(storedProcesses)
            FROM \(plan.processes.isEmpty ? "flow_rows" : attributedRows(tokens))\(bothEnds)
            WHERE day >= toDate(\(days.lowerBound)) AND day <= toDate(\(days.upperBound)) AND token IN (\(tokens))
            ) WHERE \(unfolds ? "p0 > 0 AND " : "")\(filter)
            """
    }

    /// The rows with their processes.
    private func attributedRows(_ tokens: String) -> String {
        """
        (SELECT \(ClickHouseRows.columns(isAttributed: true)), pid, uid, comm, cgroup FROM \
        (SELECT * FROM flow_rows WHERE day >= toDate(\(days.lowerBound)) AND day <= toDate(\(days.upperBound)) \
        AND token IN (\(tokens))) AS stored ANY LEFT JOIN \
        (SELECT token, id AS process, pid, uid, comm, cgroup FROM processes WHERE token IN (\(tokens))) AS known \
        USING (token, process))
        """
    }

    /// Sums under names that the sums of sums do not take.
    private func replacingKeys(_ sums: String) -> String {
        "SELECT k AS qk, sh AS qsh, sl AS qsl, dh AS qdh, dl AS qdl, sp AS qsp, dp AS qdp, pr AS qpr, vl AS qvl"
            + "\(processes), ap, ab, bp, bb, ft, lt, af, bf, pu, po, bu, bo FROM (\(sums))"
    }
}
