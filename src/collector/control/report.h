/* SPDX-License-Identifier: MIT
 *
 * What a command works on: the collector, the request, and where its lines go.
 */
#ifndef COLLECTOR_CONTROL_REPORT_H
#define COLLECTOR_CONTROL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "collector/attendant.h"
#include "request.h"
#include "about.h"

/* Bytes on their way to a client. */
struct outgoing {
    char *bytes;
    size_t used, room;
    bool lost; /* memory was short: what is there is not whole */
};

struct report {
    const struct collector_view *view;
    struct about *about;
    const struct request *request;
    struct outgoing *out;
    uint64_t lines;        /* that were said */
    uint64_t at;           /* the command's own: how far it is; begins as 0 */
    void *state;           /* the same; begins as NULL */
    char why[REQUEST_WHY]; /* if it fails */
};

/* Adds a line; it takes the object over.  NULL: memory was short when it was made. */
void report_line(struct report *report, json_t *object);

/* The last line: that all is said, or why not. */
void report_end(struct report *report, bool is_good);

/* Values of an object.  What has no memory or no value is left out, so that the reader sees that it
 * is not known; text that is not UTF-8 has '?' instead. */
void report_text(json_t *object, const char *name, const char *text);
void report_number(json_t *object, const char *name, uint64_t number);
void report_real(json_t *object, const char *name, double number);
void report_flag(json_t *object, const char *name, bool is_so);
void report_time(json_t *object, const char *name, uint64_t wall_ns); /* 0: not known */

#endif
