#define _GNU_SOURCE
#include "CKernelIO.h"
#include <sys/mman.h>

void *ns_mremap(void *old_address, size_t old_size, size_t new_size) {
    return mremap(old_address, old_size, new_size, MREMAP_MAYMOVE);
}
