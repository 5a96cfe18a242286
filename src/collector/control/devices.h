/* SPDX-License-Identifier: MIT
 *
 * A walk over all devices that are selected, range by range: what the catalog lists, and what the
 * tracker has heard.
 */
#ifndef COLLECTOR_CONTROL_DEVICES_H
#define COLLECTOR_CONTROL_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "report.h"
#include "selection.h"

struct devices {
    struct selection selection;
    unsigned tracker; /* the filter's number */
    uint32_t at, end; /* the next device's number, and that behind the last */
};

typedef void devices_fn(void *context, const struct facts *facts);

/* Returns 0; or -1 and report->why says what is wrong with the filter that the request has, or that
 * nothing tracks devices. */
int devices_begin(struct devices *devices, struct report *report);

/* Tells of those of the next range.  Returns STEP_MORE, STEP_DONE behind the last, or STEP_FAILED.
 */
enum command_step devices_next(struct devices *devices, struct report *report, devices_fn *tell,
                               void *context);

/* Asks the worker of a device, or all: see visit_ask.  Returns -1 with report->why. */
struct visit_question;
int devices_ask(struct report *report, const struct visit_question *question, unsigned first,
                unsigned last);

/* The device of that id, or, if there is none, of that name.  Returns its number, or UINT32_MAX
 * with report->why. */
uint32_t devices_find(struct report *report, const char *id);

#endif
