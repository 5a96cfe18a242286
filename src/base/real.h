/* SPDX-License-Identifier: MIT
 *
 * Real numbers as text, the same in every locale.
 */
#ifndef BASE_REAL_H
#define BASE_REAL_H

/* Bytes that hold any formatted number. */
#define REAL_ROOM 40

/* Writes a finite number with the fewest digits that read back as the same: "31.6", "-3", "1e+20".
 * Returns `out`. */
const char *real_format(char out[REAL_ROOM], double value);

#endif
