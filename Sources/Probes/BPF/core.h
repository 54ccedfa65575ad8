// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only (docs/decisions/0008-licence-of-bpf-programs.md)
// The few kernel types that the programs read, with the few fields they read. The loader finds the fields in the running
// kernel's own type information (CO-RE), so no kernel version is built in, and no vmlinux.h is needed.
#pragma once
#include <stdint.h>

typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef uint64_t __u64;
typedef int8_t __s8;
typedef int16_t __s16;
typedef int32_t __s32;
typedef int64_t __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u64 u64;
typedef __u32 u32;
typedef __u16 u16;
typedef __u8 u8;

// include/uapi/linux/bpf.h: the numbers are part of the kernel's interface.
enum {
    BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4, BPF_MAP_TYPE_PERCPU_ARRAY = 6,
    BPF_MAP_TYPE_LRU_HASH = 9, BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_F_NO_PREALLOC = 1 };
#define BPF_F_CURRENT_CPU 0xFFFFFFFFULL
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct bpf_raw_tracepoint_args { __u64 args[0]; };

// Registers as a uprobe's program sees them (arch/*/include/uapi/asm/ptrace.h).
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
    unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#define ARGUMENT1(ctx) ((ctx)->di)
#define ARGUMENT2(ctx) ((ctx)->si)
#define ARGUMENT3(ctx) ((ctx)->dx)
#define ARGUMENT4(ctx) ((ctx)->cx)
#define ARGUMENT5(ctx) ((ctx)->r8)
#define ARGUMENT6(ctx) ((ctx)->r9)
/// Arguments that lie on the stack, counted from 7, at a function's entry: above the return address.
#define LATER_ARGUMENT(ctx, number, value) \
    bpf_probe_read_user(&(value), sizeof(value), (void *)((ctx)->sp + 8 + ((number) - 7) * 8))
/// Go's own calling convention, from 1 (Go 1.17; abi-internal.md).
#define GO_ARGUMENT2(ctx) ((ctx)->bx)
#define GO_ARGUMENT3(ctx) ((ctx)->cx)
#define GO_ARGUMENT4(ctx) ((ctx)->di)
#define GO_ARGUMENT5(ctx) ((ctx)->si)
#define GO_ARGUMENT7(ctx) ((ctx)->r9)
#define GO_ARGUMENT8(ctx) ((ctx)->r10)
#define SYSTEM_CALL(ctx) ((ctx)->orig_ax)
/// The first argument of a system call, also at its end.
#define SYSTEM_CALL_ARGUMENT1(ctx) ((ctx)->di)
#define RESULT(ctx) ((ctx)->ax)
#define STACK(ctx) ((ctx)->sp)
/// A call's return address is popped when it returns.
#define STACK_AT_ENTRY(ctx) ((ctx)->sp - 8)
enum { READ = 0, WRITE = 1, READV = 19, WRITEV = 20, SENDTO = 44, RECVFROM = 45, SENDMSG = 46, RECVMSG = 47 };
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs { __u64 regs[31]; __u64 sp, pc, pstate, orig_x0; __s32 syscallno; __u32 unused2; };
#define ARGUMENT1(ctx) ((ctx)->regs[0])
#define ARGUMENT2(ctx) ((ctx)->regs[1])
#define ARGUMENT3(ctx) ((ctx)->regs[2])
#define ARGUMENT4(ctx) ((ctx)->regs[3])
#define ARGUMENT5(ctx) ((ctx)->regs[4])
#define ARGUMENT6(ctx) ((ctx)->regs[5])
#define LATER_ARGUMENT(ctx, number, value) ((value) = (ctx)->regs[(number) - 1], 0)
#define GO_ARGUMENT2(ctx) ((ctx)->regs[1])
#define GO_ARGUMENT3(ctx) ((ctx)->regs[2])
#define GO_ARGUMENT4(ctx) ((ctx)->regs[3])
#define GO_ARGUMENT5(ctx) ((ctx)->regs[4])
#define GO_ARGUMENT7(ctx) ((ctx)->regs[6])
#define GO_ARGUMENT8(ctx) ((ctx)->regs[7])
#define SYSTEM_CALL(ctx) ((ctx)->syscallno)
#define SYSTEM_CALL_ARGUMENT1(ctx) ((ctx)->orig_x0)
#define RESULT(ctx) ((ctx)->regs[0])
#define STACK(ctx) ((ctx)->sp)
#define STACK_AT_ENTRY(ctx) ((ctx)->sp)
enum { READ = 63, WRITE = 64, READV = 65, WRITEV = 66, SENDTO = 206, RECVFROM = 207, SENDMSG = 211, RECVMSG = 212 };
#else
#error "the registers of this architecture are not described"
#endif

/// As the kernel calls what programs at functions are given.
typedef struct pt_regs bpf_user_pt_regs_t;

#define __ai __attribute__((preserve_access_index))

struct in6_addr { __u8 octets[16]; };

struct ns_common { unsigned int inum; } __ai;
struct net { struct ns_common ns; } __ai;
typedef struct { struct net *net; } possible_net_t;
struct sock_common {
    __be32 skc_daddr, skc_rcv_saddr;
    __be16 skc_dport;
    __u16 skc_num;
    unsigned short skc_family;
    unsigned char skc_state;
    unsigned char skc_ipv6only : 1;
    possible_net_t skc_net;
    struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} __ai;
struct socket;
struct sock {
    struct sock_common __sk_common;
    __u16 sk_type, sk_protocol;
    struct socket *sk_socket;
} __ai;
struct inet_sock { __be16 inet_sport; } __ai;
struct socket { struct sock *sk; } __ai;
struct inode { unsigned short i_mode; } __ai;
struct file { struct inode *f_inode; void *private_data; } __ai;
struct fdtable { unsigned int max_fds; struct file **fd; } __ai;
struct files_struct { struct fdtable *fdt; } __ai;
struct signal_struct { struct { int counter; } live; } __ai;
struct kernfs_node { const char *name; struct kernfs_node *parent; __u64 id; } __ai;
/// Since Linux 6.15.
struct kernfs_node___ns { struct kernfs_node *__parent; } __ai;
struct cgroup { struct kernfs_node *kn; } __ai;
struct css_set { struct cgroup *dfl_cgrp; } __ai;
typedef struct { unsigned int val; } kuid_t;
struct cred { kuid_t uid; } __ai;
struct task_struct {
    struct task_struct *group_leader;
    struct signal_struct *signal;
    int tgid;
    struct files_struct *files;
    struct cred *cred;
    struct css_set *cgroups;
    __u64 start_time;
    __u32 self_exec_id;
    char comm[16];
} __ai;

// Helpers that older kernels lack: what is guarded by `HAS_HELPER` is cut out there before it is checked.
enum bpf_func_id___ns {
    BPF_FUNC_get_current_ancestor_cgroup_id___ns = 0xFFFF01,
    BPF_FUNC_task_pt_regs___ns,
};
#define HAS_HELPER(name) bpf_core_enum_value_exists(enum bpf_func_id___ns, BPF_FUNC_##name##___ns)
