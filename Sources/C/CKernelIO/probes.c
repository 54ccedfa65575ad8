#define _GNU_SOURCE
#include "CKernelIO.h"
#include <errno.h>
#include <string.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
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

int ns_open_processor_buffer(int processor, uint32_t wake_up_octets) {
    // include/uapi/linux/perf_event.h: what bpf_perf_event_output writes, as samples that are nothing but octets.
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_BPF_OUTPUT;
    attributes.sample_type = PERF_SAMPLE_RAW;
    attributes.sample_period = 1;
    attributes.watermark = 1;
    attributes.wakeup_watermark = wake_up_octets;
    long descriptor = syscall(SYS_perf_event_open, &attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
    if (descriptor < 0) return -errno;
    if (ioctl((int)descriptor, PERF_EVENT_IOC_ENABLE, 0) != 0) {
        int reason = errno;
        close((int)descriptor);
        return -reason;
    }
    return (int)descriptor;
}
