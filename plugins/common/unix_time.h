/* SPDX-License-Identifier: MIT
 *
 * Times as Unix seconds, fast: many records in a run have the same second, so its text is kept.
 *
 * Each function writes to `out` without an end and returns the end of what it wrote.
 */
#ifndef PLUGINS_COMMON_UNIX_TIME_H
#define PLUGINS_COMMON_UNIX_TIME_H

#include <stdint.h>
#include <string.h>

#include "number.h"

#define UNIX_TIME_NS UINT64_C(1000000000) /* in a second */

/* The most bytes that the functions write. */
#define UNIX_TIME_SECONDS_MAX NUMBER_U64_MAX
#define UNIX_TIME_MICROS_MAX  (NUMBER_U64_MAX + 7)

/* The second of the last time.  All zeros is the second 0, of which the text is still to be made.
 */
struct unix_time {
    uint64_t start_ns; /* since the Unix epoch */
    uint32_t length;   /* of `text`; 0: nothing is kept yet */
    char text[NUMBER_U64_MAX];
};

/* Keeps the text of the second that `ns` is in. */
void unix_time_keep(struct unix_time *kept, uint64_t ns);

/* Whole seconds, of a time before the epoch too. */
static inline int64_t unix_time_floor(int64_t ns)
{
    int64_t seconds = ns / (int64_t)UNIX_TIME_NS;

    return seconds - (ns < seconds * (int64_t)UNIX_TIME_NS);
}

/* The second that `ns` is in. */
static inline char *unix_time_seconds(char *out, uint64_t ns, struct unix_time *kept)
{
    if (ns - kept->start_ns >= UNIX_TIME_NS || kept->length == 0)
        unix_time_keep(kept, ns);
    /* All of it: a copy of known size is a few instructions. */
    memcpy(out, kept->text, sizeof kept->text);
    return out + kept->length;
}

/* Seconds with six decimals; the digits behind them are cut off. */
static inline char *unix_time_micros(char *out, uint64_t ns, struct unix_time *kept)
{
    uint32_t micros;

    out = unix_time_seconds(out, ns, kept);
    micros = (uint32_t)(ns - kept->start_ns) / 1000;
    *out++ = '.';
    out = number_pair(out, micros / 10000);
    out = number_pair(out, micros / 100 % 100);
    return number_pair(out, micros % 100);
}

#endif
