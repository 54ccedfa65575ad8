// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// What system calls move: where in the program's memory it lies.
#pragma once
#include "core.h"

/// The first octets that a system call moves; 0: it is none that does.
/// - Parameter room: how many lie there at most; all ones: as many as were moved.
static __always_inline __u64 first_buffer(struct pt_regs *registers, __u64 number, __u64 *room) {
    __u64 buffer = 0, piece[2] = {};
    *room = ~0ULL;
    bpf_probe_read_kernel(&buffer, sizeof buffer, &ARGUMENT2(registers));
    switch (number) {
    case SENDMSG: case RECVMSG:
        if (bpf_probe_read_user(&buffer, sizeof buffer, (void *)(buffer + 16))) return 0;  // msg_iov
        break;
    case READV: case WRITEV: break;
    case READ: case WRITE: case SENDTO: case RECVFROM: return buffer;
    default: return 0;
    }
    if (bpf_probe_read_user(piece, sizeof piece, (void *)buffer)) return 0;  // iov_base, iov_len
    *room = piece[1];
    return piece[0];
}
