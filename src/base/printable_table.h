/* SPDX-License-Identifier: MIT
 *
 * Which characters show something, as ranges: from the first of two entries up to the second, which
 * is not among them, and so on.
 */
#ifndef BASE_PRINTABLE_TABLE_H
#define BASE_PRINTABLE_TABLE_H

#include <stdint.h>

extern const uint32_t printable_bounds[], printable_marks[];
extern const unsigned printable_bounds_count, printable_marks_count;

#endif
