/* SPDX-License-Identifier: MIT
 *
 * A unit, or else a name, says what is usual.
 */
#include "plan_plausible.h"

#include <math.h>

#define HALF 40 /* readings, until it falls */

/* What is usual, first of those that are named so. */
static const struct usual {
    const char *unit, *name; /* NULL: any; the name is a part of it */
    double low, high;
} usual[] = {
    {NULL, "latitude", 48.1, 48.2},
    {NULL, "longitude", 11.5, 11.6},
    {"Cel", NULL, 16, 31},
    {"°C", NULL, 16, 31},
    {"K", NULL, 289, 304},
    {"%RH", NULL, 35, 65},
    {"%", NULL, 60, 95},
    {"Pa", NULL, 98000, 103000},
    {"hPa", NULL, 980, 1030},
    {"V", NULL, 2.7, 3.1},
    {"mV", NULL, 2700, 3100},
    {"A", NULL, 0.1, 2},
    {"W", NULL, 10, 500},
    {"km/h", NULL, 0, 60},
    {"m/s", NULL, 0, 15},
    {"m", NULL, 100, 600},
    {"g", NULL, -0.1, 1},
    {"dBm", NULL, -30, 4},
    {NULL, "temperature", 16, 31},
    {NULL, "humidity", 35, 65},
    {NULL, "pressure", 980, 1030},
    {NULL, "battery", 60, 95},
    {NULL, NULL, 10, 50},
};

uint64_t plausible_hash(const struct plausible *of, const char *name)
{
    uint64_t state = of->seed * UINT64_C(0x9e3779b97f4a7c15) ^ of->device;

    for (; name != NULL && *name != '\0'; name++)
        state = (state ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    state = (state ^ of->reading) * UINT64_C(0xbf58476d1ce4e5b9);
    state = (state ^ state >> 29) * UINT64_C(0x94d049bb133111eb);
    return state ^ state >> 32;
}

static const struct usual *usual_of(const struct plan_value *shown)
{
    const struct usual *of = usual;

    while ((of->unit != NULL && (shown->unit == NULL || strcmp(of->unit, shown->unit) != 0)) ||
           (of->name != NULL && strstr(shown->name, of->name) == NULL))
        of++;
    return of;
}

double plausible_value(const struct plan_known *known, const struct plausible *of)
{
    const struct plausible begin = {.device = of->device, .seed = of->seed};
    const struct usual *usual_is = usual_of(&known->shown);
    uint64_t phase = (plausible_hash(&begin, known->shown.name) + of->reading) % (2 * HALF);
    double part = (double)(phase <= HALF ? phase : 2 * HALF - phase) / HALF;

    return usual_is->low + (usual_is->high - usual_is->low) * part;
}

/* From the least to the largest that the field has. */
static uint64_t next_raw(const struct plan_field *field, uint64_t raw)
{
    raw = (raw + 1) & field->mask;
    return field->type == FORMAT_SIGNED ? plan_sign_extend(raw, field->bits) : raw;
}

static bool fits(const struct plan_field *field, uint64_t raw)
{
    if (field->type == FORMAT_SIGNED)
        return plan_sign_extend(raw & field->mask, field->bits) == raw;
    return (raw & ~field->mask) == 0;
}

/* Returns whether it has words, and one of them can be. */
static bool pick_word(const struct plan_known *known, const struct plan_field *field,
                      const struct plausible *of, uint64_t *raw)
{
    uint64_t from = known->name_count > 0 ? plausible_hash(of, known->shown.name) : 0;
    size_t i;

    for (i = 0; i < known->name_count; i++) {
        *raw = known->names[(from + i) % known->name_count].raw;
        if (fits(field, *raw) && !plan_is_absent(known, *raw))
            return true;
    }
    return false;
}

uint64_t plausible_raw(const struct plan_known *known, const struct plan_field *field,
                       const struct plausible *of)
{
    const bool is_signed = field->type == FORMAT_SIGNED;
    const double most = is_signed ? (double)(field->mask >> 1) : (double)field->mask;
    const double least = is_signed ? -most : 0;
    const struct plan_scale *scale = &known->scale;
    double target = plausible_value(known, of);
    uint64_t raw;
    size_t i;

    if (pick_word(known, field, of, &raw))
        return raw;
    if (scale->factor != 0)
        target = floor((target * (double)scale->divisor - (double)scale->summand) /
                           (double)scale->factor +
                       0.5);
    if (field->bits < 6 || !(target >= least && target < most))
        raw = plausible_hash(of, known->shown.name) & (is_signed ? field->mask >> 1 : field->mask);
    else
        raw = is_signed ? (uint64_t)(int64_t)target : (uint64_t)target;
    for (i = 0; i < known->absent_count && plan_is_absent(known, raw); i++)
        raw = next_raw(field, raw);
    return raw;
}

uint64_t plausible_digits(const struct plan_known *known, uint64_t hash, uint32_t bytes)
{
    uint64_t most = bytes > 1 ? 10000 : 100, number = hash % most;
    size_t i;

    for (i = 0; known != NULL && i < known->absent_count && plan_is_absent(known, number); i++)
        number = (number + 1) % most;
    return number;
}
