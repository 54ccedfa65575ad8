import CProbeRecords
import Events
import Octets
import Testing

@testable import Probes

/// What is probed, and the records that come of it: values and layouts, without loading anything.
@Suite struct SpecTests {
    @Test(arguments: [ProbeSubject.plaintext, .secrets])
    func theEmbeddedObjectIsForTheKernelsMachine(subject: ProbeSubject) {
        let program = ProbeSession.programs(for: subject)
        // ELF, 64 bits, little-endian; EM_BPF (include/uapi/linux/elf-em.h).
        #expect(program.prefix(6) == [0x7F, 0x45, 0x4C, 0x46, 2, 1])
        #expect(program.span.littleEndian16(at: 18) == 247)
    }

    /// The names of programs stand in the object's string table, each between two zeros.
    @Test(
        arguments: ProbeRegistry.tls.map { (ProbeSubject.plaintext, $0) }
            + ProbeRegistry.secrets.map { (.secrets, $0) })
    func everyProgramThatAModuleNamesExists(subject: ProbeSubject, module: ProbeModule) {
        let program = ProbeSession.programs(for: subject)
        let names = Set(program.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
        for function in module.functions {
            #expect(names.contains(function.entry), "\(function.entry)")
            if let program = function.return { #expect(names.contains(program), "\(program)") }
        }
    }

    @Test func modulesAreToldApartAndNeedSomething() {
        for modules in [ProbeRegistry.tls, ProbeRegistry.secrets] {
            #expect(Set(modules.map(\.name)).count == modules.count)
        }
        for module in ProbeRegistry.tls + ProbeRegistry.secrets {
            #expect(module.functions.contains { $0.isRequired })
            let symbols = module.functions.flatMap(\.symbols)
            #expect(Set(symbols).count == symbols.count, "a function that is probed twice is counted twice")
        }
    }

    /// What peeks, and what only tells the socket, gives no plaintext.
    @Test func peekingMovesNothing() {
        let peeks = ProbeModule.openSSL.functions.filter { $0.symbols[0].hasPrefix("SSL_peek") }
        #expect(peeks.count == 2 && peeks.allSatisfy { $0.entry == "other_call" && $0.return == "other_call_returns" })
    }

    @Test func filtersAreWhatTheProgramsAreTold() {
        var settings = ProbeSettings()
        var config = ProbeSession.config(settings)
        #expect(config.has_pids == 0 && config.has_uid == 0 && config.has_comm == 0 && config.own_pid != 0)
        #expect(config.payload_max == ProbeSettings.payloadLimit)
        settings.pids = [7]
        settings.uid = 0
        settings.comm = "a name that is too long"
        settings.payloadMax = .max
        config = ProbeSession.config(settings)
        #expect(config.has_pids == 1 && config.has_uid == 1 && config.uid == 0 && config.has_comm == 1)
        #expect(config.payload_max == ProbeSettings.payloadLimit, "the programs' loop is bounded")
        #expect(config.follows == 0 && config.cgroup == 0)
        settings.followsChildren = true
        settings.controlGroup = 71
        config = ProbeSession.config(settings)
        #expect(config.follows == 1 && config.cgroup == 71)
        #expect(config.comm.0 == UInt8(ascii: "a") && config.comm.13 == UInt8(ascii: "s") && config.comm.15 == 0)
    }

    /// A record as the programs write it, read by the reader of all records.
    @Test func dataRecordsHaveTheLayoutOfTheReader() throws {
        let data = Array("GET / HTTP/1.1".utf8)
        var record = ns_data_record()
        record.header = Self.header(
            NS_SSL_DATA, length: MemoryLayout<ns_data_record>.size + data.count, time: 0x0102_0304_0506_0708)
        record.pid = 11
        record.tid = 12
        record.comm.0 = UInt8(ascii: "c")
        record.sock = 0xFFFF_8880_0000_1000
        record.fd = -1
        record.data_length = UInt32(data.count)
        record.missing = 13
        record.tls_version = 0x0304
        record.data_type = 1
        record.family = 2
        (record.source.0, record.source.3) = (127, 1)
        (record.destination.0, record.destination.3) = (10, 9)
        record.source_port = 50_000
        record.destination_port = 443
        let octets = Self.octets(of: record) + data
        let view = try DataRecordView(octets.span)
        #expect(view.type == .sslData && view.time == 0x0102_0304_0506_0708 && view.pid == 11 && view.tid == 12)
        #expect(view.sock == 0xFFFF_8880_0000_1000 && view.fd == -1 && view.missing == 13)
        #expect(view.tlsVersion.rawValue == 0x0304 && view.direction == .sent && view.commandName.octets == [0x63])
        #expect(view.source.description == "127.0.0.1" && view.destination.description == "10.0.0.9")
        #expect(view.sourcePort == 50_000 && view.destinationPort == 443)
        #expect(view.baseInfo().hasTuple && view.dataLength == data.count)
        for index in data.indices { #expect(view.data[index] == data[index]) }
    }

    @Test func secretRecordsHaveTheLayoutOfTheReader() throws {
        var record = ns_secret_record()
        record.header = Self.header(NS_MASTER_SECRET, length: MemoryLayout<ns_secret_record>.size, time: 5)
        (record.pid, record.tid, record.comm.0, record.tls_version) = (11, 12, UInt8(ascii: "c"), 0x0304)
        (record.client_random.0, record.client_random.31) = (1, 2)
        record.secret_length.6 = 2
        (record.secret.6.0, record.secret.6.1) = (3, 4)
        let event = try MasterSecretEvent(
            record: Self.octets(of: record).span, clock: ClockOffset(unix: 0, monotonic: 0), at: 0)
        #expect(event.info.pid == 11 && event.info.tid == 12 && event.info.time == 5)
        #expect(event.info.comm.octets == [0x63] && event.tlsVersion.rawValue == 0x0304)
        #expect(event.clientRandom.first == 1 && event.clientRandom.last == 2)
        #expect(Int(NS_EXPORTER.rawValue) == MasterSecretEvent.Secret.exporter.rawValue)
        #expect(event[.exporter] == [3, 4] && event.secrets.count { !$0.isEmpty } == 1)
    }

    @Test func socketRecordsHaveTheLayoutOfTheReader() throws {
        var record = ns_socket_record()
        record.header = Self.header(NS_SOCKET_DESTROYED, length: MemoryLayout<ns_socket_record>.size, time: 5)
        record.sock = 0xFFFF_8880_0000_1000
        let event = try SocketDestroyedEvent(record: Self.octets(of: record).span)
        #expect(event == SocketDestroyedEvent(time: 5, pid: 0, sock: 0xFFFF_8880_0000_1000))
    }

    private static func header(_ type: Int, length: Int, time: UInt64) -> ns_record_header {
        ns_record_header(
            length: UInt32(length), type: UInt16(type), version: UInt8(NS_RECORD_VERSION),
            reserved: 0, time: time)
    }

    private static func octets<Record: BitwiseCopyable>(of record: Record) -> [UInt8] {
        // SAFETY: the structures hold no padding, and their octets are copied during the call.
        unsafe withUnsafeBytes(of: record) { unsafe [UInt8]($0) }
    }
}
