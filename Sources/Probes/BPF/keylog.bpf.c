// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// Secrets of TLS connections, taken where libraries derive them, each with the client random that a key log names its
// connection by.
//
// What is derived says itself what it is: the label of RFC 8446 § 7.1, or of RFC 5246 § 6.3 with both randoms beside it.
// In TLS 1.3 the client random is that of the ClientHello that the same connection moved before, where the connection is
// the innermost call of the library that the thread is in. No library's structures are known here. Where it is not
// certain, the secret is left out and counted.
#include "transfers.h"

enum { FRAMES_MAX = 8, RANDOM_OCTETS = 32, SECRET_MAX = 64, PARAMETERS_MAX = 12 };
/// A ClientHello up to the end of its random: the record's header, type and length, version, random (RFC 8446 § 4.1.2).
enum { HELLO_OCTETS = 5 + 4 + 2 + RANDOM_OCTETS, RANDOM_AT = 11 };

/// What a thread is in.
enum kind {
    KIND_OBJECT,   // a call of the library for a connection, which moves octets through BIOs
    KIND_SOCKETS,  // likewise, straight through sockets
    KIND_TRANSFER, // of octets through a BIO
    KIND_WORK,     // a derivation: never a connection
};

struct frame {
    __u64 object;  // the library's connection or BIO; of KIND_WORK: its context
    __u64 stack;   // at entry: tells which return belongs to which call
    __u64 a, b, c; // what its return needs
    __u64 kind;
};

struct thread {
    __u64 program;
    __u64 depth;
    struct frame frames[FRAMES_MAX];
};

/// A secret; length 0: none.
struct secret {
    __u64 length;
    __u8 octets[SECRET_MAX];
};

enum knowledge {
    RANDOM_UNKNOWN, RANDOM_KNOWN,
    RANDOM_USED,      // all secrets of the handshake are told: only updates of keys follow
    RANDOM_UNCERTAIN, // two hellos passed: until the library's object is gone, nobody knows which is the connection's
};

/// What is known of a connection.
struct session {
    __u64 program;
    __u64 channel;   // the socket or BIO that the ClientHello went through
    __u8 has_random; // enum knowledge
    __u8 done;     // bits of the secrets of the application's traffic that were derived
    __u8 have;     // octets of `head`
    __u8 random[RANDOM_OCTETS];
    /// Twice as large as it needs to be: the kernel takes where a piece begins and its length for unrelated.
    __u8 head[2 * HELLO_OCTETS + 2];
    /// GnuTLS derives the secrets of early data before it sends the ClientHello: NS_CLIENT_EARLY, NS_EARLY_EXPORTER.
    struct secret early[2];
    /// How the secrets of the application's traffic begin, of the client's and the server's: by this an update is known.
    __u64 current[2][2];
};

/// What the current thread has told OpenSSL 1.1.1's next derivation.
struct pending {
    __u64 context;
    __u64 secret, secret_length;
    __s32 label;   // -1: none
    __u32 seeds;   // how many so far; all ones: not those of the key block
};

#include "following.h"

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, __u32);
    __type(value, struct pending);
} pendings SEC(".maps");

static __always_inline void forget_thread(__u32 tid) { bpf_map_delete_elem(&pendings, &tid); }

/// What is known of a connection.
/// - Parameter makes: what is not known yet is made.
static __always_inline struct session *session_of(__u32 tgid, __u64 object, __u64 program, int makes) {
    struct session *known = known_session(tgid, object, program);
    if (known || !makes) return known;
    struct session fresh = {.program = program};
    return new_session(tgid, object, &fresh);
}

// Calls

/// - Returns: the frame that is `depth` deep; 0: there is none.
static __always_inline struct frame *frame_at(struct thread *thread, __u64 depth) {
    if (depth == 0 || depth > FRAMES_MAX) return 0;
    return &thread->frames[(depth - 1) & (FRAMES_MAX - 1)];
}

/// The connection that the current thread is at work for: its innermost call that is not itself a derivation.
static __always_inline struct frame *owner(struct thread *thread, __u64 depth) {
    for (int i = 0; i < 2; i++) {
        struct frame *frame = frame_at(thread, depth);
        if (!frame || frame->kind != KIND_WORK) return frame;
        depth--;
    }
    return 0;
}

/// A call begins.
/// - Returns: the thread, in which the call is the innermost; 0: it is not followed.
static __always_inline struct thread *enter(
    struct pt_regs *ctx, enum kind kind, __u64 object, __u64 a, __u64 b, __u64 c) {
    __u64 id = bpf_get_current_pid_tgid();
    if (!is_wanted(id >> 32)) return 0;
    struct thread *thread = thread_of((__u32)id);
    if (!thread) {
        count(NS_CALLS_NO_THREAD, 1);
        return 0;
    }
    __u64 stack = STACK(ctx), depth = thread->depth;
    if (depth > FRAMES_MAX) depth = FRAMES_MAX;
    // Calls that were left without returning (longjmp) lie where this one's stack is now.
    for (int i = 0; i < FRAMES_MAX; i++) {
        struct frame *frame = frame_at(thread, depth);
        if (!frame || frame->stack > stack) break;
        depth--;
    }
    if (depth >= FRAMES_MAX) {
        count(NS_CALLS_TOO_DEEP, 1);
        return 0;
    }
    struct frame *frame = &thread->frames[depth & (FRAMES_MAX - 1)];
    frame->object = object;
    frame->stack = stack;
    frame->a = a;
    frame->b = b;
    frame->c = c;
    frame->kind = kind;
    thread->depth = depth + 1;
    return thread;
}

/// A call returns: it and all within are gone.
/// - Parameter result: what the call was.
/// - Returns: the thread; 0: the call's beginning was not seen.
static __always_inline struct thread *leave(struct pt_regs *ctx, struct frame *result) {
    __u32 tid = bpf_get_current_pid_tgid();
    struct thread *thread = bpf_map_lookup_elem(&threads, &tid);
    if (!thread) return 0;
    __u64 stack = STACK_AT_ENTRY(ctx);
    int found = -1;
    for (int i = 0; i < FRAMES_MAX; i++)
        if ((__u64)i < thread->depth && thread->frames[i].stack == stack) found = i;
    if (found < 0) return 0;
    *result = thread->frames[found & (FRAMES_MAX - 1)];
    thread->depth = found;
    return thread;
}

// Records

/// Reads a secret in the program's memory.
static __always_inline struct secret read_secret(__u64 address, __u64 length) {
    struct secret secret = {};
    if (length > 0 && length <= SECRET_MAX && !bpf_probe_read_user(secret.octets, length, (void *)address))
        secret.length = length;
    return secret;
}

/// One secret goes to user space.
/// - Parameter random: of the client, 32 octets.
static __attribute__((noinline)) int write_secret(
    void *ctx, __u32 label, const __u8 *random, const struct secret *secret) {
    __u64 id = bpf_get_current_pid_tgid();
    count(NS_SECRETS, 1);
    if (!secret->length) {
        count(NS_SECRETS_UNREADABLE, 1);
        return 0;
    }
    struct ns_secret_record *record = reserve(sizeof *record);
    if (!record) {
        count(NS_SECRETS_RING_FULL, 1);
        return 0;
    }
    __builtin_memset(record, 0, sizeof *record);
    record->reserved = label >> 3;
    label &= 7;
    __builtin_memcpy(record->secret[label], secret->octets, SECRET_MAX);
    __u64 now = bpf_ktime_get_ns();
    record->header = (struct ns_record_header){
        .length = sizeof *record, .type = NS_MASTER_SECRET, .version = NS_RECORD_VERSION, .time = now};
    record->pid = id >> 32;
    record->tid = (__u32)id;
    bpf_get_current_comm(record->comm, sizeof record->comm);
    // Up to 1.2 the version is not told.
    record->tls_version = label == NS_MASTER ? 0 : 0x0304;
    __builtin_memcpy(record->client_random, random, RANDOM_OCTETS);
    record->secret_length[label] = secret->length;
    count(submit(ctx, record, sizeof *record, now) ? NS_SECRETS_WRITTEN : NS_SECRETS_RING_FULL, 1);
    return 0;
}

// Client randoms

/// Whether these octets are the beginning of a ClientHello in a record of its own.
static __always_inline int is_hello(const __u8 *head) {
    // One that is spread over several records has others' headers inside.
    int is_whole = (head[3] << 8 | head[4]) >= HELLO_OCTETS - 5;
    return head[0] == 22 && head[1] == 3 && is_whole && head[5] == 1 && head[6] == 0 && head[9] == 3;
}

/// Whether they are one's that cannot be read. A record's encrypted octets, which are often read apart from its header,
/// look like anything: as much of the header is compared as there is.
static __always_inline int may_be_hello(const __u8 *head) {
    return head[0] == 22 && head[1] == 3 && head[2] <= 4 && head[3] <= 0x40 && head[5] == 1;
}

static __always_inline int is_same_random(const struct session *session) {
    __u64 known[RANDOM_OCTETS / 8], fresh[RANDOM_OCTETS / 8];
    __builtin_memcpy(known, session->random, RANDOM_OCTETS);
    __builtin_memcpy(fresh, session->head + RANDOM_AT, RANDOM_OCTETS);
    return known[0] == fresh[0] && known[1] == fresh[1] && known[2] == fresh[2] && known[3] == fresh[3];
}

/// A ClientHello is in `head`.
static __always_inline void learn_random(void *ctx, struct session *session, __u64 channel) {
    if (session->has_random == RANDOM_UNCERTAIN) return;
    // A callback may speak TLS of its own over another socket, in the middle of a handshake. Whoever is asked again for
    // a hello repeats the random.
    if (session->has_random == RANDOM_KNOWN && session->channel != channel && !is_same_random(session)) {
        session->has_random = RANDOM_UNCERTAIN;
        return;
    }
    session->channel = channel;
    __builtin_memcpy(session->random, session->head + RANDOM_AT, RANDOM_OCTETS);
    session->has_random = RANDOM_KNOWN;
    session->done = 0;
    session->have = 0;
    for (int i = 0; i < 2; i++) {
        struct secret *early = &session->early[i];
        if (!early->length) continue;
        // They were counted as without a random before.
        count(NS_SECRETS, -1);
        count(NS_SECRETS_NO_RANDOM, -1);
        write_secret(ctx, i ? NS_EARLY_EXPORTER : NS_CLIENT_EARLY, session->head + RANDOM_AT, early);
        early->length = 0;
    }
}

/// There is a hello, and its random cannot be read: that of another one must not stand for it.
static __always_inline void forget_random(struct session *session) {
    if (session->has_random != RANDOM_UNCERTAIN) session->has_random = RANDOM_UNKNOWN;
}

/// The connection sends octets: always whole records.
static __always_inline void note_sent(
    void *ctx, __u32 tgid, __u64 object, __u64 program, __u64 channel, __u64 buffer, __u64 length) {
    __u8 start[6] = {};
    if (length < HELLO_OCTETS || bpf_probe_read_user(start, sizeof start, (void *)buffer)) return;
    if (start[0] != 22 || start[1] != 3 || start[5] != 1) return;
    struct session *session = session_of(tgid, object, program, 1);
    if (!session) return;
    session->have = 0;
    if (bpf_probe_read_user(session->head, HELLO_OCTETS, (void *)buffer) || !is_hello(session->head))
        forget_random(session);
    else
        learn_random(ctx, session, channel);
}

/// The connection has received octets, in pieces cut anywhere.
static __always_inline void note_received(
    void *ctx, __u32 tgid, __u64 object, __u64 program, __u64 channel, __u64 buffer, __u64 length) {
    __u8 start = 0;
    if (length == 0) return;
    struct session *session = session_of(tgid, object, program, 0);
    if (!session || session->have == 0) {
        // A record of the handshake begins.
        if (bpf_probe_read_user(&start, 1, (void *)buffer) || start != 22) return;
        session = session_of(tgid, object, program, 1);
        if (!session) return;
    }
    __u64 have = session->have;
    if (have >= HELLO_OCTETS) have = 0;
    __u64 more = HELLO_OCTETS - have;
    if (more > length) more = length;
    if (more > HELLO_OCTETS) return;  // which is certain anyway, told to the kernel
    if (bpf_probe_read_user(session->head + have, more, (void *)buffer)) {
        forget_random(session);
        session->have = 0;
        return;
    }
    have += more;
    session->have = have;
    if (have < HELLO_OCTETS) return;
    session->have = 0;
    if (is_hello(session->head))
        learn_random(ctx, session, channel);
    else if (may_be_hello(session->head))
        forget_random(session);
}

/// The messages of a handshake of TLS 1.3 so far are digested (RFC 8446 § 4.4.1): before each secret is derived, however
/// the program moves them.
static __always_inline void note_transcript(
    void *ctx, __u32 tgid, __u64 object, __u64 program, __u64 text, __u64 length) {
    enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, MESSAGE_HASH = 254, SKIPPED_MAX = 1024 };
    __u8 start[6] = {};
    if (length < sizeof start || bpf_probe_read_user(start, sizeof start, (void *)text)) return;
    // Of a client that was asked for another hello the first one is a digest, and what asked for the other one follows.
    if (start[0] == MESSAGE_HASH) {
        __u64 skipped = 4 + start[3];
        if (length < skipped + 4 || bpf_probe_read_user(start, 4, (void *)(text + skipped))) return;
        if (start[0] != SERVER_HELLO) return;
        skipped += 4 + (start[2] << 8 | start[3]);
        if (skipped > SKIPPED_MAX || length < skipped + sizeof start) return;
        text += skipped;
        length -= skipped;
        if (bpf_probe_read_user(start, sizeof start, (void *)text)) return;
    }
    // A whole one: what proves that a client has an earlier secret digests one that is cut.
    if (start[0] != CLIENT_HELLO || start[1] || start[4] != 3 || start[5] != 3) return;
    if (length < (__u64)4 + (start[2] << 8 | start[3]) || length < HELLO_OCTETS - 5) return;
    struct session *session = session_of(tgid, object, program, 1);
    if (!session) return;
    session->have = 0;
    if (bpf_probe_read_user(session->head + 5, HELLO_OCTETS - 5, (void *)text)) return;
    if ((session->has_random == RANDOM_KNOWN || session->has_random == RANDOM_USED) && is_same_random(session)) return;
    // What secrets are derived from is the connection's own, whatever was seen before.
    session->has_random = RANDOM_UNKNOWN;
    learn_random(ctx, session, 0);
}

// Secrets of connections

/// Keeps a secret until the connection's ClientHello is sent.
static __always_inline void hold(__u64 object, __u64 program, int index, const struct secret *secret) {
    struct session *session = session_of(bpf_get_current_pid_tgid() >> 32, object, program, 1);
    if (session) session->early[index & 1] = *secret;
}

/// A secret of TLS 1.3 of the connection that the thread is at work for.
static __always_inline void write_traffic_secret(
    void *ctx, struct thread *thread, __s32 label, __u64 address, __u64 length) {
    struct secret secret = read_secret(address, length);
    struct frame *frame = owner(thread, thread->depth);
    struct session *session =
        frame ? session_of(bpf_get_current_pid_tgid() >> 32, frame->object, thread->program, 0) : 0;
    if (!session || session->has_random != RANDOM_KNOWN) {
        count(NS_SECRETS, 1);
        count(NS_SECRETS_NO_RANDOM, 1);
        if (frame && frame->kind == KIND_SOCKETS && (label == NS_CLIENT_EARLY || label == NS_EARLY_EXPORTER))
            hold(frame->object, thread->program, label == NS_EARLY_EXPORTER, &secret);
        return;
    }
    __u8 random[RANDOM_OCTETS];
    __builtin_memcpy(random, session->random, RANDOM_OCTETS);
    enum { ALL = 1 << NS_CLIENT_APPLICATION | 1 << NS_SERVER_APPLICATION | 1 << NS_EXPORTER };
    session->done |= 1 << (label & 7);
    // The library may use the same object for another connection: it has a random of its own.
    if ((session->done & ALL) == ALL) session->has_random = RANDOM_USED;
    if (label == NS_CLIENT_APPLICATION || label == NS_SERVER_APPLICATION)
        __builtin_memcpy(session->current[label == NS_SERVER_APPLICATION], secret.octets, sizeof session->current[0]);
    write_secret(ctx, label, random, &secret);
}

/// A secret that was made of the one before (RFC 8446 § 7.2), which tells whose it is: the client's or the server's.
static __always_inline void write_update(
    void *ctx, struct thread *thread, __u64 before, __u64 address, __u64 length) {
    __u64 start[2] = {};
    __u8 random[RANDOM_OCTETS];
    struct secret secret = read_secret(address, length);
    struct frame *frame = owner(thread, thread->depth);
    struct session *session =
        frame ? session_of(bpf_get_current_pid_tgid() >> 32, frame->object, thread->program, 0) : 0;
    if (!session || (session->has_random != RANDOM_KNOWN && session->has_random != RANDOM_USED)
        || bpf_probe_read_user(start, sizeof start, (void *)before)) {
        count(NS_SECRETS, 1);
        count(NS_SECRETS_NO_RANDOM, 1);
        return;
    }
    __builtin_memcpy(random, session->random, RANDOM_OCTETS);
    for (int i = 0; i < 2; i++) {
        if (session->current[i][0] != start[0] || session->current[i][1] != start[1]) continue;
        __builtin_memcpy(session->current[i], secret.octets, sizeof session->current[0]);
        write_secret(ctx, i ? NS_SERVER_UPDATED : NS_CLIENT_UPDATED, random, &secret);
        return;
    }
    count(NS_SECRETS, 1);
    count(NS_SECRETS_NO_RANDOM, 1);
}

/// The connection's master secret, up to TLS 1.2; the random lies in the program's memory, too.
/// - Parameter thread: in which it is derived; 0: not known.
static __always_inline void write_master_secret(
    void *ctx, struct thread *thread, __u64 random, __u64 address, __u64 length) {
    struct frame *frame = thread ? owner(thread, thread->depth) : 0;
    struct session *session =
        frame ? session_of(bpf_get_current_pid_tgid() >> 32, frame->object, thread->program, 0) : 0;
    if (session && session->has_random == RANDOM_KNOWN) session->has_random = RANDOM_USED;
    __u8 octets[RANDOM_OCTETS] = {};
    if (bpf_probe_read_user(octets, sizeof octets, (void *)random)) {
        count(NS_SECRETS, 1);
        count(NS_SECRETS_UNREADABLE, 1);
        return;
    }
    struct secret secret = read_secret(address, length);
    write_secret(ctx, NS_MASTER, octets, &secret);
}

// Labels

#define TEXT4(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)
#define TEXT8(a, b, c, d, e, f, g, h) ((__u64)TEXT4(a, b, c, d) | (__u64)TEXT4(e, f, g, h) << 32)

enum { LABEL_UPDATE = 100 };

/// Which secret a label of TLS 1.3 is for (RFC 8446 § 7.1).
/// - Parameter address: in the program's memory, without `tls13 `.
/// - Returns: LABEL_UPDATE: one that takes another's place; -1: none that a key log has.
static __always_inline __s32 traffic_label(__u64 address, __u64 length) {
    struct { __u64 first; __u32 second; __u32 reserved; } text = {};
    if (length < 10 || length > 12) return -1;
    // The compiler keeps the length in another register than that which it has compared.
    barrier_var(length);
    if (bpf_probe_read_user(&text, length & 15, (void *)address)) return -1;
    if (text.first == TEXT8('e', 'x', 'p', ' ', 'm', 'a', 's', 't')) return length == 10 ? NS_EXPORTER : -1;
    if (text.first == TEXT8('c', ' ', 'e', ' ', 't', 'r', 'a', 'f')) return length == 11 ? NS_CLIENT_EARLY : -1;
    if (text.first == TEXT8('t', 'r', 'a', 'f', 'f', 'i', 'c', ' '))
        return text.second == TEXT4('u', 'p', 'd', 0) ? LABEL_UPDATE : -1;
    if (length != 12) return -1;
    if (text.second == TEXT4('s', 't', 'e', 'r'))
        return text.first == TEXT8('e', ' ', 'e', 'x', 'p', ' ', 'm', 'a') ? NS_EARLY_EXPORTER : -1;
    if (text.second != TEXT4('f', 'f', 'i', 'c')) return -1;
    switch (text.first) {
    case TEXT8('c', ' ', 'h', 's', ' ', 't', 'r', 'a'): return NS_CLIENT_HANDSHAKE;
    case TEXT8('s', ' ', 'h', 's', ' ', 't', 'r', 'a'): return NS_SERVER_HANDSHAKE;
    case TEXT8('c', ' ', 'a', 'p', ' ', 't', 'r', 'a'): return NS_CLIENT_APPLICATION;
    case TEXT8('s', ' ', 'a', 'p', ' ', 't', 'r', 'a'): return NS_SERVER_APPLICATION;
    default: return -1;
    }
}

/// Likewise of a whole HkdfLabel: length, `tls13 ` and the label behind its own length, context.
static __always_inline __s32 hkdf_label(__u64 address, __u64 length) {
    __u8 head[10] = {};
    if (length < sizeof head || bpf_probe_read_user(head, sizeof head, (void *)address)) return -1;
    if (head[3] != 't' || head[4] != 'l' || head[5] != 's' || head[6] != '1' || head[7] != '3') return -1;
    if (head[2] < 6 || length < (__u64)3 + head[2]) return -1;
    return traffic_label(address + 9, head[2] - 6);
}

/// Whether a text is that with which TLS 1.2 derives the keys of records (RFC 5246 § 6.3).
static __always_inline int is_key_expansion(__u64 address, __u64 length) {
    struct { __u64 first; __u32 second; } text = {};
    if (length != 13 || bpf_probe_read_user(&text, 12, (void *)address)) return 0;
    return text.first == TEXT8('k', 'e', 'y', ' ', 'e', 'x', 'p', 'a') && text.second == TEXT4('n', 's', 'i', 'o');
}

// Connections of libraries

SEC("uprobe") int connection_call(struct pt_regs *ctx) {
    enter(ctx, KIND_OBJECT, ARGUMENT1(ctx), 0, 0, 0);
    return 0;
}

SEC("uprobe") int socket_call(struct pt_regs *ctx) {
    enter(ctx, KIND_SOCKETS, ARGUMENT1(ctx), 0, 0, 0);
    return 0;
}

SEC("uprobe") int bio_write(struct pt_regs *ctx) {
    struct thread *thread = enter(ctx, KIND_TRANSFER, ARGUMENT1(ctx), 0, 0, 0);
    if (!thread) return 0;
    struct frame *outer = frame_at(thread, thread->depth - 1);
    __u64 length = ARGUMENT3(ctx);
    if (!outer || (outer->kind != KIND_OBJECT && outer->kind != KIND_TRANSFER)) return 0;
    note_sent(
        ctx, bpf_get_current_pid_tgid() >> 32, outer->object, thread->program, ARGUMENT1(ctx), ARGUMENT2(ctx),
        length & 0x7FFFFFFF);
    return 0;
}

SEC("uprobe") int bio_read(struct pt_regs *ctx) {
    enter(ctx, KIND_TRANSFER, ARGUMENT1(ctx), ARGUMENT2(ctx), 0, 0);
    return 0;
}

SEC("uprobe") int bio_read_ex(struct pt_regs *ctx) {
    enter(ctx, KIND_TRANSFER, ARGUMENT1(ctx), ARGUMENT2(ctx), ARGUMENT4(ctx), 0);
    return 0;
}

SEC("uprobe") int bio_read_returns(struct pt_regs *ctx) {
    struct frame frame = {};
    struct thread *thread = leave(ctx, &frame);
    if (!thread) return 0;
    struct frame *outer = frame_at(thread, thread->depth);
    if (!outer || (outer->kind != KIND_OBJECT && outer->kind != KIND_TRANSFER)) return 0;
    __s64 length = (__s32)RESULT(ctx);
    if (frame.b && (length != 1 || bpf_probe_read_user(&length, sizeof length, (void *)frame.b))) return 0;
    if (length > 0)
        note_received(
            ctx, bpf_get_current_pid_tgid() >> 32, outer->object, thread->program, frame.object, frame.a,
            length);
    return 0;
}

/// The return of what has nothing more to say.
SEC("uprobe") int call_returns(struct pt_regs *ctx) {
    struct frame frame = {};
    leave(ctx, &frame);
    return 0;
}

/// The library's connection is gone: another one may get its address.
SEC("uprobe") int object_freed(struct pt_regs *ctx) {
    struct session_key key = {.object = ARGUMENT1(ctx), .tgid = bpf_get_current_pid_tgid() >> 32};
    bpf_map_delete_elem(&sessions, &key);
    return 0;
}

// Sockets

static __always_inline int note_socket(
    void *ctx, struct pt_regs *registers, __u64 channel, __s32 length, int is_sent) {
    if (length <= 0) return 0;
    __u64 id = bpf_get_current_pid_tgid();
    __u32 tid = id;
    struct thread *thread = bpf_map_lookup_elem(&threads, &tid);
    if (!thread) return 0;
    struct frame *frame = frame_at(thread, thread->depth);
    if (!frame || frame->kind != KIND_SOCKETS) return 0;
    __u64 number = 0, room = 0;
    bpf_probe_read_kernel(&number, sizeof SYSTEM_CALL(registers), &SYSTEM_CALL(registers));
    __u64 buffer = first_buffer(registers, number, &room), octets = length;
    if (!buffer) return 0;
    if (octets > room) octets = room;
    if (is_sent)
        note_sent(ctx, id >> 32, frame->object, thread->program, channel, buffer, octets);
    else
        note_received(ctx, id >> 32, frame->object, thread->program, channel, buffer, octets);
    return 0;
}

SEC("raw_tp/sock_send_length") int socket_sends(struct bpf_raw_tracepoint_args *ctx) {
    if (!HAS_HELPER(task_pt_regs)) return 0;
    struct pt_regs *registers = (void *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
    return note_socket(ctx, registers, ctx->args[0], ctx->args[1], 1);
}

SEC("raw_tp/sock_recv_length") int socket_receives(struct bpf_raw_tracepoint_args *ctx) {
    if (!HAS_HELPER(task_pt_regs)) return 0;
    struct pt_regs *registers = (void *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
    return note_socket(ctx, registers, ctx->args[0], ctx->args[1], 0);
}

/// For kernels before 6.3, which have neither of the two: the ends of the system calls themselves.
SEC("raw_tp/sys_exit") int system_call(struct bpf_raw_tracepoint_args *ctx) {
    struct pt_regs *registers = (struct pt_regs *)ctx->args[0];
    __u64 number = 0, fd = 0;
    bpf_probe_read_kernel(&number, sizeof SYSTEM_CALL(registers), &SYSTEM_CALL(registers));
    bpf_probe_read_kernel(&fd, sizeof fd, &SYSTEM_CALL_ARGUMENT1(registers));
    switch (number) {
    case WRITE: case WRITEV: case SENDTO: case SENDMSG: return note_socket(ctx, registers, fd, ctx->args[1], 1);
    case READ: case READV: case RECVFROM: case RECVMSG: return note_socket(ctx, registers, fd, ctx->args[1], 0);
    default: return 0;
    }
}

// OpenSSL 3: EVP_KDF_derive(ctx, key, keylen, params)

SEC("uprobe") int kdf_derive(struct pt_regs *ctx) {
    enter(ctx, KIND_WORK, ARGUMENT1(ctx), ARGUMENT2(ctx), ARGUMENT3(ctx), ARGUMENT4(ctx));
    return 0;
}

/// include/openssl/core.h: part of the library's interface.
struct ossl_parameter {
    __u64 key;
    __u32 data_type, reserved;
    __u64 data, data_size, return_size;
};

/// What the parameters of a derivation say.
struct derivation {
    __u64 secret, secret_length, random;
    __s32 label;
    __u32 seeds;  // how many so far; 1 only where the first is the key block's label
};

static __attribute__((noinline)) int read_parameters(__u64 address, struct derivation *derivation) {
    enum { NOT_THE_KEY_BLOCK = 100 };
    for (int i = 0; i < PARAMETERS_MAX; i++) {
        struct ossl_parameter parameter = {};
        __u64 key = 0;
        if (bpf_probe_read_user(&parameter, sizeof parameter, (void *)(address + i * sizeof parameter))) break;
        // Names are compared with the zero at their end.
        if (!parameter.key || bpf_probe_read_user_str(&key, sizeof key, (void *)parameter.key) < 0) break;
        if (key == TEXT8('l', 'a', 'b', 'e', 'l', 0, 0, 0)) {
            derivation->label = traffic_label(parameter.data, parameter.data_size);
        } else if (key == TEXT8('s', 'e', 'c', 'r', 'e', 't', 0, 0) || key == TEXT8('k', 'e', 'y', 0, 0, 0, 0, 0)) {
            derivation->secret = parameter.data;
            derivation->secret_length = parameter.data_size;
        } else if (key == TEXT8('s', 'e', 'e', 'd', 0, 0, 0, 0)) {
            __u32 seeds = derivation->seeds;
            if (seeds == 0)
                seeds = is_key_expansion(parameter.data, parameter.data_size) ? 1 : NOT_THE_KEY_BLOCK;
            else
                seeds++;
            if (seeds == 3 && parameter.data_size == RANDOM_OCTETS) derivation->random = parameter.data;
            derivation->seeds = seeds;
        }
    }
    return 0;
}

SEC("uprobe") int kdf_derive_returns(struct pt_regs *ctx) {
    struct frame frame = {};
    struct thread *thread = leave(ctx, &frame);
    if (!thread) {
        __u64 id = bpf_get_current_pid_tgid();
        if (is_wanted(id >> 32)) count(NS_RETURNS_UNMATCHED, 1);
        return 0;
    }
    if ((__s32)RESULT(ctx) != 1 || !frame.c) return 0;
    struct derivation derivation = {};
    derivation.label = -1;
    read_parameters(frame.c, &derivation);
    if (derivation.label == LABEL_UPDATE)
        write_update(ctx, thread, derivation.secret, frame.a, frame.b);
    else if (derivation.label >= 0)
        write_traffic_secret(ctx, thread, derivation.label, frame.a, frame.b);
    else if (derivation.random && derivation.secret)
        write_master_secret(ctx, thread, derivation.random, derivation.secret, derivation.secret_length);
    return 0;
}

// OpenSSL 1.1.1: EVP_PKEY_CTX_ctrl(ctx, keytype, optype, cmd, p1, p2), then EVP_PKEY_derive(ctx, key, keylen)

/// include/openssl/kdf.h
enum {
    TLS_MD = 0x1000, TLS_SECRET = 0x1001, TLS_SEED = 0x1002, HKDF_KEY = 0x1005, HKDF_INFO = 0x1006, HKDF_MODE = 0x1007
};

SEC("uprobe") int pkey_control(struct pt_regs *ctx) {
    __u32 command = ARGUMENT4(ctx);
    if (command < TLS_MD || command > HKDF_MODE) return 0;
    enter(ctx, KIND_WORK, ARGUMENT1(ctx), command, (__u32)ARGUMENT5(ctx), ARGUMENT6(ctx));
    return 0;
}

SEC("uprobe") int pkey_control_returns(struct pt_regs *ctx) {
    struct frame frame = {};
    struct thread *thread = leave(ctx, &frame);
    if (!thread || (__s32)RESULT(ctx) <= 0) return 0;
    __u32 tid = bpf_get_current_pid_tgid();
    struct pending *pending = bpf_map_lookup_elem(&pendings, &tid);
    // The first thing that a derivation is told is its digest or its mode.
    if (!pending || pending->context != frame.object || frame.a == TLS_MD || frame.a == HKDF_MODE) {
        struct pending fresh = {.context = frame.object};
        fresh.label = -1;
        bpf_map_update_elem(&pendings, &tid, &fresh, BPF_ANY);
        pending = bpf_map_lookup_elem(&pendings, &tid);
        if (!pending) return 0;
    }
    switch (frame.a) {
    case HKDF_INFO: pending->label = hkdf_label(frame.c, frame.b); break;
    case TLS_SECRET: case HKDF_KEY:
        pending->secret = frame.c;
        pending->secret_length = frame.b;
        break;
    case TLS_SEED:
        if (pending->seeds == 0)
            pending->seeds = is_key_expansion(frame.c, frame.b) ? 1 : 100;
        else if (++pending->seeds == 3 && frame.b == RANDOM_OCTETS)
            write_master_secret(ctx, thread, frame.c, pending->secret, pending->secret_length);
    }
    return 0;
}

SEC("uprobe") int pkey_derive(struct pt_regs *ctx) {
    enter(ctx, KIND_WORK, ARGUMENT1(ctx), ARGUMENT2(ctx), ARGUMENT3(ctx), 0);
    return 0;
}

SEC("uprobe") int pkey_derive_returns(struct pt_regs *ctx) {
    struct frame frame = {};
    struct thread *thread = leave(ctx, &frame);
    if (!thread || (__s32)RESULT(ctx) <= 0) return 0;
    __u32 tid = bpf_get_current_pid_tgid();
    struct pending *pending = bpf_map_lookup_elem(&pendings, &tid);
    if (!pending || pending->context != frame.object) return 0;
    __s32 label = pending->label;
    __u64 length = 0, secret = pending->secret;
    bpf_map_delete_elem(&pendings, &tid);
    if (label < 0 || bpf_probe_read_user(&length, sizeof length, (void *)frame.b)) return 0;
    if (label == LABEL_UPDATE)
        write_update(ctx, thread, secret, frame.a, length);
    else
        write_traffic_secret(ctx, thread, label, frame.a, length);
    return 0;
}

// GnuTLS

/// gnutls_hash_fast(algorithm, text, length, digest)
SEC("uprobe") int text_digested(struct pt_regs *ctx) {
    __u64 id = bpf_get_current_pid_tgid();
    __u32 tid = id;
    struct thread *thread = bpf_map_lookup_elem(&threads, &tid);
    if (!thread) return 0;
    struct frame *frame = frame_at(thread, thread->depth);
    if (!frame || frame->kind != KIND_SOCKETS || frame->stack <= STACK(ctx)) return 0;
    note_transcript(ctx, id >> 32, frame->object, thread->program, ARGUMENT2(ctx), ARGUMENT3(ctx));
    return 0;
}

/// nettle_hkdf_expand(mac, update, digest, digest_size, info_size, info, length, dst)
SEC("uprobe") int hkdf_expand(struct pt_regs *ctx) {
    __s32 label = hkdf_label(ARGUMENT6(ctx), ARGUMENT5(ctx));
    __u64 length = 0, output = 0;
    // GnuTLS has no line for an update.
    if (label < 0 || label == LABEL_UPDATE) return 0;
    if (LATER_ARGUMENT(ctx, 7, length) || LATER_ARGUMENT(ctx, 8, output)) return 0;
    enter(ctx, KIND_WORK, 0, output, length, label);
    return 0;
}

SEC("uprobe") int hkdf_expand_returns(struct pt_regs *ctx) {
    struct frame frame = {};
    struct thread *thread = leave(ctx, &frame);
    if (thread) write_traffic_secret(ctx, thread, (__s32)frame.c, frame.a, frame.b);
    return 0;
}

/// _gnutls_prf_raw(mac, master_size, master, label_size, label, seed_size, seed, …)
SEC("uprobe") int prf_raw(struct pt_regs *ctx) {
    __u64 seed = 0;
    if (!is_wanted(bpf_get_current_pid_tgid() >> 32)) return 0;
    if (ARGUMENT6(ctx) != 2 * RANDOM_OCTETS || !is_key_expansion(ARGUMENT5(ctx), ARGUMENT4(ctx))) return 0;
    if (LATER_ARGUMENT(ctx, 7, seed)) return 0;
    // The server's random stands before the client's.
    write_master_secret(ctx, 0, seed + RANDOM_OCTETS, ARGUMENT3(ctx), ARGUMENT2(ctx));
    return 0;
}

// Go: func (c *Config) writeKeyLog(label string, clientRandom, secret []byte) error

/// Which secret a label of a key log is for.
static __always_inline __s32 key_log_label(__u64 first) {
    switch (first) {
    case TEXT8('C', 'L', 'I', 'E', 'N', 'T', '_', 'R'): return NS_MASTER;
    case TEXT8('C', 'L', 'I', 'E', 'N', 'T', '_', 'E'): return NS_CLIENT_EARLY;
    case TEXT8('C', 'L', 'I', 'E', 'N', 'T', '_', 'H'): return NS_CLIENT_HANDSHAKE;
    case TEXT8('S', 'E', 'R', 'V', 'E', 'R', '_', 'H'): return NS_SERVER_HANDSHAKE;
    case TEXT8('C', 'L', 'I', 'E', 'N', 'T', '_', 'T'): return NS_CLIENT_APPLICATION;
    case TEXT8('S', 'E', 'R', 'V', 'E', 'R', '_', 'T'): return NS_SERVER_APPLICATION;
    case TEXT8('E', 'X', 'P', 'O', 'R', 'T', 'E', 'R'): return NS_EXPORTER;
    case TEXT8('E', 'A', 'R', 'L', 'Y', '_', 'E', 'X'): return NS_EARLY_EXPORTER;
    default: return -1;
    }
}

SEC("uprobe") int go_key_log(struct pt_regs *ctx) {
    __u64 first = 0;
    __u8 random[RANDOM_OCTETS] = {};
    if (!is_wanted(bpf_get_current_pid_tgid() >> 32) || GO_ARGUMENT3(ctx) < sizeof first) return 0;
    // The client's random is not filled in before its hello is made.
    if (GO_ARGUMENT5(ctx) != RANDOM_OCTETS) return 0;
    if (bpf_probe_read_user(&first, sizeof first, (void *)GO_ARGUMENT2(ctx))
        || bpf_probe_read_user(random, sizeof random, (void *)GO_ARGUMENT4(ctx))) {
        count(NS_SECRETS, 1);
        count(NS_SECRETS_UNREADABLE, 1);
        return 0;
    }
    __s32 label = key_log_label(first);
    if (label < 0) return 0;
    struct secret secret = read_secret(GO_ARGUMENT7(ctx), GO_ARGUMENT8(ctx));
    write_secret(ctx, label, random, &secret);
    return 0;
}
