#define _GNU_SOURCE
#include "CKernelIO.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int ns_link_uprobes(
    int program, const char *path, const uint64_t *offsets, uint32_t count, int at_return, uint32_t pid) {
    // include/uapi/linux/bpf.h: `union bpf_attr`, the part of BPF_LINK_CREATE, as of Linux 6.6.
    struct {
        uint32_t program, target, attach_type, flags;
        uint64_t path, offsets, reference_counters, cookies;
        uint32_t count, probe_flags, pid, reserved;
    } attributes;
    _Static_assert(sizeof attributes == 64, "the layout is part of the kernel's interface");
    enum { LINK_CREATE = 28, TRACE_UPROBE_MULTI = 48, MULTI_RETURN = 1 };
    memset(&attributes, 0, sizeof attributes);
    attributes.program = program;
    attributes.attach_type = TRACE_UPROBE_MULTI;
    attributes.path = (uintptr_t)path;
    attributes.offsets = (uintptr_t)offsets;
    attributes.count = count;
    attributes.probe_flags = at_return ? MULTI_RETURN : 0;
    attributes.pid = pid;
    long link = syscall(SYS_bpf, LINK_CREATE, &attributes, sizeof attributes);
    return link < 0 ? -errno : (int)link;
}
