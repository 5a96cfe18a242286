/* SPDX-License-Identifier: MIT
 *
 * What each thread of a program of ours has, whatever else runs in the process: a stack of its own
 * for signal handlers, so that one can speak when the thread's stack is used up, and the C locale,
 * so that a library that sets another changes no number in our output.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* The thread's first act, and its last.  What cannot be had, it goes on without. */
void thread_begin(void);
void thread_end(void);

/* Has the thread in the C locale again, whoever has called uselocale(3) on it: libconfig, for one,
 * leaves that of the process behind.  Not for a thread that is not ours. */
void thread_settle(void);

/* Makes a condition whose waits are timed by the monotonic clock. */
void thread_condition(pthread_cond_t *condition);

/* Gives a thread a name, which tools show; one that is longer than 15 bytes is not shown. */
void thread_call(pthread_t thread, const char *name);

/* Whether a thread of ours has been called so: a thread that somebody else makes has the name of
 * the one that has made it, until it gets one.  For signal handlers, too. */
bool thread_has_called(const char *name);

/* Whether the calling thread is between the two; for signal handlers, too. */
bool thread_is_ours(void);

#endif
