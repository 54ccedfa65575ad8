// System calls that the Glibc module does not show to Swift.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>

/// mremap(2) with MREMAP_MAYMOVE; MAP_FAILED on failure.
void *ns_mremap(void *old_address, size_t old_size, size_t new_size);
