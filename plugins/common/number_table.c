/* SPDX-License-Identifier: MIT
 *
 * The numbers below 1,000, made by the preprocessor: see number.h.
 */
#include "number.h"

/* Strings side by side would be indented more and more. */
/* clang-format off */

/* Ten numbers, or a hundred: `front`, one more digit or two, `end`. */
#define TEN(front, end)                                                                            \
    front "0" end front "1" end front "2" end front "3" end front "4" end                          \
    front "5" end front "6" end front "7" end front "8" end front "9" end
#define HUNDRED(front, end)                                                                        \
    TEN(front "0", end) TEN(front "1", end) TEN(front "2", end) TEN(front "3", end)                \
    TEN(front "4", end) TEN(front "5", end) TEN(front "6", end) TEN(front "7", end)                \
    TEN(front "8", end) TEN(front "9", end)

const char number_table[NUMBER_TABLE * 4 + 1] =
    TEN("", "\0\0\1")
    TEN("1", "\0\2") TEN("2", "\0\2") TEN("3", "\0\2") TEN("4", "\0\2") TEN("5", "\0\2")
    TEN("6", "\0\2") TEN("7", "\0\2") TEN("8", "\0\2") TEN("9", "\0\2")
    HUNDRED("1", "\3") HUNDRED("2", "\3") HUNDRED("3", "\3") HUNDRED("4", "\3") HUNDRED("5", "\3")
    HUNDRED("6", "\3") HUNDRED("7", "\3") HUNDRED("8", "\3") HUNDRED("9", "\3");
