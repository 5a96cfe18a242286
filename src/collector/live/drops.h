/* SPDX-License-Identifier: MIT
 *
 * Why the kernel has discarded datagrams.
 *
 * A socket's count of drops does not tell a full receive buffer from a wrong checksum; the kernel's
 * counters for the whole network namespace do (/proc/net/snmp and snmp6: RcvbufErrors, MemErrors,
 * InCsumErrors), but not whose datagrams they were.  Put together they tell, as far as no other
 * program of the namespace has the same trouble in the same second.
 */
#ifndef COLLECTOR_LIVE_DROPS_H
#define COLLECTOR_LIVE_DROPS_H

#include <pthread.h>
#include <stdint.h>

/* The kernel's counters of UDP, over both families: datagrams, modulo 2^64. */
struct drops_seen {
    uint64_t no_room;  /* in a receive buffer, or in all of the memory for them */
    uint64_t checksum; /* it was wrong */
};

struct drops {
    pthread_mutex_t lock;
    int fds[2]; /* snmp, snmp6; -1: it cannot be read */
    struct drops_seen last;
    struct drops_seen left[2]; /* that no socket has claimed: since the last look, and before it */
};

void drops_init(struct drops *drops);
void drops_free(struct drops *drops);

/* About once a second: what nobody has claimed for two looks was another program's. */
void drops_look(struct drops *drops);

/* [any worker] So many were dropped on a socket since the last time.  Returns how many of them had
 * a wrong checksum. */
uint64_t drops_of_checksum(struct drops *drops, uint64_t dropped);

/* Reads the counters from the text of /proc/net/snmp or snmp6, and adds them. */
void drops_parse(const char *text, struct drops_seen *seen);

#endif
