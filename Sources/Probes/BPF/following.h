// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// What all programs at functions share: their constants, where their records go, what they count, whom they follow, and
// what they know of threads and connections.
//
// Whoever includes it has defined `struct thread` and `struct session`, each with the program first, and defines
// `forget_thread`: what else goes with a thread.
#pragma once
#include "core.h"
#include "probe_records.h"

// The kernel gives its read helpers only to programs under a licence that it knows as compatible with its own: see the
// first line, and docs/decisions/0008-licence-of-bpf-programs.md.
char programs_licence[] SEC("license") = "Dual BSD/GPL";

const volatile struct ns_config config;

enum { CGROUPS_MAX = 32 };
/// After so long without a wake-up the reader may be asleep (Probes/ProbeSession.swift: `attentionNanoseconds`).
enum { WAKE_UP_NANOSECONDS = 10000000 };

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 16 << 20);
} events SEC(".maps");

/// Kernels before 5.8 have no ring: there, a buffer for each processor, and a place for each where a record is put
/// together.
struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
} buffers SEC(".maps");

struct scratch { __u8 octets[NS_DATA_MAX + sizeof(struct ns_data_record)]; };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct scratch);
} scratches SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, NS_COUNTERS);
    __type(key, __u32);
    __type(value, __u64);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 16384);
    __type(key, __u32);
    __type(value, __u32);
} pids SEC(".maps");

__u64 last_wake_up;

static __always_inline void count(__u32 counter, __u64 number) {
    __u64 *value = bpf_map_lookup_elem(&counters, &counter);
    // Atomic: a thread may be taken off its processor in between.
    if (value) __sync_fetch_and_add(value, number);
}

/// Room for a record; 0: there is none. `space` must be a constant to the kernel.
static __always_inline void *reserve(const __u64 space) {
    if (!config.has_buffers) return bpf_ringbuf_reserve(&events, space, 0);
    // Those kernels do not take a program off its processor.
    __u32 processor = bpf_get_smp_processor_id();
    return bpf_map_lookup_elem(&scratches, &processor);
}

static __always_inline void discard(void *record) {
    if (!config.has_buffers) bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
}

/// Hands a record over. The reader looks often while there is something to read, so it is woken up only now and then.
/// - Returns: 1, or 0: there was no room after all.
static __always_inline int submit(void *ctx, void *record, __u64 length, __u64 now) {
    if (config.has_buffers) return bpf_perf_event_output(ctx, &buffers, BPF_F_CURRENT_CPU, record, length) == 0;
    __u64 flags = BPF_RB_NO_WAKEUP;
    if (now - last_wake_up > WAKE_UP_NANOSECONDS) {
        last_wake_up = now;
        flags = BPF_RB_FORCE_WAKEUP;
    }
    bpf_ringbuf_submit(record, flags);
    return 1;
}

// Who is followed

/// Whether the current process is in the control group (of version 2) or in one below.
static __always_inline int is_in_cgroup(void) {
    if (!HAS_HELPER(get_current_ancestor_cgroup_id)) return 0;
    for (int level = 0; level < CGROUPS_MAX; level++) {
        __u64 id = bpf_get_current_ancestor_cgroup_id(level);
        if (id == config.cgroup) return 1;
        if (!id) break;
    }
    return 0;
}

static __always_inline int is_wanted(__u32 tgid) {
    if (tgid == config.own_pid) return 0;
    if (config.has_pids && !bpf_map_lookup_elem(&pids, &tgid)) return 0;
    if (config.has_uid && (__u32)bpf_get_current_uid_gid() != config.uid) return 0;
    if (config.has_comm) {
        __u8 comm[16] = {};
        bpf_get_current_comm(comm, sizeof comm);
        for (int i = 0; i < 16; i++) {
            if (comm[i] != config.comm[i]) return 0;
            if (comm[i] == 0) break;
        }
    }
    if (config.cgroup && !is_in_cgroup()) return 0;
    return 1;
}

/// A connection of a library, or what stands for one: an address in a process.
struct session_key {
    __u64 object;
    __u32 tgid;
    __u32 reserved;
};

/// Tells processes and programs apart that have the same number one after the other.
static __always_inline __u64 current_program(void) {
    struct task_struct *task = (void *)bpf_get_current_task();
    return BPF_CORE_READ(task, group_leader, start_time) << 8 ^ (BPF_CORE_READ(task, self_exec_id) & 0xFF);
}

/// By thread; gone with the thread.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 65536);
    __type(key, __u32);
    __type(value, struct thread);
} threads SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 32768);
    __type(key, struct session_key);
    __type(value, struct session);
} sessions SEC(".maps");

static __always_inline struct thread *thread_of(__u32 tid) {
    struct thread *known = bpf_map_lookup_elem(&threads, &tid);
    if (known) return known;
    struct thread fresh = {};
    fresh.program = current_program();
    bpf_map_update_elem(&threads, &tid, &fresh, BPF_NOEXIST);
    return bpf_map_lookup_elem(&threads, &tid);
}

/// What is known of a connection; 0: nothing, or of a program that had the same process before.
static __always_inline struct session *known_session(__u32 tgid, __u64 object, __u64 program) {
    struct session_key key = {.object = object, .tgid = tgid};
    struct session *known = bpf_map_lookup_elem(&sessions, &key);
    return known && known->program == program ? known : 0;
}

static __always_inline struct session *new_session(__u32 tgid, __u64 object, const struct session *fresh) {
    struct session_key key = {.object = object, .tgid = tgid};
    bpf_map_update_elem(&sessions, &key, fresh, BPF_ANY);
    return bpf_map_lookup_elem(&sessions, &key);
}

/// What a file knows of a thread besides.
static __always_inline void forget_thread(__u32 tid);

/// With its last thread a process is gone, and its number may become another one's.
static __always_inline void forget_ended(__u32 tgid) {
    struct task_struct *task = (void *)bpf_get_current_task();
    if (config.has_pids && BPF_CORE_READ(task, signal, live.counter) == 0) bpf_map_delete_elem(&pids, &tgid);
}

SEC("raw_tp/sched_process_exit") int thread_ends(struct bpf_raw_tracepoint_args *ctx) {
    __u64 id = bpf_get_current_pid_tgid();
    __u32 tid = id;
    bpf_map_delete_elem(&threads, &tid);
    forget_thread(tid);
    forget_ended(id >> 32);
    return 0;
}

SEC("raw_tp/sched_process_exec") int program_starts(struct bpf_raw_tracepoint_args *ctx) {
    __u32 tid = bpf_get_current_pid_tgid();
    bpf_map_delete_elem(&threads, &tid);
    forget_thread(tid);
    return 0;
}

SEC("raw_tp/sched_process_fork") int process_forks(struct bpf_raw_tracepoint_args *ctx) {
    __u32 parent = BPF_CORE_READ((struct task_struct *)ctx->args[0], tgid);
    __u32 child = BPF_CORE_READ((struct task_struct *)ctx->args[1], tgid), present = 1;
    if (!config.follows || parent == child || !bpf_map_lookup_elem(&pids, &parent)) return 0;
    if (bpf_map_update_elem(&pids, &child, &present, BPF_ANY) != 0) count(NS_CHILDREN_UNFOLLOWED, 1);
    return 0;
}
