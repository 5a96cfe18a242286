/* SPDX-License-Identifier: MIT
 *
 * execve(2); the new program is tried before, since there is no way back from it.
 */
#include "restart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define PATIENCE (20 * CLOCK_SECOND) /* for the check */

enum { SAID = 65536 }; /* bytes that are read of what it says, at most */

extern char **environ;

void restart_remember(struct restart *restart, char **argv)
{
    ssize_t length;

    *restart = (struct restart){.argv = argv};
    length = readlink("/proc/self/exe", restart->path, sizeof restart->path - 1);
    restart->path[length > 0 ? length : 0] = '\0';
}

/* The arguments of the check, to be freed; NULL if memory is short. */
static char **check_arguments(const struct restart *restart)
{
    static char check[] = "--check", no_environment[] = "--no-environment";
    char **argv;
    size_t count = 0;

    while (restart->argv[count] != NULL)
        count++;
    argv = calloc(count + 3, sizeof *argv);
    if (argv == NULL)
        return NULL;
    memcpy(argv, restart->argv, count * sizeof *argv);
    argv[count] = check;
    argv[count + 1] = no_environment;
    return argv;
}

/* Starts it with its output in a pipe, and no signal blocked.  Returns 0, or an errno. */
static int start_check(const struct restart *restart, int out, pid_t *pid)
{
    char **argv = check_arguments(restart);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    int error;

    if (argv == NULL)
        return ENOMEM;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    error = posix_spawn(pid, restart->path, &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    free(argv);
    return error;
}

/* What it says, until it ends or the time is over.  Returns whether it has ended. */
static bool hear(int fd, char *said, size_t room)
{
    const uint64_t until = clock_monotonic() + PATIENCE;
    size_t size = 0;

    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        uint64_t now = clock_monotonic();
        struct timespec left = clock_to_timespec(until > now ? until - now : 0);
        char unused[512];
        ssize_t got;

        if (ppoll(&poll_fd, 1, &left, NULL) == 0)
            return false;
        got = size + 1 < room ? read(fd, said + size, room - 1 - size)
                              : read(fd, unused, sizeof unused);
        if (got == 0 || (got < 0 && errno != EINTR))
            return true;
        if (got > 0 && size + 1 < room) {
            size += (size_t)got;
            said[size] = '\0';
        }
    }
}

static void add_lines(char *said, struct problems *problems)
{
    char *place, *line;

    for (line = strtok_r(said, "\n", &place); line != NULL; line = strtok_r(NULL, "\n", &place))
        problems_note(problems, LOG_ERROR, NULL, "%s", line);
}

/* Returns whether it has found everything fine. */
static bool run_check(const struct restart *restart, char *said, struct problems *problems)
{
    int ends[2], error, status = -1;
    bool has_ended = false;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        problems_note(problems, LOG_ERROR, NULL, "cannot make a pipe: %s", strerror(errno));
        return false;
    }
    error = start_check(restart, ends[1], &pid);
    close(ends[1]);
    if (error == 0) {
        has_ended = hear(ends[0], said, SAID);
        if (!has_ended)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    if (error != 0)
        problems_note(problems, LOG_ERROR, NULL, "cannot run \"%s\": %s", restart->path,
                      strerror(error));
    else if (!has_ended)
        problems_note(problems, LOG_ERROR, NULL, "\"%s\" does not come back from a check",
                      restart->path);
    return has_ended && status == 0;
}

int restart_check(const struct restart *restart, struct problems *problems)
{
    char *said = calloc(1, SAID);
    bool is_fine = false;

    if (restart->path[0] == '\0' || said == NULL)
        problems_note(problems, LOG_ERROR, NULL, "%s",
                      said == NULL ? "out of memory" : "/proc/self/exe does not say where it is");
    else
        is_fine = run_check(restart, said, problems);
    if (!is_fine && said != NULL)
        add_lines(said, problems);
    free(said);
    if (is_fine)
        return 0;
    problems_note(problems, LOG_ERROR, NULL, "it is not restarted, and goes on");
    return -1;
}

void restart_now(const struct restart *restart)
{
    if (inherited_leave(&restart->sockets) == 0)
        execv(restart->path, restart->argv);
}
