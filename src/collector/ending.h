/* SPDX-License-Identifier: MIT
 *
 * An end that is not in order: a plugin has called exit(), has ended a thread of the daemon, or
 * does not come back.  It is said whose doing it is, the ledger is printed as it stands, and the
 * process ends without another line of a plugin's code.
 */
#ifndef COLLECTOR_ENDING_H
#define COLLECTOR_ENDING_H

#include <stdio.h>

#include "base/log.h"

/* [main] From now on exit() is watched.  To be called again when plugins are loaded, so as to come
 * before what they have registered with atexit(); and with a log (NULL: standard error) once there
 * is one. */
void ending_watch(struct log *log);

/* [main] There is a ledger, which `print` prints, on any thread, while all others go on. */
void ending_has_ledger(void (*print)(void *context, FILE *out), void *context);

/* [main] What it is printed from is about to go.  Does not return if an end has begun. */
void ending_has_none(void);

/* Any thread. */
_Noreturn void ending_now(const char *text);

#endif
