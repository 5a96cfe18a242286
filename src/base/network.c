/* SPDX-License-Identifier: MIT
 *
 * Blocks of addresses.
 */
#include "network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static unsigned bytes_of(const struct network *network)
{
    return network->family == 4 ? 4 : 16;
}

/* A number of at most 3 digits and nothing else. */
static bool read_bits(const char *text, unsigned most, uint8_t *bits)
{
    unsigned value = 0, digits = 0;

    for (; *text >= '0' && *text <= '9' && digits < 4; text++, digits++)
        value = value * 10 + (unsigned)(*text - '0');
    *bits = (uint8_t)value;
    return digits > 0 && digits < 4 && *text == '\0' && value <= most;
}

/* Clears what is behind the block's bits.  Returns whether something was. */
static bool clear_rest(struct network *network)
{
    bool was_set = false;
    unsigned i;

    for (i = 0; i < bytes_of(network); i++) {
        unsigned kept = network->bits > i * 8 ? network->bits - i * 8 : 0;
        uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00u >> kept);

        was_set |= (network->bytes[i] & ~mask) != 0;
        network->bytes[i] = (uint8_t)(network->bytes[i] & mask);
    }
    return was_set;
}

enum network_outcome network_parse(struct network *network, const char *text)
{
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    char host[INET6_ADDRSTRLEN];

    memset(network, 0, sizeof *network);
    if (length >= sizeof host)
        return NETWORK_BAD;
    memcpy(host, text, length);
    host[length] = '\0';
    if (inet_pton(AF_INET, host, network->bytes) == 1)
        network->family = 4;
    else if (inet_pton(AF_INET6, host, network->bytes) == 1)
        network->family = 6;
    else
        return NETWORK_BAD;
    network->bits = (uint8_t)(bytes_of(network) * 8);
    if (slash != NULL && !read_bits(slash + 1, bytes_of(network) * 8, &network->bits))
        return NETWORK_BAD;
    return clear_rest(network) ? NETWORK_HOST_BITS : NETWORK_READ;
}

const char *network_text(const struct network *network, char out[NETWORK_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";

    inet_ntop(network->family == 4 ? AF_INET : AF_INET6, network->bytes, host, sizeof host);
    snprintf(out, NETWORK_TEXT, "%s/%u", host, network->bits);
    return out;
}

static bool has(const struct network *network, uint8_t family, const uint8_t *bytes)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;

    return network->family == family && memcmp(network->bytes, bytes, whole) == 0 &&
           (rest == 0 ||
            ((network->bytes[whole] ^ bytes[whole]) & (uint8_t)(0xff00u >> rest)) == 0);
}

bool network_has(const struct network *networks, unsigned count, const struct sockaddr *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    const uint8_t *bytes = (const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr;
    uint8_t family = 4;
    unsigned i;

    if (address->sa_family == AF_INET6) {
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);

        bytes = v6->sin6_addr.s6_addr + (is_mapped ? 12 : 0);
        family = is_mapped ? 4 : 6;
    }
    for (i = 0; i < count; i++)
        if (has(&networks[i], family, bytes))
            return true;
    return false;
}
