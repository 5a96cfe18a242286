/* SPDX-License-Identifier: MIT
 *
 * A thread that looks about once a second whether a plugin comes back from each of its callbacks.
 * It says which one does not; and when the main thread is in such a one while the daemon is to
 * stop, it ends the process.
 */
#ifndef COLLECTOR_WATCHDOG_H
#define COLLECTOR_WATCHDOG_H

#include <stdint.h>

#include "base/log.h"

/* After the deadline of a stop: whoever comes back still counts what it drops. */
#define WATCHDOG_GRACE CLOCK_SECOND

/* [main] Before the first plugin is loaded.  Returns 0, or an errno. */
int watchdog_start(struct log *log);
void watchdog_end(void);

/* [main] How long a stop may take, in ns, once that is known: a signal that asks for one may come
 * while the main thread is in a callback. */
void watchdog_allow(uint64_t stop_ns);

/* [main] A stop has begun, or is in more of a hurry: it is to be over by then (monotonic). */
void watchdog_stopping(uint64_t deadline_ns);

/* [main] Logs which callbacks have not returned, other threads' that is: they are given up. */
void watchdog_name_hanging(void);

#endif
