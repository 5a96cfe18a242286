/* SPDX-License-Identifier: MIT
 *
 * IPv4 and IPv6 addresses with a port, as text and as the kernel has them.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT = 80 }; /* bytes that address_text writes, at most */

struct address {
    struct sockaddr_storage storage;
    socklen_t size; /* of what is used of it */
};

/* An address of either family in text, without a port.  Returns 0, or -1 if it is none. */
int address_parse(struct address *address, const char *text, uint16_t port);

/* "127.0.0.1:8888", "[::1]:8888" or, with a scope, "[fe80::1%eth0]:8888" */
const char *address_text(const struct sockaddr *address, char out[ADDRESS_TEXT]);

/* "127.0.0.1" or "::1", of an address taken apart as by address_split. */
const char *address_host(uint8_t family, const uint8_t bytes[16], char out[ADDRESS_TEXT]);

/* In the host's byte order. */
uint16_t address_port(const struct address *address);

/* Whether it stands for every address of its family: 0.0.0.0 or ::. */
bool address_is_wildcard(const struct address *address);

/* Whether it is one of many hosts: RFC 1112, RFC 4291, 2.7. */
bool address_is_multicast(const struct address *address);

/* Whether it is an IPv6 address, or group, of a link: one only with its scope, RFC 4007. */
bool address_is_link_local(const struct address *address);

/* Of an IPv6 address. */
void address_set_scope(struct address *address, uint32_t interface);

/* Whether two sockets could not be bound to the two at the same time.  Port 0 is any free port, and
 * clashes with none. */
bool address_clash(const struct address *a, const struct address *b);

/* Takes an address apart: family 4 or 6; port, in the host's byte order; the address itself, in
 * network byte order, of IPv4 only the first 4 bytes; of IPv6 alone the scope id (RFC 4007).  What
 * the family does not have is left as it is. */
static inline void address_split(const struct sockaddr *address, uint8_t *family, uint16_t *port,
                                 uint8_t bytes[16], uint32_t *scope)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->sa_family == AF_INET6) {
        *family = 6;
        *port = ntohs(v6->sin6_port);
        memcpy(bytes, &v6->sin6_addr, 16);
        *scope = v6->sin6_scope_id;
    } else {
        *family = 4;
        *port = ntohs(v4->sin_port);
        memcpy(bytes, &v4->sin_addr, 4);
    }
}

/* Puts it together again. */
void address_join(uint8_t family, uint16_t port, const uint8_t bytes[16], uint32_t scope,
                  struct sockaddr_storage *out);

static inline const struct sockaddr *address_get(const struct address *address)
{
    return (const struct sockaddr *)&address->storage;
}

#endif
