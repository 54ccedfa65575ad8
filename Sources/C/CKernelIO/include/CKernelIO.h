// System calls that the Glibc module does not show to Swift.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// mremap(2) with MREMAP_MAYMOVE; MAP_FAILED on failure.
void *ns_mremap(void *old_address, size_t old_size, size_t new_size);

/// Asks for the cache line at an address, which need not be valid.
static inline void ns_prefetch(const void *address) { __builtin_prefetch(address); }

/// Processors the calling thread may run on, at least 1.
int ns_processor_count(void);

/// Raises how many descriptors this process may have open to `wanted`, as far as it may. Returns how many that are.
uint64_t ns_raise_descriptor_limit(uint64_t wanted);

/// eventfd(2) for waking up threads in poll(2), closed on exec; negative on failure.
int ns_wake_descriptor(void);

/// Whether any process has a regular file open for writing: 1 or 0; -1 where the system does not tell, as of files of
/// other users and on file systems of other machines. The descriptor is open for reading alone.
int ns_is_open_for_writing(int descriptor);

/// Asks the system to begin bringing to the disk what was written to a file; returns at once.
void ns_start_syncing(int descriptor);

/// Whether octets hold others: 1 or 0.
int ns_holds(const void *octets, size_t count, const void *needle, size_t needle_count);

/// mallopt(3): one heap for all threads made from now on. It grows in steps of `step` octets, gives back what is free at
/// its end beyond `idle_max`, and leaves what is larger than `mapping_min` to mappings.
void ns_share_heap(int step, int idle_max, int mapping_min);

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

// Processes (processes.c)

/// fork(2): 0 in the child, negative on failure. Only where this process has one thread.
int ns_fork(void);

/// Waits for a child's end: its exit code, or with `is_signal` the signal that ended it; negative on failure.
int ns_wait(int pid, int *is_signal);

/// Two connected sockets that keep the borders of messages, closed on exec. An error number, or 0.
int ns_socket_pair(int descriptors[2]);

/// Sends a message, with a descriptor unless that is negative. An error number, or 0.
int ns_send(int socket, const void *octets, size_t count, int descriptor);

/// Receives a message and the descriptor that came with it, or -1: the count of octets, 0 at the end, negative on
/// failure.
ssize_t ns_receive(int socket, void *octets, size_t count, int *descriptor);

/// Closes all descriptors from 3 on but these, which are in ascending order.
void ns_close_all_but(const int *kept, size_t count);

/// From now on whoever writes to a pipe without a reader is told by the write, and goes on.
void ns_ignore_broken_pipes(void);

/// From now on this process takes no interrupts and no SIGPIPE.
void ns_leave_signals_to_parent(void);
/// It reads nothing from standard input.
void ns_leave_input_to_parent(void);

/// Whether this process can open a file, and reach another one over TCP.
int ns_can_open(void);
int ns_can_connect(void);
/// Does not return where this process can execute a program; its exit code is 0 then.
int ns_can_execute(void);

// Terminals (terminal.c)

/// Remembers how the terminal behind a descriptor is set. 0: it is none.
int ns_terminal_remember(int descriptor);
/// Gives keys at once, does not show them, and lets none but Ctrl-C send a signal. Only after `ns_terminal_remember`.
void ns_terminal_give_keys(int descriptor);
/// As it was when it was remembered.
void ns_terminal_restore(int descriptor);

// What a process gives up for good (sandbox.c). All give an error number, or 0.

/// The capabilities in force, a bit each.
int ns_effective_capabilities(uint64_t *set);
/// All capabilities but those `kept`, all ways to new ones, and core files. Those in `spare` are not in force, but can
/// be kept by another call.
int ns_drop_privileges(uint64_t kept, uint64_t spare);
/// Whether this process, with the capabilities in force, can write a file or into a directory: 1 or 0.
int ns_is_writable(const char *path);
/// The version of Landlock's interface; 0: not there.
int ns_landlock_version(void);
/// Everything that Landlock knows to forbid.
int ns_landlock_all(void);
/// Changing anything but what is below these directories (a null pointer ends the list), and executing programs.
/// ENOSYS before Linux 5.19.
int ns_landlock_writing(const char *const *directories);
/// Whether filters of system calls are there: 1 or 0.
int ns_seccomp_is_there(void);
/// All system calls but those that read, write and compute.
int ns_seccomp_confine(void);

// What network interfaces count (links.c)

/// Frames that came in, those for which the interface had no room, and those for which its queue had none.
struct ns_link_counts { uint64_t received, missed, overrun; };
/// A socket to ask through, or -1.
int ns_link_socket(void);
/// Gives an error number, or 0.
int ns_link_statistics(int descriptor, uint32_t index, struct ns_link_counts *counts);

// Probes (probes.c)

/// bpf(2): runs a program where functions of a file begin, or where they return; in one process, or with 0 in all.
/// A descriptor, which ends it when it is closed, or a negative error number. Since Linux 6.6.
int ns_link_uprobes(
    int program, const char *path, const uint64_t *offsets, uint32_t count, int at_return, uint32_t pid);

/// perf_event_open(2): a buffer for what programs on a processor give to `bpf_perf_event_output`, which becomes readable
/// with so many octets. A descriptor, or a negative error number.
int ns_open_processor_buffer(int processor, uint32_t wake_up_octets);

/// A number that another processor writes: what it wrote before is seen as well.
static inline uint64_t ns_load_acquire(const uint64_t *number) { return __atomic_load_n(number, __ATOMIC_ACQUIRE); }
static inline void ns_store_release(uint64_t *number, uint64_t value) { __atomic_store_n(number, value, __ATOMIC_RELEASE); }

// Programs (programs.c)

/// How a program that was run has ended.
struct ns_ending {
    /// An error number where it could not be run; then the rest says nothing.
    int error;
    int timed_out;
    int is_signal;
    /// The exit code, or the signal.
    int code;
};

/// Runs a program, found as execvp(3) finds it, in a process group of its own, and waits for it. It reads `input` from
/// standard input, and its output goes to standard error. `variables` are `count` lines `NAME=value`, put before those of
/// this process. After `timeout` nanoseconds the group is killed.
struct ns_ending ns_run_program(
    const char *const *arguments, const char *const *variables, size_t count, const void *input, size_t size,
    int64_t timeout);
