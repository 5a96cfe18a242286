/* SPDX-License-Identifier: MIT
 *
 * Reading numbers, durations and shares.
 */
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

bool value_whole(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    uintmax_t number;
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    number = strtoumax(text, &end, 10);
    if (*end != '\0' || errno != 0 || number < min || number > max)
        return false;
    *value = number;
    return true;
}

bool value_duration(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    size_t digits = strspn(text, "0123456789");
    char joined[UNITS_ROOM];
    int64_t ns;

    if (strlen(text) >= sizeof joined)
        return false;
    snprintf(joined, sizeof joined, "%.*s%s", (int)digits, text,
             text + digits + (digits > 0 && text[digits] == ' '));
    if (units_duration(joined, &ns) != 0 || (uint64_t)ns < min || (uint64_t)ns > max)
        return false;
    *value = (uint64_t)ns;
    return true;
}

bool value_offset(const char *text, uint64_t max, int64_t *value)
{
    bool is_negative = text[0] == '-';
    uint64_t ns;

    if (!value_duration(text + (is_negative || text[0] == '+'), 0, max, &ns))
        return false;
    *value = is_negative ? -(int64_t)ns : (int64_t)ns;
    return true;
}

bool value_real(const char *text, double *value, char **end)
{
    if (!isdigit((unsigned char)text[0]) && text[0] != '.')
        return false;
    *value = strtod(text, end);
    return *end != text && isfinite(*value);
}

bool value_share(const char *text, double *value)
{
    char *end;
    double share;

    if (!value_real(text, &share, &end))
        return false;
    if (strcmp(end, "%") == 0) {
        share /= 100;
        end++;
    }
    if (*end != '\0' || share < 0 || share > 1)
        return false;
    *value = share;
    return true;
}
