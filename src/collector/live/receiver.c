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
    char bytes[CMSG_SPACE(sizeof(struct timespec))];
};

struct receiver {
    uint32_t slot_size; /* bytes */
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

    do
        count = recvmmsg(fd, receiver->messages, RECEIVER_BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno == EAGAIN ? 0 : -1;
    /* The kernel has set these to what it used. */
    for (i = 0; i < count; i++) {
        struct msghdr *header = &receiver->messages[i].msg_hdr;

        header->msg_namelen = sizeof receiver->sources[i];
        header->msg_controllen = sizeof receiver->controls[i];
    }
    return count;
}

void receiver_get(const struct receiver *receiver, int index, struct datagram *datagram)
{
    const struct cmsghdr *control = &receiver->controls[index].aligned;
    struct timespec stamp;

    datagram->bytes = receiver->slots[index].iov_base;
    datagram->size = receiver->messages[index].msg_len;
    datagram->stored = datagram->size < receiver->slot_size ? datagram->size : receiver->slot_size;
    datagram->source = (const struct sockaddr *)&receiver->sources[index];
    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
        memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
        datagram->arrival_ns = clock_from_timespec(&stamp);
    } else {
        datagram->arrival_ns = clock_wall();
    }
}
