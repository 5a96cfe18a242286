/* SPDX-License-Identifier: MIT
 *
 * Values that a device may well measure, for datagrams that are made up.
 */
#ifndef WIRE_PLAN_PLAUSIBLE_H
#define WIRE_PLAN_PLAUSIBLE_H

#include "plan_parts.h"

struct plausible {
    uint64_t device, reading, seed;
};

/* A number whose bits depend on these alone. */
uint64_t plausible_hash(const struct plausible *of, const char *name);

/* A measurement, scaled: it rises from reading to reading, and falls again. */
double plausible_value(const struct plan_known *known, const struct plausible *of);

/* The raw value that means about that, or a word; not an absent one, if there are others. */
uint64_t plausible_raw(const struct plan_known *known, const struct plan_field *field,
                       const struct plausible *of);

/* The same of digits, so many bytes of them. */
uint64_t plausible_digits(const struct plan_known *known, uint64_t hash, uint32_t bytes);

#endif
