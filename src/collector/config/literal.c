/* SPDX-License-Identifier: MIT */
#include "literal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define WORD   DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz."

size_t literal_length(const char *text)
{
    size_t sign = *text == '+' || *text == '-' ? 1 : 0, length;

    if (strspn(text + sign, DIGITS ".") == 0)
        return 0;
    length = sign + strspn(text + sign, WORD);
    if ((text[length - 1] == 'e' || text[length - 1] == 'E') &&
        (text[length] == '+' || text[length] == '-'))
        length += 1 + strspn(text + length + 1, WORD);
    return length;
}

enum literal_fit literal_judge(const char *text, size_t length, const char **limit)
{
    const bool is_hex = length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    size_t digits =
        is_hex ? 2 + strspn(text + 2, DIGITS "abcdefABCDEF") : strspn(text, "+-" DIGITS);
    bool is_wide;
    int64_t value;

    *limit = NULL;
    if (digits < length && text[digits] != 'L')
        return LITERAL_FITS; /* a real number, or nonsense */
    is_wide = digits < length;
    errno = 0;
    value = strtoll(text, NULL, is_hex ? 16 : 10);
    if (errno != ERANGE && (is_wide || (value >= INT32_MIN && value <= INT32_MAX)))
        return LITERAL_FITS;
    if (value < 0)
        *limit = is_wide ? "-9223372036854775808"
                         : "-2147483648, or less with an L behind it if the option has room for "
                           "that";
    else
        *limit = is_wide ? "9223372036854775807"
                         : "2147483647, or more with an L behind it if the option has room for "
                           "that";
    return value < 0 ? LITERAL_TOO_SMALL : LITERAL_TOO_LARGE;
}
