/* SPDX-License-Identifier: MIT
 *
 * Blocks of IPv4 and IPv6 addresses, such as 10.0.0.0/8 (RFC 4632, RFC 4291, 2.3).
 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

enum { NETWORK_TEXT = 64 }; /* bytes that network_text writes, at most */

struct sockaddr;

struct network {
    uint8_t bytes[16]; /* of IPv4 the first 4 */
    uint8_t family;    /* 4 or 6 */
    uint8_t bits;      /* that an address must share with it */
};

enum network_outcome {
    NETWORK_READ,
    NETWORK_BAD,      /* no block of addresses */
    NETWORK_HOST_BITS /* it has bits set behind its length; *network is without them */
};

/* Reads "ADDRESS/BITS", or an address alone. */
enum network_outcome network_parse(struct network *network, const char *text);

const char *network_text(const struct network *network, char out[NETWORK_TEXT]);

/* Whether an address is in one of `count` blocks.  An IPv4 address in IPv6 form is one of IPv4. */
bool network_has(const struct network *networks, unsigned count, const struct sockaddr *address);

#endif
