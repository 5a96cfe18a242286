/* SPDX-License-Identifier: MIT
 *
 * What a plan makes of a datagram, as text for a person.
 */
#ifndef COLLECTOR_CONFIG_FORMAT_SHOWN_H
#define COLLECTOR_CONFIG_FORMAT_SHOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/plan.h"

enum { FORMAT_SHOWN_ROOM = 256 };

/* A value without its unit; a text or bytes too long for the room end in "...".  Returns `out`. */
const char *format_shown_value(const struct muster_value *value, char out[FORMAT_SHOWN_ROOM]);

/* "2025-12-17T19:33:20.25Z"; "-" if it is 0. */
const char *format_shown_time(int64_t ns, char out[FORMAT_SHOWN_ROOM]);

/* The device, a number or its key. */
const char *format_shown_device(const struct plan_device *device, char out[FORMAT_SHOWN_ROOM]);

/* What a message is called: "data". */
const char *format_shown_message(unsigned msg_type);

#endif
