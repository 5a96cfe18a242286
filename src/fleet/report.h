/* SPDX-License-Identifier: MIT
 *
 * The figures for a reader, and as JSON for a program.
 */
#ifndef FLEET_REPORT_H
#define FLEET_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "account.h"

struct report {
    struct account_figures figures;
    uint64_t refused;
    uint64_t unreachable;
    double seconds;
    bool interrupted;
};

void report_text(FILE *file, const struct report *report);

/* One object on one line. */
void report_json(FILE *file, const struct report *report);

/* Writes the JSON to the file of that name, all of it or nothing; "-" is
 * standard output.  Returns 0, or -1 with errno set. */
int report_save(const char *name, const struct report *report);

/* Looks in advance whether report_save() can work.  Returns 0, or -1 with errno set. */
int report_check(const char *name);

#endif
