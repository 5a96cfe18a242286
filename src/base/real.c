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
