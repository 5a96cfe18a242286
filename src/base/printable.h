/* SPDX-License-Identifier: MIT
 *
 * Which characters of Unicode show something and do nothing else.
 *
 * Those are letters, marks, numbers, punctuation, symbols and the space of ASCII.  All others can
 * mislead who reads, or command a terminal: controls, changes of direction, line and paragraph
 * separators, other spaces, what is as wide as nothing, tags, private use, and what is not
 * assigned.
 */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdint.h>

enum printable {
    PRINTABLE_NOT,
    PRINTABLE_BASE,
    PRINTABLE_MARK /* stands on or around the character before it */
};

enum printable printable_kind(uint32_t code);

#endif
