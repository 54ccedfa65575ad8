// A second process, and how it and the first one talk.
#define _GNU_SOURCE
#include "CKernelIO.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int ns_fork(void) { return fork(); }

int ns_wait(int pid, int *is_signal) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return -1;
    *is_signal = WIFSIGNALED(status);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

int ns_socket_pair(int descriptors[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, descriptors) == 0 ? 0 : errno;
}

union control {
    struct cmsghdr header;
    char octets[CMSG_SPACE(sizeof(int))];
};

int ns_send(int socket, const void *octets, size_t count, int descriptor) {
    struct iovec vector = {.iov_base = (void *)octets, .iov_len = count};
    union control control = {};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR) return errno;
    return 0;
}

ssize_t ns_receive(int socket, void *octets, size_t count, int *descriptor) {
    struct iovec vector = {.iov_base = octets, .iov_len = count};
    union control control = {};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t received;
    while ((received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0)
        if (errno != EINTR) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *descriptor = -1;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
    return received;
}

void ns_close_all_but(const int *kept, size_t count) {
    // `kept` is in ascending order.
    unsigned first = 3;
    for (size_t i = 0; i <= count; i++) {
        unsigned last = i < count ? (unsigned)kept[i] : ~0u;
        if (i < count && kept[i] < 3) continue;
        if (last > first || i == count) syscall(SYS_close_range, first, i < count ? last - 1 : last, 0);
        first = last + 1;
    }
}

void ns_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

void ns_leave_signals_to_parent(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    ns_ignore_broken_pipes();
    // A defect ends it at once, for the parent to see: Swift's reports of crashes would need a program that a confined
    // process cannot start, and wait for it.
    const int defects[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    for (unsigned i = 0; i < sizeof defects / sizeof *defects; i++) signal(defects[i], SIG_DFL);
}

void ns_leave_input_to_parent(void) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing > 0) {
        dup2(nothing, 0);
        close(nothing);
    }
}

// What a confined process must not be able to do

int ns_can_open(void) {
    int descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) close(descriptor);
    return descriptor >= 0;
}

int ns_can_execute(void) {
    char *arguments[] = {"/bin/true", NULL}, *environment[] = {NULL};
    // Where it works this process is gone, and its code is 0.
    execve(arguments[0], arguments, environment);
    return 0;
}

int ns_can_connect(void) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return 0;
    struct sockaddr loopback = {.sa_family = AF_INET, .sa_data = {0, 9, 127, 0, 0, 1}};
    // Nobody listens there: what is refused by the other end was not refused by the kernel's rules.
    int can = connect(descriptor, &loopback, sizeof loopback) == 0 || (errno != EACCES && errno != EPERM);
    close(descriptor);
    return can;
}
