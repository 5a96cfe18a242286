/* SPDX-License-Identifier: MIT
 *
 * Steering: SO_REUSEPORT and SO_ATTACH_REUSEPORT_CBPF in socket(7).
 */
#include "listener.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
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

    if (listener->bound_count < 2)
        return 0; /* there is nothing to choose */
    wire_steering(steps, &listener->listen->place, apart ? listener->socket_count : 1);
    return setsockopt(listener->sockets[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
                      sizeof program);
}

/* ---- open ----------------------------------------------------------------------------- */

/* A socket of one address knows the way.  But is it one host's?  The kernel tells; and one worker
 * need not know. */
static bool tells_ways(const struct listener *listener)
{
    return listener->socket_count > 1 || address_is_wildcard(&listener->address) ||
           address_is_multicast(&listener->address);
}

/* Those that the process was started with, which are bound.  Returns how many. */
static unsigned adopt_sockets(struct listener *listener, int *granted, struct inherited *inherited)
{
    struct inherited_socket found;
    unsigned count = 0;

    while (count < listener->socket_count &&
           inherited_find(inherited, &listener->address, listener->listen->interface, &found)) {
        if (socket_adopt(found.fd, tells_ways(listener), listener->receive_buffer,
                         listener->socket_count > 1, granted) < 0) {
            close(found.fd);
            continue;
        }
        listener->drops[count] = found.drops;
        listener->sockets[count++] = found.fd;
        listener->address.size = sizeof listener->address.storage;
        getsockname(found.fd, (struct sockaddr *)&listener->address.storage,
                    &listener->address.size);
    }
    return count;
}

static int open_sockets(struct listener *listener, int receive_buffer, struct inherited *inherited,
                        struct problems *problems)
{
    unsigned i;
    int granted = receive_buffer;

    listener->bound_count = adopt_sockets(listener, &granted, inherited);
    for (i = listener->bound_count; i < listener->socket_count; i++) {
        listener->sockets[i] = socket_open(listener->address.storage.ss_family,
                                           tells_ways(listener), receive_buffer, &granted);
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
        return "; to bind to an interface needs CAP_NET_RAW on this kernel";
    case EINVAL:
        return "; that address cannot be listened on here";
    case ENOBUFS:
        return "; more sources are allowed with: sysctl -w net.ipv4.igmp_max_msf=100 "
               "net.ipv6.mld_max_msf=100";
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
        problems_note(
            problems, LOG_WARNING, NULL,
            "cannot listen on %s yet: there is no interface %s, by which it receives; it is "
            "tried again every few seconds",
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
        /* After the first, this is the port that the kernel picked; with the second it has a group
         * to steer in, and would do that by the sender. */
        if (i == 0)
            getsockname(fd, (struct sockaddr *)&listener->address.storage, &size);
        if (i == 1)
            listener_steer(listener, false);
    }
    return 0;
}

/* 0, or -1 with errno. */
static int bind_to_interface(const struct listener *listener)
{
    const char *name = listener->listen->interface;
    unsigned i;

    for (i = listener->bound_count; name[0] != '\0' && i < listener->socket_count; i++)
        if (socket_bind_interface(listener->sockets[i], name) < 0)
            return -1;
    return 0;
}

/* A group, from all or from its sources; what is joined already is left as it is.  Returns how many
 * were joined, or -1 with errno. */
static int join(const struct listener *listener, unsigned interface)
{
    const struct listen *listen = listener->listen;
    unsigned i, j;
    int joined = 0;

    for (i = 0; i < listener->socket_count; i++)
        for (j = 0; j < listen->source_count || j == 0; j++) {
            const struct address *source = listen->source_count > 0 ? &listen->sources[j] : NULL;

            if (socket_join(listener->sockets[i], &listener->address, interface, source) == 0)
                joined++;
            else if (errno != EADDRINUSE && errno != EADDRNOTAVAIL)
                return -1;
        }
    return joined;
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
    if (bind_to_interface(listener) < 0 || bind_sockets(listener, &is_absent) < 0)
        return fail(listener, false, errno, problems);
    if (address_is_multicast(&listener->address) && join(listener, interface) < 0)
        return fail(listener, errno == ENODEV, errno, problems);
    if (is_absent)
        problems_note(problems, LOG_WARNING, NULL,
                      "no interface has the address of %s now; datagrams to it come when one does "
                      "(this machine's addresses: ip address)",
                      address_text(address_get(&listener->address), text));
    listener->interface = interface;
    listener->is_ready = true;
    listener->said = 0;
    return 0;
}

int listener_open(struct listener *listener, const struct listen *listen, unsigned workers,
                  int receive_buffer, struct inherited *inherited, struct problems *problems)
{
    unsigned i;

    assert(workers > 0);
    memset(listener, 0, sizeof *listener);
    listener->listen = listen;
    listener->address = listen->address;
    listener->socket_count = workers;
    listener->receive_buffer = receive_buffer;
    listener->sockets = malloc(workers * sizeof *listener->sockets);
    listener->drops = calloc(workers, sizeof *listener->drops);
    if (listener->sockets == NULL || listener->drops == NULL) {
        problems_note(problems, LOG_ERROR, NULL, "cannot listen: out of memory");
        return -1;
    }
    for (i = 0; i < workers; i++)
        listener->sockets[i] = -1;
    if (open_sockets(listener, receive_buffer, inherited, problems) < 0 ||
        begin(listener, problems) < 0)
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
    free(listener->drops);
    listener->sockets = NULL;
    listener->drops = NULL;
}

/* ---- later ---------------------------------------------------------------------------- */

/* A group without an interface may lose the one that the routes chose.  The kernel says so of IPv4
 * alone. */
static bool is_roaming_group(const struct listener *listener)
{
    return listener->listen->interface[0] == '\0' && address_is_multicast(&listener->address) &&
           listener->address.storage.ss_family == AF_INET;
}

bool listener_is_looked_at(const struct listener *listener)
{
    return !listener->is_ready || listener->listen->interface[0] != '\0' ||
           is_roaming_group(listener);
}

/* Its interface is gone, or is another one of that name: sockets cannot move to it without leaving
 * their group, so others take their place, under the same numbers. */
static void start_over(struct listener *listener, struct problems *problems)
{
    const struct address *address = &listener->address;
    char text[ADDRESS_TEXT];
    int granted;
    unsigned i;

    problems_note(problems, LOG_WARNING, NULL,
                  "the interface %s is gone, and %s with it; it is listened on again when it is "
                  "back",
                  listener->listen->interface, address_text(address_get(address), text));
    atomic_fetch_add(&listener->generation, 1); /* before: see port_count_drops */
    for (i = 0; i < listener->socket_count; i++) {
        int fd = socket_open(address->storage.ss_family, tells_ways(listener),
                             listener->receive_buffer, &granted);

        if (fd < 0 || dup3(fd, listener->sockets[i], O_CLOEXEC) < 0)
            problems_note(problems, LOG_ERROR, NULL, "cannot make a socket: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    listener->bound_count = 0;
    listener->is_ready = false;
    listener->said = ENODEV; /* it is said */
}

bool listener_look(struct listener *listener, struct problems *problems)
{
    const char *name = listener->listen->interface;

    if (listener->is_ready && is_roaming_group(listener))
        return join(listener, 0) > 0;
    if (listener->is_ready && if_nametoindex(name) != listener->interface)
        start_over(listener, problems);
    if (listener->is_ready)
        return false;
    return begin(listener, problems) == 0 && listener->is_ready;
}
