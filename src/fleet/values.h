/* SPDX-License-Identifier: MIT
 *
 * Numbers, durations and shares as people write them, on the command line and in scenarios.
 */
#ifndef FLEET_VALUES_H
#define FLEET_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* Each returns false, and stores nothing, if the text is anything else or out of range. */

/* Digits alone. */
bool value_whole(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* In ns, as in the daemon's configuration, also with a space before the unit: "200ms", "6 s". */
bool value_duration(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* The same with a sign, `max` at most either way: "-1h". */
bool value_offset(const char *text, uint64_t max, int64_t *value);

/* A number without a sign; `end` is what follows it. */
bool value_real(const char *text, double *value, char **end);

/* From 0 to 1, as "5%" or "0.05". */
bool value_share(const char *text, double *value);

#endif
