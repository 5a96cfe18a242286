/* SPDX-License-Identifier: MIT
 *
 * Real numbers as text, the same in every locale.
 */
#ifndef BASE_REAL_H
#define BASE_REAL_H

#include <stdbool.h>

/* Bytes that hold any formatted number. */
#define REAL_ROOM 40

/* Writes a finite number with the fewest digits that read back as the same: "31.6", "-3", "1e+20".
 * Returns `out`. */
const char *real_format(char out[REAL_ROOM], double value);

/* Any number as a person reads it: as above, but whole ones below 10^15 without an exponent; "nan",
 * "inf" and "-inf".  With is_single the fewest digits that read back as the same float. */
const char *real_shown(char out[REAL_ROOM], double value, bool is_single);

#endif
