/* SPDX-License-Identifier: MIT
 *
 * See socket(7), ip(7), ipv6(7) and udp(7).
 */
#include "socket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#ifndef IPV6_MULTICAST_ALL /* linux/in6.h has it, and cannot be included with netinet/in.h */
#define IPV6_MULTICAST_ALL 29
#endif
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

static int switch_on(int fd, int level, int option)
{
    int on = 1;

    return setsockopt(fd, level, option, &on, sizeof on);
}

static int tell_way(int fd, bool is_ipv6)
{
    return is_ipv6 ? switch_on(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO)
                   : switch_on(fd, IPPROTO_IP, IP_PKTINFO);
}

/* Asks for a receive buffer of `wanted` bytes.  Returns what the kernel granted. */
static int size_buffer(int fd, int wanted)
{
    int granted = 0;
    socklen_t size = sizeof granted;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size);
    return granted / 2; /* the kernel doubles it for its own bookkeeping: socket(7) */
}

/* 0, or -1 with errno. */
static int prepare(int fd, bool is_ipv6, bool ways, int receive_buffer, int *granted)
{
    int off = 0;

    if (switch_on(fd, SOL_SOCKET, SO_TIMESTAMPNS) < 0 || (ways && tell_way(fd, is_ipv6) < 0))
        return -1;
    /* Else a bound group is also received as far as any other program has joined it. */
    if (setsockopt(fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                   is_ipv6 ? IPV6_MULTICAST_ALL : IP_MULTICAST_ALL, &off, sizeof off) < 0)
        return -1;
    *granted = size_buffer(fd, receive_buffer);
    return 0;
}

int socket_open(int family, bool ways, int receive_buffer, int *granted)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_ipv6 = family == AF_INET6;
    int error;

    if (fd < 0)
        return -1;
    if ((!is_ipv6 || switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0) &&
        prepare(fd, is_ipv6, ways, receive_buffer, granted) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

int socket_adopt(int fd, bool ways, int receive_buffer, bool has_others, int *granted)
{
    int family = 0, unused = 0, flags = fcntl(fd, F_GETFL);
    socklen_t size = sizeof family;

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0 || flags < 0 ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -1;
    /* Who had it before may have let nothing in any more. */
    setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    if (has_others && switch_on(fd, SOL_SOCKET, SO_REUSEPORT) < 0)
        return -1;
    return prepare(fd, family == AF_INET6, ways, receive_buffer, granted);
}

int socket_bind_interface(int fd, const char *name)
{
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name));
}

int socket_bind(int fd, const struct address *address, enum socket_part part, bool *is_absent)
{
    bool is_ipv6 = address->storage.ss_family == AF_INET6;

    /* The first socket is bound alone, so that an address that another process
     * has is an error and not shared with it; then the others may join it. */
    if (part == SOCKET_FURTHER && switch_on(fd, SOL_SOCKET, SO_REUSEPORT) < 0)
        return -1;
    if (bind(fd, address_get(address), address->size) < 0) {
        if (errno != EADDRNOTAVAIL ||
            switch_on(fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                      is_ipv6 ? IPV6_FREEBIND : IP_FREEBIND) < 0 ||
            bind(fd, address_get(address), address->size) < 0)
            return -1;
        *is_absent = true;
    }
    return part == SOCKET_FIRST ? switch_on(fd, SOL_SOCKET, SO_REUSEPORT) : 0;
}

/* See ip(7), RFC 3678, 5.1. */
int socket_join(int fd, const struct address *group, unsigned interface,
                const struct address *source)
{
    int level = group->storage.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    struct group_source_req for_one = {.gsr_interface = interface, .gsr_group = group->storage};
    struct group_req for_all = {.gr_interface = interface, .gr_group = group->storage};

    if (source == NULL)
        return setsockopt(fd, level, MCAST_JOIN_GROUP, &for_all, sizeof for_all);
    for_one.gsr_source = source->storage;
    return setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &for_one, sizeof for_one);
}

int socket_keep_out(int fd)
{
    struct sock_filter refuse[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    struct sock_fprog program = {.len = 1, .filter = refuse};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

void socket_retire(int fd)
{
    struct sockaddr_storage own = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&own;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&own;
    socklen_t size = sizeof own;

    if (getsockname(fd, (struct sockaddr *)&own, &size) < 0)
        return;
    if (own.ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (own.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
        v6->sin6_addr = in6addr_loopback;
    /* A connected socket takes datagrams of its peer alone, and the peer is itself. */
    if (connect(fd, (struct sockaddr *)&own, size) < 0)
        return; /* then those that come until it is closed are in no counter of ours */
}

void socket_drops(int fd, uint32_t *drops)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof info;

    /* SO_RXQ_OVFL would come with a later datagram only, and so miss the end of a burst. */
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0)
        *drops = info[SK_MEMINFO_DROPS];
}

uint32_t socket_buffer(int fd)
{
    int bytes = 0;
    socklen_t size = sizeof bytes;

    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size);
    return (uint32_t)bytes;
}
