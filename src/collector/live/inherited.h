/* SPDX-License-Identifier: MIT
 *
 * Sockets that this process was started with, and those that it leaves to the next: they stay bound
 * all the while, and what comes waits in their receive buffers.  The protocol is that of
 * sd_listen_fds(3), whoever started it: systemd for a socket unit or with what it was given to
 * keep, or musterd itself.
 */
#ifndef COLLECTOR_LIVE_INHERITED_H
#define COLLECTOR_LIVE_INHERITED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/problems.h"

/* What a service manager keeps a socket as: the listener's place in the configuration, the
 * worker's.
 */
#define INHERITED_NAME "listener-%u-%u"

struct inherited_socket {
    int fd;         /* -1: it was taken */
    uint32_t drops; /* datagrams that the kernel had dropped on it, and that are counted already */
    uint64_t rank;  /* by its name: a group's in the order that the kernel has them in */
};

struct inherited {
    struct inherited_socket *sockets;
    unsigned count;
    bool is_held; /* whoever started the process keeps them, too, for the one after it */
};

/* [main] Takes what the process was started with; a second call finds nothing.  Returns 0, or -1 if
 * memory is short. */
int inherited_take(struct inherited *inherited);

/* Takes the next one that is bound to that address, of port 0 any port, and to no other interface
 * than that, if one is named.  Returns whether there is one. */
bool inherited_find(struct inherited *inherited, const struct address *address,
                    const char *interface, struct inherited_socket *found);

/* Closes those that nobody has taken, and says so, and how many datagrams are lost with them. */
void inherited_close(struct inherited *inherited, struct problems *problems);

/* [main] The last act before exec: makes these sockets the ones that the next program is started
 * with.  Returns 0, or -1 with errno. */
int inherited_leave(const struct inherited *inherited);

#endif
