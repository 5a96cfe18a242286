/* SPDX-License-Identifier: MIT
 *
 * recvmmsg(2), with a slot one byte larger than the largest datagram allowed, so
 * that a larger one shows.  Its own timeout is not used: see BUGS there.
 */
#include "receiver.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

union control {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct receiver {
    uint32_t slot_size; /* bytes */
    int used;           /* messages of the last call, in which the kernel has set sizes */
    uint8_t locals[RECEIVER_BATCH][16]; /* where they went to */
    struct mmsghdr messages[RECEIVER_BATCH];
    struct iovec slots[RECEIVER_BATCH];
    struct sockaddr_in6 sources[RECEIVER_BATCH]; /* large enough for IPv4 as well */
    union control controls[RECEIVER_BATCH];
    uint8_t bytes[];
};

struct receiver *receiver_new(uint32_t largest)
{
    uint32_t slot_size = largest + 1;
    struct receiver *receiver = calloc(1, sizeof *receiver + (size_t)RECEIVER_BATCH * slot_size);
    int i;

    if (receiver == NULL)
        return NULL;
    receiver->slot_size = slot_size;
    for (i = 0; i < RECEIVER_BATCH; i++) {
        struct msghdr *header = &receiver->messages[i].msg_hdr;

        receiver->slots[i].iov_base = receiver->bytes + (size_t)i * slot_size;
        receiver->slots[i].iov_len = slot_size;
        header->msg_iov = &receiver->slots[i];
        header->msg_iovlen = 1;
        header->msg_name = &receiver->sources[i];
        header->msg_namelen = sizeof receiver->sources[i];
        header->msg_control = &receiver->controls[i];
        header->msg_controllen = sizeof receiver->controls[i];
    }
    return receiver;
}

void receiver_free(struct receiver *receiver)
{
    free(receiver);
}

int receiver_receive(struct receiver *receiver, int fd)
{
    int i, count;

    for (i = 0; i < receiver->used; i++) {
        struct msghdr *header = &receiver->messages[i].msg_hdr;

        header->msg_namelen = sizeof receiver->sources[i];
        header->msg_controllen = sizeof receiver->controls[i];
    }
    do
        count = recvmmsg(fd, receiver->messages, RECEIVER_BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    while (count < 0 && errno == EINTR);
    receiver->used = count > 0 ? count : 0;
    if (count < 0)
        return errno == EAGAIN ? 0 : -1;
    return count;
}

/* The address that an IPv4 datagram went to, and whether that is one of many hosts: then it is not
 * the one of ours that the kernel would answer from. */
static void read_way(const struct in_pktinfo *info, uint8_t local[16], struct datagram *datagram)
{
    memcpy(local, &info->ipi_addr, sizeof info->ipi_addr);
    datagram->interface = (uint32_t)info->ipi_ifindex;
    datagram->to_many = info->ipi_addr.s_addr != info->ipi_spec_dst.s_addr;
}

static void read_way_6(const struct in6_pktinfo *info, uint8_t local[16], struct datagram *datagram)
{
    memcpy(local, &info->ipi6_addr, sizeof info->ipi6_addr);
    datagram->interface = info->ipi6_ifindex;
    datagram->to_many = IN6_IS_ADDR_MULTICAST(&info->ipi6_addr);
}

/* What the kernel says beside the bytes. */
static void read_controls(struct receiver *receiver, int index, struct datagram *datagram)
{
    struct msghdr *header = &receiver->messages[index].msg_hdr;
    struct cmsghdr *control;

    for (control = CMSG_FIRSTHDR(header); control != NULL; control = CMSG_NXTHDR(header, control)) {
        const void *data = CMSG_DATA(control);

        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
            datagram->arrival_ns = clock_from_timespec(data);
            continue;
        }
        if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO)
            read_way(data, receiver->locals[index], datagram);
        else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO)
            read_way_6(data, receiver->locals[index], datagram);
        else
            continue;
        datagram->local = receiver->locals[index];
    }
}

void receiver_get(struct receiver *receiver, int index, struct datagram *datagram)
{

    datagram->bytes = receiver->slots[index].iov_base;
    datagram->size = receiver->messages[index].msg_len;
    datagram->stored = datagram->size < receiver->slot_size ? datagram->size : receiver->slot_size;
    datagram->source = (const struct sockaddr *)&receiver->sources[index];
    datagram->local = NULL;
    datagram->arrival_ns = 0;
    datagram->interface = 0;
    datagram->to_many = false;
    datagram->recognized = NULL;
    read_controls(receiver, index, datagram);
    if (datagram->arrival_ns == 0)
        datagram->arrival_ns = clock_wall();
}
