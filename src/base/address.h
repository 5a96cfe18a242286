/* SPDX-License-Identifier: MIT
 *
 * IPv4 and IPv6 addresses with a port, as text and as the kernel has them.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT = 64 }; /* bytes that address_text writes, at most */

struct address {
    struct sockaddr_storage storage;
    socklen_t size; /* of what is used of it */
};

/* An address of either family in text, without a port.  Returns 0, or -1 if it is none. */
int address_parse(struct address *address, const char *text, uint16_t port);

/* "127.0.0.1:8888" or "[::1]:8888" */
const char *address_text(const struct sockaddr *address, char out[ADDRESS_TEXT]);

/* In the host's byte order. */
uint16_t address_port(const struct address *address);

/* Whether it stands for every address of its family: 0.0.0.0 or ::. */
bool address_is_wildcard(const struct address *address);

/* Whether two sockets could not be bound to the two at the same time.  Port 0 is any free port, and
 * clashes with none. */
bool address_clash(const struct address *a, const struct address *b);

static inline const struct sockaddr *address_get(const struct address *address)
{
    return (const struct sockaddr *)&address->storage;
}

#endif
