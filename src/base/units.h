/* SPDX-License-Identifier: MIT
 *
 * Durations and sizes as people write them: "10s", "64KiB".
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* What the two parsers accept, for an error message: `expected ` UNITS_DURATION_FORM. */
#define UNITS_DURATION_FORM "a whole number with ns, us, ms, s, m, h or d, such as 10s"
#define UNITS_SIZE_FORM     "a whole number of bytes, or one with KiB, MiB, GiB or TiB: 64KiB"

/* Bytes that hold any formatted duration or size. */
#define UNITS_ROOM 32

/* Reads a duration: digits, and at once ns, us, ms, s, m (minutes), h or d; a bare number is
 * seconds.  Stores nanoseconds.  Returns 0, or -1 and stores nothing if the text is anything else,
 * or the duration does not fit. */
int units_duration(const char *text, int64_t *ns);

/* Reads a size: digits, and at once B, KiB, MiB, GiB or TiB (powers of 1024); a bare number is
 * bytes.  Returns as units_duration does. */
int units_size(const char *text, int64_t *bytes);

/* Writes a duration (ns) or size (bytes) to `out` with the largest unit that keeps it exact, so
 * that the parsers read the same value back (if it is not negative).  Returns `out`. */
const char *units_format_duration(char out[UNITS_ROOM], int64_t ns);
const char *units_format_size(char out[UNITS_ROOM], int64_t bytes);

#endif
