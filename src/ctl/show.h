/* SPDX-License-Identifier: MIT
 *
 * Values for people: figures with commas, durations, and text that can do nothing to a terminal.
 */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum { SHOW_ROOM = 64 };

/* "413,711" */
const char *show_count(char out[SHOW_ROOM], int64_t number);

/* "2.1 s", "7 min", "3 h 20 min", "12 d" */
const char *show_seconds(char out[SHOW_ROOM], double seconds);

/* "0.6 %"; "-" if there is nothing that it is a part of. */
const char *show_part(char out[SHOW_ROOM], double part, double whole);

/* The text with what a terminal would obey, or a reader would not see, escaped as base/text.h has
 * it; escapes that are in it stay.  To be freed; NULL if memory is short. */
char *show_text(const char *text);

/* How many columns it takes: a character each. */
size_t show_width(const char *text);

/* A whole number of an object, or 0. */
int64_t show_get(const json_t *object, const char *name);

/* A text of an object, or "". */
const char *show_get_text(const json_t *object, const char *name);

#endif
