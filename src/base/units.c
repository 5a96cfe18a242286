/* SPDX-License-Identifier: MIT
 *
 * Durations and sizes as people write them: "10s", "64KiB".
 */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

#define SECOND INT64_C(1000000000)

/* Smallest first. */
static const struct unit durations[] = {
    {"ns", 1},          {"us", 1000},         {"ms", 1000000},       {"s", SECOND},
    {"m", 60 * SECOND}, {"h", 3600 * SECOND}, {"d", 86400 * SECOND},
};

static const struct unit sizes[] = {
    {"B", 1},
    {"KiB", INT64_C(1) << 10},
    {"MiB", INT64_C(1) << 20},
    {"GiB", INT64_C(1) << 30},
    {"TiB", INT64_C(1) << 40},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* `bare` is the factor of a number without a unit. */
static int parse(const char *text, const struct unit *units, size_t n, int64_t bare, int64_t *out)
{
    int64_t factor = 0;
    int64_t value = 0;
    size_t i;

    if (*text < '0' || *text > '9')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *text - '0', &value))
            return -1;
    }
    if (*text == '\0')
        factor = bare;
    for (i = 0; i < n; i++) {
        if (strcmp(text, units[i].name) == 0)
            factor = units[i].factor;
    }
    if (factor == 0 || __builtin_mul_overflow(value, factor, &value))
        return -1;
    *out = value;
    return 0;
}

/* `fallback` is the index of the unit that 0 is given in. */
static const char *format(char out[UNITS_ROOM], int64_t value, const struct unit *units, size_t n,
                          size_t fallback)
{
    size_t i = value == 0 ? fallback : n - 1;

    while (i > 0 && value % units[i].factor != 0)
        i--;
    snprintf(out, UNITS_ROOM, "%" PRId64 "%s", value / units[i].factor, units[i].name);
    return out;
}

int units_duration(const char *text, int64_t *ns)
{
    return parse(text, durations, COUNT(durations), SECOND, ns);
}

int units_size(const char *text, int64_t *bytes)
{
    return parse(text, sizes, COUNT(sizes), 1, bytes);
}

const char *units_format_duration(char out[UNITS_ROOM], int64_t ns)
{
    return format(out, ns, durations, COUNT(durations), 3);
}

const char *units_format_size(char out[UNITS_ROOM], int64_t bytes)
{
    return format(out, bytes, sizes, COUNT(sizes), 0);
}
