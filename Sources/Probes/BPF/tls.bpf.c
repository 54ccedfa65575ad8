// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// Plaintext of TLS libraries: what goes in and out of their read and write functions, and which socket it belongs to.
//
// The entry of a call notes its arguments; its return reads the buffer, when the octets are there and in memory. The
// socket is learned from what the same thread sends and receives inside the library: so no library's structures are
// known here. Only read helpers are used; nothing of the traced program changes.
#include "sock.h"
#include "transfers.h"

enum { CALLS_MAX = 4, PIECES_MAX = 256, DESCRIPTORS_MAX = 256 };
/// A connection's version stands in one of its first transfers, and among the first extensions there.
enum { LOOKS_MAX = 16, EXTENSIONS_MAX = 24, NUMBER_TRIES = 4 };

/// How a function says how many octets it has moved.
enum result { RESULT_NONE, RESULT_INT, RESULT_LONG, RESULT_POINTER };

/// A call under way.
struct call {
    __u64 object;        // the library's connection: SSL *, gnutls_session_t
    __u64 buffer;
    __u64 count_pointer; // where RESULT_POINTER leaves the count
    __u64 stack;         // at entry: tells which return belongs to which call
    __u16 type;          // of the record
    __u8 result;
    __u8 data_type;      // 0 received, 1 sent
    __u8 is_nested;      // within a call that moves the same octets
    __u8 reserved[3];
};

struct thread {
    __u64 program;       // tells processes and programs apart that had the same pid
    __u32 depth;
    __u32 reserved;
    struct call calls[CALLS_MAX];
};

/// What is known of a connection of a library.
struct session {
    __u64 program;
    __u64 sock;          // 0: not known
    __u64 birth;         // of the entry in `sockets`: the kernel reuses addresses
    __s32 fd;
    struct ends ends;
    __u16 tls_version;   // 0: not known
    __u32 missing[2];    // octets lost since the last record, by direction
    __s32 number;        // below -1: stands for the descriptor while that is not known; 0: none yet
    __u32 looks;         // how often the version was looked for
};

#include "following.h"

/// Those that stand for descriptors.
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 32768);
    __type(key, __u32);
    __type(value, __u8);
} numbers SEC(".maps");

/// Sockets whose end is to be told, each with the time at which it was first seen.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 131072);
    __type(key, __u64);
    __type(value, __u64);
} sockets SEC(".maps");

static __always_inline void forget_thread(__u32 tid) {}

/// What tells a connection without a socket from others: a number that none of them has.
static __always_inline __s32 number_of(struct session *session) {
    for (int i = 0; i < NUMBER_TRIES && !session->number; i++) {
        __u32 number = bpf_get_prandom_u32() & 0x3FFFFFFF;
        __u8 present = 1;
        if (bpf_map_update_elem(&numbers, &number, &present, BPF_NOEXIST) == 0) session->number = -2 - (__s32)number;
    }
    return session->number ? session->number : -1;
}

static __always_inline struct session *session_of(__u32 tgid, __u64 object, __u64 program) {
    struct session *known = known_session(tgid, object, program);
    if (known) return known;
    struct session fresh = {.program = program, .fd = -1};
    return new_session(tgid, object, &fresh);
}

// Which socket

/// - Returns: 1 for a socket of TCP, whose end will be told.
static __always_inline int read_addresses(struct session *session, struct sock *sock) {
    if (BPF_CORE_READ_BITFIELD_PROBED(sock, sk_type) != 1) return 0;  // SOCK_STREAM
    return read_ends(&session->ends, sock);
}

/// The descriptor of a socket, among the first ones of the process.
static __always_inline __s32 descriptor_of(struct sock *sock) {
    struct task_struct *task = (void *)bpf_get_current_task();
    struct fdtable *table = BPF_CORE_READ(task, files, fdt);
    struct socket *socket = BPF_CORE_READ(sock, sk_socket);
    struct file **files = BPF_CORE_READ(table, fd);
    __u32 count = BPF_CORE_READ(table, max_fds);
    for (__u32 fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        struct file *file = 0;
        if (fd >= count || bpf_probe_read_kernel(&file, sizeof file, files + fd)) break;
        if (file && BPF_CORE_READ(file, private_data) == socket) return fd;
    }
    return -1;
}

static __always_inline struct sock *socket_of_descriptor(__s32 fd) {
    struct task_struct *task = (void *)bpf_get_current_task();
    struct fdtable *table = BPF_CORE_READ(task, files, fdt);
    if (fd < 0 || (__u32)fd >= BPF_CORE_READ(table, max_fds)) return 0;
    struct file **files = BPF_CORE_READ(table, fd), *file = 0;
    bpf_probe_read_kernel(&file, sizeof file, files + fd);
    if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & 0170000) != 0140000) return 0;  // S_ISSOCK
    struct socket *socket = BPF_CORE_READ(file, private_data);
    return BPF_CORE_READ(socket, sk);
}

/// The innermost call that the current thread is in.
static __always_inline struct call *current_call(struct thread *thread) {
    __u32 depth = thread->depth;
    if (depth == 0 || depth > CALLS_MAX) return 0;
    return &thread->calls[(depth - 1) & (CALLS_MAX - 1)];
}

/// The current thread sends or receives on a socket: inside a library's call, it is the connection's.
/// - Parameter fd: negative: not known.
static __always_inline void learn(struct session *session, struct sock *sock, __s32 fd) {
    __u64 address = (__u64)sock;
    __u64 *birth = bpf_map_lookup_elem(&sockets, &address);
    if (birth && session->sock == address && session->birth == *birth) return;
    // Other sockets inside a call, such as a callback's log, say nothing of the connection.
    if (!read_addresses(session, sock)) return;
    __u64 now = bpf_ktime_get_ns();
    if (!birth && bpf_map_update_elem(&sockets, &address, &now, BPF_NOEXIST) != 0) {
        // Somebody else may have been first; else there is no room, and as its end would not be told it is not named.
        birth = bpf_map_lookup_elem(&sockets, &address);
        if (!birth) {
            count(NS_CONNECTIONS_UNFOLLOWED, 1);
            session->sock = 0;
            session->fd = fd;
            return;
        }
    }
    session->birth = birth ? *birth : now;
    session->fd = fd >= 0 ? fd : descriptor_of(sock);
    session->sock = address;
    session->tls_version = 0;
    session->looks = 0;
}

// Which version of TLS

/// What the ServerHello in a buffer of the program says (RFC 8446 § 4.1.3, § 4.2.1; RFC 5246 § 7.4.1.3).
/// - Returns: 0: there is none, or not all of it.
static __always_inline __u16 version_in_hello(__u64 buffer, __u64 length) {
    __u8 head[6] = {};
    if (length < 6 || bpf_probe_read_user(head, sizeof head, (void *)buffer)) return 0;
    // Some read the record's header by itself.
    if (head[0] == 22 && head[1] == 3) {
        buffer += 5;
        length -= 5;
        if (length < 6 || bpf_probe_read_user(head, sizeof head, (void *)buffer)) return 0;
    }
    if (head[0] != 2 || head[1] != 0 || head[4] != 3) return 0;
    __u16 version = head[4] << 8 | head[5];
    // Type, length, version, random, session, cipher suite, compression.
    __u8 session_octets = 0, pair[2] = {}, extension[4] = {};
    if (length < 39 || bpf_probe_read_user(&session_octets, 1, (void *)(buffer + 38))) return 0;
    __u64 at = 39 + session_octets + 3, end = 4 + (head[2] << 8 | head[3]);
    if (end > length) return 0;
    for (int i = 0; i < EXTENSIONS_MAX; i++) {
        __u64 start = i == 0 ? at + 2 : at;
        if (start + 4 > end || bpf_probe_read_user(extension, sizeof extension, (void *)(buffer + start))) break;
        if (extension[0] == 0 && extension[1] == 43) {  // supported_versions
            if (bpf_probe_read_user(pair, sizeof pair, (void *)(buffer + start + 4))) return 0;
            return pair[0] << 8 | pair[1];
        }
        at = start + 4 + (extension[2] << 8 | extension[3]);
    }
    return version;
}

static __always_inline void look_for_version(
    struct session *session, struct pt_regs *registers, __u64 number, __s64 length) {
    if (session->tls_version || session->looks >= LOOKS_MAX || length <= 0) return;
    session->looks++;
    __u64 room = 0, buffer = first_buffer(registers, number, &room);
    if (buffer) session->tls_version = version_in_hello(buffer, length);
}

static __always_inline struct session *current_session(void) {
    __u64 id = bpf_get_current_pid_tgid();
    __u32 tid = id;
    struct thread *thread = bpf_map_lookup_elem(&threads, &tid);
    if (!thread) return 0;
    struct call *call = current_call(thread);
    return call ? session_of(id >> 32, call->object, thread->program) : 0;
}

/// - Parameter length: of what was sent or received.
static __always_inline int learn_here(struct sock *sock, __s32 length) {
    struct session *session = current_session();
    if (!session) return 0;
    // The registers with which the thread came into the kernel tell descriptor and buffer.
    __s32 fd = -1;
    if (HAS_HELPER(task_pt_regs)) {
        struct pt_regs *registers = (void *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
        __u64 number = 0, argument = 0;
        bpf_probe_read_kernel(&number, sizeof SYSTEM_CALL(registers), &SYSTEM_CALL(registers));
        bpf_probe_read_kernel(&argument, sizeof argument, &ARGUMENT1(registers));
        if (session->sock != (__u64)sock && socket_of_descriptor((__s32)argument) == sock) fd = (__s32)argument;
        learn(session, sock, fd);
        if (session->sock == (__u64)sock) look_for_version(session, registers, number, length);
    } else {
        learn(session, sock, fd);
    }
    return 0;
}

SEC("raw_tp/sock_send_length") int socket_sends(struct bpf_raw_tracepoint_args *ctx) {
    return learn_here((struct sock *)ctx->args[0], (__s32)ctx->args[1]);
}

SEC("raw_tp/sock_recv_length") int socket_receives(struct bpf_raw_tracepoint_args *ctx) {
    return learn_here((struct sock *)ctx->args[0], (__s32)ctx->args[1]);
}

/// For kernels before 6.3, which have neither of the two: the system calls themselves. What is received is not there
/// yet, so that only servers tell their version.
SEC("raw_tp/sys_enter") int system_call(struct bpf_raw_tracepoint_args *ctx) {
    switch (ctx->args[1]) {
    case READ: case WRITE: case READV: case WRITEV: case SENDTO: case RECVFROM: case SENDMSG: case RECVMSG: break;
    default: return 0;
    }
    struct session *session = current_session();
    if (!session) return 0;
    struct pt_regs *registers = (struct pt_regs *)ctx->args[0];
    __u64 fd = 0, length = 4096;
    bpf_probe_read_kernel(&fd, sizeof fd, &ARGUMENT1(registers));
    struct sock *sock = socket_of_descriptor((__s32)fd);
    if (!sock) return 0;
    learn(session, sock, (__s32)fd);
    switch (ctx->args[1]) {
    case WRITE: case SENDTO: bpf_probe_read_kernel(&length, sizeof length, &ARGUMENT3(registers));  // falls through
    case WRITEV: case SENDMSG: look_for_version(session, registers, ctx->args[1], length);
    }
    return 0;
}

/// A socket is gone from all processes.
SEC("raw_tp/tcp_destroy_sock") int socket_destroyed(struct bpf_raw_tracepoint_args *ctx) {
    __u64 sock = ctx->args[0];
    // Deleting tells whether it was there: sockets that nobody asked for cost one look-up.
    if (bpf_map_delete_elem(&sockets, &sock) != 0) return 0;
    struct ns_socket_record *record = reserve(sizeof *record);
    if (!record) {
        count(NS_SOCKETS_RING_FULL, 1);
        return 0;
    }
    __u64 now = bpf_ktime_get_ns();
    record->header = (struct ns_record_header){
        .length = sizeof *record, .type = NS_SOCKET_DESTROYED, .version = NS_RECORD_VERSION, .time = now};
    record->pid = 0;
    record->reserved = 0;
    record->sock = sock;
    count(submit(ctx, record, sizeof *record, now) ? NS_SOCKETS_WRITTEN : NS_SOCKETS_RING_FULL, 1);
    return 0;
}

// Calls

static __always_inline int enter(
    struct pt_regs *ctx, __u64 count_pointer, enum result result, __u8 data_type, __u16 type) {
    __u64 id = bpf_get_current_pid_tgid();
    if (!is_wanted(id >> 32)) return 0;
    struct thread *thread = thread_of((__u32)id);
    if (!thread) {
        count(NS_CALLS_NO_THREAD, 1);
        return 0;
    }
    __u64 object = ARGUMENT1(ctx), stack = STACK(ctx);
    __u32 depth = thread->depth;
    if (depth > CALLS_MAX) depth = CALLS_MAX;
    // Calls that were left without returning (longjmp) lie where this one's stack is now.
    for (int i = 0; i < CALLS_MAX; i++) {
        if (depth == 0 || thread->calls[(depth - 1) & (CALLS_MAX - 1)].stack > stack) break;
        depth--;
    }
    if (depth >= CALLS_MAX) {
        count(NS_CALLS_TOO_DEEP, 1);
        return 0;
    }
    __u8 is_nested = 0;
    for (int i = 0; i < CALLS_MAX; i++) {
        if ((__u32)i >= depth) break;
        struct call *outer = &thread->calls[i];
        if (outer->object == object && outer->data_type == data_type && outer->result != RESULT_NONE) is_nested = 1;
    }
    struct call *call = &thread->calls[depth & (CALLS_MAX - 1)];
    call->object = object;
    call->buffer = ARGUMENT2(ctx);
    call->count_pointer = count_pointer;
    call->stack = stack;
    call->type = type;
    call->result = result;
    call->data_type = data_type;
    call->is_nested = is_nested;
    thread->depth = depth + 1;
    return 0;
}

/// One record whose space in the ring is `space` octets: its size must be a constant to the kernel.
static __always_inline int write_piece(
    void *ctx, struct session *session, struct call *call, __u64 id, __u64 offset, __u64 length, const __u64 space) {
    if (length > space - sizeof(struct ns_data_record)) return 0;
    int direction = call->data_type & 1;
    struct ns_data_record *record = reserve(space);
    if (!record) {
        count(NS_OCTETS_RING_FULL, length);
        return 0;
    }
    __u8 *data = (__u8 *)(record + 1);
    if (bpf_probe_read_user(data, length, (void *)(call->buffer + offset)) != 0) {
        discard(record);
        count(NS_OCTETS_UNREADABLE, length);
        return 0;
    }
    __u64 now = bpf_ktime_get_ns();
    record->header = (struct ns_record_header){
        .length = sizeof *record + length, .type = call->type, .version = NS_RECORD_VERSION, .time = now};
    record->pid = id >> 32;
    record->tid = (__u32)id;
    bpf_get_current_comm(record->comm, sizeof record->comm);
    record->sock = session->sock;
    // Each connection without a socket is told apart from the others, whatever thread it is used in.
    record->fd = session->sock || session->fd >= 0 ? session->fd : number_of(session);
    record->data_length = length;
    record->missing = session->missing[direction];
    record->tls_version = session->tls_version;
    record->data_type = direction;
    struct ends *ends = &session->ends;
    record->family = ends->family;
    // The source is who sent the data.
    __builtin_memcpy(record->source, direction ? ends->local : ends->remote, 16);
    __builtin_memcpy(record->destination, direction ? ends->remote : ends->local, 16);
    record->source_port = direction ? ends->local_port : ends->remote_port;
    record->destination_port = direction ? ends->remote_port : ends->local_port;
    record->reserved = 0;
    if (!submit(ctx, record, sizeof *record + length, now)) {
        count(NS_OCTETS_RING_FULL, length);
        return 0;
    }
    session->missing[direction] = 0;
    count(NS_RECORDS_WRITTEN, 1);
    if (!session->sock) count(NS_RECORDS_NO_SOCKET, 1);
    count(NS_OCTETS_WRITTEN, length);
    return 1;
}

static __always_inline void note_missing(struct session *session, int direction, __u64 octets) {
    __u64 sum = session->missing[direction & 1] + octets;
    // All ones mean that nobody knows how many.
    session->missing[direction & 1] = sum > 0xFFFFFFFE ? 0xFFFFFFFE : sum;
}

/// A record as small as holds a piece, to a power of two.
static __always_inline int write_fitting(
    void *ctx, struct session *session, struct call *call, __u64 id, __u64 offset, __u64 length) {
    enum { FIXED = sizeof(struct ns_data_record) };
    if (length <= 128 - FIXED) return write_piece(ctx, session, call, id, offset, length, 128);
    if (length <= 256 - FIXED) return write_piece(ctx, session, call, id, offset, length, 256);
    if (length <= 512 - FIXED) return write_piece(ctx, session, call, id, offset, length, 512);
    if (length <= 1024 - FIXED) return write_piece(ctx, session, call, id, offset, length, 1024);
    if (length <= 2048 - FIXED) return write_piece(ctx, session, call, id, offset, length, 2048);
    if (length <= 4096 - FIXED) return write_piece(ctx, session, call, id, offset, length, 4096);
    if (length <= 8192 - FIXED) return write_piece(ctx, session, call, id, offset, length, 8192);
    return write_piece(ctx, session, call, id, offset, length, NS_DATA_MAX + FIXED);
}

/// All pieces of the largest size of a call of the current thread but the last. A function of its own, so that the
/// kernel does not check what follows once for each turn of the loop: that takes half a second.
/// - Returns: how many octets they had.
__attribute__((noinline)) __u64 write_full_pieces(bpf_user_pt_regs_t *ctx, __u32 index, __u64 limit) {
    __u64 id = bpf_get_current_pid_tgid(), offset = 0;
    __u32 tid = id;
    struct thread *thread = bpf_map_lookup_elem(&threads, &tid);
    if (!thread) return 0;
    struct call *call = &thread->calls[index & (CALLS_MAX - 1)];
    struct session *session = session_of(id >> 32, call->object, thread->program);
    if (!session) return 0;
    for (int i = 0; i < PIECES_MAX; i++) {
        if (limit - offset <= NS_DATA_MAX) break;
        if (!write_piece(ctx, session, call, id, offset, NS_DATA_MAX, NS_DATA_MAX + sizeof(struct ns_data_record)))
            note_missing(session, call->data_type, NS_DATA_MAX);
        offset += NS_DATA_MAX;
    }
    return offset;
}

static __always_inline void write_data(
    struct pt_regs *ctx, struct session *session, struct call *call, __u32 index, __u64 id, __u64 octets) {
    __u64 limit = octets < config.payload_max ? octets : config.payload_max, offset = 0;
    if (limit > NS_DATA_MAX) offset = write_full_pieces(ctx, index, limit);
    __u64 rest = limit - offset;
    if (rest <= NS_DATA_MAX) {
        if (!write_fitting(ctx, session, call, id, offset, rest)) note_missing(session, call->data_type, rest);
        offset += rest;
    }
    if (offset < octets) {
        count(NS_OCTETS_OVER_LIMIT, octets - offset);
        note_missing(session, call->data_type, octets - offset);
    }
}

/// How many octets a call has moved; 0 or less: none.
static __always_inline __s64 moved(struct call *call, __u64 result) {
    __u64 octets = 0;
    switch (call->result) {
    case RESULT_INT: return (__s32)result;
    case RESULT_LONG: return (__s64)result;
    case RESULT_POINTER:
        if ((__s32)result != 1 || bpf_probe_read_user(&octets, sizeof octets, (void *)call->count_pointer)) return 0;
        return octets;
    default: return 0;
    }
}

SEC("uprobe") int call_returns(struct pt_regs *ctx) {
    __u64 id = bpf_get_current_pid_tgid();
    __u32 tid = id;
    struct thread *thread = bpf_map_lookup_elem(&threads, &tid);
    if (!thread) return 0;
    __u64 stack = STACK_AT_ENTRY(ctx);
    int found = -1;
    for (int i = 0; i < CALLS_MAX; i++)
        if ((__u32)i < thread->depth && thread->calls[i].stack == stack) found = i;
    if (found < 0) {
        count(NS_RETURNS_UNMATCHED, 1);
        return 0;
    }
    struct call *call = &thread->calls[found & (CALLS_MAX - 1)];
    __s64 octets = moved(call, RESULT(ctx));
    if (octets > 0 && !call->is_nested) {
        count(NS_CALLS, 1);
        count(NS_OCTETS, octets);
        struct session *session = session_of(id >> 32, call->object, thread->program);
        if (session) {
            if (session->sock) {
                // The socket may be gone since, and its address another connection's.
                __u64 *birth = bpf_map_lookup_elem(&sockets, &session->sock);
                if (!birth || *birth != session->birth) {
                    session->sock = 0;
                    session->fd = -1;
                    __builtin_memset(&session->ends, 0, sizeof session->ends);
                }
            }
            write_data(ctx, session, call, found, id, octets);
        } else {
            count(NS_OCTETS_RING_FULL, octets);
        }
    }
    thread->depth = found;
    return 0;
}

/// The return of a call that moves no plaintext.
SEC("uprobe") int other_call_returns(struct pt_regs *ctx) {
    __u32 tid = bpf_get_current_pid_tgid();
    struct thread *thread = bpf_map_lookup_elem(&threads, &tid);
    if (!thread) return 0;
    __u64 stack = STACK_AT_ENTRY(ctx);
    for (int i = 0; i < CALLS_MAX; i++)
        if ((__u32)i < thread->depth && thread->calls[i].stack == stack) thread->depth = i;
    return 0;
}

/// The library's connection is gone: another one may get its address.
SEC("uprobe") int object_freed(struct pt_regs *ctx) {
    struct session_key key = {.object = ARGUMENT1(ctx), .tgid = bpf_get_current_pid_tgid() >> 32};
    struct session *session = bpf_map_lookup_elem(&sessions, &key);
    if (!session) return 0;
    __u32 number = -2 - session->number;
    if (session->number) bpf_map_delete_elem(&numbers, &number);
    bpf_map_delete_elem(&sessions, &key);
    return 0;
}

#define ENTRY(name, count_pointer, result, data_type, type) \
    SEC("uprobe") int name(struct pt_regs *ctx) { return enter(ctx, count_pointer, result, data_type, type); }

ENTRY(openssl_read, 0, RESULT_INT, 0, NS_SSL_DATA)
ENTRY(openssl_write, 0, RESULT_INT, 1, NS_SSL_DATA)
ENTRY(openssl_read_ex, ARGUMENT4(ctx), RESULT_POINTER, 0, NS_SSL_DATA)
ENTRY(openssl_write_ex, ARGUMENT4(ctx), RESULT_POINTER, 1, NS_SSL_DATA)
ENTRY(openssl_write_ex2, ARGUMENT5(ctx), RESULT_POINTER, 1, NS_SSL_DATA)
ENTRY(gnutls_receive, 0, RESULT_LONG, 0, NS_GNUTLS_DATA)
ENTRY(gnutls_send, 0, RESULT_LONG, 1, NS_GNUTLS_DATA)
ENTRY(other_call, 0, RESULT_NONE, 0, 0)
