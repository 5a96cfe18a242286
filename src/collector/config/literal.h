/* SPDX-License-Identifier: MIT
 *
 * libconfig 1.5 reads a number without an L behind it as 32 bits wide and cuts off
 * the rest without a word.  This finds out.
 */
#ifndef COLLECTOR_CONFIG_LITERAL_H
#define COLLECTOR_CONFIG_LITERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether line `line` of the file sets `name` to another number than `value`; that
 * number is copied to `written`.  False if it does not say: a number on another line
 * than its name, or one that is not decimal. */
bool literal_differs(const char *file, unsigned line, const char *name, int64_t value,
                     char *written, size_t room);

#endif
