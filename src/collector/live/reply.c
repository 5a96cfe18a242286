/* SPDX-License-Identifier: MIT
 *
 * sendmmsg(2).  A socket of a wildcard address would answer from whatever address the routes say,
 * so the one that the datagram went to is named: IP_PKTINFO in ip(7), RFC 3542, 6.2.
 */
#include "reply.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { BATCH = 64 };

union control {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* What is handed to the kernel, with what it points to. */
struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec bytes[BATCH];
    struct sockaddr_in6 to[BATCH]; /* large enough for IPv4 as well */
    union control controls[BATCH];
};

/* Returns the size of the address. */
static socklen_t set_address(struct sockaddr_in6 *to, const struct answer *answer)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)to;

    if (answer->family == 4) {
        *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(answer->port)};
        memcpy(&v4->sin_addr, answer->to, sizeof v4->sin_addr);
        return sizeof *v4;
    }
    *to = (struct sockaddr_in6){
        .sin6_family = AF_INET6, .sin6_port = htons(answer->port), .sin6_scope_id = answer->scope};
    memcpy(&to->sin6_addr, answer->to, sizeof to->sin6_addr);
    return sizeof *to;
}

/* The address that it is sent from. */
static void name_local(struct msghdr *header, union control *control, const struct answer *answer)
{
    struct in_pktinfo v4 = {0};
    struct in6_pktinfo v6 = {0};
    const bool is_ipv6 = answer->family == 6;
    const void *info = is_ipv6 ? (const void *)&v6 : (const void *)&v4;
    const size_t size = is_ipv6 ? sizeof v6 : sizeof v4;
    struct cmsghdr *message;

    memcpy(&v4.ipi_spec_dst, answer->local, sizeof v4.ipi_spec_dst);
    memcpy(&v6.ipi6_addr, answer->local, sizeof v6.ipi6_addr);
    if (is_ipv6 && IN6_IS_ADDR_LINKLOCAL(&v6.ipi6_addr))
        v6.ipi6_ifindex = answer->scope;
    memset(control, 0, sizeof *control);
    header->msg_control = control;
    header->msg_controllen = CMSG_SPACE(size);
    message = CMSG_FIRSTHDR(header);
    message->cmsg_level = is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
    message->cmsg_type = is_ipv6 ? IPV6_PKTINFO : IP_PKTINFO;
    message->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(message), info, size);
}

/* Those of one listener.  Returns how many were taken. */
static unsigned send_batch(int fd, struct batch *batch, unsigned count)
{
    unsigned done = 0, taken = 0;

    while (done < count) {
        int sent = sendmmsg(fd, batch->messages + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent > 0) {
            taken += (unsigned)sent;
            done += (unsigned)sent;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            return taken; /* so it is with those behind */
        } else if (errno != EINTR) {
            done++;
        }
    }
    return taken;
}

unsigned reply_send(const struct listener *listeners, unsigned worker, const struct answer *answers,
                    unsigned count)
{
    struct batch batch;
    unsigned taken = 0, i, used = 0;

    for (i = 0; i < count; i++) {
        const struct answer *answer = &answers[i];
        const struct listener *listener = &listeners[answer->listener];
        struct msghdr *header = &batch.messages[used].msg_hdr;

        batch.bytes[used] =
            (struct iovec){.iov_base = (void *)(uintptr_t)answer->bytes, .iov_len = answer->size};
        *header = (struct msghdr){.msg_name = &batch.to[used],
                                  .msg_namelen = set_address(&batch.to[used], answer),
                                  .msg_iov = &batch.bytes[used],
                                  .msg_iovlen = 1};
        if (answer->has_local && address_is_wildcard(&listener->address))
            name_local(header, &batch.controls[used], answer);
        used++;
        if (used == BATCH || i + 1 == count || answers[i + 1].listener != answer->listener) {
            taken += send_batch(listener->sockets[worker], &batch, used);
            used = 0;
        }
    }
    return taken;
}
