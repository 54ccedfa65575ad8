#define _GNU_SOURCE
#include "CKernelIO.h"
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

void *ns_mremap(void *old_address, size_t old_size, size_t new_size) {
    return mremap(old_address, old_size, new_size, MREMAP_MAYMOVE);
}

int ns_processor_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}

void ns_set_thread_name(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
