/* SPDX-License-Identifier: MIT
 *
 * The C library's numbers, but for the decimal point, which it takes from the locale.
 */
#include "real.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *real_format(char out[REAL_ROOM], double value)
{
    char text[2 * REAL_ROOM];
    const char *from;
    char *to = out;
    int precision;

    assert(isfinite(value));
    for (precision = 1; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    /* The point may be several bytes: whatever stands there becomes one. */
    for (from = text; *from != '\0'; from++) {
        if (strchr("0123456789+-e", *from) != NULL)
            *to++ = *from;
        else if (to[-1] != '.')
            *to++ = '.';
    }
    *to = '\0';
    return out;
}

/* The double nearest to the fewest digits that are the same float. */
static double widen(double value)
{
    char text[2 * REAL_ROOM];
    int precision;

    for (precision = 1; precision <= 9; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtof(text, NULL) == (float)value)
            return strtod(text, NULL);
    }
    return value;
}

const char *real_shown(char out[REAL_ROOM], double value, bool is_single)
{
    if (!isfinite(value)) {
        snprintf(out, REAL_ROOM, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return out;
    }
    if (is_single)
        value = widen(value);
    if (fabs(value) >= 1e15 || value != floor(value))
        return real_format(out, value);
    snprintf(out, REAL_ROOM, "%.0f", value);
    return out;
}
