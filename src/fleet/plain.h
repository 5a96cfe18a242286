/* SPDX-License-Identifier: MIT
 *
 * The end of a report in words that anybody understands, as the collector's own end is.
 */
#ifndef FLEET_PLAIN_H
#define FLEET_PLAIN_H

#include <stdio.h>

#include "report.h"

/* What was sent, and what of it, or instead of it, was lost on the way. */
void plain_print(FILE *out, const struct report *report);

#endif
