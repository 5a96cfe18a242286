/* SPDX-License-Identifier: MIT
 *
 * What can never be bound is found here, before anything starts; what is only not there yet, such
 * as an interface, is the front's to wait for.
 */
#include "listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "check.h"
#include "settings.h"
#include "wire/plan.h"

static const struct sockaddr_in6 *as_ipv6(const struct address *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;

    return address->storage.ss_family == AF_INET6 ? v6 : NULL;
}

/* Names as the kernel takes them: dev_valid_name in net/core/dev.c. */
static bool is_interface_name(const char *name)
{
    return name[0] != '\0' && strlen(name) < IF_NAMESIZE && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && strpbrk(name, "/: \t\n") == NULL;
}

static void set_interface(struct listen *listen, const char *name, const char *what,
                          const struct node *place, struct problems *problems)
{
    if (!is_interface_name(name))
        node_problem(place, problems,
                     "%s: \"%s\" is not the name of an interface; expected one "
                     "such as \"eth0\": ip link",
                     what, name);
    else if (listen->interface[0] != '\0' && strcmp(listen->interface, name) != 0)
        node_problem(place, problems,
                     "address: its zone is \"%s\", but interface is \"%s\"; expected one of them",
                     name, listen->interface);
    else
        memcpy(listen->interface, name, strlen(name) + 1);
}

/* The address, and its zone if it has one (RFC 4007, 11): "fe80::1%eth0". */
static void read_address(struct listen *listen, const char *text, uint16_t port,
                         const struct node *place, struct problems *problems)
{
    char host[ADDRESS_TEXT];
    const char *zone = strchr(text, '%');
    size_t length = zone != NULL ? (size_t)(zone - text) : strlen(text);
    const struct sockaddr_in6 *v6;

    snprintf(host, sizeof host, "%.*s", (int)length, text);
    if (length >= sizeof host || address_parse(&listen->address, host, port) < 0) {
        node_problem(place, problems,
                     "address: \"%s\" is not an IPv4 or IPv6 address; expected one such as "
                     "\"127.0.0.1\" or \"::1\", not a name",
                     text);
        return;
    }
    v6 = as_ipv6(&listen->address);
    if (v6 != NULL && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        node_problem(place, problems,
                     "address: \"%s\" is an IPv4 address in IPv6 form, for which IPv6 sockets here "
                     "do not receive; expected \"%u.%u.%u.%u\"",
                     text, v6->sin6_addr.s6_addr[12], v6->sin6_addr.s6_addr[13],
                     v6->sin6_addr.s6_addr[14], v6->sin6_addr.s6_addr[15]);
    if (zone != NULL && !address_is_link_local(&listen->address))
        node_problem(place, problems,
                     "address: \"%s\" has a zone, which only a link-local address needs; expected "
                     "interface = \"%s\"",
                     text, zone + 1);
    else if (zone != NULL && zone[1] != '\0' && zone[1 + strspn(zone + 1, "0123456789")] == '\0')
        node_problem(place, problems,
                     "address: the zone of \"%s\" is a number, which changes from boot to boot; "
                     "expected the interface's name, such as \"eth0\": ip link",
                     text);
    else if (zone != NULL)
        set_interface(listen, zone + 1, "address", place, problems);
    else if (address_is_link_local(&listen->address) && listen->interface[0] == '\0')
        node_problem(place, problems,
                     "address: \"%s\" is link-local, and so on every link anew; expected its zone, "
                     "such as \"%s%%eth0\"",
                     text, text);
}

static bool is_known_source(const struct listen *listen, const struct address *source)
{
    unsigned i;

    for (i = 0; i < listen->source_count; i++)
        if (memcmp(&listen->sources[i].storage, &source->storage, sizeof source->storage) == 0)
            return true;
    return false;
}

static void read_source(struct listen *listen, const char *text, const struct node *place,
                        struct problems *problems)
{
    struct address *source = &listen->sources[listen->source_count];

    if (address_parse(source, text, 0) < 0)
        node_problem(place, problems,
                     "sources: \"%s\" is not an IPv4 or IPv6 address; expected one such as "
                     "\"192.0.2.1\"",
                     text);
    else if (source->storage.ss_family != listen->address.storage.ss_family ||
             address_is_multicast(source) || address_is_wildcard(source))
        node_problem(place, problems,
                     "sources: \"%s\" cannot send to this group; expected the address of one host, "
                     "of the same family",
                     text);
    else if (is_known_source(listen, source))
        node_problem(place, problems, "sources: \"%s\" is there twice", text);
    else
        listen->source_count++;
}

static int read_sources(struct listen *listen, const struct option_value *value,
                        const struct node *place, struct problems *problems)
{
    uint32_t i;

    if (value->item_count == 0)
        return 0;
    if (!address_is_multicast(&listen->address)) {
        node_problem(place, problems,
                     "sources: the address is no multicast group, which alone is joined for "
                     "certain sources");
        return 0;
    }
    listen->sources = calloc(value->item_count, sizeof *listen->sources);
    if (listen->sources == NULL)
        return -1;
    for (i = 0; i < value->item_count; i++)
        read_source(listen, value->items[i], place, problems);
    return 0;
}

/* Of a setting, or of the whole if it is not there. */
static const struct node *place_of(const struct node *group, const char *key)
{
    const struct node *found = group != NULL ? node_find(group, key) : NULL;

    return found != NULL ? found : group;
}

/* One that the catalog does not have: which it has, as far as there is room. */
static void refuse_format(const char *name, const struct catalog *catalog, const struct node *place,
                          struct problems *problems)
{
    const char *names[64];
    char hint[128];
    unsigned count = 0;

    while (count < sizeof names / sizeof names[0] && count < catalog_format_count(catalog)) {
        names[count] = plan_name(catalog_plan(catalog, count + 1));
        count++;
    }
    node_problem(place, problems, "format: there is no format \"%s\"; %s", name,
                 count == 0 ? "the catalog declares none: see formats in doc/formats.md"
                            : suggest_hint(hint, sizeof hint, name, names, count));
}

static void read_formats(struct listen *listen, const struct option_value *value,
                         const struct catalog *catalog, const struct node *place,
                         struct problems *problems)
{
    uint32_t i;

    if (value->item_count > LISTEN_FORMATS_MOST)
        node_problem(place, problems, "format: too many formats; expected %d at most",
                     LISTEN_FORMATS_MOST);
    for (i = 0; i < value->item_count && i < LISTEN_FORMATS_MOST; i++) {
        const char *name = value->items[i];
        int number = catalog != NULL ? catalog_find_format(catalog, name) : -1;

        if (number == 0 && value->item_count > 1)
            node_problem(place, problems,
                         "format: the built-in format cannot be one of several; \"reference\" "
                         "declares the same");
        else if (number > 0)
            listen->formats[listen->format_count++] = (uint16_t)number;
        else if (number < 0 && catalog != NULL)
            refuse_format(name, catalog, place, problems);
    }
    if (listen->format_count > 0)
        listen->place = catalog_formats_place(catalog, listen->formats, listen->format_count);
}

int listen_read(struct listen *listen, const struct node *group, const struct catalog *catalog,
                struct problems *problems)
{
    static const char *const others[] = {NULL};
    static const struct check check = {&settings_of_listener, others, "a listener"};
    struct option_value values[LISTEN_SETTINGS];
    const char *address, *interface;
    int result;

    memset(listen, 0, sizeof *listen);
    listen->place = (struct wire_place){WIRE_ID_OFFSET, WIRE_ID_SIZE, true};
    if (group != NULL && !check_kind(group, NODE_MAP, "an entry of listen", LISTEN_FORM, problems))
        return 0;
    result = check_map(&check, group, values, problems);
    listen->line = group != NULL ? group->line : 0;
    listen->settings = options_text(values, LISTEN_SETTINGS);
    listen->reply_rate = (uint32_t)values[LISTEN_REPLY_RATE].number;
    address = values[LISTEN_ADDRESS].text;
    interface = values[LISTEN_INTERFACE].text;
    if (result == 0 && interface != NULL)
        set_interface(listen, interface, "interface", place_of(group, "interface"), problems);
    if (result == 0 && address != NULL) {
        read_address(listen, address, (uint16_t)values[LISTEN_PORT].number,
                     place_of(group, "address"), problems);
        result =
            read_sources(listen, &values[LISTEN_SOURCES], place_of(group, "sources"), problems);
    }
    if (result == 0)
        result = networks_read(&listen->allow, &values[LISTEN_ALLOW], "allow",
                               place_of(group, "allow"), problems);
    if (result == 0)
        read_formats(listen, &values[LISTEN_FORMAT], catalog, place_of(group, "format"), problems);
    options_free(values, LISTEN_SETTINGS);
    return listen->settings != NULL ? result : -1;
}

void listen_free(struct listen *listen)
{
    free(listen->sources);
    listen->sources = NULL;
    free(listen->settings);
    listen->settings = NULL;
    networks_free(&listen->allow);
}

bool listen_clash(const struct listen *a, const struct listen *b)
{
    bool apart = a->interface[0] != '\0' && b->interface[0] != '\0' &&
                 strcmp(a->interface, b->interface) != 0;

    return !apart && address_clash(&a->address, &b->address);
}
