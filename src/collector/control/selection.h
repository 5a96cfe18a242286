/* SPDX-License-Identifier: MIT
 *
 * Which devices are meant: words such as "place=site-47 loss>5% silent>10m".  All of them must
 * hold.
 */
#ifndef COLLECTOR_CONTROL_SELECTION_H
#define COLLECTOR_CONTROL_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "facts.h"

enum { SELECTION_TERMS = 16, SELECTION_TEXT = 1024, SELECTION_WHY = 512 };

struct selection_term {
    const struct selection_field *field;
    char relation[3]; /* = != ~ > < >= <= */
    const char *text; /* in selection.text */
    double number;    /* of a field that is no text */
};

struct selection {
    struct selection_term terms[SELECTION_TERMS];
    size_t count;
    char text[SELECTION_TEXT];
};

/* Reads words; NULL or none: all devices.  Returns 0, or -1 and says what is wrong, and what was
 * expected. */
int selection_parse(struct selection *selection, const char *text, char why[SELECTION_WHY]);

/* The first field of it that is not the catalog's, but of what a device did; or NULL. */
const char *selection_figure(const struct selection *selection);

bool selection_has(const struct selection *selection, const struct facts *facts);

#endif
