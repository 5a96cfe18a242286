/* SPDX-License-Identifier: MIT
 *
 * What the main thread waits for: signals, a descriptor, and time.
 */
#ifndef COLLECTOR_LOOP_H
#define COLLECTOR_LOOP_H

#include <stdint.h>

#include "base/log.h"

/* The first act of main: from here on, no signal ends the daemon that it does not want to die of.
 * SIGTERM and SIGINT still do, until there is a loop. */
void loop_block_signals(void);

struct loop {
    int signal_fd;
    struct log *log; /* where signals are told that mean nothing here */
};

/* Returns 0, or -1 with errno.  SIGTERM and SIGINT are blocked, too, in this thread and those that
 * it starts. */
int loop_open(struct loop *loop, struct log *log);
void loop_close(struct loop *loop);

enum loop_event {
    LOOP_NOTHING, /* the time is over, or the descriptor is readable: look */
    LOOP_STOP,    /* SIGTERM, SIGINT or SIGQUIT */
    LOOP_ROTATE,  /* SIGHUP */
    LOOP_RESTART  /* SIGUSR2 */
};

/* Waits until a signal comes, `fd` is readable (-1: there is none), or the monotonic clock shows
 * `until_ns` (0: for ever).  `name` is set to the signal's. */
enum loop_event loop_wait(struct loop *loop, int fd, uint64_t until_ns, const char **name);

#endif
