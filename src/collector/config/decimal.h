/* SPDX-License-Identifier: MIT
 *
 * Numbers in a file as they are written, exactly: no double is on the way.
 */
#ifndef COLLECTOR_CONFIG_DECIMAL_H
#define COLLECTOR_CONFIG_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole number of 64 bits, decimal or hexadecimal after 0x, perhaps negative: "7", "-1",
 * "0xfd".  A negative one is its two's complement.  Returns whether it is one; else stores
 * nothing. */
bool decimal_integer(const char *text, uint64_t *value);

/* A number as a fraction; the denominator is not 0. */
struct decimal {
    int64_t numerator;
    uint64_t denominator;
};

/* Reads a decimal number, "0.005", "-40" or "1e-7"; its denominator is a power of ten, the least
 * there is.  Returns as above. */
bool decimal_read(const char *text, struct decimal *value);

/* The same, or a fraction of two whole numbers, "1/200", which stays as it is. */
bool decimal_ratio(const char *text, struct decimal *value);

#endif
