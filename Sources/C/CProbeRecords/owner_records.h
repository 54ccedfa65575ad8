// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// What sockets.bpf.c tells user space: which process uses which socket. As probe_records.h, in which the records'
// header is.
#pragma once
#include "probe_records.h"

/// A process has a socket: the layout of `OwnerRecord` (Sources/Sockets).
struct ns_owner_record {
    struct ns_record_header header;
    uint64_t since;      // as the header's time: the process is known to have had it from then on
    uint64_t cookie;     // of the socket: no other one ever gets it
    uint64_t cgroup;     // of version 2
    uint64_t started;    // when the process was, in nanoseconds: another one may get its number
    uint32_t pid, uid;
    uint32_t network;    // the number of the network namespace
    uint8_t family;      // AF_INET or AF_INET6; mapped addresses are of IPv4
    uint8_t protocol;    // IPPROTO_TCP or IPPROTO_UDP
    uint8_t source;      // enum ns_owner_source
    uint8_t flags;       // enum ns_owner_flag
    uint16_t local_port, remote_port;
    uint32_t reserved;
    uint8_t comm[16];
    uint8_t local[16], remote[16];
};
_Static_assert(sizeof(struct ns_owner_record) == 120, "the owner record's layout is part of the format");

enum ns_owner_source {
    NS_OWNER_USES,       // it has sent, received, connected or listened
    NS_OWNER_HOLDS,      // it was found to have it open
};

enum ns_owner_flag { NS_SOCKET_LISTENS = 1, NS_SOCKET_V6_ONLY = 2 };

/// Nobody has the socket any more.
struct ns_socket_gone_record {
    struct ns_record_header header;
    uint64_t cookie;
};
_Static_assert(sizeof(struct ns_socket_gone_record) == 24, "the record's layout is part of the format");

/// A look at all processes' sockets is done: since `begun`, each one that there is has been told.
struct ns_scan_record {
    struct ns_record_header header;
    uint64_t begun;
    uint64_t lost;       // records of owners that found no room, in all so far
};
_Static_assert(sizeof(struct ns_scan_record) == 32, "the record's layout is part of the format");

/// A control group's names from its own up to the root's, which has none; as many as find room.
enum { NS_GROUP_NAMES = 12, NS_GROUP_NAME_MAX = 128 };
struct ns_group_record {
    struct ns_record_header header;
    uint64_t cgroup;
    uint32_t count;      // of names
    uint32_t is_whole;   // 0: there are more above
    uint8_t names[NS_GROUP_NAMES][NS_GROUP_NAME_MAX];
};
_Static_assert(sizeof(struct ns_group_record) == 1568, "the record's layout is part of the format");

enum { NS_SOCKET_OWNER = 64, NS_SOCKET_GONE = 65, NS_SCAN_DONE = 66, NS_CONTROL_GROUP = 67 };

/// What the programs count, each an element of the map `counters`.
enum ns_owner_counter {
    NS_OWNERS_WRITTEN,   // owner records put into the ring
    NS_OWNERS_RING_FULL, // lost: the ring had no room
    NS_OWNER_COUNTERS
};
