/* SPDX-License-Identifier: MIT
 *
 * The examples of a format: datagrams, and what must come out.
 */
#ifndef COLLECTOR_CONFIG_EXAMPLES_H
#define COLLECTOR_CONFIG_EXAMPLES_H

#include "base/node.h"
#include "base/problems.h"
#include "wire/plan.h"

/* Decodes each of a list.  What does not come out as it says goes to `problems`. */
void examples_check(const struct plan *plan, const struct format *format, const struct node *list,
                    struct problems *problems);

#endif
