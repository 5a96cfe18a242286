/* SPDX-License-Identifier: MIT
 *
 * musterd --decode: one datagram, for a person with a data sheet.
 */
#ifndef COLLECTOR_DECODE_H
#define COLLECTOR_DECODE_H

#include "collector/catalog/catalog.h"

/* Prints what becomes of a datagram, whose bytes are the texts of `hex` together, or are on
 * standard input if that is "-" alone.  Returns the exit status: 0 it is taken, 1 it is refused, 2
 * the format is not known or the bytes cannot be read. */
int decode_print(const struct catalog *catalog, const char *format, char *const *hex,
                 unsigned count);

#endif
