// What a process gives up for good: capabilities, files (Landlock), system calls (seccomp).
#define _GNU_SOURCE
#include "CKernelIO.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Capabilities (capabilities(7))

int ns_effective_capabilities(uint64_t *set) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {};
    if (syscall(SYS_capget, &header, data) != 0) return errno;
    *set = data[0].effective | (uint64_t)data[1].effective << 32;
    return 0;
}

/// Sets what is permitted and what is in force; nothing is inherited.
static int set_capabilities(uint64_t permitted, uint64_t effective) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)effective, .permitted = (uint32_t)permitted},
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(permitted >> 32)},
    };
    return syscall(SYS_capset, &header, data) == 0 ? 0 : errno;
}

int ns_drop_privileges(uint64_t kept, uint64_t spare) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    // Memory that holds what others said is for no core file and no debugger of the same user.
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno;
    // Emptying the bounding set takes CAP_SETPCAP. Without it nothing is lost: no program can give privileges any more.
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct had[2] = {};
    if (syscall(SYS_capget, &header, had) != 0) return errno;
    uint64_t permitted = had[0].permitted | (uint64_t)had[1].permitted << 32;
    int code = set_capabilities(permitted & (kept | spare), permitted & kept);
    uint64_t left = 0;
    if (code == 0) code = ns_effective_capabilities(&left);
    return code != 0 ? code : left & ~kept ? EPERM : 0;
}

int ns_is_writable(const char *path) { return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0; }

// Landlock (landlock(7)): the structure and numbers of ABI 6, whatever the headers here know.

struct ruleset { uint64_t handled_access_fs, handled_access_net, scoped; };
struct __attribute__((packed)) path_rule { uint64_t access; int32_t directory; };
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, CREATE_RULESET_VERSION = 1, PATH_BENEATH = 1 };
enum { EXECUTE = 1 << 0, READ_FILE = 1 << 2, READ_DIR = 1 << 3, IOCTL_DEV = 1 << 15 };

int ns_landlock_version(void) {
    long version = syscall(CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

/// Permits `access` to all that is below a directory. One that is not there needs no rule.
static int permit_below(int ruleset, const char *directory, uint64_t access) {
    struct path_rule rule = {.access = access, .directory = open(directory, O_PATH | O_CLOEXEC)};
    if (rule.directory < 0) return errno == ENOENT ? 0 : errno;
    int code = syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0) == 0 ? 0 : errno;
    close(rule.directory);
    return code;
}

/// What is handled and not permitted by a rule is forbidden from here on. Descriptors that are open stay usable.
static int restrict_self(struct ruleset rules, const char *const *directories, uint64_t access) {
    int version = ns_landlock_version();
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    int descriptor = (int)syscall(CREATE_RULESET, &rules, size, 0);
    if (descriptor < 0) return errno;
    int code = 0;
    for (; code == 0 && *directories; directories++) code = permit_below(descriptor, *directories, access);
    if (code == 0 && syscall(RESTRICT_SELF, descriptor, 0) != 0) code = errno;
    close(descriptor);
    return code;
}

/// Every access to files that a version knows: 13 of the first, then REFER, TRUNCATE, IOCTL_DEV.
static uint64_t all_access(int version) {
    return (1u << (version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13)) - 1;
}

int ns_landlock_all(void) {
    int version = ns_landlock_version();
    if (version <= 0) return ENOSYS;
    struct ruleset rules = {
        .handled_access_fs = all_access(version),
        .handled_access_net = version >= 4 ? 3 : 0,  // binding and connecting TCP
        .scoped = version >= 6 ? 3 : 0,              // abstract sockets and signals of others
    };
    const char *const none[] = {NULL};
    return restrict_self(rules, none, 0);
}

int ns_landlock_writing(const char *const *directories) {
    int version = ns_landlock_version();
    // The first version forbids every renaming from one directory into another.
    if (version < 2) return ENOSYS;
    uint64_t changes = all_access(version) & ~(EXECUTE | READ_FILE | READ_DIR | IOCTL_DEV);
    return restrict_self((struct ruleset){.handled_access_fs = changes | EXECUTE}, directories, changes);
}

// seccomp (seccomp(2)): classic BPF over the number and the arguments of each system call

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system calls of this architecture are not described"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define GIVE(action) BPF_STMT(BPF_RET | BPF_K, action)
#define IF(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)
#define IF_ANY(bits, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, then, otherwise)
#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
/// Of both architectures the lower half of an argument is first.
#define ALLOW(call) IF(__NR_##call, 0, 1), GIVE(SECCOMP_RET_ALLOW)

int ns_seccomp_confine(void) {
    struct sock_filter filter[] = {
        LOAD(arch), IF(ARCHITECTURE, 1, 0), GIVE(SECCOMP_RET_KILL_PROCESS), LOAD(nr),
        // Octets through descriptors that are open.
        ALLOW(read), ALLOW(write), ALLOW(close), ALLOW(fsync), ALLOW(ppoll), ALLOW(epoll_pwait),
        // Of an output: what a failed write left of a record. Descriptors of further outputs come from the other half.
        ALLOW(ftruncate), ALLOW(lseek), ALLOW(recvmsg),
        // Of a packet socket: how many packets it has dropped.
        ALLOW(getsockopt),
#if defined(__x86_64__)
        ALLOW(poll), ALLOW(epoll_wait),
#endif
        // Memory, unless it is to be executed.
        ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(brk),
        IF(__NR_mmap, 0, 4), LOAD(args[2]), IF_ANY(PROT_EXEC, 0, 1), GIVE(REFUSED), GIVE(SECCOMP_RET_ALLOW),
        IF(__NR_mprotect, 0, 4), LOAD(args[2]), IF_ANY(PROT_EXEC, 0, 1), GIVE(REFUSED), GIVE(SECCOMP_RET_ALLOW),
        // Threads, but no processes. What clone3(2) is asked for cannot be seen: C libraries then take clone(2).
        IF(__NR_clone3, 0, 1), GIVE(SECCOMP_RET_ERRNO | ENOSYS),
        IF(__NR_clone, 0, 4), LOAD(args[0]), IF_ANY(CLONE_THREAD, 0, 1), GIVE(SECCOMP_RET_ALLOW), GIVE(REFUSED),
        ALLOW(futex), ALLOW(set_robust_list), ALLOW(rseq), ALLOW(sched_yield), ALLOW(sched_getaffinity),
        ALLOW(gettid), ALLOW(getpid), ALLOW(exit), ALLOW(exit_group),
        IF(__NR_prctl, 0, 4), LOAD(args[0]), IF(PR_SET_NAME, 0, 1), GIVE(SECCOMP_RET_ALLOW), GIVE(REFUSED),
        // Signals to itself arrive and return; none is sent.
        ALLOW(rt_sigprocmask), ALLOW(rt_sigaction), ALLOW(rt_sigreturn), ALLOW(sigaltstack), ALLOW(restart_syscall),
        // Time, chance, and what a terminal's size is.
        ALLOW(clock_gettime), ALLOW(clock_nanosleep), ALLOW(nanosleep), ALLOW(getrandom),
        // Whether an interface is up.
        IF(__NR_ioctl, 0, 6), LOAD(args[1]), IF(TIOCGWINSZ, 2, 0), IF(SIOCGIFFLAGS, 1, 0), IF(TCGETS, 0, 1),
        GIVE(SECCOMP_RET_ALLOW), GIVE(REFUSED),
        GIVE(REFUSED),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : errno;
}

int ns_seccomp_is_there(void) {
    uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}
