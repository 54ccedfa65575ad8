import CLibBPF
import CProbeRecords
import Glibc
import KernelIO

/// The programs and maps of one BPF object in the kernel. Freed when it goes, and with it what hangs on it; links are
/// to go before.
@safe final class BPFObject {
    // SAFETY: made by bpf_object__open_mem, freed once in `deinit`; not used by two threads at once, as the class is
    // not Sendable.
    private let object: OpaquePointer

    /// Reads the object; nothing is loaded yet.
    init(_ octets: [UInt8], name: String) throws(BPFFailure) {
        BPFLog.install()
        var options = unsafe bpf_object_open_opts()
        let opened: OpaquePointer? = unsafe octets.withUnsafeBytes { pointer in
            unsafe name.withCString { name in
                // SAFETY: libbpf copies the octets and the name before it returns.
                unsafe options.sz = MemoryLayout<bpf_object_open_opts>.size
                unsafe options.object_name = name
                return unsafe bpf_object__open_mem(pointer.baseAddress, pointer.count, &options)
            }
        }
        guard let opened = unsafe opened else { throw BPFObject.failure("read", name, errno) }
        unsafe object = opened
    }

    deinit { unsafe bpf_object__close(object) }

    fileprivate static func failure(_ operation: String, _ name: String, _ code: Int32) -> BPFFailure {
        BPFFailure(operation: operation, name: name, errno: abs(code), log: BPFLog.take())
    }

    // MARK: - Before loading

    /// Sets the constants of the programs: the section `.rodata` holds nothing else.
    func setConstants(_ config: ns_config) throws(BPFFailure) {
        var map: OpaquePointer? = unsafe bpf_object__next_map(object, nil)
        while let current = unsafe map {
            // SAFETY: the name is NUL-terminated and lives as long as the object; the octets of `config` are copied
            // during the call, which refuses any other size than the section's.
            if unsafe String(cString: bpf_map__name(current)).hasSuffix(".rodata") {
                var config = config
                let code = unsafe bpf_map__set_initial_value(current, &config, MemoryLayout<ns_config>.size)
                guard code == 0 else { throw Self.failure("set", "the constants of the BPF programs", code) }
                return
            }
            unsafe map = bpf_object__next_map(object, current)
        }
        throw Self.failure("find", "the constants of the BPF programs", ENOENT)
    }

    func setEntries(of map: String, to count: UInt32) throws(BPFFailure) {
        // SAFETY: the map belongs to the object, which is alive.
        let code = unsafe bpf_map__set_max_entries(try pointer(toMap: map), count)
        guard code == 0 else { throw Self.failure("size", "the map \(map)", code) }
    }

    /// A map that this kernel does not have, and that no program uses.
    func leaveOut(_ map: String) throws(BPFFailure) {
        // SAFETY: the map belongs to the object, which is alive.
        let code = unsafe bpf_map__set_autocreate(try pointer(toMap: map), false)
        guard code == 0 else { throw Self.failure("leave out", "the map \(map)", code) }
    }

    /// A program that is not wanted, or that this kernel would not take.
    func leaveOut(program: String) throws(BPFFailure) {
        // SAFETY: the program belongs to the object, which is alive.
        let code = unsafe bpf_program__set_autoload(try pointer(toProgram: program), false)
        guard code == 0 else { throw Self.failure("leave out", "the BPF program \(program)", code) }
    }

    /// One link for many functions (Linux 6.6) instead of one for each: attached and taken away at once.
    private(set) var linksManyFunctions = false

    /// Where the kernel can, the probes of a file are to be one link for each program.
    func linkManyFunctions() {
        guard ManyFunctions.areSupported else { return }
        var program: OpaquePointer? = unsafe bpf_object__next_program(object, nil)
        while let current = unsafe program {
            // SAFETY: the name is NUL-terminated and lives as long as the object.
            if unsafe String(cString: bpf_program__section_name(current)) == "uprobe" {
                unsafe bpf_program__set_expected_attach_type(current, ManyFunctions.attachType)
            }
            unsafe program = bpf_object__next_program(object, current)
        }
        linksManyFunctions = true
    }

    /// Checks the programs in the kernel and makes the maps.
    func load() throws(BPFFailure) {
        let code = unsafe bpf_object__load(object)
        guard code == 0 else { throw Self.failure("load", "the BPF programs", code) }
    }

    // MARK: - Maps

    /// The sums over all processors of an array of counters.
    func sums(of map: String, count: Int) throws(BPFFailure) -> [UInt64] {
        // SAFETY: the map belongs to the object, which is alive.
        let processors = Int(max(libbpf_num_possible_cpus(), 1))
        let descriptor = unsafe bpf_map__fd(try pointer(toMap: map))
        var values = [UInt64](repeating: 0, count: processors)
        var sums: [UInt64] = []
        for index in 0..<count {
            var key = UInt32(index)
            // SAFETY: the kernel reads a key of four octets and writes one value of eight for each possible processor.
            let code = unsafe bpf_map_lookup_elem(descriptor, &key, &values)
            guard code == 0 else { throw Self.failure("read", "the map \(map)", code) }
            sums.append(values.reduce(0, &+))
        }
        return sums
    }

    /// Puts numbers into a set.
    func insert(_ numbers: [UInt32], into map: String) throws(BPFFailure) {
        let descriptor = unsafe bpf_map__fd(try pointer(toMap: map))
        for number in numbers {
            var (key, value) = (number, UInt32(1))
            // SAFETY: the kernel reads a key and a value of four octets each.
            let code = unsafe bpf_map_update_elem(descriptor, &key, &value, 0)
            guard code == 0 else { throw Self.failure("fill", "the map \(map)", code) }
        }
    }

    /// Puts a number into an array.
    func set(_ index: UInt32, of map: String, to number: UInt32) throws(BPFFailure) {
        let descriptor = unsafe bpf_map__fd(try pointer(toMap: map))
        var (key, value) = (index, number)
        // SAFETY: the kernel reads a key and a value of four octets each.
        let code = unsafe bpf_map_update_elem(descriptor, &key, &value, 0)
        guard code == 0 else { throw Self.failure("fill", "the map \(map)", code) }
    }

    /// Whether the kernel has rings (Linux 5.8).
    static let hasRings = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nil) == 1

    /// Processors that there may ever be.
    // SAFETY: libbpf reads a file of the system.
    static var processorCount: Int { Int(max(libbpf_num_possible_cpus(), 1)) }

    /// Valid as long as the object.
    func descriptor(ofMap map: String) throws(BPFFailure) -> Int32 {
        // SAFETY: the map belongs to the object, which is alive.
        unsafe bpf_map__fd(try pointer(toMap: map))
    }

    // SAFETY: what is found belongs to the object; it is used before the caller returns.
    private func pointer(toMap name: String) throws(BPFFailure) -> OpaquePointer {
        let map = unsafe bpf_object__find_map_by_name(object, name)
        guard let map = unsafe map else { throw Self.failure("find", "the map \(name)", ENOENT) }
        return unsafe map
    }

    // SAFETY: as with maps.
    private func pointer(toProgram name: String) throws(BPFFailure) -> OpaquePointer {
        let program = unsafe bpf_object__find_program_by_name(object, name)
        guard let program = unsafe program else { throw Self.failure("find", "the BPF program \(name)", ENOENT) }
        return unsafe program
    }

    // MARK: - Attaching

    /// - Parameters:
    ///   - offsets: in the file, at which functions begin.
    ///   - pid: 0: in all processes.
    func attach(
        _ program: String, to offsets: [UInt64], of file: TracedFile, atReturn: Bool, pid: UInt32
    ) throws(BPFFailure) -> [BPFLink] {
        let program = unsafe try pointer(toProgram: program)
        if linksManyFunctions {
            // SAFETY: the program belongs to the object, which is alive.
            let descriptor = unsafe bpf_program__fd(program)
            let link = FunctionLink.make(
                program: descriptor, path: file.path, offsets: offsets, atReturn: atReturn, pid: pid)
            guard link >= 0 else { throw Self.failure("attach to", file.shownPath, link) }
            return [BPFLink(descriptor: link)]
        }
        var links: [BPFLink] = []
        for offset in offsets {
            var options = unsafe bpf_uprobe_opts()
            // SAFETY: libbpf reads options and path during the call only.
            unsafe options.sz = MemoryLayout<bpf_uprobe_opts>.size
            unsafe options.retprobe = atReturn
            let link = unsafe bpf_program__attach_uprobe_opts(
                program, pid == 0 ? -1 : Int32(truncatingIfNeeded: pid), file.path.systemName, Int(offset), &options)
            guard let link = unsafe link else { throw Self.failure("attach to", file.shownPath, errno) }
            unsafe links.append(BPFLink(link))
        }
        return links
    }

    /// - Parameter tracepoint: the kernel's name of it.
    func attach(_ program: String, toTracepoint tracepoint: String) throws(BPFFailure) -> BPFLink {
        // SAFETY: libbpf reads the name during the call.
        let link = unsafe bpf_program__attach_raw_tracepoint(try pointer(toProgram: program), tracepoint)
        guard let link = unsafe link else { throw Self.failure("attach to", "the tracepoint \(tracepoint)", errno) }
        return unsafe BPFLink(link)
    }

    /// Attaches a program to what its section names.
    func attach(_ program: String) throws(BPFFailure) -> BPFLink {
        // SAFETY: the program belongs to the object, which is alive.
        let link = unsafe bpf_program__attach(try pointer(toProgram: program))
        guard let link = unsafe link else { throw Self.failure("attach", "the BPF program \(program)", errno) }
        return unsafe BPFLink(link)
    }

    /// - Parameter group: the directory of the control group of version 2 whose processes it is for.
    func attach(_ program: String, toControlGroup group: String) throws(BPFFailure) -> BPFLink {
        // SAFETY: the path is read during the call; the descriptor is closed when the link is made, or is not.
        let directory = unsafe open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.failure("open", group, errno) }
        defer { close(directory) }
        let link = unsafe bpf_program__attach_cgroup(try pointer(toProgram: program), directory)
        guard let link = unsafe link else { throw Self.failure("attach to", "the control group \(group)", errno) }
        return unsafe BPFLink(link)
    }
}
