/* SPDX-License-Identifier: MIT
 *
 * The address that a datagram came from, as text.
 */
#include "address.h"

#include <arpa/inet.h>

#include "number.h"
#include "text.h"

static char *ipv4(char *out, const uint8_t *bytes)
{
    int i;

    for (i = 0; i < 4; i++) {
        out = number_short(out, bytes[i]);
        *out++ = '.';
    }
    return out - 1;
}

char *address_text(char *out, unsigned family, const uint8_t *bytes)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (family == 4)
        return ipv4(out, bytes);
    if (family == 6)
        inet_ntop(AF_INET6, bytes, text, sizeof text);
    return text_copy(out, text);
}
