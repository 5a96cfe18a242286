/* SPDX-License-Identifier: MIT
 *
 * Numbers as text, fast and the same in every locale.
 */
#include "number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

char *number_padded(char *out, uint32_t n, int digits)
{
    char *end = out + digits;

    for (out = end; digits >= 3; digits -= 3) {
        out -= 3;
        number_three(out, n % 1000);
        n /= 1000;
    }
    for (; digits > 0; digits--) {
        *--out = (char)('0' + n % 10);
        n /= 10;
    }
    return end;
}

char *number_large(char *out, uint64_t n)
{
    uint32_t low = (uint32_t)(n % 1000000000);

    if (n >= 1000000000) {
        out = number_u64(out, n / 1000000000);
        out = number_three(out, low / 1000000);
    } else {
        out = number_short(out, low / 1000000);
    }
    out = number_three(out, low / 1000 % 1000);
    return number_three(out, low % 1000);
}

/* Writes `whole` / 10^decimals. */
static char *decimal(char *out, uint64_t whole, int decimals, uint32_t power)
{
    out = number_u64(out, whole / power);
    if (decimals > 0) {
        *out++ = '.';
        out = number_padded(out, (uint32_t)(whole % power), decimals);
    }
    return out;
}

char *number_decimal(char *out, int64_t n, int digits)
{
    static const uint32_t powers[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

    if (n < 0)
        *out++ = '-';
    return decimal(out, size, digits, powers[digits]);
}

/* A number as the C library writes it.  Its decimal point is that of the locale, which may be a
 * comma or several bytes. */
static char *copy_with_point(char *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("0123456789+-e", *text) != NULL)
            *out++ = *text;
        else if (out[-1] != '.')
            *out++ = '.';
    }
    return out;
}

/* The general case, by the C library. */
static char *library_real(char *out, double n)
{
    char text[NUMBER_REAL_MAX * 2];
    /* Any text of 15 digits survives the way there and back, but for numbers that
     * are too small to have all their bits. */
    int precision = n < DBL_MIN ? 1 : 15;

    for (; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, n);
        if (strtod(text, NULL) == n)
            break;
    }
    return copy_with_point(out, text);
}

/* Below 10^15 without an exponent, as number_real has it: the digits are followed by zeros. */
static char *library_real32(char *out, float n)
{
    char text[NUMBER_REAL_MAX * 2];
    int precision;

    for (precision = 1; precision <= FLT_DECIMAL_DIG; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, (double)n);
        if (strtof(text, NULL) == n)
            break;
    }
    if (n >= 0x1p24f && n < 1e15f) /* a whole number */
        return number_u64(out, (uint64_t)strtod(text, NULL));
    return copy_with_point(out, text);
}

/* Writes what is no number, and the sign of what is one.  Returns whether more is to be written. */
static bool begin_real(char **out, double n)
{
    if (isnan(n)) {
        memcpy(*out, "nan", 3);
        *out += 3;
        return false;
    }
    if (signbit(n))
        *(*out)++ = '-'; /* of -0 too */
    if (isinf(n)) {
        memcpy(*out, "inf", 3);
        *out += 3;
        return false;
    }
    return true;
}

char *number_real(char *out, double n)
{
    double size = fabs(n);
    uint32_t power = 1;
    int decimals;

    if (!begin_real(&out, n))
        return out;
    /* What sensors send has a few decimals.  Numbers below 10^15 and powers of
     * ten this small are exact, and the division is rounded as the reading of
     * a decimal text is: so if it gives back the number, the text does too. */
    for (decimals = 0; decimals <= 4 && size * power < 1e15; decimals++) {
        uint64_t whole = (uint64_t)(size * power + 0.5);

        if ((double)whole / power == size)
            return decimal(out, whole, decimals, power);
        power *= 10;
    }
    return library_real(out, size);
}

char *number_real32(char *out, double n)
{
    float size = (float)fabs(n);
    uint32_t power = 1;
    int decimals;

    if (!begin_real(&out, (double)(float)n))
        return out;
    /* As above; what is rounded twice, to a double and to a float, is with so few digits what is
     * rounded once. */
    for (decimals = 0; decimals <= 4 && (double)size * power < 0x1p24; decimals++) {
        uint64_t whole = (uint64_t)((double)size * power + 0.5);

        if ((float)((double)whole / power) == size)
            return decimal(out, whole, decimals, power);
        power *= 10;
    }
    return library_real32(out, size);
}
