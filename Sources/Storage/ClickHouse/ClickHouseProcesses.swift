import Flows

/// Rows of the table `processes`: those that a block of rows names.
enum ClickHouseProcesses {
    /// - Parameters:
    ///   - token: of the block.
    ///   - day: of its rows.
    static func octets(_ processes: ProcessNumbers, token: UInt64, day: UInt16) -> [UInt8] {
        var writer = RowBinaryWriter()
        for (index, process) in processes.processes.enumerated() {
            writer.append(day)
            writer.append(token)
            writer.append(ProcessNumbers.first + UInt32(index))
            writer.append(process)
        }
        return writer.octets
    }

    /// What lies in a spool: the processes alone.
    static func spooled(_ processes: ProcessNumbers) -> [UInt8] {
        var writer = RowBinaryWriter()
        for process in processes.processes { writer.append(process) }
        return writer.octets
    }

    /// - Returns: `nil` where it makes no sense.
    static func processes(spooled octets: [UInt8]) -> ProcessNumbers? {
        var reader = RowBinaryReader(octets)
        var processes: [FlowProcess] = []
        while !reader.isAtEnd { processes.append(reader.process()) }
        return reader.isDamaged ? nil : ProcessNumbers(processes)
    }
}

extension RowBinaryWriter {
    fileprivate mutating func append(_ process: FlowProcess) {
        append(process.pid)
        append(process.uid)
        append(text: process.comm)
        append(text: process.cgroup)
    }
}

extension RowBinaryReader {
    /// The columns behind `id`.
    mutating func process() -> FlowProcess {
        let (pid, uid) = (number(UInt32.self), number(UInt32.self))
        let comm = text()
        return FlowProcess(pid: pid, uid: uid, comm: comm, cgroup: text())
    }
}
