// Other programs, run and waited for.
#define _GNU_SOURCE
#include "CKernelIO.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

// A file in memory rather than a pipe: nobody has to write while the program reads.
static int file_of(const void *octets, size_t size) {
    int file = memfd_create("input", MFD_CLOEXEC);
    const char *rest = octets;
    while (file >= 0 && size > 0) {
        ssize_t written = write(file, rest, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            close(file);
            return -1;
        }
        rest += written;
        size -= (size_t)written;
    }
    if (file >= 0) lseek(file, 0, SEEK_SET);
    return file;
}

static char **with_variables(const char *const *variables, size_t count) {
    size_t others = 0;
    while (environ && environ[others]) others++;
    char **all = calloc(count + others + 1, sizeof *all);
    if (!all) return NULL;
    for (size_t i = 0; i < count; i++) all[i] = (char *)variables[i];
    for (size_t i = 0; i < others; i++) all[count + i] = environ[i];
    return all;
}

static int start(pid_t *process, const char *const *arguments, char **variables, int input) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    // This process takes interrupts on one thread; the program takes them as programs do.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    int error = posix_spawnp(process, arguments[0], &actions, &attributes, (char *const *)arguments, variables);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct ns_ending ns_run_program(
    const char *const *arguments, const char *const *variables, size_t count, const void *input, size_t size,
    int64_t timeout) {
    struct ns_ending ending = {0};
    int file = file_of(input, size);
    if (file < 0) {
        ending.error = errno;
        return ending;
    }
    char **all = with_variables(variables, count);
    pid_t process = 0;
    ending.error = all ? start(&process, arguments, all, file) : ENOMEM;
    free(all);
    close(file);
    if (ending.error) return ending;
    int64_t begun = now();
    struct timespec pause = {.tv_nsec = 500000};
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(process, &status, WNOHANG)) == 0) {
        if (now() - begun >= timeout) {
            ending.timed_out = 1;
            kill(-process, SIGKILL);
            while ((ended = waitpid(process, &status, 0)) < 0 && errno == EINTR) {}
            break;
        }
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 16000000) pause.tv_nsec *= 2;
    }
    if (ended < 0) ending.error = errno;
    ending.is_signal = WIFSIGNALED(status);
    ending.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    return ending;
}
