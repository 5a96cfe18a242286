/* SPDX-License-Identifier: MIT
 *
 * A format by choice: bytes are read as choices of what its description has.
 */
#ifndef TESTS_FUZZ_MADE_FORMAT_H
#define TESTS_FUZZ_MADE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "wire/format.h"

enum { MADE_FIELDS = 12, MADE_BODIES = 3, MADE_REPLIES = 2, MADE_SENDS = 4 };

struct made_parts {
    struct format_part list[4];
};

struct made_section {
    struct format_field list[MADE_FIELDS];
    struct made_parts parts[MADE_FIELDS];
};

struct made_format {
    struct format format;
    struct made_section header, trailer, body[MADE_BODIES], reading[MADE_BODIES];
    struct format_body bodies[MADE_BODIES];
    struct format_condition conditions[MADE_BODIES + 1];
    struct format_type_word types[4];
    struct format_value values[3];
    struct format_name words[2];
    const char *device[2];
    struct format_reply replies[MADE_REPLIES];
    struct format_condition asks[MADE_REPLIES];
    struct format_send sends[MADE_REPLIES][MADE_SENDS];
    struct format_fill fills[MADE_REPLIES][MADE_SENDS][2];
};

/* Each byte is a choice; behind the last of them all are 0. */
void made_format(struct made_format *made, const uint8_t *bytes, size_t count);

#endif
