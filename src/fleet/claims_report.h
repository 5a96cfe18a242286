/* SPDX-License-Identifier: MIT
 *
 * What was played of a scenario and what a collector ought to tell of it, for a reader, and as JSON
 * for a program.
 */
#ifndef FLEET_CLAIMS_REPORT_H
#define FLEET_CLAIMS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "claims.h"

struct claims_report {
    const char *file;
    const struct scenario *scenario;
    const struct claims *claims;
    const struct stage *stage;
    uint64_t refused, unreachable;
    double seconds;
    bool interrupted;
};

void claims_report_text(FILE *file, const struct claims_report *report);

/* One object on one line, of a struct claims_report. */
void claims_report_json(FILE *file, const void *what);

#endif
