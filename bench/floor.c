/* SPDX-License-Identifier: MIT
 *
 * The floor of the live benchmarks: one socket, blocking recvmmsg(2) of 64, with the
 * address and the arrival time of each datagram asked for.  It only counts.
 *
 *     floor RECEIVE_BUFFER
 *
 * Prints a line of JSON when it listens, with the port and the receive buffer that the
 * kernel granted, and one at SIGTERM or SIGINT, with what came and what the kernel dropped.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, SLOT = 1473 /* as musterd's, for its default largest datagram */ };

union control {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(struct timespec))];
};

struct floor {
    int fd;
    uint64_t received; /* atomic: one thread counts, another one reports */
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_in6 sources[BATCH];
    union control controls[BATCH];
    char bytes[BATCH][SLOT];
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "floor: cannot %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void listen_anywhere(struct floor *state, int receive_buffer)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    socklen_t own_size = sizeof own, granted_size = sizeof(int);
    int on = 1, granted = 0;

    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (state->fd < 0)
        fail("create a socket");
    /* Without the privilege, as much as net.core.rmem_max allows. */
    if (setsockopt(state->fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) <
            0 &&
        setsockopt(state->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) < 0)
        fail("set the receive buffer");
    if (getsockopt(state->fd, SOL_SOCKET, SO_RCVBUF, &granted, &granted_size) < 0)
        fail("read the size of the receive buffer");
    if (setsockopt(state->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0)
        fail("ask for arrival times");
    if (bind(state->fd, (struct sockaddr *)&own, sizeof own) < 0 ||
        getsockname(state->fd, (struct sockaddr *)&own, &own_size) < 0)
        fail("bind a socket");
    /* The kernel doubles it for its own bookkeeping: socket(7). */
    printf("{\"port\": %u, \"receive_buffer\": %d}\n", ntohs(own.sin_port), granted / 2);
    fflush(stdout);
}

/* Waits for the signal and reports.  A thread of its own, so that the receiver blocks
 * in nothing but recvmmsg(2), and no signal can come between a check and the call. */
static void *report_at_signal(void *argument)
{
    struct floor *state = argument;
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof info;
    sigset_t stop;
    int number;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    if (sigwait(&stop, &number) != 0 ||
        getsockopt(state->fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0)
        fail("report");
    printf("{\"received\": %" PRIu64 ", \"kernel_drops\": %" PRIu32 "}\n",
           __atomic_load_n(&state->received, __ATOMIC_RELAXED), info[SK_MEMINFO_DROPS]);
    fflush(stdout);
    exit(EXIT_SUCCESS);
}

static _Noreturn void receive_all(struct floor *state)
{
    int count, i;

    for (i = 0; i < BATCH; i++) {
        struct msghdr *header = &state->messages[i].msg_hdr;

        state->vectors[i] = (struct iovec){state->bytes[i], SLOT};
        header->msg_iov = &state->vectors[i];
        header->msg_iovlen = 1;
        header->msg_name = &state->sources[i];
        header->msg_control = &state->controls[i];
    }
    for (;;) {
        for (i = 0; i < BATCH; i++) {
            state->messages[i].msg_hdr.msg_namelen = sizeof state->sources[i];
            state->messages[i].msg_hdr.msg_controllen = sizeof state->controls[i];
        }
        count = recvmmsg(state->fd, state->messages, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0 && errno != EINTR)
            fail("receive");
        if (count > 0)
            __atomic_store_n(&state->received, state->received + (uint64_t)count, __ATOMIC_RELAXED);
    }
}

int main(int argc, char **argv)
{
    static struct floor state;
    int receive_buffer = argc == 2 ? atoi(argv[1]) : 0;
    pthread_t reporter;
    sigset_t stop;

    if (receive_buffer <= 0) {
        fprintf(stderr, "usage: floor RECEIVE_BUFFER (bytes)\n");
        return 2;
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &stop, NULL) != 0)
        fail("block the signals");
    listen_anywhere(&state, receive_buffer);
    errno = pthread_create(&reporter, NULL, report_at_signal, &state);
    if (errno != 0)
        fail("start a thread");
    receive_all(&state);
}
