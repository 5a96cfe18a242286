/* SPDX-License-Identifier: MIT
 *
 * A place to listen on, as an entry of `listen` says it: values alone.
 */
#ifndef COLLECTOR_CONFIG_LISTEN_H
#define COLLECTOR_CONFIG_LISTEN_H

#include <net/if.h>
#include <stdbool.h>

#include "base/address.h"
#include "base/node.h"
#include "base/problems.h"
#include "collector/catalog/catalog.h"
#include "networks.h"
#include "wire/steering.h"

#define LISTEN_FORMATS_MOST 16
#define LISTEN_FORM         "{ address = \"...\"; port = ...; }"

struct listen {
    struct address address;      /* link-local: without its scope, which the interface gives */
    char interface[IF_NAMESIZE]; /* the only one to receive by; "": any */
    struct address *sources;     /* the only ones to receive this multicast group from */
    unsigned source_count;       /* 0: any */
    struct networks allow;       /* who may send to it; none: anybody */
    uint16_t formats[LISTEN_FORMATS_MOST]; /* declared ones, by their numbers in the catalog */
    unsigned format_count;                 /* 0: the built-in one */
    struct wire_place place;               /* of the device's id in its datagrams */
    uint32_t reply_rate;                   /* answers a second; 0: all */
    char *settings; /* all of them as they are written, to see what changes */
    unsigned line;  /* where its entry is; 0: nowhere, it is the default one */
};

/* Reads a group, or takes all defaults if it is NULL.  Without a catalog, since that could not be
 * read, nothing is said of its formats.  What is wrong with it goes to `problems`.
 * Returns 0; or -1 if memory is short; then listen_free too. */
int listen_read(struct listen *listen, const struct node *group, const struct catalog *catalog,
                struct problems *problems);
void listen_free(struct listen *listen);

/* Whether two could not be bound at the same time. */
bool listen_clash(const struct listen *a, const struct listen *b);

#endif
