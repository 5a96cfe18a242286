/* SPDX-License-Identifier: MIT
 *
 * Numbers, digit by digit.
 */
#include "decimal.h"

#include <stddef.h>
#include <string.h>

enum { EXPONENT_MOST = 99 };

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Appends a digit.  Returns false if the number then no longer fits 64 bits. */
static bool append(uint64_t *number, unsigned base, unsigned digit)
{
    return !__builtin_mul_overflow(*number, base, number) &&
           !__builtin_add_overflow(*number, digit, number);
}

/* Reads digits up to the first character that is none.  NULL: there is none, or they are too many.
 */
static const char *read_digits(const char *text, unsigned base, uint64_t *number)
{
    const char *at = text;

    for (*number = 0; digit_of(*at) < (int)base; at++)
        if (!append(number, base, (unsigned)digit_of(*at)))
            return NULL;
    return at > text ? at : NULL;
}

bool decimal_integer(const char *text, uint64_t *value)
{
    const bool negative = *text == '-';
    const char *digits = text + negative;
    const bool hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    uint64_t number;
    const char *end = read_digits(digits + (hexadecimal ? 2 : 0), hexadecimal ? 16 : 10, &number);

    if (end == NULL || *end != '\0' || (negative && number > UINT64_C(1) << 63))
        return false;
    *value = negative ? 0 - number : number;
    return true;
}

/* Reads "e-7".  Returns false if it is none, or far too large. */
static bool read_exponent(const char *text, int *exponent)
{
    const bool negative = text[1] == '-';
    uint64_t number;
    const char *end = read_digits(text + 1 + (negative || text[1] == '+'), 10, &number);

    if (end == NULL || *end != '\0' || number > EXPONENT_MOST)
        return false;
    *exponent = negative ? -(int)number : (int)number;
    return true;
}

/* Digits with at most one point among them; *exponent: how many are behind it, negative.  Returns
 * where they end, or NULL. */
static const char *read_point(const char *text, uint64_t *digits, int *exponent)
{
    size_t count = 0;
    bool point = false;

    *digits = 0;
    *exponent = 0;
    for (; *text == '.' || (*text >= '0' && *text <= '9'); text++) {
        if (*text == '.') {
            if (point)
                return NULL;
            point = true;
            continue;
        }
        if (!append(digits, 10, (unsigned)(*text - '0')) || *exponent < -EXPONENT_MOST)
            return NULL;
        *exponent -= point;
        count++;
    }
    return count > 0 ? text : NULL;
}

/* digits * 10^exponent. */
static bool make(uint64_t digits, int exponent, bool negative, struct decimal *value)
{
    uint64_t denominator = 1;

    for (; exponent < 0 && digits % 10 == 0 && digits > 0; exponent++)
        digits /= 10;
    if (digits == 0)
        exponent = 0;
    for (; exponent < 0; exponent++)
        if (!append(&denominator, 10, 0))
            return false;
    for (; exponent > 0; exponent--)
        if (!append(&digits, 10, 0))
            return false;
    if (digits > INT64_MAX)
        return false;
    value->numerator = negative ? -(int64_t)digits : (int64_t)digits;
    value->denominator = denominator;
    return true;
}

bool decimal_read(const char *text, struct decimal *value)
{
    const bool negative = *text == '-';
    uint64_t digits;
    int exponent, further = 0;
    const char *end = read_point(text + negative, &digits, &exponent);

    if (end == NULL)
        return false;
    if ((*end == 'e' || *end == 'E') && !read_exponent(end, &further))
        return false;
    if (*end != '\0' && *end != 'e' && *end != 'E')
        return false;
    return make(digits, exponent + further, negative, value);
}

bool decimal_ratio(const char *text, struct decimal *value)
{
    const bool negative = *text == '-';
    uint64_t numerator, denominator;
    const char *end;

    if (strchr(text, '/') == NULL)
        return decimal_read(text, value);
    end = read_digits(text + negative, 10, &numerator);
    if (end == NULL || *end != '/' || numerator > INT64_MAX)
        return false;
    end = read_digits(end + 1, 10, &denominator);
    if (end == NULL || *end != '\0' || denominator == 0)
        return false;
    value->numerator = negative ? -(int64_t)numerator : (int64_t)numerator;
    value->denominator = denominator;
    return true;
}
