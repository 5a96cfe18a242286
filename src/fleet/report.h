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
#include "base/replace.h"

struct ack_counts;
struct play_plan;

struct report {
    const struct play_plan *plan; /* what was to be played, and how fast; NULL: not to be told */
    double speed;
    struct account_figures figures;
    const struct message_form *form; /* NULL: the built-in one */
    const struct ack_counts *acks;   /* NULL: no answers were waited for */
    uint64_t refused;
    uint64_t unreachable;
    double seconds;
    bool interrupted;
};

void report_text(FILE *file, const struct report *report);

/* One object on one line, of a struct report. */
void report_json(FILE *file, const void *what);

/* For other reports: a line with a sum and its parts by type, and members of a JSON object. */
void report_text_by_type(FILE *file, const char *what, const uint64_t *by_type);
void report_json_by_type(FILE *file, const char *name, const uint64_t *by_type);
void report_json_number(FILE *file, const char *name, uint64_t value);

/* What makes the figures uncertain, if it happened. */
void report_text_leaps(FILE *file, const struct account_expect *expect);

/* The sum over all types. */
uint64_t report_total(const uint64_t *by_type);

/* Writes to the file of that name, all of it or nothing; "-" is standard output.  Returns 0, or -1
 * after an explanation. */
int report_save(const char *name, void (*write)(FILE *file, const void *what), const void *what,
                char why[DESTINATION_WHY]);

/* Looks in advance whether report_save() can work.  Returns 0, or -1 after an explanation. */
int report_check(const char *name, char why[DESTINATION_WHY]);

#endif
