/* SPDX-License-Identifier: MIT
 *
 * collector.conf, read and checked as a whole before anything starts.
 */
#ifndef COLLECTOR_CONFIG_CONFIG_H
#define COLLECTOR_CONFIG_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "base/address.h"
#include "base/log.h"
#include "base/privileges.h"
#include "base/problems.h"
#include "collector/catalog/catalog.h"
#include "collector/host/entry.h"
#include "listen.h"
#include "settings.h"

/* A setting as it is written. */
struct config_setting {
    unsigned line; /* 0: nowhere, it is the default */
    char *text;
};

struct config {
    struct config_setting settings[SETTINGS]; /* to see what changes */
    struct listen *listen;
    unsigned listen_count;
    unsigned workers;
    int receive_buffer; /* bytes */
    uint32_t largest;   /* bytes of the largest datagram allowed */
    int64_t queue;      /* records; of a sink that does not say otherwise */
    int64_t stop_ns;    /* how long sinks may take to finish */
    enum log_level log_level;
    uint32_t source_rate, device_rate; /* datagrams a second; 0: all */
    unsigned unknown;                  /* index into the choices: accept, mark, reject */
    uint32_t unknown_most;
    char *state_directory;      /* NULL: no state is kept */
    char *state_live_directory; /* NULL: there is none */
    uint64_t state_interval_ns;
    struct privileges privileges; /* that are left once the sockets are open */
    char *control;                /* path of the control socket, or "none"; NULL: not configured */
    struct catalog *catalog;
    bool lacks_catalog;  /* it could not be read, and the default one stands in for it */
    struct entry *chain; /* filters first, then sinks */
    unsigned entry_count, filter_count;
};

/* Reads the file and all that it names: catalog and plugins (from `directories`,
 * ends with NULL), into values alone; the plugins' own checks are the caller's to run.  Every error
 * goes to `problems`.  NULL only if memory is short; if there were problems, the result is fit for
 * config_free alone. */
struct config *config_load(const char *path, const char *const *directories,
                           struct problems *problems);
/* The file of the catalog that a configuration names, and nothing else of it; to be freed.  NULL if
 * it names none, or after adding a problem. */
char *config_catalog(const char *path, struct problems *problems);

void config_free(struct config *config);

/* Prints all settings, and the keys of the catalog, from the tables that they are checked against.
 */
void config_describe(FILE *out);

#endif
