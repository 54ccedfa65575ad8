#define _GNU_SOURCE
#include "CKernelIO.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void *ns_mremap(void *old_address, size_t old_size, size_t new_size) {
#if __has_feature(thread_sanitizer)
    // The sanitizer does not see mremap(2), and would take whoever gets the addresses next for a second user of them.
    void *moved = mmap(NULL, new_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (moved == MAP_FAILED) return moved;
    memcpy(moved, old_address, old_size < new_size ? old_size : new_size);
    munmap(old_address, old_size);
    return moved;
#else
    return mremap(old_address, old_size, new_size, MREMAP_MAYMOVE);
#endif
}

uint64_t ns_raise_descriptor_limit(uint64_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    struct rlimit raised = limit;
    raised.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

int ns_processor_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}

int ns_wake_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int ns_is_open_for_writing(int descriptor) {
    // The kernel grants a read lease only where nobody has the file open for writing. It is given back at once; who
    // opens the file in between waits that long, and we are told by a signal that is ignored unless somebody wants it
    // (the default one, SIGIO, would end the process).
    if (fcntl(descriptor, F_SETSIG, SIGURG) != 0) return -1;
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN ? 1 : -1;
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return 0;
}

void ns_start_syncing(int descriptor) { sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE); }

void ns_share_heap(int step, int idle_max, int mapping_min) {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, step);
    mallopt(M_TRIM_THRESHOLD, idle_max);
    mallopt(M_MMAP_THRESHOLD, mapping_min);
}

void ns_set_thread_name(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

int ns_holds(const void *octets, size_t count, const void *needle, size_t needle_count) {
    return memmem(octets, count, needle, needle_count) != NULL;
}
