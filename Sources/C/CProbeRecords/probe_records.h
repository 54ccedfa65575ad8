// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// What crosses the boundary between the kernel's programs and user space: included by every *.bpf.c and imported by
// Swift. No implicit padding; sizes are asserted on both sides, so drift is an error of the compiler.
#pragma once
#include <stdint.h>

/// What every record begins with: the layout of `RecordHeader` (Sources/Events).
struct ns_record_header {
    uint32_t length;   // of the record, this header included; the space in the ring may be larger
    uint16_t type;
    uint8_t version;
    uint8_t reserved;
    uint64_t time;     // nanoseconds of CLOCK_MONOTONIC
};
_Static_assert(sizeof(struct ns_record_header) == 16, "the record header's layout is part of the format");

/// Plaintext of a connection: the layout of `DataRecordView`, whose table says what the fields mean.
struct ns_data_record {
    struct ns_record_header header;
    uint32_t pid, tid;
    uint8_t comm[16];
    uint64_t sock;
    int32_t fd;
    uint32_t data_length;
    uint32_t missing;
    uint16_t tls_version;
    uint8_t data_type;
    uint8_t family;
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
    uint32_t reserved;
    // The data follow.
};
_Static_assert(sizeof(struct ns_data_record) == 104, "the data record's layout is part of the format");

/// A socket is gone: the layout of `SocketDestroyedEvent`.
struct ns_socket_record {
    struct ns_record_header header;
    uint32_t pid;
    uint32_t reserved;
    uint64_t sock;
};
_Static_assert(sizeof(struct ns_socket_record) == 32, "the socket record's layout is part of the format");

/// A secret of a TLS connection: the layout of `MasterSecretEvent`, with one of the secrets.
struct ns_secret_record {
    struct ns_record_header header;
    uint32_t pid, tid;
    uint8_t comm[16];
    uint16_t tls_version;
    uint16_t reserved; // 1: an updated one (NS_CLIENT_UPDATED, NS_SERVER_UPDATED)
    uint32_t cipher;
    uint8_t client_random[32];
    uint8_t secret_length[8];
    uint8_t secret[8][64];
};
_Static_assert(sizeof(struct ns_secret_record) == 600, "the secret record's layout is part of the format");

/// What secrets are for, by their place in the record: `MasterSecretEvent.Secret`.
enum ns_secret {
    NS_MASTER, NS_CLIENT_EARLY, NS_CLIENT_HANDSHAKE, NS_SERVER_HANDSHAKE, NS_CLIENT_APPLICATION, NS_SERVER_APPLICATION,
    NS_EXPORTER, NS_EARLY_EXPORTER,
    // In the places of those that they follow.
    NS_CLIENT_UPDATED = NS_CLIENT_APPLICATION + 8, NS_SERVER_UPDATED = NS_SERVER_APPLICATION + 8
};

enum { NS_SSL_DATA = 1, NS_MASTER_SECRET = 3, NS_GNUTLS_DATA = 7, NS_SOCKET_DESTROYED = 16, NS_RECORD_VERSION = 1 };
enum { NS_DATA_MAX = 16384 };

/// What the programs are told before they are loaded: constants to them.
struct ns_config {
    uint64_t payload_max;    // octets of one call that are passed on
    uint32_t own_pid;        // the tracer itself, never traced
    uint32_t has_pids;       // 1: only the processes in the map `pids`
    uint32_t has_uid, uid;   // 1: only this user's
    uint32_t has_comm;       // 1: only threads of this name
    uint8_t comm[16];
    uint32_t follows;        // 1: also the children of these processes
    uint64_t cgroup;         // 0: any; only processes in this control group and those below
    uint32_t has_buffers;    // 1: a buffer for each processor in place of the ring
    uint32_t reserved;
};
_Static_assert(sizeof(struct ns_config) == 64, "the loader fills this structure octet for octet");

/// What the programs count, each an element of the map `counters`.
enum ns_counter {
    NS_CALLS,                 // calls that carried plaintext
    NS_OCTETS,                // and what they carried: all of it
    NS_RECORDS_WRITTEN,       // data records put into the ring
    NS_OCTETS_WRITTEN,
    NS_OCTETS_RING_FULL,      // lost: the ring had no room
    NS_OCTETS_OVER_LIMIT,     // left out: beyond `payload_max` of one call
    NS_OCTETS_UNREADABLE,     // lost: the program's memory could not be read
    NS_SOCKETS_WRITTEN,       // socket records put into the ring
    NS_SOCKETS_RING_FULL,     // lost: the ring had no room
    NS_CALLS_NO_THREAD,       // calls not followed: too many threads
    NS_CALLS_TOO_DEEP,        // calls not followed: within too many others
    NS_RETURNS_UNMATCHED,     // returns of calls whose beginning was not seen
    NS_CONNECTIONS_UNFOLLOWED, // sockets not told: too many
    NS_CHILDREN_UNFOLLOWED,   // processes not followed: too many
    NS_RECORDS_NO_SOCKET,     // data records of connections whose socket is not known
    NS_SECRETS,               // secrets of connections that were derived
    NS_SECRETS_WRITTEN,       // records of them that were put into the ring
    NS_SECRETS_RING_FULL,     // lost: the ring had no room
    NS_SECRETS_UNREADABLE,    // lost: the program's memory could not be read
    NS_SECRETS_NO_RANDOM,     // left out: nobody knows of which connection
    NS_COUNTERS
};
