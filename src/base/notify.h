/* SPDX-License-Identifier: MIT
 *
 * What a service tells its manager: sd_notify(3), without its library.  Nothing happens if nobody
 * listens ($NOTIFY_SOCKET).
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1" and the like. */
void notify_send(const char *text);

/* Has the manager keep a descriptor for the next process, under that name.  Returns 0, or -1 if it
 * could not be sent. */
int notify_store(int fd, const char *name);

/* How often at least the manager wants to hear "WATCHDOG=1", in ns; 0: never. */
uint64_t notify_watchdog_ns(void);

#endif
