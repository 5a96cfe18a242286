/* SPDX-License-Identifier: MIT */
#include "printable.h"

#include <stdbool.h>

#include "printable_table.h"

#define FIRST_MARK 0x300

/* Whether there is an odd number of bounds up to it. */
static bool is_within(const uint32_t *bounds, unsigned count, uint32_t code)
{
    unsigned low = 0, high = count;

    while (low < high) {
        const unsigned middle = (low + high) / 2;

        if (bounds[middle] <= code)
            low = middle + 1;
        else
            high = middle;
    }
    return low % 2 == 1;
}

enum printable printable_kind(uint32_t code)
{
    if (code < FIRST_MARK)
        return code < 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0xad ? PRINTABLE_NOT
                                                                             : PRINTABLE_BASE;
    if (!is_within(printable_bounds, printable_bounds_count, code))
        return PRINTABLE_NOT;
    return is_within(printable_marks, printable_marks_count, code) ? PRINTABLE_MARK
                                                                   : PRINTABLE_BASE;
}
