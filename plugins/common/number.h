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

#define NUMBER_U32_MAX     10 /* bytes: 4294967295 */
#define NUMBER_U64_MAX     20 /* bytes: 18446744073709551615 */
#define NUMBER_I64_MAX     20 /* bytes: -9223372036854775808 */
#define NUMBER_REAL_MAX    32 /* bytes: room enough for -2.2250738585072014e-308 */
#define NUMBER_DECIMAL_MAX 22 /* bytes: -9223372036854775808 with a point, or -0.123456789 */

#define NUMBER_TABLE 1000

/* For each number below 1,000 its digits, from the left, and behind them in the fourth byte how
 * many they are.  A number below 1,000 is two loads and a store, and no branch depends on its
 * length; larger ones are put together of three digits at a time. */
extern const char number_table[NUMBER_TABLE * 4 + 1];

/* Below 1,000.  Writes four bytes, of which only the digits count. */
static inline char *number_short(char *out, uint32_t n)
{
    memcpy(out, number_table + 4 * n, 4);
    return out + number_table[4 * n + 3];
}

/* Exactly two digits; `n` is below 100. */
static inline char *number_pair(char *out, uint32_t n)
{
    memcpy(out, number_table + 4 * (100 + n) + 1, 2);
    return out + 2;
}

/* Exactly three digits; `n` is below 1,000. */
static inline char *number_three(char *out, uint32_t n)
{
    *out = (char)('0' + n / 100);
    return number_pair(out + 1, n % 100);
}

/* A million or more. */
char *number_large(char *out, uint64_t n);

/* Writes four bytes at least, of which only the digits count. */
static inline char *number_u64(char *out, uint64_t n)
{
    if (n < 1000)
        return number_short(out, (uint32_t)n);
    if (n < 1000000) {
        out = number_short(out, (uint32_t)n / 1000);
        return number_three(out, (uint32_t)n % 1000);
    }
    return number_large(out, n);
}

static inline char *number_u32(char *out, uint32_t n)
{
    return number_u64(out, n);
}

static inline char *number_i64(char *out, int64_t n)
{
    if (n >= 0)
        return number_u64(out, (uint64_t)n);
    *out++ = '-';
    return number_u64(out, 0 - (uint64_t)n);
}

/* The shortest text that reads back as the same number: "31.6", "-0", "1e+20",
 * "nan", "inf", "-inf".  Always with a point, never a comma. */
char *number_real(char *out, double n);

/* Of a number of single precision: the shortest text that reads back as the same float. */
char *number_real32(char *out, double n);

/* Exactly `digits` digits, 1 to 9, zeros in front. */
char *number_padded(char *out, uint32_t n, int digits);

/* n / 10^digits with so many decimals, 1 to 9: "-1.983". */
char *number_decimal(char *out, int64_t n, int digits);

#endif
