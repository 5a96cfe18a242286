/* SPDX-License-Identifier: MIT
 *
 * Numbers as text, fast and the same in every locale.
 */
#include "number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char number_pairs[200] = {
    '0', '0', '0', '1', '0', '2', '0', '3', '0', '4', '0', '5', '0', '6', '0', '7', '0', '8', '0',
    '9', '1', '0', '1', '1', '1', '2', '1', '3', '1', '4', '1', '5', '1', '6', '1', '7', '1', '8',
    '1', '9', '2', '0', '2', '1', '2', '2', '2', '3', '2', '4', '2', '5', '2', '6', '2', '7', '2',
    '8', '2', '9', '3', '0', '3', '1', '3', '2', '3', '3', '3', '4', '3', '5', '3', '6', '3', '7',
    '3', '8', '3', '9', '4', '0', '4', '1', '4', '2', '4', '3', '4', '4', '4', '5', '4', '6', '4',
    '7', '4', '8', '4', '9', '5', '0', '5', '1', '5', '2', '5', '3', '5', '4', '5', '5', '5', '6',
    '5', '7', '5', '8', '5', '9', '6', '0', '6', '1', '6', '2', '6', '3', '6', '4', '6', '5', '6',
    '6', '6', '7', '6', '8', '6', '9', '7', '0', '7', '1', '7', '2', '7', '3', '7', '4', '7', '5',
    '7', '6', '7', '7', '7', '8', '7', '9', '8', '0', '8', '1', '8', '2', '8', '3', '8', '4', '8',
    '5', '8', '6', '8', '7', '8', '8', '8', '9', '9', '0', '9', '1', '9', '2', '9', '3', '9', '4',
    '9', '5', '9', '6', '9', '7', '9', '8', '9', '9'};

char *number_padded(char *out, uint32_t n, int digits)
{
    int i;

    for (i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + n % 10);
        n /= 10;
    }
    return out + digits;
}

char *number_u64(char *out, uint64_t n)
{
    const uint64_t billion = 1000000000;

    if (n <= UINT32_MAX)
        return number_u32(out, (uint32_t)n);
    out = number_u64(out, n / billion);
    return number_padded(out, (uint32_t)(n % billion), 9);
}

char *number_i64(char *out, int64_t n)
{
    if (n >= 0)
        return number_u64(out, (uint64_t)n);
    *out++ = '-';
    return number_u64(out, 0 - (uint64_t)n);
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

/* The general case, by the C library.  It writes the decimal point of the
 * locale, which may be a comma or several bytes. */
static char *library_real(char *out, double n)
{
    char text[NUMBER_REAL_MAX * 2];
    const char *from;
    /* Any text of 15 digits survives the way there and back, but for numbers that
     * are too small to have all their bits. */
    int precision = n < DBL_MIN ? 1 : 15;

    for (; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, n);
        if (strtod(text, NULL) == n)
            break;
    }
    for (from = text; *from != '\0'; from++) {
        if (strchr("0123456789+-e", *from) != NULL)
            *out++ = *from;
        else if (out[-1] != '.')
            *out++ = '.';
    }
    return out;
}

char *number_real(char *out, double n)
{
    double size = n;
    uint32_t power = 1;
    int decimals;

    if (isnan(n)) {
        memcpy(out, "nan", 3);
        return out + 3;
    }
    if (signbit(n)) {
        *out++ = '-';
        size = -n; /* of -0 too */
    }
    if (isinf(n)) {
        memcpy(out, "inf", 3);
        return out + 3;
    }
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
