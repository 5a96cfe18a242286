/* SPDX-License-Identifier: MIT
 *
 * Numbers as a configuration has them.  libconfig 1.5 reads one without an L behind it as 32 bits
 * wide, any other as 64 bits, and cuts off the rest without a word.
 */
#ifndef COLLECTOR_CONFIG_LITERAL_H
#define COLLECTOR_CONFIG_LITERAL_H

#include <stddef.h>

enum literal_fit {
    LITERAL_FITS, /* or is no whole number: libconfig judges it */
    LITERAL_TOO_LARGE,
    LITERAL_TOO_SMALL
};

/* How many bytes of `text` are a number, or what was meant to be one; 0: none begins there. */
size_t literal_length(const char *text);

/* Whether libconfig reads the number as what it is. `limit` is set to how much it may be, if not.
 */
enum literal_fit literal_judge(const char *text, size_t length, const char **limit);

#endif
