import Flows
import Sketches

/// Tasks that are counted in sketches: Go2NetSpectra's settings, and what follows from an error and a confidence.
extension SettingsReader {
    mutating func sketchTasks(_ node: YAMLNode, _ path: String, taken: [TaskSettings]) -> [SketchTask] {
        guard let items = sequence(node, path, of: "tasks") else { return [] }
        var tasks: [SketchTask] = []
        var names = Set(taken.map(\.task.name))
        for (index, item) in items.enumerated() {
            let itemPath = "\(path)[\(index)]"
            let values = mapping(item, itemPath, Keys.sketchTask)
            let name = required("name", in: values, item, itemPath).flatMap { taskName($0, "\(itemPath).name") }
            if let name, let node = values["name"], !names.insert(name).inserted {
                note(node, "\(itemPath).name", "a task named \"\(name)\" stands above already")
            }
            let type = required("skt_type", in: values, item, itemPath).flatMap {
                sketchType($0, "\(itemPath).skt_type")
            }
            guard let name, let type else { continue }
            var reader = SketchTaskReader(item: item, path: itemPath, values: values, type: type)
            if let task = reader.task(name, &self) { tasks.append(task) }
        }
        return tasks
    }

    /// 0 and 1 as in Go2NetSpectra, or a name.
    private mutating func sketchType(_ node: YAMLNode, _ path: String) -> SketchType? {
        if case .scalar(let text, _) = node.content {
            if let number = Int(text), SketchType.allCases.indices.contains(number) {
                return SketchType.allCases[number]
            }
            if Int(text) == nil { return choice(node, path) }
        }
        note(
            node, path,
            "expected 0 (count_min), 1 (super_spread), 2 (hyperloglog) or 3 (space_saving), not \(node.kindName)")
        return nil
    }
}

/// The sketches by their names in settings, in the order of their numbers.
enum SketchType: String, CaseIterable {
    case countMin = "count_min"
    case superSpread = "super_spread"
    case hyperLogLog = "hyperloglog"
    case spaceSaving = "space_saving"
}

/// Reads one task once its kind is known.
private struct SketchTaskReader {
    let item: YAMLNode
    let path: String
    let values: [String: YAMLNode]
    let type: SketchType

    /// What settings that are left out mean: Go2NetSpectra's defaults, but for sizes, which follow from these.
    private static let errorDefault = 0.0001
    private static let widthDefault = 32_768
    private static let precisionDefault = 14
    private static let countersDefault = 4_096

    mutating func task(_ name: String, _ reader: inout SettingsReader) -> SketchTask? {
        let fields = fields(["flow_fields", "key_fields", "key"], isNeeded: type != .hyperLogLog, &reader)
        let isSpread = type == .superSpread || type == .hyperLogLog
        let elements = self.fields(["element_fields", "elementkey"], isNeeded: isSpread, &reader)
        let seed = values["seed"].flatMap { reader.integer($0, "\(path).seed", 0...Int.max) }
        let confidence = fraction("confidence", &reader)
        guard let kind = kind(confidence, &reader), let fields else { return nil }
        if isSpread, elements == nil { return nil }
        return SketchTask(
            name: name, fields: fields, elements: isSpread ? elements : nil, kind: kind,
            confidence: confidence ?? SketchTask.confidenceDefault,
            seed: seed.map { UInt64($0) } ?? SketchTask.seedDefault)
    }

    private func fields(_ keys: [String], isNeeded: Bool, _ reader: inout SettingsReader) -> KeyFields? {
        let given = keys.filter { values[$0] != nil }
        if given.count > 1, let node = values[given[1]] {
            reader.note(node, "\(path).\(given[1])", "means the same as \(given[0]), which stands there already")
        }
        guard let key = given.first, let node = values[key] else {
            if isNeeded { reader.note(item, path, "expected \(keys[0])") }
            return isNeeded ? nil : KeyFields()
        }
        if type == .hyperLogLog, keys[0] == "flow_fields" {
            reader.note(node, "\(path).\(key)", "hyperloglog counts over all packets; skt_type 1 counts by key")
            return nil
        }
        return reader.keyFields(node, "\(path).\(key)")
    }

    private func kind(_ confidence: Double?, _ reader: inout SettingsReader) -> SketchTask.Kind? {
        switch type {
        case .countMin:
            refuse(["m", "size", "base", "b", "counters", "precision"], &reader)
            let thresholds = HeavyHitters.Thresholds(
                packets: threshold(["count_thereshold", "count_threshold"], 512, &reader),
                bytes: threshold(["size_thereshold", "size_threshold"], 512 * 1024, &reader))
            return countMin(confidence, &reader).map { .heavyHitters($0, thresholds) }
        case .superSpread:
            refuse(["counters", "precision", "conservative"], &reader)
            // The original reads it and does not use it.
            _ = threshold(["size_thereshold", "size_threshold"], 0, &reader)
            let threshold = threshold(["count_thereshold", "count_threshold"], 4_096, &reader)
            return superSpread(confidence, &reader).map { .superSpread($0, threshold: threshold) }
        case .hyperLogLog:
            refuse(["width", "depth", "m", "size", "base", "b", "counters", "conservative"], &reader)
            return precision(confidence, &reader).map { .distinct(precision: $0) }
        case .spaceSaving:
            refuse(["width", "depth", "m", "size", "base", "b", "precision", "conservative"], &reader)
            return counters(&reader).map { .top(counters: $0) }
        }
    }

    private func countMin(_ confidence: Double?, _ reader: inout SettingsReader) -> CountMinParameters? {
        let conservative = values["conservative"].flatMap { reader.boolean($0, "\(path).conservative") } ?? false
        let (width, depth) = (whole("width", SketchLimits.width, &reader), whole("depth", SketchLimits.depth, &reader))
        let error = error(beside: ["width", "depth"], &reader)
        return sketch("error", &reader) { () throws(SketchFailure) in
            let derived = try CountMinParameters(
                error: error ?? Self.errorDefault, confidence: confidence ?? SketchTask.confidenceDefault,
                isConservative: conservative)
            return try CountMinParameters(
                width: width ?? derived.width, depth: depth ?? derived.depth, isConservative: conservative)
        }
    }

    private func superSpread(_ confidence: Double?, _ reader: inout SettingsReader) -> SuperSpreadParameters? {
        let (width, depth) = (whole("width", SketchLimits.width, &reader), whole("depth", SketchLimits.depth, &reader))
        let (m, size) = (
            whole("m", SketchLimits.registers, &reader), whole("size", SketchLimits.registerBits, &reader)
        )
        let base = number("base", &reader) ?? SuperSpreadParameters.baseDefault
        let b = number("b", &reader) ?? SuperSpreadParameters.bDefault
        let error = error(beside: ["width", "depth", "m"], &reader)
        return sketch(error == nil ? "skt_type" : "error", &reader) { () throws(SketchFailure) in
            if let error {
                return try SuperSpreadParameters(
                    error: error, confidence: confidence ?? SketchTask.confidenceDefault, size: size ?? 6, base: base,
                    b: b)
            }
            return try SuperSpreadParameters(
                width: width ?? Self.widthDefault, depth: depth ?? SuperSpreadParameters.depthDefault,
                m: m ?? SuperSpreadParameters.mDefault, size: size ?? SuperSpreadParameters.sizeDefault, base: base,
                b: b)
        }
    }

    private func precision(_ confidence: Double?, _ reader: inout SettingsReader) -> Int? {
        let precision = whole("precision", SketchLimits.precision, &reader)
        guard let error = error(beside: ["precision"], &reader) else { return precision ?? Self.precisionDefault }
        return sketch("error", &reader) { () throws(SketchFailure) in
            try HyperLogLog(error: error, confidence: confidence ?? SketchTask.confidenceDefault).precision
        }
    }

    private func counters(_ reader: inout SettingsReader) -> Int? {
        let counters = whole("counters", SketchLimits.counters, &reader)
        guard let error = error(beside: ["counters"], &reader) else { return counters ?? Self.countersDefault }
        return sketch("error", &reader) { () throws(SketchFailure) in try SpaceSaving(error: error).counters }
    }
}

// Single values.
extension SketchTaskReader {
    /// Settings that this kind of sketch does not have.
    private func refuse(_ keys: [String], _ reader: inout SettingsReader) {
        for key in keys {
            guard let node = values[key] else { continue }
            // Go2NetSpectra's files may name what their kind does not use.
            if type == .countMin, ["m", "size", "base", "b"].contains(key) { continue }
            reader.note(node, "\(path).\(key)", "\(type.rawValue) has no such parameter")
        }
    }

    /// A size stands for itself; 0, as in Go2NetSpectra, for the default.
    private func whole(_ key: String, _ range: ClosedRange<Int>, _ reader: inout SettingsReader) -> Int? {
        guard let node = values[key] else { return nil }
        if case .scalar("0", _) = node.content { return nil }
        return reader.integer(node, "\(path).\(key)", range)
    }

    private func threshold(_ keys: [String], _ fallback: UInt64, _ reader: inout SettingsReader) -> UInt64 {
        guard let key = keys.first(where: { values[$0] != nil }), let node = values[key] else { return fallback }
        let value = reader.integer(node, "\(path).\(key)", 0...Int.max).map { UInt64($0) } ?? fallback
        return value == 0 ? fallback : value
    }

    private func number(_ key: String, _ reader: inout SettingsReader) -> Double? {
        guard let node = values[key] else { return nil }
        if case .scalar(let text, _) = node.content, let value = Double(text), value.isFinite {
            if value == 0 { return nil }
            let isRight = key == "base" ? value > 0 && value < 1 : value > 1
            if isRight { return value }
        }
        let expected = key == "base" ? "a number between 0 and 1" : "a number above 1"
        reader.note(node, "\(path).\(key)", "expected \(expected), not \(node.kindName)")
        return nil
    }

    private func fraction(_ key: String, _ reader: inout SettingsReader) -> Double? {
        guard let node = values[key] else { return nil }
        if case .scalar(let text, _) = node.content, let value = Double(text), value > 0, value < 1 { return value }
        reader.note(node, "\(path).\(key)", "expected a number between 0 and 1, not \(node.kindName)")
        return nil
    }

    /// The error that is wanted, from which sizes follow; they may not stand beside it.
    private func error(beside sizes: [String], _ reader: inout SettingsReader) -> Double? {
        guard let node = values["error"] else { return nil }
        if let size = sizes.first(where: { values[$0] != nil }) {
            reader.note(node, "\(path).error", "gives the sketch its size, and \(size) stands there already")
            return nil
        }
        return fraction("error", &reader)
    }

    /// Parameters that are right one by one and cannot be together.
    private func sketch<Parameters>(
        _ key: String, _ reader: inout SettingsReader, _ make: () throws(SketchFailure) -> Parameters
    ) -> Parameters? {
        do throws(SketchFailure) {
            return try make()
        } catch {
            let given = values[key] == nil ? "skt_type" : key
            reader.note(values[given] ?? item, "\(path).\(given)", "\(error)")
            return nil
        }
    }
}
