/* SPDX-License-Identifier: MIT
 *
 * See ip(7) and ipv6(7) for the two kinds of struct sockaddr.
 */
#include "address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

int address_parse(struct address *address, const char *text, uint16_t port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->storage;

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address->size = sizeof *v4;
        return 0;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address->size = sizeof *v6;
        return 0;
    }
    return -1;
}

/* The name of an interface; its number if it is gone. */
static const char *scope_text(uint32_t scope, char out[IF_NAMESIZE])
{
    if (if_indextoname(scope, out) == NULL)
        snprintf(out, IF_NAMESIZE, "%u", scope);
    return out;
}

const char *address_text(const struct sockaddr *address, char out[ADDRESS_TEXT])
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    char host[INET6_ADDRSTRLEN] = "?", scope[IF_NAMESIZE];

    if (address->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT, "[%s%s%s]:%u", host, v6->sin6_scope_id != 0 ? "%" : "",
                 v6->sin6_scope_id != 0 ? scope_text(v6->sin6_scope_id, scope) : "",
                 ntohs(v6->sin6_port));
    } else {
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT, "%s:%u", host, ntohs(v4->sin_port));
    }
    return out;
}

const char *address_host(uint8_t family, const uint8_t bytes[16], char out[ADDRESS_TEXT])
{
    if (inet_ntop(family == 6 ? AF_INET6 : AF_INET, bytes, out, ADDRESS_TEXT) == NULL)
        out[0] = '\0';
    return out;
}

uint16_t address_port(const struct address *address)
{
    /* The port has the same place in both families. */
    return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

bool address_is_wildcard(const struct address *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;

    return address->storage.ss_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)
                                                  : v4->sin_addr.s_addr == htonl(INADDR_ANY);
}

bool address_is_multicast(const struct address *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;

    return address->storage.ss_family == AF_INET6 ? IN6_IS_ADDR_MULTICAST(&v6->sin6_addr)
                                                  : IN_MULTICAST(ntohl(v4->sin_addr.s_addr));
}

bool address_is_link_local(const struct address *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;

    return address->storage.ss_family == AF_INET6 &&
           (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&v6->sin6_addr) ||
            IN6_IS_ADDR_MC_NODELOCAL(&v6->sin6_addr));
}

void address_set_scope(struct address *address, uint32_t interface)
{
    assert(address->storage.ss_family == AF_INET6);
    ((struct sockaddr_in6 *)&address->storage)->sin6_scope_id = interface;
}

bool address_clash(const struct address *a, const struct address *b)
{
    if (a->storage.ss_family != b->storage.ss_family || address_port(a) != address_port(b) ||
        address_port(a) == 0)
        return false;
    return address_is_wildcard(a) || address_is_wildcard(b) ||
           memcmp(&a->storage, &b->storage, sizeof a->storage) == 0;
}

void address_join(uint8_t family, uint16_t port, const uint8_t bytes[16], uint32_t scope,
                  struct sockaddr_storage *out)
{
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};

    memset(out, 0, sizeof *out);
    memcpy(&v6.sin6_addr, bytes, 16);
    memcpy(&v4.sin_addr, bytes, 4);
    if (family == 6)
        memcpy(out, &v6, sizeof v6);
    else
        memcpy(out, &v4, sizeof v4);
}
