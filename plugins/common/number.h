/* SPDX-License-Identifier: MIT
 *
 * Numbers as text, fast and the same in every locale.
 *
 * Each function writes to `out` without an end and returns the end of what it
 * wrote.
 */
#ifndef PLUGINS_COMMON_NUMBER_H
#define PLUGINS_COMMON_NUMBER_H

#include <stdint.h>
#include <string.h>

#define NUMBER_U32_MAX  10 /* bytes: 4294967295 */
#define NUMBER_U64_MAX  20 /* bytes: 18446744073709551615 */
#define NUMBER_I64_MAX  20 /* bytes: -9223372036854775808 */
#define NUMBER_REAL_MAX 32 /* bytes: room enough for -2.2250738585072014e-308 */

/* "00" to "99". */
extern const char number_pairs[200];

/* Exactly two digits; `n` is below 100. */
static inline char *number_pair(char *out, uint32_t n)
{
    memcpy(out, number_pairs + 2 * n, 2);
    return out + 2;
}

static inline int number_digits(uint32_t n)
{
    static const uint32_t powers[] = {0,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    int bits = 32 - __builtin_clz(n | 1);
    int guess = bits * 1233 >> 12; /* bits * log10(2): right, or one digit short */

    return guess + (n >= powers[guess]);
}

static inline char *number_u32(char *out, uint32_t n)
{
    char *end = out + number_digits(n);
    char *at = end;

    while (n >= 100) {
        at -= 2;
        memcpy(at, number_pairs + 2 * (n % 100), 2);
        n /= 100;
    }
    if (n >= 10)
        memcpy(at - 2, number_pairs + 2 * n, 2);
    else
        at[-1] = (char)('0' + n);
    return end;
}

char *number_u64(char *out, uint64_t n);
char *number_i64(char *out, int64_t n);

/* The shortest text that reads back as the same number: "31.6", "-0", "1e+20",
 * "nan", "inf", "-inf".  Always with a point, never a comma. */
char *number_real(char *out, double n);

/* Exactly `digits` digits, 1 to 9, zeros in front. */
char *number_padded(char *out, uint32_t n, int digits);

#endif
