/* SPDX-License-Identifier: MIT
 *
 * What collector.conf may say: the option tables of the daemon's own settings.
 */
#ifndef COLLECTOR_CONFIG_SETTINGS_H
#define COLLECTOR_CONFIG_SETTINGS_H

#include <stdio.h>

#include "collector/host/options.h"

#define SETTINGS_QUEUE_LEAST    2048 /* records; the least that the path has use for */
#define SETTINGS_QUEUE_MOST     (1 << 24)
#define SETTINGS_WORKERS_MOST   256
#define SETTINGS_LISTENERS_MOST 64
#define SETTINGS_CHAIN_MOST     64

/* Indices into the values of each table. */
enum setting {
    SETTING_WORKERS,
    SETTING_RECEIVE_BUFFER,
    SETTING_LARGEST_DATAGRAM,
    SETTING_QUEUE,
    SETTING_CATALOG,
    SETTING_LOG_LEVEL,
    SETTING_STOP_TIMEOUT,
    SETTING_STATE_DIR,
    SETTING_STATE_LIVE_DIR,
    SETTING_STATE_INTERVAL,
    SETTING_SOURCE_RATE,
    SETTING_DEVICE_RATE,
    SETTING_UNKNOWN,
    SETTING_UNKNOWN_MOST,
    SETTING_USER,
    SETTING_GROUP,
    SETTING_CONTROL,
    SETTINGS
};

enum {
    LISTEN_ADDRESS,
    LISTEN_PORT,
    LISTEN_INTERFACE,
    LISTEN_SOURCES,
    LISTEN_ALLOW,
    LISTEN_FORMAT,
    LISTEN_REPLY_RATE,
    LISTEN_SETTINGS
};

enum {
    ENTRY_NAME,
    ENTRY_QUEUE,
    ENTRY_REQUIRED,
    ENTRY_SPILL,
    ENTRY_SPILL_SIZE,
    ENTRY_SPILL_DROP,
    ENTRY_SETTINGS
};

extern const struct option_table settings_table; /* of the file, besides listen and chain */
extern const struct option_table settings_of_listener;
extern const struct option_table settings_of_entry; /* of the chain, besides its plugin's own */

/* Prints all of them for a reader. */
void settings_describe(FILE *out);

#endif
