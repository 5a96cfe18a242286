/* SPDX-License-Identifier: MIT
 *
 * Bytes as people write them: "05 12 fc", "0512fc", "05:12:fc", "0x05, 0x12", or what hexdump -C,
 * xxd and od print.
 */
#ifndef COLLECTOR_CONFIG_HEXADECIMAL_H
#define COLLECTOR_CONFIG_HEXADECIMAL_H

#include <stddef.h>
#include <stdint.h>

enum { HEXADECIMAL_WHY = 256 };

/* Where the bytes go. */
struct hexadecimal {
    uint8_t *bytes;
    size_t room, count;
};

/* Appends what a text says.  Returns 0, or -1 and says why not. */
int hexadecimal_read(struct hexadecimal *out, const char *text, char why[HEXADECIMAL_WHY]);

/* The same of a line that a program printed, perhaps with an offset in front and text behind. */
int hexadecimal_line(struct hexadecimal *out, char *line, char why[HEXADECIMAL_WHY]);

#endif
