/* SPDX-License-Identifier: MIT
 *
 * What is known of one device: by the catalog, and by the filter that tracks it.
 */
#ifndef COLLECTOR_CONTROL_FACTS_H
#define COLLECTOR_CONTROL_FACTS_H

#include <stdint.h>

#include <jansson.h>

#include <muster/plugin.h>

struct facts {
    struct muster_device about;
    const struct muster_device_report *report; /* NULL: it was never heard */
    uint64_t now_ns;                           /* since the Unix epoch */
};

/* "online", "late", "silent" or "never-heard" */
const char *facts_presence(const struct facts *facts);

/* The words of facts_presence, and how many there are. */
enum { FACTS_PRESENCES = 4 };
extern const char *const facts_presences[FACTS_PRESENCES];

/* "network", by the number of the cause's bit; NULL: there is no such cause. */
const char *facts_cause(unsigned number);

/* A sum over all causes. */
uint64_t facts_sum(const uint64_t by_cause[MUSTER_REPORT_CAUSES]);

/* How much of what is due is open or lost, in percent; 0 if nothing is due. */
double facts_loss(uint64_t due, uint64_t have);

/* For how long it was not heard, in seconds; below 0: it never was. */
double facts_silence(const struct facts *facts);

/* An object of counts, without those that are 0. */
json_t *facts_by_cause(const uint64_t by_cause[MUSTER_REPORT_CAUSES]);

/* All of it, as a line. */
json_t *facts_line(const struct facts *facts);

#endif
