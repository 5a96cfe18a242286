/* SPDX-License-Identifier: MIT
 *
 * See signalfd(2).
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"

static const struct {
    int number;
    enum loop_event event;
    const char *name;
} signals[] = {
    {SIGTERM, LOOP_STOP, "SIGTERM"},    {SIGINT, LOOP_STOP, "SIGINT"},
    {SIGQUIT, LOOP_STOP, "SIGQUIT"},    {SIGHUP, LOOP_ROTATE, "SIGHUP"},
    {SIGUSR1, LOOP_NOTHING, "SIGUSR1"}, {SIGUSR2, LOOP_RESTART, "SIGUSR2"},
    {SIGALRM, LOOP_NOTHING, "SIGALRM"},
};

enum { SIGNALS = sizeof signals / sizeof signals[0] };

static void make_set(sigset_t *set)
{
    size_t i;

    sigemptyset(set);
    for (i = 0; i < SIGNALS; i++)
        sigaddset(set, signals[i].number);
}

void loop_block_signals(void)
{
    sigset_t set;

    make_set(&set);
    sigdelset(&set, SIGTERM);
    sigdelset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a broken pipe is an error of that write */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that must not grow */
}

int loop_open(struct loop *loop, struct log *log)
{
    sigset_t set;

    make_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    loop->log = log;
    loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return loop->signal_fd < 0 ? -1 : 0;
}

void loop_close(struct loop *loop)
{
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
    loop->signal_fd = -1;
}

/* Takes a signal, if one has come. */
static enum loop_event take_signal(struct loop *loop, const char **name)
{
    struct signalfd_siginfo info;
    size_t i;

    if (read(loop->signal_fd, &info, sizeof info) != sizeof info)
        return LOOP_NOTHING;
    for (i = 0; i < SIGNALS && signals[i].number != (int)info.ssi_signo; i++)
        ;
    if (i == SIGNALS)
        return LOOP_NOTHING;
    *name = signals[i].name;
    if (signals[i].event == LOOP_NOTHING)
        log_format(loop->log, LOG_INFO, NULL, "%s means nothing to musterd; see musterd(8)", *name);
    return signals[i].event;
}

enum loop_event loop_wait(struct loop *loop, int fd, uint64_t until_ns, const char **name)
{
    struct pollfd fds[] = {{.fd = loop->signal_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    uint64_t now = clock_monotonic();
    struct timespec left = clock_to_timespec(until_ns > now ? until_ns - now : 0);

    if (ppoll(fds, 2, until_ns == 0 ? NULL : &left, NULL) <= 0 || fds[0].revents == 0)
        return LOOP_NOTHING;
    return take_signal(loop, name);
}
