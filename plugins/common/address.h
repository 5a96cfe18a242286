/* SPDX-License-Identifier: MIT
 *
 * The address that a datagram came from, as text.
 */
#ifndef PLUGINS_COMMON_ADDRESS_H
#define PLUGINS_COMMON_ADDRESS_H

#include <netinet/in.h>
#include <stdint.h>

#define ADDRESS_MAX INET6_ADDRSTRLEN /* bytes that address_text writes */

/* Writes the address, without brackets, and returns its end; nothing if `family` is neither 4 nor
 * 6.  `bytes` are in network byte order, as in muster_arrival.source. */
char *address_text(char *out, unsigned family, const uint8_t *bytes);

#endif
