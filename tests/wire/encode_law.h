/* SPDX-License-Identifier: MIT
 *
 * What must hold of any plan: what is encoded by it is read back.
 */
#ifndef TESTS_WIRE_ENCODE_LAW_H
#define TESTS_WIRE_ENCODE_LAW_H

#include <stdint.h>

#include "wire/plan.h"

/* Encodes some messages of each type, and reads them back.  Returns NULL, or what does not hold.
 * `encoded`: how many there were is added; may be NULL. */
const char *encode_law(const struct plan *plan, uint64_t seed, uint64_t *encoded);

#endif
