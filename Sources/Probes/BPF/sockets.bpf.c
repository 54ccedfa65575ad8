// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// Who has which socket of TCP and UDP: told when a process first uses one, when another one does, and when it is gone;
// and by looks at all processes' open files, which find those that were there before, or are not used yet.
//
// Sockets are known by their cookies, which are never given twice. What runs in an interrupt says nothing of the
// process that happens to be on the processor; so a process is believed only where it calls the kernel itself.
#include "sock.h"
#include "owner_records.h"

char programs_licence[] SEC("license") = "Dual BSD/GPL";

enum { TCP = 6, UDP = 17, STREAM = 1 };
// include/net/tcp_states.h
enum { ESTABLISHED = 1, SYN_SENT = 2, CLOSED = 7, LISTENS = 10 };
/// A socket that processes use in turns is told anew each time, so often; then no faster than that.
enum { CHANGES_MAX = 16, CHANGE_NANOSECONDS = 100000000 };
enum { WAKE_UP_NANOSECONDS = 10000000 };

/// What was told of a socket.
struct known {
    __u64 ends;        // all octets of both, added up: those of UDP may change
    __u64 told;        // when
    __u64 since;       // 0: before anybody looked
    __u64 started;
    __u64 cgroup;
    __u32 pid, uid;
    __u32 changes;
    __u32 connects;    // 1: its own port is not known yet
    __u8 comm[16];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4 << 20);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, NS_OWNER_COUNTERS);
    __type(key, __u32);
    __type(value, __u64);
} counters SEC(".maps");

/// By cookie. What goes for want of room is told once more when it is used.
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 131072);
    __type(key, __u64);
    __type(value, struct known);
} sockets SEC(".maps");

/// Control groups whose names were told.
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, __u64);
    __type(value, __u8);
} groups SEC(".maps");

__u64 last_wake_up, scan_begun, lost;

static __always_inline void count(__u32 counter) {
    __u64 *value = bpf_map_lookup_elem(&counters, &counter);
    if (value) __sync_fetch_and_add(value, 1);
    if (counter == NS_OWNERS_RING_FULL) __sync_fetch_and_add(&lost, 1);
}

/// The reader looks often while there is something to read, so it is woken up only now and then.
static __always_inline void submit(void *record, __u64 now) {
    __u64 flags = BPF_RB_NO_WAKEUP;
    if (now - last_wake_up > WAKE_UP_NANOSECONDS) {
        last_wake_up = now;
        flags = BPF_RB_FORCE_WAKEUP;
    }
    bpf_ringbuf_submit(record, flags);
}

// Processes

static __always_inline void describe(struct known *known, struct task_struct *task) {
    struct task_struct *leader = BPF_CORE_READ(task, group_leader);
    known->pid = BPF_CORE_READ(task, tgid);
    known->uid = BPF_CORE_READ(task, cred, uid.val);
    known->started = BPF_CORE_READ(leader, start_time);
    known->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
    BPF_CORE_READ_STR_INTO(&known->comm, leader, comm);
}

/// Tells the names of a control group, once.
static __always_inline void tell_group(struct task_struct *task, __u64 group, __u64 now) {
    __u8 present = 1;
    if (bpf_map_lookup_elem(&groups, &group)) return;
    struct ns_group_record *record = bpf_ringbuf_reserve(&events, sizeof *record, 0);
    if (!record) return;
    record->header = (struct ns_record_header){
        .length = sizeof *record, .type = NS_CONTROL_GROUP, .version = NS_RECORD_VERSION, .time = now};
    record->cgroup = group;
    record->is_whole = 0;
    __u32 names = 0;
    struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
    for (__u32 i = 0; i < NS_GROUP_NAMES; i++) {
        struct kernfs_node___ns *newer = (void *)node;
        struct kernfs_node *parent = bpf_core_field_exists(newer->__parent) ? BPF_CORE_READ(newer, __parent)
                                                                            : BPF_CORE_READ(node, parent);
        if (!parent) {
            record->is_whole = 1;
            break;
        }
        const char *name = BPF_CORE_READ(node, name);
        if (bpf_probe_read_kernel_str(record->names[i], NS_GROUP_NAME_MAX, name) < 0) break;
        names = i + 1;
        node = parent;
    }
    record->count = names;
    submit(record, now);
    bpf_map_update_elem(&groups, &group, &present, BPF_ANY);
}

// Sockets

static __always_inline __u64 sum(const __u8 *octets) {
    __u64 words[2];
    __builtin_memcpy(words, octets, sizeof words);
    return words[0] * 31 + words[1];
}

/// Tells both ends apart, and addresses from ports: enough to see that they are others than before.
static __always_inline __u64 sum_of(const struct ends *ends) {
    __u64 ports = (__u64)ends->local_port << 16 | ends->remote_port;
    return (sum(ends->local) * 31 + sum(ends->remote)) * 31 + ports;
}

/// - Returns: 6 or 17; 0: what it carries is not looked at.
static __always_inline __u8 protocol_of(struct sock *sock) {
    __u16 protocol = BPF_CORE_READ_BITFIELD_PROBED(sock, sk_protocol);
    return protocol == TCP || protocol == UDP ? protocol : 0;
}

static __always_inline void tell(
    struct sock *sock, __u64 cookie, const struct known *known, const struct ends *ends, __u8 protocol,
    __u8 source, int listens, __u64 now) {
    struct ns_owner_record *record = bpf_ringbuf_reserve(&events, sizeof *record, 0);
    if (!record) return count(NS_OWNERS_RING_FULL);
    record->header = (struct ns_record_header){
        .length = sizeof *record, .type = NS_SOCKET_OWNER, .version = NS_RECORD_VERSION, .time = now};
    record->since = known->since;
    record->cookie = cookie;
    record->cgroup = known->cgroup;
    record->started = known->started;
    record->pid = known->pid;
    record->uid = known->uid;
    record->network = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
    record->family = ends->family;
    record->protocol = protocol;
    record->source = source;
    record->flags = listens ? NS_SOCKET_LISTENS : 0;
    if (BPF_CORE_READ_BITFIELD_PROBED(&sock->__sk_common, skc_ipv6only)) record->flags |= NS_SOCKET_V6_ONLY;
    record->local_port = ends->local_port;
    record->remote_port = ends->remote_port;
    record->reserved = 0;
    __builtin_memcpy(record->comm, known->comm, 16);
    __builtin_memcpy(record->local, ends->local, 16);
    __builtin_memcpy(record->remote, ends->remote, 16);
    submit(record, now);
    count(NS_OWNERS_WRITTEN);
}

/// The current process uses a socket.
static __always_inline void note_use(struct sock *sock, __u64 cookie, __u8 protocol, int listens) {
    __u32 pid = bpf_get_current_pid_tgid() >> 32;
    struct known *before = bpf_map_lookup_elem(&sockets, &cookie);
    // The ends of a socket of TCP that is told stay what they are.
    if (before && before->pid == pid && !before->connects && protocol == TCP && !listens) return;
    struct ends ends = {};
    if (!read_ends(&ends, sock) || ends.local_port == 0) return;
    __u64 check = sum_of(&ends), now = bpf_ktime_get_ns();
    if (before && before->pid == pid && before->ends == check && !before->connects && !listens) return;
    __u32 changes = before ? before->changes + 1 : 0;
    if (before && changes > CHANGES_MAX && now - before->told < CHANGE_NANOSECONDS) return;
    struct task_struct *task = (void *)bpf_get_current_task();
    struct known fresh = {.ends = check, .told = now, .since = now, .changes = changes};
    describe(&fresh, task);
    // It has connected before.
    if (before && before->pid == pid && before->connects) fresh.since = before->since;
    bpf_map_update_elem(&sockets, &cookie, &fresh, BPF_ANY);
    tell_group(task, fresh.cgroup, now);
    tell(sock, cookie, &fresh, &ends, protocol, NS_OWNER_USES, listens, now);
}

SEC("tp_btf/sock_send_length") int socket_sends(__u64 *ctx) {
    struct sock *sock = (void *)ctx[0];
    if (!sock) return 0;
    __u8 protocol = protocol_of(sock);
    if (protocol) note_use(sock, bpf_get_socket_cookie(sock), protocol, 0);
    return 0;
}

SEC("tp_btf/sock_recv_length") int socket_receives(__u64 *ctx) {
    struct sock *sock = (void *)ctx[0];
    if (!sock) return 0;
    __u8 protocol = protocol_of(sock);
    if (protocol) note_use(sock, bpf_get_socket_cookie(sock), protocol, 0);
    return 0;
}

/// A socket begins to connect or to listen, which its process does; what follows may run in an interrupt.
SEC("tp_btf/inet_sock_set_state") int state_changes(__u64 *ctx) {
    struct sock *sock = (void *)ctx[0];
    int before = (int)ctx[1], after = (int)ctx[2];
    if (protocol_of(sock) != TCP) return 0;
    if (after == LISTENS) {
        note_use(sock, bpf_get_socket_cookie(sock), TCP, 1);
        return 0;
    }
    if (before == CLOSED && after == SYN_SENT) {
        __u64 now = bpf_ktime_get_ns(), cookie = bpf_get_socket_cookie(sock);
        struct task_struct *task = (void *)bpf_get_current_task();
        struct known fresh = {.told = now, .since = now, .connects = 1};
        describe(&fresh, task);
        bpf_map_update_elem(&sockets, &cookie, &fresh, BPF_ANY);
        tell_group(task, fresh.cgroup, now);
        return 0;
    }
    if (before != SYN_SENT) return 0;
    // Connected or refused: only now its own port is there to be read.
    __u64 cookie = bpf_get_socket_cookie(sock);
    struct known *known = bpf_map_lookup_elem(&sockets, &cookie);
    struct ends ends = {};
    if (!known || !known->connects || !read_ends(&ends, sock)) return 0;
    // One that is refused has lost its number, and has its port still.
    if (!ends.local_port) ends.local_port = __builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sock, inet_sport));
    if (!ends.local_port) return 0;
    __u64 now = bpf_ktime_get_ns();
    known->connects = 0;
    known->ends = sum_of(&ends);
    known->told = now;
    tell(sock, cookie, known, &ends, TCP, NS_OWNER_USES, 0, now);
    return 0;
}

static __always_inline int is_gone(__u64 cookie) {
    // Both programs below may come for it.
    if (bpf_map_delete_elem(&sockets, &cookie) != 0) return 0;
    struct ns_socket_gone_record *record = bpf_ringbuf_reserve(&events, sizeof *record, 0);
    if (!record) {
        count(NS_OWNERS_RING_FULL);
        return 0;
    }
    __u64 now = bpf_ktime_get_ns();
    record->header = (struct ns_record_header){
        .length = sizeof *record, .type = NS_SOCKET_GONE, .version = NS_RECORD_VERSION, .time = now};
    record->cookie = cookie;
    submit(record, now);
    return 0;
}

/// The last process has closed it. (What TCP still has to say goes on.)
SEC("cgroup/sock_release") int socket_released(struct bpf_sock *sock) {
    is_gone(bpf_get_socket_cookie(sock));
    return 1;
}

SEC("tp_btf/tcp_destroy_sock") int socket_destroyed(__u64 *ctx) {
    return is_gone(bpf_get_socket_cookie((struct sock *)ctx[0]));
}

// Looks at all processes

struct bpf_iter_meta { void *seq; __u64 session_id, seq_num; } __ai;
struct bpf_iter__task_file {
    struct bpf_iter_meta *meta __attribute__((aligned(8)));
    struct task_struct *task __attribute__((aligned(8)));
    __u32 fd __attribute__((aligned(8)));
    struct file *file __attribute__((aligned(8)));
} __ai;

/// Called for each open file of each process, and once more at the end, without.
SEC("iter/task_file") int look_at_file(struct bpf_iter__task_file *ctx) {
    __u64 now = bpf_ktime_get_ns();
    if (ctx->meta->seq_num == 0) scan_begun = now;
    struct task_struct *task = ctx->task;
    struct file *file = ctx->file;
    if (!task || !file) {
        struct ns_scan_record *record = bpf_ringbuf_reserve(&events, sizeof *record, 0);
        if (!record) {
            count(NS_OWNERS_RING_FULL);
            return 0;
        }
        record->header = (struct ns_record_header){
            .length = sizeof *record, .type = NS_SCAN_DONE, .version = NS_RECORD_VERSION, .time = now};
        record->begun = scan_begun;
        record->lost = lost;
        bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
        return 0;
    }
    struct socket *socket = bpf_sock_from_file(file);
    if (!socket) return 0;
    struct sock *sock = socket->sk;
    struct ends ends = {};
    if (!sock || !read_ends(&ends, sock) || ends.local_port == 0) return 0;
    __u8 protocol = protocol_of(sock);
    if (!protocol) return 0;
    __u64 cookie = bpf_get_socket_cookie(sock);
    struct known found = {.told = now, .since = now};
    describe(&found, task);
    // So that its end is told. Who uses it is told still: here nobody has.
    struct known unused = {};
    bpf_map_update_elem(&sockets, &cookie, &unused, BPF_NOEXIST);
    tell_group(task, found.cgroup, now);
    int listens = protocol == TCP && BPF_CORE_READ(sock, __sk_common.skc_state) == LISTENS;
    tell(sock, cookie, &found, &ends, protocol, NS_OWNER_HOLDS, listens, now);
    return 0;
}
