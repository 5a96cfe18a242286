/* SPDX-License-Identifier: MIT
 *
 * Fields of a row of CSV that are more than a number.
 *
 * Each function writes to `out` without an end and returns the end of what it wrote.
 */
#ifndef PLUGINS_CSV_FIELD_H
#define PLUGINS_CSV_FIELD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <muster/record.h>

#include "../common/number.h"

#define FIELD_NS_PER_SECOND UINT64_C(1000000000)

/* The most bytes of a field. */
#define FIELD_TIME_MAX     (NUMBER_U64_MAX + 7)
#define FIELD_FRACTION_MAX (1 + NUMBER_U32_MAX + 1 + 6)
#define FIELD_VERDICT_MAX  sizeof "unnumbered"
#define FIELD_OUTCOME_MAX  sizeof "recovered"
#define FIELD_CAUSE_MAX    sizeof "network+kernel+collector+collector-down+restart"

/* Many rows in a run have the same second: its text is kept.  All zeros is the second 0, of which
 * the text is still to be made. */
struct field_second {
    uint64_t start_ns; /* since the Unix epoch */
    uint32_t length;   /* of `text`; 0: nothing is kept yet */
    char text[NUMBER_U64_MAX];
};

/* Keeps the text of the second that `ns` is in. */
void field_new_second(struct field_second *kept, uint64_t ns);

/* That second; returns in *into how many ns of it have passed. */
static inline char *field_second(char *out, uint64_t ns, struct field_second *kept, uint32_t *into)
{
    if (ns - kept->start_ns >= FIELD_NS_PER_SECOND || kept->length == 0)
        field_new_second(kept, ns);
    *into = (uint32_t)(ns - kept->start_ns);
    /* All of it: a copy of known size is a few instructions. */
    memcpy(out, kept->text, sizeof kept->text);
    return out + kept->length;
}

/* Unix seconds with six decimals; the digits behind them are cut off. */
static inline char *field_time(char *out, uint64_t ns, struct field_second *kept)
{
    uint32_t into, micros;

    out = field_second(out, ns, kept, &into);
    micros = into / 1000;
    *out++ = '.';
    out = number_pair(out, micros / 10000);
    out = number_pair(out, micros / 100 % 100);
    return number_pair(out, micros % 100);
}

/* Any bytes: as they are if they can be, else escaped, and quoted as RFC 4180 has it if
 * a comma or a quote is among them.  At most TEXT_ESCAPE_MAX bytes a byte, and two quotes. */
char *field_text(char *out, const uint8_t *bytes, size_t size);

/* A whole number of units of which 10^digits are 1; digits from 1 to 9. */
char *field_fraction(char *out, int64_t number, int digits);

/* Of a message. */
char *field_verdict(char *out, const struct muster_record *record);
char *field_source(char *out, const struct muster_record *record);  /* INET6_ADDRSTRLEN at most */
char *field_transit(char *out, const struct muster_record *record); /* arrival - timestamp */

/* Of a gap; causes of a later version are left out. */
char *field_cause(char *out, const struct muster_record *record);

#endif
