/* SPDX-License-Identifier: MIT
 *
 * Sending in batches, and telling an error of an earlier datagram, which the
 * network reports by ICMP, from one of the datagram at hand.
 *
 * IP_RECVERR does both: each ICMP message waits in the socket's error queue
 * until it is read and counted, and a queueing discipline that drops a datagram
 * says ENOBUFS, where the kernel would else report success.
 */
#include "send.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* linux/errqueue.h of older headers wants linux/types.h and struct timespec first. */
#include <linux/types.h>
#include <linux/errqueue.h>

#include <muster/wire.h>

#include "pace.h"

#include "base/address.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define SPARE_FILES 32  /* descriptors beside the sockets */
#define ANSWER_MOST 128 /* bytes of one that are looked at */

union segment_control {
    struct cmsghdr header; /* for its alignment */
    uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
};

struct sender {
    uint64_t refused;
    uint64_t unreachable;
    uint32_t count;
    bool segment;
    int *sockets;
    int events; /* an epoll, if what comes back is waited for; else -1 */
    /* One call's messages, each of one packet or of several in segments. */
    struct mmsghdr messages[SEND_BATCH];
    struct iovec vectors[SEND_BATCH];
    union segment_control controls[SEND_BATCH];
};

/* Makes room for the sockets.  A privileged process may go beyond the hard limit. */
static int allow_files(uint32_t sockets, char *error)
{
    rlim_t needed = (rlim_t)sockets + SPARE_FILES;
    struct rlimit limit, wanted;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        snprintf(error, SEND_ERROR_SIZE, "cannot read the limit of open files: %s",
                 strerror(errno));
        return -1;
    }
    if (limit.rlim_cur >= needed)
        return 0;
    wanted.rlim_cur = needed;
    wanted.rlim_max = limit.rlim_max > needed ? limit.rlim_max : needed;
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
        return 0;
    snprintf(error, SEND_ERROR_SIZE,
             "a socket for each of %u devices needs %llu open files, but the limit is %llu: "
             "raise it (ulimit -n), or play fewer devices, or use --sockets one",
             sockets, (unsigned long long)needed, (unsigned long long)limit.rlim_max);
    return -1;
}

/* Has a socket send from an address.  Returns 0, or -1. */
static int bind_to(int fd, const char *from, char *error)
{
    struct address address;

    if (from == NULL)
        return 0;
    if (address_parse(&address, from, 0) != 0)
        errno = EINVAL;
    else if (bind(fd, address_get(&address), address.size) == 0)
        return 0;
    snprintf(error, SEND_ERROR_SIZE, "cannot send from %s: %s", from, strerror(errno));
    return -1;
}

/* The address that the socket of that number sends from; NULL: as the system picks. */
static const char *from_of(const struct send_plan *plan, uint32_t number, char text[ADDRESS_TEXT])
{
    if (plan->own_addresses == NULL)
        return plan->from;
    snprintf(text, ADDRESS_TEXT, "127.0.%u.%u", plan->own_addresses[number] / 256U,
             plan->own_addresses[number] & 255U);
    return text;
}

static int open_socket(const struct addrinfo *target, const struct send_plan *plan, uint32_t number,
                       char *error)
{
    char own[ADDRESS_TEXT];
    int level = target->ai_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int option = target->ai_family == AF_INET6 ? IPV6_RECVERR : IP_RECVERR;
    int on = 1, off = 0;
    int fd = socket(target->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        snprintf(error, SEND_ERROR_SIZE, "cannot create a socket: %s", strerror(errno));
        return -1;
    }
    if (setsockopt(fd, level, option, &on, sizeof on) != 0) {
        snprintf(error, SEND_ERROR_SIZE, "cannot set IP_RECVERR on a socket: %s", strerror(errno));
        goto failed;
    }
    if (plan->broadcast && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0) {
        snprintf(error, SEND_ERROR_SIZE, "cannot set SO_BROADCAST on a socket: %s",
                 strerror(errno));
        goto failed;
    }
    if (bind_to(fd, from_of(plan, number, own), error) != 0)
        goto failed;
    if (plan->segment && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &off, sizeof off) != 0) {
        snprintf(error, SEND_ERROR_SIZE,
                 "this kernel cannot send datagrams in segments (UDP_SEGMENT): %s; "
                 "leave out --segment",
                 strerror(errno));
        goto failed;
    }
    if (connect(fd, target->ai_addr, target->ai_addrlen) != 0) {
        bool ports = errno == EAGAIN || errno == EADDRNOTAVAIL;

        snprintf(error, SEND_ERROR_SIZE, "cannot connect a socket to the target: %s%s",
                 ports ? "no local port is free" : strerror(errno),
                 ports ? "; see net.ipv4.ip_local_port_range, or use --sockets one" : "");
        goto failed;
    }
    return fd;

failed:
    close(fd);
    return -1;
}

struct sender *sender_open(const struct send_plan *plan, char *error)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *target = NULL;
    struct sender *sender;
    int result;

    assert(plan->sockets > 0);
    result = getaddrinfo(plan->host, plan->port, &hints, &target);
    if (result != 0) {
        snprintf(error, SEND_ERROR_SIZE, "cannot find the target \"%.120s\": %s", plan->host,
                 result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
        return NULL;
    }
    sender = calloc(1, sizeof *sender);
    if (sender != NULL)
        sender->sockets = calloc(plan->sockets, sizeof *sender->sockets);
    if (sender == NULL || sender->sockets == NULL) {
        snprintf(error, SEND_ERROR_SIZE, "out of memory");
        goto failed;
    }
    sender->segment = plan->segment;
    sender->events = -1;
    if (plan->sockets > 1 && allow_files(plan->sockets, error) != 0)
        goto failed;
    while (sender->count < plan->sockets) {
        int fd = open_socket(target, plan, sender->count, error);

        if (fd < 0) {
            if (plan->sockets > 1) {
                size_t length = strlen(error);

                snprintf(error + length, SEND_ERROR_SIZE - length, " (socket %u of %u)",
                         sender->count + 1, plan->sockets);
            }
            goto failed;
        }
        sender->sockets[sender->count++] = fd;
    }
    freeaddrinfo(target);
    return sender;

failed:
    sender_close(sender);
    freeaddrinfo(target);
    return NULL;
}

void sender_close(struct sender *sender)
{
    uint32_t i;

    if (sender == NULL)
        return;
    for (i = 0; i < sender->count; i++)
        close(sender->sockets[i]);
    if (sender->count > 0 && sender->events >= 0)
        close(sender->events);
    free(sender->sockets);
    free(sender);
}

uint64_t sender_refused(const struct sender *sender)
{
    return sender->refused;
}

uint64_t sender_unreachable(const struct sender *sender)
{
    return sender->unreachable;
}

/* Counts one message of the error queue.  Returns false if it is no ICMP. */
static bool count_report(struct sender *sender, struct msghdr *message)
{
    struct cmsghdr *control;

    for (control = CMSG_FIRSTHDR(message); control != NULL;
         control = CMSG_NXTHDR(message, control)) {
        struct sock_extended_err report;

        if (!(control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR) &&
            !(control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR))
            continue;
        memcpy(&report, CMSG_DATA(control), sizeof report);
        if (report.ee_origin != SO_EE_ORIGIN_ICMP && report.ee_origin != SO_EE_ORIGIN_ICMP6)
            return false;
        if (report.ee_errno == ECONNREFUSED)
            sender->refused++;
        else
            sender->unreachable++;
        return true;
    }
    return false;
}

/* Empties a socket's error queue, which clears its pending error, and returns
 * how many datagrams the network reported. */
static size_t take_reports(struct sender *sender, int fd)
{
    size_t reports = 0;

    for (;;) {
        union {
            struct cmsghdr header;
            uint8_t bytes[512];
        } control;
        struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control};

        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return reports;
        reports += count_report(sender, &message);
    }
}

void sender_settle(struct sender *sender)
{
    uint32_t i;

    for (i = 0; i < sender->count; i++)
        take_reports(sender, sender->sockets[i]);
}

int sender_listen(struct sender *sender)
{
    uint32_t i;

    sender->events = epoll_create1(EPOLL_CLOEXEC);
    if (sender->events < 0)
        return -1;
    for (i = 0; i < sender->count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

        if (epoll_ctl(sender->events, EPOLL_CTL_ADD, sender->sockets[i], &event) != 0)
            return -1;
    }
    return 0;
}

void sender_receive(struct sender *sender,
                    void (*came)(void *context, uint32_t socket, const uint8_t *bytes, size_t size),
                    void *context)
{
    struct epoll_event events[SEND_BATCH];
    uint8_t bytes[ANSWER_MOST];
    int count, i;

    do {
        count = epoll_wait(sender->events, events, SEND_BATCH, 0);
        for (i = 0; i < count; i++) {
            int fd = sender->sockets[events[i].data.u32];
            ssize_t size;

            if (events[i].events & EPOLLERR)
                take_reports(sender, fd);
            while ((size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0)
                came(context, events[i].data.u32, bytes, (size_t)size);
        }
    } while (count == SEND_BATCH);
}

static int socket_of(const struct sender *sender, const struct send_packet *packet)
{
    return sender->sockets[packet->device % sender->count];
}

/* How many packets, from the first on, go into one message. */
static size_t one_message(const struct sender *sender, const struct send_packet *packets,
                          size_t count)
{
    size_t n = 1, total = packets->size;

    if (!sender->segment)
        return 1;
    /* Over the loopback a receiver's group of sockets is asked only once for all
     * segments, so they are of one device: wherever it goes, all of them go. */
    while (n < count && n < SEND_SEGMENTS && packets[n].size == packets->size &&
           packets[n].device == packets->device && total + packets->size <= MUSTER_DATAGRAM_MAX) {
        total += packets->size;
        n++;
    }
    return n;
}

/* Fills in the messages for the packets that leave through the first one's
 * socket, up to the next one that does not.  Returns the number of messages. */
static size_t prepare(struct sender *sender, const struct send_packet *packets, size_t count)
{
    int fd = socket_of(sender, packets);
    size_t packet = 0, messages = 0;

    while (packet < count && socket_of(sender, &packets[packet]) == fd) {
        size_t n = one_message(sender, packets + packet, count - packet);
        struct msghdr *message = &sender->messages[messages].msg_hdr;
        size_t i;

        memset(message, 0, sizeof *message);
        message->msg_iov = &sender->vectors[packet];
        message->msg_iovlen = n;
        for (i = 0; i < n; i++) {
            sender->vectors[packet + i].iov_base = (void *)(uintptr_t)packets[packet + i].bytes;
            sender->vectors[packet + i].iov_len = packets[packet + i].size;
        }
        if (n > 1) {
            union segment_control *control = &sender->controls[messages];
            uint16_t size = (uint16_t)packets[packet].size;

            memset(control, 0, sizeof *control);
            control->header.cmsg_level = IPPROTO_UDP;
            control->header.cmsg_type = UDP_SEGMENT;
            control->header.cmsg_len = CMSG_LEN(sizeof size);
            memcpy(CMSG_DATA(&control->header), &size, sizeof size);
            message->msg_control = control;
            message->msg_controllen = sizeof *control;
        }
        packet += n;
        messages++;
    }
    return messages;
}

/* Whether an error of sending belongs to earlier datagrams and not to the one
 * at hand, which is then to be sent again.  A report may be announced before it
 * can be read, or find the queue full, so that any error has to come twice in a
 * row, and a refusal is one in any case. */
static bool is_report(struct sender *sender, int fd, int reason, int *before)
{
    int last = *before;

    *before = reason;
    if (reason == EINTR || take_reports(sender, fd) > 0)
        return true;
    if (reason == ECONNREFUSED) {
        sender->refused++;
        return true;
    }
    return reason != last;
}

/* Sends the prepared messages.  Returns how many packets were sent. */
static size_t send_prepared(struct sender *sender, int fd, size_t messages)
{
    size_t done = 0, packets = 0;
    int before = 0;

    while (done < messages) {
        int sent = sendmmsg(fd, sender->messages + done, (unsigned int)(messages - done), 0);

        if (sent < 0) {
            int reason = errno;

            if (is_report(sender, fd, reason, &before))
                continue;
            errno = reason;
            break;
        }
        before = 0;
        for (; sent > 0; sent--)
            packets += sender->messages[done++].msg_hdr.msg_iovlen;
        /* What stopped the call early is no longer known; a report is likely. */
        if (done < messages)
            take_reports(sender, fd);
    }
    return packets;
}

size_t sender_send(struct sender *sender, const struct send_packet *packets, size_t count)
{
    size_t sent = 0;

    assert(count <= SEND_BATCH);
    while (sent < count) {
        size_t messages = prepare(sender, packets + sent, count - sent);
        size_t expected = 0, now, i;

        for (i = 0; i < messages; i++)
            expected += sender->messages[i].msg_hdr.msg_iovlen;
        now = send_prepared(sender, socket_of(sender, packets + sent), messages);
        sent += now;
        if (now < expected)
            break;
    }
    return sent;
}

size_t sender_send_patiently(struct sender *sender, const struct send_packet *packets, size_t count,
                             struct pace *pace, int *error)
{
    for (;;) {
        size_t sent = sender_send(sender, packets, count < SEND_BATCH ? count : SEND_BATCH);

        if (sent > 0)
            return sent;
        if (errno != EAGAIN && errno != ENOBUFS) {
            *error = errno;
            return 0;
        }
        if (pace_stopped(pace, PACE_RETRY_NS))
            return 0;
    }
}
