/* SPDX-License-Identifier: MIT
 *
 * Opening sockets.  See socket(7), udp(7), and for steering SO_REUSEPORT and
 * SO_ATTACH_REUSEPORT_CBPF in socket(7).
 */
#include "listener.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int socket_keep_out(int fd)
{
    struct sock_filter refuse[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    struct sock_fprog program = {.len = 1, .filter = refuse};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int socket_let_in(int fd)
{
    int unused = 0;

    return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
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

uint32_t socket_drops(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof info;

    /* SO_RXQ_OVFL would come with a later datagram only, and so miss the end of a burst. */
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0)
        return 0;
    return info[SK_MEMINFO_DROPS];
}

static int switch_on(int fd, int level, int option)
{
    int on = 1;

    return setsockopt(fd, level, option, &on, sizeof on);
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

/* A bound socket, shut, or -1 with errno. */
static int open_socket(struct listener *listener, bool join, int receive_buffer, int *granted)
{
    int fd =
        socket(listener->address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    if (fd < 0)
        return -1;
    if (socket_keep_out(fd) < 0 || switch_on(fd, SOL_SOCKET, SO_TIMESTAMPNS) < 0)
        goto fail;
    if (listener->address.storage.ss_family == AF_INET6 &&
        switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY) < 0)
        goto fail;
    *granted = size_buffer(fd, receive_buffer);
    /* The first socket is bound alone, so that an address that another process
     * has is an error and not shared with it; then the others may join it. */
    if (join && switch_on(fd, SOL_SOCKET, SO_REUSEPORT) < 0)
        goto fail;
    if (bind(fd, address_get(&listener->address), listener->address.size) < 0)
        goto fail;
    if (!join && listener->socket_count > 1 && switch_on(fd, SOL_SOCKET, SO_REUSEPORT) < 0)
        goto fail;
    return fd;

fail:
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* The group's sockets are numbered in the order in which they were bound.  The
 * program sees the UDP payload at offset 0, where the device's id is; a datagram
 * too short for that goes to socket 0. */
static int steer_by_device(int fd, unsigned workers)
{
    struct sock_filter steer[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, workers),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {.len = sizeof steer / sizeof steer[0], .filter = steer};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

int listener_open(struct listener *listener, unsigned workers, int receive_buffer, struct log *log)
{
    char text[ADDRESS_TEXT];
    int granted = receive_buffer;
    unsigned i;

    listener->socket_count = workers;
    listener->sockets = malloc(workers * sizeof *listener->sockets);
    if (listener->sockets == NULL)
        return -1;
    for (i = 0; i < workers; i++)
        listener->sockets[i] = -1;
    for (i = 0; i < workers; i++) {
        socklen_t size = sizeof listener->address.storage;

        listener->sockets[i] = open_socket(listener, i > 0, receive_buffer, &granted);
        if (listener->sockets[i] < 0) {
            log_format(log, LOG_ERROR, NULL, "cannot listen on %s: %s%s",
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
    if (workers > 1 && steer_by_device(listener->sockets[0], workers) < 0) {
        log_format(
            log, LOG_ERROR, NULL,
            "cannot steer datagrams by device (SO_ATTACH_REUSEPORT_CBPF): %s; with workers = 1 "
            "it is not needed",
            strerror(errno));
        return -1;
    }
    if (granted < receive_buffer)
        log_format(
            log, LOG_WARNING, NULL,
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
