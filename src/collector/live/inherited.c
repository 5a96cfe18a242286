/* SPDX-License-Identifier: MIT
 *
 * $LISTEN_PID, $LISTEN_FDS, $LISTEN_FDNAMES, and of our own $MUSTER_DROPS: what was counted of each
 * socket, by those that went before.
 */
#include "inherited.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socket.h"

enum { FIRST = 3, MOST = 65536 };

#define DROPS "MUSTER_DROPS"
#define HELD  "MUSTER_HELD"

static void forget_environment(void)
{
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    unsetenv(DROPS);
    unsetenv(HELD);
}

static unsigned count_passed(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    long count = fds != NULL ? strtol(fds, NULL, 10) : 0;

    if (pid == NULL || strtol(pid, NULL, 10) != (long)getpid() || count < 0 || count > MOST)
        return 0;
    return (unsigned)count;
}

/* By the worker first: listeners are told apart by what they are bound to, and may have had other
 * places when some of their sockets were stored.  Those of other names come last. */
static uint64_t rank_of(const char *name)
{
    unsigned listener, worker;
    int length = 0;

    if (name == NULL || sscanf(name, INHERITED_NAME "%n", &listener, &worker, &length) != 2 ||
        (name[length] != ':' && name[length] != '\0'))
        return UINT64_MAX;
    return (uint64_t)worker << 32 | listener;
}

static int compare(const void *a, const void *b)
{
    const struct inherited_socket *one = a, *other = b;

    if (one->rank != other->rank)
        return one->rank < other->rank ? -1 : 1;
    return one->fd - other->fd;
}

/* systemd passes what it keeps in any order. */
static void sort_by_name(struct inherited *inherited, const char *names)
{
    unsigned i;

    for (i = 0; i < inherited->count; i++) {
        inherited->sockets[i].rank = rank_of(names);
        names = names != NULL ? strchr(names, ':') : NULL;
        names = names != NULL ? names + 1 : NULL;
    }
    qsort(inherited->sockets, inherited->count, sizeof *inherited->sockets, compare);
}

int inherited_take(struct inherited *inherited)
{
    const unsigned count = count_passed();
    const char *counted = getenv(DROPS);
    unsigned i;

    *inherited = (struct inherited){.sockets = calloc(count + 1, sizeof *inherited->sockets)};
    if (inherited->sockets == NULL)
        return -1;
    inherited->is_held = count > 0 && (counted == NULL || getenv(HELD) != NULL);
    for (i = 0; i < count; i++) {
        struct inherited_socket *one = &inherited->sockets[inherited->count++];
        char *end;

        one->fd = FIRST + (int)i;
        fcntl(one->fd, F_SETFD, FD_CLOEXEC);
        socket_drops(one->fd, &one->drops);
        if (counted == NULL)
            continue;
        one->drops = (uint32_t)strtoul(counted, &end, 10);
        counted = *end == ',' ? end + 1 : NULL;
    }
    sort_by_name(inherited, getenv("LISTEN_FDNAMES"));
    forget_environment();
    return 0;
}

/* Whether it is a socket for datagrams that is bound there. */
static bool is_bound_to(int fd, const struct address *address)
{
    struct address own = {.size = sizeof own.storage};
    uint8_t family, wanted_family, ip[16] = {0}, wanted_ip[16] = {0};
    uint16_t port, wanted_port;
    uint32_t scope, wanted_scope;
    int type = 0;
    socklen_t size = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_DGRAM ||
        getsockname(fd, (struct sockaddr *)&own.storage, &own.size) < 0 ||
        (own.storage.ss_family != AF_INET && own.storage.ss_family != AF_INET6))
        return false;
    address_split(address_get(&own), &family, &port, ip, &scope);
    address_split(address_get(address), &wanted_family, &wanted_port, wanted_ip, &wanted_scope);
    return family == wanted_family && (port == wanted_port || wanted_port == 0) &&
           memcmp(ip, wanted_ip, sizeof ip) == 0;
}

/* One that is bound to an interface that has gone receives nothing any more. */
static bool is_by_another(int fd, const char *interface)
{
    char name[IF_NAMESIZE] = "";
    socklen_t size = sizeof name;

    if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &size) < 0)
        return true;
    return interface[0] != '\0' && name[0] != '\0' && strcmp(name, interface) != 0;
}

bool inherited_find(struct inherited *inherited, const struct address *address,
                    const char *interface, struct inherited_socket *found)
{
    unsigned i;

    for (i = 0; i < inherited->count; i++) {
        struct inherited_socket *one = &inherited->sockets[i];

        if (one->fd < 0 || !is_bound_to(one->fd, address) || is_by_another(one->fd, interface))
            continue;
        *found = *one;
        one->fd = -1;
        return true;
    }
    return false;
}

/* Takes out what waits in one, and returns how many that were, with those that were dropped. */
static uint32_t drain(const struct inherited_socket *one)
{
    char byte; /* the rest of a datagram is discarded */
    uint32_t count = 0, drops = one->drops;
    int type = 0;
    socklen_t size = sizeof type;

    if (getsockopt(one->fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_DGRAM ||
        socket_keep_out(one->fd) < 0)
        return 0;
    while (recv(one->fd, &byte, sizeof byte, MSG_DONTWAIT) >= 0)
        count++;
    socket_drops(one->fd, &drops);
    return count + drops - one->drops;
}

void inherited_close(struct inherited *inherited, struct problems *problems)
{
    char rest[64] = "what waits in them is in no count";
    unsigned i, closed = 0, lost = 0;

    for (i = 0; i < inherited->count; i++) {
        if (inherited->sockets[i].fd < 0)
            continue;
        if (!inherited->is_held) /* else they wait on, for a start that has a listener for them */
            lost += drain(&inherited->sockets[i]);
        close(inherited->sockets[i].fd);
        closed++;
    }
    if (!inherited->is_held)
        snprintf(rest, sizeof rest, "%u datagrams that came there are lost", lost);
    if (closed > 0)
        problems_note(problems, LOG_WARNING, NULL,
                      "%u of the %u sockets that musterd was started with %s of no listener and "
                      "closed: their addresses are not in the configuration, or there are more "
                      "than workers; %s",
                      closed, inherited->count, closed == 1 ? "is" : "are", rest);
    free(inherited->sockets);
    *inherited = (struct inherited){0};
}

/* What is passed, as text.  Returns 0, or -1 with errno. */
static int write_environment(const struct inherited *inherited)
{
    char number[32], *drops = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&drops, &size);
    unsigned i;
    int result;

    if (out == NULL)
        return -1;
    for (i = 0; i < inherited->count; i++)
        fprintf(out, "%s%u", i > 0 ? "," : "", inherited->sockets[i].drops);
    if (fclose(out) != 0)
        return -1;
    result = setenv(DROPS, drops, 1);
    free(drops);
    snprintf(number, sizeof number, "%u", inherited->count);
    result |= setenv("LISTEN_FDS", number, 1);
    snprintf(number, sizeof number, "%ld", (long)getpid());
    result |= setenv("LISTEN_PID", number, 1);
    unsetenv("LISTEN_FDNAMES");
    if (inherited->is_held)
        result |= setenv(HELD, "1", 1);
    return result;
}

int inherited_leave(const struct inherited *inherited)
{
    const int behind = FIRST + (int)inherited->count;
    unsigned i;

    /* First out of the way: one may have the place of another. */
    for (i = 0; i < inherited->count; i++) {
        int fd = fcntl(inherited->sockets[i].fd, F_DUPFD_CLOEXEC, behind);

        if (fd < 0)
            return -1;
        inherited->sockets[i].fd = fd;
    }
    for (i = 0; i < inherited->count; i++)
        if (dup2(inherited->sockets[i].fd, FIRST + (int)i) < 0)
            return -1;
    return write_environment(inherited);
}
