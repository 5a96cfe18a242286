/* SPDX-License-Identifier: MIT
 *
 * Fields that are more than a number.
 */
#include "field.h"

#include <arpa/inet.h>
#include <string.h>

#include "../common/text.h"

/* ---- Of any record -------------------------------------------------------------------- */

char *field_text(char *out, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return out;
    if (text_is_plain(bytes, size)) {
        memcpy(out, bytes, size);
        return out + size;
    }
    if (memchr(bytes, ',', size) == NULL && memchr(bytes, '"', size) == NULL)
        return text_escape(out, bytes, size, TEXT_QUOTE_KEEP);
    *out++ = '"';
    out = text_escape(out, bytes, size, TEXT_QUOTE_DOUBLE);
    *out++ = '"';
    return out;
}

void field_new_second(struct field_second *kept, uint64_t ns)
{
    uint64_t second = ns / FIELD_NS_PER_SECOND;

    kept->start_ns = second * FIELD_NS_PER_SECOND;
    kept->length = (uint32_t)(number_u64(kept->text, second) - kept->text);
}

/* ---- Of messages ---------------------------------------------------------------------- */

char *field_verdict(char *out, const struct muster_record *record)
{
    switch (record->verdict) {
    case MUSTER_VERDICT_NONE:
        return text_copy(out, "none");
    case MUSTER_VERDICT_UNNUMBERED:
        return text_copy(out, "unnumbered");
    case MUSTER_VERDICT_FIRST:
        return text_copy(out, "first");
    case MUSTER_VERDICT_NEW:
        return text_copy(out, "new");
    case MUSTER_VERDICT_GAP:
        return text_copy(out, "gap");
    case MUSTER_VERDICT_LATE:
        return text_copy(out, "late");
    case MUSTER_VERDICT_DUPLICATE:
        return text_copy(out, "duplicate");
    case MUSTER_VERDICT_RESTART:
        return text_copy(out, "restart");
    case MUSTER_VERDICT_OUTLIER:
        return text_copy(out, "outlier");
    default:
        /* One of a later version of the tracker. */
        return number_u32(out, record->verdict);
    }
}

char *field_source(char *out, const struct muster_record *record)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (record->source_family == 4)
        inet_ntop(AF_INET, record->source, text, sizeof text);
    else if (record->source_family == 6)
        inet_ntop(AF_INET6, record->source, text, sizeof text);
    return text_copy(out, text);
}

/* ---- Of timing ------------------------------------------------------------------------ */

char *field_fraction(char *out, int64_t number, int digits)
{
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    uint32_t unit = 1;
    int i;

    for (i = 0; i < digits; i++)
        unit *= 10;
    if (number < 0)
        *out++ = '-';
    out = number_u64(out, size / unit);
    *out++ = '.';
    return number_padded(out, (uint32_t)(size % unit), digits);
}

/* Seconds are compared modulo 2^32, as the timestamp wraps. */
char *field_transit(char *out, const struct muster_record *record)
{
    uint32_t seconds = (uint32_t)(record->arrival_ns / FIELD_NS_PER_SECOND) - record->timestamp;
    uint32_t micros = (uint32_t)(record->arrival_ns % FIELD_NS_PER_SECOND) / 1000;

    return field_fraction(out, (int64_t)(int32_t)seconds * 1000000 + micros, 6);
}

/* ---- Of gaps -------------------------------------------------------------------------- */

static const struct {
    uint16_t bit;
    const char *word;
} causes[] = {
    {MUSTER_CAUSE_NETWORK, "network"},     {MUSTER_CAUSE_KERNEL, "kernel"},
    {MUSTER_CAUSE_COLLECTOR, "collector"}, {MUSTER_CAUSE_COLLECTOR_DOWN, "collector-down"},
    {MUSTER_CAUSE_RESTART, "restart"},
};

char *field_cause(char *out, const struct muster_record *record)
{
    const char *start = out;
    size_t i;

    for (i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if ((record->cause & causes[i].bit) == 0)
            continue;
        if (out != start)
            *out++ = '+';
        out = text_copy(out, causes[i].word);
    }
    return out;
}
