/* SPDX-License-Identifier: MIT
 *
 * Where the values of each device lie.
 */
#include "ranges.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "../common/number.h"
#include "../common/text.h"
#include "json.h"

int ranges_open(struct ranges *ranges, uint32_t most, const struct muster_host *host,
                struct muster_instance *instance)
{
    *ranges = (struct ranges){.most = most};
    if (values_open(&ranges->values, host, instance) != 0)
        return -1;
    /* At most half of the slots are taken, so that the next free one is near. */
    for (ranges->slot_count = 1; ranges->slot_count < 2 * most; ranges->slot_count *= 2)
        ;
    ranges->all = calloc((size_t)most + 1, sizeof *ranges->all);
    ranges->slots = calloc(ranges->slot_count, sizeof *ranges->slots);
    return ranges->all != NULL && ranges->slots != NULL ? 0 : -1;
}

void ranges_close(struct ranges *ranges)
{
    values_close(&ranges->values);
    free(ranges->all);
    free(ranges->slots);
}

static uint32_t hash(uint32_t device, uint32_t column)
{
    uint64_t mixed = ((uint64_t)column << 32 | device) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)(mixed >> 32);
}

/* The range of that device and value; a new one if need be.  NULL: there is no room. */
static struct range *find(struct ranges *ranges, uint32_t device, uint32_t column)
{
    const uint32_t mask = ranges->slot_count - 1;
    uint32_t slot = hash(device, column) & mask;
    struct range *range;

    for (; ranges->slots[slot] != 0; slot = (slot + 1) & mask) {
        range = &ranges->all[ranges->slots[slot] - 1];
        if (range->device == device && range->column == column)
            return range;
    }
    if (ranges->count == ranges->most)
        return NULL;
    range = &ranges->all[ranges->count++];
    ranges->slots[slot] = ranges->count;
    range->device = device;
    range->column = column;
    return range;
}

/* Whether the value is a number, and which. */
static bool is_number(const struct muster_value *value, double *number)
{
    switch (value->type) {
    case MUSTER_VALUE_INT:
        *number = (double)value->value.integer;
        return true;
    case MUSTER_VALUE_UNSIGNED:
        *number = (double)value->value.natural;
        return true;
    case MUSTER_VALUE_BOOL:
        *number = value->value.natural != 0;
        return true;
    case MUSTER_VALUE_REAL:
    case MUSTER_VALUE_REAL32:
        *number = value->value.real;
        return isfinite(*number);
    default:
        return false;
    }
}

/* `is_late`: there are newer ones. */
static void add(struct range *range, double number, bool is_late)
{
    range->count++;
    if (range->count == 1 || number < range->least)
        range->least = number;
    if (range->count == 1 || number > range->largest)
        range->largest = number;
    if (range->count == 1 || !is_late)
        range->last = number;
    /* The difference of two doubles may be too large for one. */
    range->mean += number / (double)range->count - range->mean / (double)range->count;
}

static bool is_text(const struct muster_record *record)
{
    return record->format == 0 &&
           (record->value_type <= MUSTER_VALUE_TEXT || record->value_type == MUSTER_VALUE_BYTES);
}

static bool is_taken(const struct muster_record *record)
{
    return record->kind == MUSTER_KIND_MESSAGE && (record->marks & MUSTER_MARK_DEVICE) != 0 &&
           record->verdict != MUSTER_VERDICT_DUPLICATE &&
           record->verdict != MUSTER_VERDICT_OUTLIER && record->origin == 0 &&
           record->quality != MUSTER_QUALITY_BAD;
}

void ranges_take(struct ranges *ranges, const struct muster_record *record)
{
    uint32_t i;

    if (ranges->most == 0 || is_text(record) || !is_taken(record))
        return;
    values_get(&ranges->values, record);
    for (i = 0; i < ranges->values.count; i++) {
        const struct muster_value *value = &ranges->values.found[i];
        struct range *range;
        double number;

        if (!is_number(value, &number))
            continue;
        range = find(ranges, record->device, value->column);
        if (range == NULL) {
            ranges->left_out++;
            continue;
        }
        range->unit = value->unit;
        range->is_single = value->type == MUSTER_VALUE_REAL32;
        add(range, number, record->verdict == MUSTER_VERDICT_LATE);
    }
}

static void write_number(FILE *out, const char *name, double number, bool is_single)
{
    char text[NUMBER_REAL_MAX + 1];

    fprintf(out, ", \"%s\": ", name);
    if (is_single) {
        *number_real32(text, number) = '\0';
        fputs(text, out);
    } else {
        json_real(out, number);
    }
}

void ranges_write_json(FILE *out, const struct ranges *ranges)
{
    uint32_t i;

    fputs("  \"values\": [", out);
    for (i = 0; i < ranges->count; i++) {
        const struct range *range = &ranges->all[i];

        fputs(i > 0 ? ",\n    " : "\n    ", out);
        json_device(out, ranges->values.host, ranges->values.instance, range->device);
        fputs(", \"field\": ", out);
        text_print_json(out, ranges->values.columns[range->column].name);
        fputs(", \"unit\": ", out);
        json_text_or_null(out, range->unit);
        fprintf(out, ", \"count\": %" PRIu64, range->count);
        write_number(out, "min", range->least, range->is_single);
        write_number(out, "mean", range->mean, false);
        write_number(out, "max", range->largest, range->is_single);
        write_number(out, "last", range->last, range->is_single);
        fputc('}', out);
    }
    fputs(ranges->count > 0 ? "\n  ],\n" : "],\n", out);
    fprintf(out, "  \"values_left_out\": %" PRIu64 ",\n", ranges->left_out);
}
