import Alerts
import Flows

/// Any text as a rule's expression: no trap; an error lies inside the text; a condition can be evaluated. Any text as a
/// template as well.
@c(LLVMFuzzerTestOneInput)
public func fuzzAlertRule(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    let text = String(decoding: input, as: UTF8.self)
    do throws(AlertExpressionFailure) {
        let condition = try AlertCondition(parsing: text)
        precondition(condition.text == text, "the text changed")
        precondition(condition.duration >= 0 && condition.floor >= 0)
        evaluate(condition)
    } catch {
        precondition(1...(text.count + 1) ~= error.column, "the error points outside the text")
        precondition(!error.message.isEmpty)
    }
    do throws(AlertExpressionFailure) {
        let template = try AlertTemplate(parsing: text)
        precondition(template.text { "{{\($0)}}" }.filter { $0 != " " } == text.filter { $0 != " " }, "a piece is lost")
    } catch {
        precondition(1...(text.count + 1) ~= error.column, "the error points outside the text")
    }
    return 0
}

private let task = FlowTask(name: "flows", fields: .fiveTuple)

/// A few snapshots, with values at the edges and times that step back.
private func evaluate(_ condition: AlertCondition) {
    let rule = AlertRule(name: "rule", task: "flows", condition: condition)
    guard var engine = try? AlertEngine([rule], tasks: [.exact(task)], options: AlertEngine.Options(interval: 1000))
    else { return }
    let times: [Int64] = [1000, 2000, 9000, 3500, .min, .max]
    for (number, time) in times.enumerated() {
        let rows = (0..<4).map { index in
            FlowRecord(
                key: FlowKey(
                    sourceHigh: 0, sourceLow: UInt64(index % (number + 1)), destinationHigh: 0,
                    destinationLow: UInt64(index), meta: 4),
                packets: UInt64(index), bytes: number % 2 == 0 ? UInt64(1) << UInt64(10 * index) : 5, firstSeen: time,
                lastSeen: time)
        }
        let result = TaskResult(task: task, rows: rows, totalPackets: 6, totalBytes: 9)
        for alert in engine.evaluate(Snapshot(time: time, results: [result])) { precondition(!alert.items.isEmpty) }
    }
    let counts = engine.counts
    precondition(
        counts.begun + counts.ended
            == counts.told + counts.limitedByRule + counts.limitedByAll + counts.untoldBefore, "keys are lost")
}
