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

    if (listener->bound_count < listener->socket_count)
        return 0; /* nothing comes */
    wire_steering(steps, apart ? listener->socket_count : 1);
    return setsockopt(listener->sockets[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
                      sizeof program);
}

/* ---- open ----------------------------------------------------------------------------- */

static int open_sockets(struct listener *listener, int receive_buffer, struct problems *problems)
{
    const struct address *address = &listener->address;
    unsigned workers = listener->socket_count, i;
    /* A socket of one address knows the way.  But is it one host's?  The kernel tells; and one
     * worker need not know. */
    bool ways = workers > 1 || address_is_wildcard(address) || address_is_multicast(address);
    int granted = receive_buffer;

    for (i = 0; i < workers; i++) {
        listener->sockets[i] =
            socket_open(address->storage.ss_family, ways, receive_buffer, &granted);
        if (listener->sockets[i] >= 0)
            continue;
        problems_note(problems, LOG_ERROR, NULL, "cannot make a socket: %s%s", strerror(errno),
                      errno == EMFILE ? "; a larger limit for open files allows more (LimitNOFILE, "
                                        "ulimit -n), or fewer workers or listeners need less"
                      : errno == EAFNOSUPPORT ? "; this kernel does not have IPv6"
                                              : "");
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

/* ---- bind, and attach to the interface ------------------------------------------------ */

static const char *remedy(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "; which program does: ss -ulpn";
    case EACCES:
        return "; a port below net.ipv4.ip_unprivileged_port_start (1024) needs "
               "CAP_NET_BIND_SERVICE";
    case EPERM:
        return "; to bind to an interface, or to one that has come back, needs CAP_NET_RAW";
    case EINVAL:
        return "; that address cannot be listened on here";
    case ENOBUFS:
        return "; more groups are allowed with: sysctl -w net.ipv4.igmp_max_memberships=100";
    default:
        return "";
    }
}

/* What was tried is not possible, at present if `is_pending`. */
static int fail(struct listener *listener, bool is_pending, int error, struct problems *problems)
{
    char text[ADDRESS_TEXT];
    const char *interface = listener->listen->interface;

    if (error == listener->said)
        return is_pending ? 0 : -1;
    listener->said = error;
    address_text(address_get(&listener->address), text);
    if (!is_pending)
        problems_note(problems, LOG_ERROR, NULL, "cannot listen on %s: %s%s", text, strerror(error),
                      remedy(error));
    else if (interface[0] != '\0')
        problems_note(problems, LOG_WARNING, NULL,
                      "cannot listen on %s yet: there is no interface %s; it is tried again every "
                      "few seconds",
                      text, interface);
    else
        problems_note(
            problems, LOG_WARNING, NULL,
            "cannot join the group of %s yet: no interface has a route to it; it is tried "
            "again every few seconds (interface = \"...\" needs no route)",
            text);
    return is_pending ? 0 : -1;
}

static enum socket_part part(const struct listener *listener, unsigned i)
{
    return i > 0 ? SOCKET_FURTHER : listener->socket_count > 1 ? SOCKET_FIRST : SOCKET_ALONE;
}

/* Those that are not bound.  0, or -1 with errno. */
static int bind_sockets(struct listener *listener, bool *is_absent)
{
    while (listener->bound_count < listener->socket_count) {
        socklen_t size = sizeof listener->address.storage;
        unsigned i = listener->bound_count;
        int fd = listener->sockets[i];

        if (socket_bind(fd, &listener->address, part(listener, i), is_absent) < 0)
            return -1;
        listener->bound_count++;
        /* After the first, this is the port that the kernel picked. */
        if (i == 0)
            getsockname(fd, (struct sockaddr *)&listener->address.storage, &size);
    }
    return 0;
}

/* A group's sockets join it; others receive by the interface alone.  0, or -1 with errno. */
static int attach_socket(const struct listener *listener, int fd, unsigned interface)
{
    const struct listen *listen = listener->listen;
    unsigned i;

    if (!address_is_multicast(&listener->address))
        return interface == 0 || (address_is_link_local(&listener->address) && !listener->is_ready)
                   ? 0 /* a link-local address has its scope */
                   : socket_bind_interface(fd, listen->interface);
    if (listen->source_count == 0) {
        socket_leave(fd, &listener->address, listener->interface, NULL);
        return socket_join(fd, &listener->address, interface, NULL);
    }
    for (i = 0; i < listen->source_count; i++) {
        socket_leave(fd, &listener->address, listener->interface, &listen->sources[i]);
        if (socket_join(fd, &listener->address, interface, &listen->sources[i]) < 0)
            return -1;
    }
    return 0;
}

static int attach(struct listener *listener, unsigned interface)
{
    unsigned i;

    for (i = 0; i < listener->socket_count; i++)
        if (attach_socket(listener, listener->sockets[i], interface) < 0)
            return -1;
    listener->interface = interface;
    return 0;
}

/* All that is to be done until it receives.  Returns 0, also if that is not possible yet; or -1. */
static int begin(struct listener *listener, struct problems *problems)
{
    const char *name = listener->listen->interface;
    unsigned interface = name[0] == '\0' ? 0 : if_nametoindex(name);
    bool is_absent = false;
    char text[ADDRESS_TEXT];

    if (name[0] != '\0' && interface == 0)
        return fail(listener, true, ENODEV, problems);
    if (address_is_link_local(&listener->address))
        address_set_scope(&listener->address, interface);
    if ((!address_is_multicast(&listener->address) && attach(listener, interface) < 0) ||
        bind_sockets(listener, &is_absent) < 0)
        return fail(listener, false, errno, problems);
    if (address_is_multicast(&listener->address) && attach(listener, interface) < 0)
        return fail(listener, errno == ENODEV, errno, problems);
    if (is_absent)
        problems_note(problems, LOG_WARNING, NULL,
                      "no interface has the address of %s now; datagrams to it come when one does "
                      "(this machine's addresses: ip address)",
                      address_text(address_get(&listener->address), text));
    listener->is_ready = true;
    listener->said = 0;
    return 0;
}

int listener_open(struct listener *listener, const struct listen *listen, unsigned workers,
                  int receive_buffer, struct problems *problems)
{
    unsigned i;

    assert(workers > 0);
    memset(listener, 0, sizeof *listener);
    listener->listen = listen;
    listener->address = listen->address;
    listener->socket_count = workers;
    listener->sockets = malloc(workers * sizeof *listener->sockets);
    if (listener->sockets == NULL) {
        problems_note(problems, LOG_ERROR, NULL, "cannot listen: out of memory");
        return -1;
    }
    for (i = 0; i < workers; i++)
        listener->sockets[i] = -1;
    if (open_sockets(listener, receive_buffer, problems) < 0 || begin(listener, problems) < 0)
        return -1;
    if (workers > 1 && listener_steer(listener, false) < 0) {
        problems_note(
            problems, LOG_ERROR, NULL,
            "cannot steer datagrams by device (SO_ATTACH_REUSEPORT_CBPF): %s; with workers = 1 "
            "it is not needed",
            strerror(errno));
        return -1;
    }
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

/* ---- later ---------------------------------------------------------------------------- */

bool listener_is_looked_at(const struct listener *listener)
{
    return !listener->is_ready || listener->listen->interface[0] != '\0';
}

bool listener_look(struct listener *listener, struct problems *problems)
{
    const char *name = listener->listen->interface;
    unsigned interface = name[0] == '\0' ? 0 : if_nametoindex(name);

    if (!listener->is_ready)
        return begin(listener, problems) == 0 && listener->is_ready;
    if (interface == 0 || interface == listener->interface)
        return false;
    if (attach(listener, interface) == 0) {
        listener->said = 0;
        return true;
    }
    fail(listener, false, errno, problems);
    return false;
}
