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

/* How lines look, and the text of the last second that was shown. */
struct line_style {
    const struct muster_host *host;
    struct muster_instance *instance;
    bool time;  /* the time of day in front */
    bool color; /* words of trouble in color */
    bool second_known;
    uint64_t second; /* whose time of day is in `clock` */
    char clock[16];  /* "12:40:31", the local time */
    /* Of the line at hand; or NULL: */
    const char *name;  /* of the device */
    const char *entry; /* of the filter that made a message */
    const char *own;   /* what that calls its event, or why it rejects */
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
