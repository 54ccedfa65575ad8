// System calls that the Glibc module does not show to Swift.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// mremap(2) with MREMAP_MAYMOVE; MAP_FAILED on failure.
void *ns_mremap(void *old_address, size_t old_size, size_t new_size);

/// Asks for the cache line at an address, which need not be valid.
static inline void ns_prefetch(const void *address) { __builtin_prefetch(address); }

/// Processors the calling thread may run on, at least 1.
int ns_processor_count(void);

/// eventfd(2) for waking up threads in poll(2), closed on exec; negative on failure.
int ns_wake_descriptor(void);

/// Whether any process has a regular file open for writing: 1 or 0; -1 where the system does not tell, as of files of
/// other users and on file systems of other machines. The descriptor is open for reading alone.
int ns_is_open_for_writing(int descriptor);

/// Asks the system to begin bringing to the disk what was written to a file; returns at once.
void ns_start_syncing(int descriptor);

/// Names the calling thread; the kernel keeps the first 15 octets.
void ns_set_thread_name(const char *name);

/// Tells the processor that this thread is waiting in a loop.
static inline void ns_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Probes (probes.c)

/// bpf(2): runs a program where functions of a file begin, or where they return; in one process, or with 0 in all.
/// A descriptor, which ends it when it is closed, or a negative error number. Since Linux 6.6.
int ns_link_uprobes(
    int program, const char *path, const uint64_t *offsets, uint32_t count, int at_return, uint32_t pid);
