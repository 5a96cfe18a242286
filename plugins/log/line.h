/* SPDX-License-Identifier: MIT
 *
 * A record as a line for people to read.
 */
#ifndef PLUGINS_LOG_LINE_H
#define PLUGINS_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "../common/values.h"
#include "stamp.h"

/* How lines look. */
struct line_style {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct stamp stamp; /* in front */
    bool color;         /* words of trouble in color */
    /* Of the line at hand; or NULL: */
    const char *key;      /* what the device calls itself; NULL: its id */
    const char *name;     /* of the device */
    const char *entry;    /* of the filter that made a message */
    const char *own;      /* what that calls its event, or why it rejects */
    struct values values; /* opened by the plugin; of a message of a declared format */
};

/* True if the record is more than a message in order. */
bool line_is_trouble(const struct muster_record *record);

/* The most bytes that line_format writes for this record, which is the next one
 * that it is called with. */
size_t line_bound(struct line_style *style, const struct muster_record *record);

/* Writes the line of a message, an event or a reject with its '\n' and returns
 * its end. */
char *line_format(struct line_style *style, char *out, const struct muster_record *record);

#endif
