/* SPDX-License-Identifier: MIT
 *
 * Steering: SO_REUSEPORT and SO_ATTACH_REUSEPORT_CBPF in socket(7).
 */
#include "listener.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket.h"
#include "wire/steering.h"

/* The program sees the UDP payload at offset 0. */
int listener_steer(const struct listener *listener, bool apart)
{
    struct sock_filter steps[WIRE_STEERING_STEPS];
    struct sock_fprog program = {.len = WIRE_STEERING_STEPS, .filter = steps};

    wire_steering(steps, apart ? listener->socket_count : 1);
    return setsockopt(listener->sockets[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
                      sizeof program);
}

static enum socket_part part(unsigned i, unsigned workers)
{
    return i > 0 ? SOCKET_FURTHER : workers > 1 ? SOCKET_FIRST : SOCKET_ALONE;
}

int listener_open(struct listener *listener, const struct address *address, unsigned workers,
                  int receive_buffer, struct problems *problems)
{
    /* A socket of one address knows the way.  But is it one host's?  The kernel tells; and one
     * worker need not know. */
    bool ways = workers > 1 || address_is_wildcard(address) || address_is_multicast(address);
    char text[ADDRESS_TEXT];
    int granted = receive_buffer;
    unsigned i;

    assert(workers > 0);
    listener->address = *address;
    listener->socket_count = workers;
    listener->sockets = malloc(workers * sizeof *listener->sockets);
    if (listener->sockets == NULL) {
        problems_note(problems, LOG_ERROR, NULL, "cannot listen: out of memory");
        return -1;
    }
    for (i = 0; i < workers; i++)
        listener->sockets[i] = -1;
    for (i = 0; i < workers; i++) {
        socklen_t size = sizeof listener->address.storage;

        listener->sockets[i] =
            socket_open(&listener->address, part(i, workers), ways, receive_buffer, &granted);
        if (listener->sockets[i] < 0) {
            problems_note(problems, LOG_ERROR, NULL, "cannot listen on %s: %s%s",
                          address_text(address_get(&listener->address), text), strerror(errno),
                          errno == EADDRINUSE      ? "; which program does: ss -ulpn"
                          : errno == EADDRNOTAVAIL ? "; this machine's addresses: ip address"
                                                   : "");
            return -1;
        }
        /* After the first, this is the port that the kernel picked. */
        if (i == 0)
            getsockname(listener->sockets[i], (struct sockaddr *)&listener->address.storage, &size);
    }
    if (workers > 1 && listener_steer(listener, false) < 0) {
        problems_note(
            problems, LOG_ERROR, NULL,
            "cannot steer datagrams by device (SO_ATTACH_REUSEPORT_CBPF): %s; with workers = 1 "
            "it is not needed",
            strerror(errno));
        return -1;
    }
    if (granted < receive_buffer)
        problems_note(
            problems, LOG_WARNING, NULL,
            "the kernel grants a receive buffer of %d KiB instead of %d KiB, so bursts may be "
            "dropped; allow more with: sysctl -w net.core.rmem_max=%d",
            granted / 1024, receive_buffer / 1024, receive_buffer);
    return 0;
}

void listener_close(struct listener *listener)
{
    unsigned i;

    for (i = 0; listener->sockets != NULL && i < listener->socket_count; i++)
        if (listener->sockets[i] >= 0)
            close(listener->sockets[i]);
    free(listener->sockets);
    listener->sockets = NULL;
}
