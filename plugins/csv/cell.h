/* SPDX-License-Identifier: MIT
 *
 * A value as it stands in a row of CSV.
 *
 * Each function writes to `out` without an end and returns the end of what it wrote.
 */
#ifndef PLUGINS_CSV_CELL_H
#define PLUGINS_CSV_CELL_H

#include <stddef.h>
#include <stdint.h>

#include "../common/fields.h"

/* The most bytes of a cell, by the type of its field. */
struct cell_max {
    uint16_t fixed;    /* without those that depend on the payload, a name or a value */
    uint16_t per_byte; /* for each byte of the payload */
};
extern const struct cell_max cell_max[FIELD_TYPES];

/* Any bytes: as they are if they can be, else escaped, and quoted as RFC 4180 has it if
 * a comma or a quote is among them, or if they are "\\.". */
char *cell_text(char *out, const uint8_t *bytes, size_t size);

/* Puts a ' in front of a cell that a spreadsheet would take for a formula; what is a number stays,
 * whatever its sign.  There must be room for a byte more.  Returns its end. */
char *cell_guard(char *start, char *end);

/* What a device calls itself, which is printable and escaped where it must be: as it is, but quoted
 * in the same way. */
char *cell_key(char *out, const char *key);

/* What was found in a record: see fields_get.  Nothing for SECONDS and TIME, whose text is kept
 * from row to row: see row.c. */
char *cell_value(char *out, const struct field_value *value);

#endif
