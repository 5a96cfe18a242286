/* SPDX-License-Identifier: MIT
 *
 * The sequence tracker: says of each number whether it is new, late, a duplicate,
 * or follows a gap.  Pure: no I/O, no clock, no host.
 *
 * Per device it knows the highest number and which of the last `window` numbers
 * came, as a ring of bits (the sliding window of RFC 4303, section 3.4.3, laid out
 * as in RFC 6479).  All arithmetic is modulo 2^n, n the width of the device's numbers (RFC 1982).
 */
#ifndef SEQUENCE_TRACKER_H
#define SEQUENCE_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/record.h>

#include "tables.h"

/* Something that a judgement brought about.  Numbers are of one session and one
 * device, and extended as the session's are (width.h); `last` is included. */
enum tracker_note_kind {
    TRACKER_GAP,       /* first to last are missing now */
    TRACKER_RECOVERED, /* first (= last) came late and was missing */
    TRACKER_LOST,      /* first to last are missing for good: the window left them behind */
    TRACKER_RESTART,   /* the device starts anew at number `first`; then comes TRACKER_END */
    TRACKER_END,       /* the session has ended: what is missing of it is lost */
    TRACKER_OUTLIER,   /* first to last were doubted, and nothing confirmed them */
    TRACKER_DEVICE,    /* the first sign of this device */
    /* Those of first to last that are missing never were: what claimed it was of another row.  They
     * are not counted as missing any more; the window has not changed yet. */
    TRACKER_TAKEN_BACK,
    /* Two rows of numbers go on side by side: the message that is judged, of number `first`, and
     * the session's; rivals.sender of the tables has sent that. */
    TRACKER_TWO_SENDERS
};

struct tracker_note {
    enum tracker_note_kind kind;
    uint32_t device_id;
    uint64_t first, last;
    uint8_t bits;  /* width of these numbers; 0: it is about none */
    bool at_least; /* TRACKER_GAP: whole turns of the numbers may be missing, too */
};

/* Called from tracker_judge and tracker_finish, in the order of events. */
typedef void tracker_note_fn(void *context, const struct tracker_note *note);

struct tracker_options {
    uint32_t window;   /* numbers; a power of two, so that the ring survives the wrap */
    uint32_t max_jump; /* numbers; a step farther ahead is not believed alone */
    bool reference;    /* judge as the reference server does; see reference.h */
    bool persistent;   /* the tables outlive the process, which may be killed in mid-change */
    /* Each may be NULL. */
    tracker_note_fn *note;
    uint32_t (*passed)(void *context); /* seconds that have passed by now */
    /* How often the device sends DATA, ns, as its class says; 0: it does not. */
    uint64_t (*interval)(void *context, uint32_t device);
    /* How many datagrams the kernel may have dropped of the device since its highest number came.
     */
    uint64_t (*overlooked)(void *context, uint32_t device);
    void *context; /* handed to them */
};

struct tracker;

/* For the device ids that are `worker` modulo `workers`.  It goes on with what the
 * tables, which must stay, have of them, and keeps its counts in that worker's slot.  NULL with
 * errno if there is no memory. */
struct tracker *tracker_new(const struct tracker_options *options, struct tables *tables,
                            uint32_t worker, uint32_t workers);
void tracker_free(struct tracker *tracker);

/* About once a second: so many seconds have passed, modulo 2^32. */
void tracker_pass(struct tracker *tracker, uint32_t seconds);

/* Judges a message: sets record->verdict, record->message.gap if that is GAP, and
 * MUSTER_MARK_AT_LEAST. */
void tracker_judge(struct tracker *tracker, struct muster_record *record);

/* Of the `count` records behind `judged`, which has just been judged: judges those that are the
 * further readings of its datagram, as long as each is simply the next number and without a note,
 * or of the same number (MUSTER_MARK_SHARED_NUMBER).
 * Returns how many it has judged; those have all that was said of the device to `judged`.  To be
 * called behind each message of more readings than one. */
uint32_t tracker_judge_further(struct tracker *tracker, struct muster_record *judged,
                               uint32_t count);

/* Whether a record is a further reading of the datagram that was judged last, and of the same
 * number: it has the same verdict then, and that is all.  To be asked before a reading is judged,
 * since a batch may have ended behind the one before. */
bool tracker_judge_same(struct tracker *tracker, struct muster_record *record);

/* From now on the device was never heard of: what is still open is lost, and what is doubted an
 * outlier. */
void tracker_forget(struct tracker *tracker, uint32_t device);

/* Ends every session: what is still open is lost, and what is doubted an outlier.  Not for tables
 * that outlive the process: there sessions go on, and a kill in here would leave half of it. */
void tracker_finish(struct tracker *tracker);

/* This worker's. */
const struct tracker_counts *tracker_counts(const struct tracker *tracker);

#endif
