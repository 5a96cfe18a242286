/* SPDX-License-Identifier: MIT
 *
 * The bytes of a datagram, as a person has them.
 */
#ifndef COLLECTOR_DECODE_INPUT_H
#define COLLECTOR_DECODE_INPUT_H

#include "collector/config/hexadecimal.h"

/* Appends what the texts have in hexadecimal digits; of a single "-" what standard input has, as
 * digits or as it is, and says which on standard error.  Returns 0, or -1 after saying why not. */
int decode_input_read(struct hexadecimal *bytes, char *const *hex, unsigned count,
                      char why[HEXADECIMAL_WHY]);

#endif
