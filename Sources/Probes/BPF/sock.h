// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// What a socket of the Internet's protocols says of its two ends.
#pragma once
#include "core.h"

enum { FAMILY_V4 = 2, FAMILY_V6 = 10 };  // AF_INET, AF_INET6

/// Addresses of IPv4 stand in the first four octets, those mapped into IPv6 too. Ports are in the processor's order; 0
/// and all zero: none.
struct ends {
    __u16 family;
    __u16 local_port, remote_port;
    __u8 local[16], remote[16];
};

/// Whether an address of IPv6 holds one of IPv4 (RFC 4291 § 2.5.5.2).
static __always_inline int is_mapped(const __u8 *address) {
    for (int i = 0; i < 10; i++)
        if (address[i]) return 0;
    return address[10] == 0xFF && address[11] == 0xFF;
}

/// - Returns: 1 for a socket of IPv4 or IPv6.
static __always_inline int read_ends(struct ends *ends, struct sock *sock) {
    struct sock_common *common = &sock->__sk_common;
    __u16 family = BPF_CORE_READ(common, skc_family);
    if (family != FAMILY_V4 && family != FAMILY_V6) return 0;
    __u8 local[16] = {}, remote[16] = {};
    if (family == FAMILY_V6) {
        BPF_CORE_READ_INTO(&local, common, skc_v6_rcv_saddr);
        BPF_CORE_READ_INTO(&remote, common, skc_v6_daddr);
        // One that is bound and not connected has one of the two.
        if (is_mapped(local) || is_mapped(remote)) family = FAMILY_V4;
    }
    if (family == FAMILY_V4) {
        __builtin_memset(local, 0, 16);
        __builtin_memset(remote, 0, 16);
        __u32 address = BPF_CORE_READ(common, skc_rcv_saddr);
        __builtin_memcpy(local, &address, 4);
        address = BPF_CORE_READ(common, skc_daddr);
        __builtin_memcpy(remote, &address, 4);
    }
    __builtin_memcpy(ends->local, local, 16);
    __builtin_memcpy(ends->remote, remote, 16);
    ends->local_port = BPF_CORE_READ(common, skc_num);
    ends->remote_port = __builtin_bswap16(BPF_CORE_READ(common, skc_dport));
    ends->family = family;
    return 1;
}
