/* SPDX-License-Identifier: MIT
 *
 * The real time that a play takes: since when it goes on, waiting, and the line that tells of it.
 */
#ifndef FLEET_PACE_H
#define FLEET_PACE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define PACE_SECOND_NS 1000000000.0
#define PACE_WAKE_NS   250000.0 /* at high rates datagrams are sent together, this far apart */
#define PACE_RETRY_NS  200000.0 /* before what the kernel had no room for is sent again */

struct pace {
    const sigset_t *stop; /* signals that end the play; they must be blocked */
    double start_ns;      /* monotonic */
    double wall_ns;       /* Unix time at the start */
    double progress_ns;   /* when the next line is due, from the start */
    uint64_t sent_before; /* at the last line */
    bool progress;        /* a line on standard error, once a second */
    bool interrupted;     /* by a signal */
};

/* Begins now. */
void pace_begin(struct pace *pace, const sigset_t *stop, bool progress);

/* ns since the start. */
double pace_elapsed(const struct pace *pace);

/* Waits for a signal, at most `ns`.  Returns true if the play is to be stopped. */
bool pace_stopped(struct pace *pace, double ns);

/* Shows the line, if it is due. */
void pace_show(struct pace *pace, double now, uint64_t sent);

/* Ends the line. */
void pace_end(const struct pace *pace);

#endif
