/* SPDX-License-Identifier: MIT
 *
 * What a message of some type looks like in a format: which body it has, and which values the
 * fields must have that decide that.
 */
#ifndef WIRE_PLAN_SHAPE_H
#define WIRE_PLAN_SHAPE_H

#include "plan_parts.h"

#define SHAPE_WHY 160 /* characters of a reason */

struct shape_fixed {
    const struct plan_field *field;
    uint64_t raw; /* sign-extended */
};

struct shape {
    const struct plan_body *body; /* NULL: there is no such message; then `why` */
    uint32_t readings;
    uint32_t records, numbers; /* that it makes, and uses */
    uint8_t bits;              /* of its number; 0: none */
    size_t fixed_count;
    struct shape_fixed fixed[FORMAT_FIELDS_MOST];
    char why[SHAPE_WHY];
};

/* Finds the next body from *from on, as an index into plan->bodies, that a message of the type can
 * have, with as many readings (0: as many as it has), and sets *from behind it.  `with_readings`:
 * only one that has any.  `more`: what else must hold; NULL: nothing.  Returns 1, 0 if there is
 * none, or -1 if memory is short. */
int shape_find(struct shape *shape, const struct plan *plan, unsigned type, uint32_t readings,
               bool with_readings, const struct plan_conditions *more, size_t *from);

/* Whether a condition on it decides what the datagram is; *raw is what it must be then. */
bool shape_is_fixed(const struct shape *shape, const struct plan_field *field, uint64_t *raw);

#endif
