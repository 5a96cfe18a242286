/* SPDX-License-Identifier: MIT
 *
 * What a worker noticed, as records of their own behind the one that brought it about.
 */
#ifndef SEQUENCE_EVENTS_H
#define SEQUENCE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "gaps.h"
#include "tracker.h"

struct events {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct muster_cell *not_reported; /* those that could not be added */
    struct muster_batch *batch;       /* being judged */
    uint32_t after;                   /* which of its records */
    uint32_t room;                    /* how many events may still follow records of the batch */
    uint64_t now_ns;                  /* when: ns since the Unix epoch */
    uint32_t at; /* the same by the clock of gaps_settle, before an event of a gap */
};

/* Of a batch of records no more events become records than so many, whatever ends at once. */
enum { EVENTS_MOST = 16384 };

/* From now on events follow that record of the batch, which arrived at `now_ns`, `at` by the clock
 * of gaps_settle. */
static inline void events_follow(struct events *events, struct muster_batch *batch, uint32_t after,
                                 uint64_t now_ns)
{
    if (events->batch != batch || after == 0 || batch->count == 0)
        events->room = EVENTS_MOST;
    events->batch = batch;
    events->after = after;
    events->now_ns = now_ns;
}

/* Adds an event about numbers: MUSTER_EVENT_RESTART, OUTLIER, DEVICE_NEW. */
void events_numbers(struct events *events, enum muster_event event,
                    const struct tracker_note *note);

/* Adds MUSTER_EVENT_GAP_OPENED, RECOVERED, LOST or TAKEN_BACK; `session` is the device's. */
void events_gap(struct events *events, const struct gaps_news *news, const struct session *session);

/* Adds MUSTER_EVENT_TWO_SENDERS: `one`, and who sent the message `other`. */
void events_two_senders(struct events *events, const struct tracker_note *note,
                        const struct sender *one, const struct muster_record *other);

/* Adds an event of those who are not there, or are back: MUSTER_EVENT_DEVICE_LATE, SILENT, BACK,
 * NO_DATA, DATA_BACK, NEVER_HEARD.  It was so for `since_ns`; times are by the wall clock as it is
 * now. */
void events_presence(struct events *events, enum muster_event event, uint32_t device,
                     uint64_t since_ns);

#endif
