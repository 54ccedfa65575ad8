import CLibBPF
import Glibc
import KernelIO

/// Links of one program to many functions of a file (`BPF_TRACE_UPROBE_MULTI`, Linux 6.6), which the libbpf of older
/// distributions does not know.
enum ManyFunctions {
    /// include/uapi/linux/bpf.h
    static let attachType = bpf_attach_type(rawValue: 48)

    /// Whether the kernel has them, tried with a program that does nothing.
    static let areSupported: Bool = {
        // SAFETY: libbpf and the kernel read options and instructions during the call only.
        var options = unsafe bpf_prog_load_opts()
        unsafe options.sz = MemoryLayout<bpf_prog_load_opts>.size
        unsafe options.expected_attach_type = attachType
        // r0 = 0; exit
        let instructions = [
            bpf_insn(code: 0xB7, dst_reg: 0, src_reg: 0, off: 0, imm: 0),
            bpf_insn(code: 0x95, dst_reg: 0, src_reg: 0, off: 0, imm: 0),
        ]
        let program = unsafe bpf_prog_load(
            BPF_PROG_TYPE_KPROBE, "ns_try", "Dual BSD/GPL", instructions, instructions.count, &options)
        guard program >= 0 else { return false }
        defer { close(program) }
        // A directory cannot be probed, which only a kernel says that knows what it was asked for. Before 6.10 a
        // process was taken for its first thread; those kernels did not refuse a negative one.
        let answers = [UInt32(0), .max].map {
            FunctionLink.make(program: program, path: "/", offsets: [0], atReturn: false, pid: $0)
        }
        return answers == [-EBADF, -EINVAL]
    }()
}
