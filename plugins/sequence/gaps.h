/* SPDX-License-Identifier: MIT
 *
 * The gaps that are open: which numbers, since when, and why.
 *
 * What is missing, the window of the device's session says.  A gap adds when that was found and
 * what may explain it, for a stretch of numbers: some of them may have come since, and those in
 * front may have left the window.  The gaps of a device are a list, from the oldest to the newest.
 *
 * They have a budget.  Each device has one gap of its own, and there is a pool for more, up to
 * GAPS_EACH a device.  When there is no further one, two neighbours of the device become one: then
 * it is less well known when a number went missing, and why.  The sums by cause stay exact, as they
 * are kept by number.
 *
 * A gap is settled after a time: its missing numbers are lost then.  One that comes after all is
 * recovered, and taken back from what is lost.
 */
#ifndef SEQUENCE_GAPS_H
#define SEQUENCE_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "tables.h"

enum { GAPS_EACH = TABLES_GAPS_EACH };
#define GAPS_NONE    UINT32_MAX          /* the end of a list */
#define GAPS_STANDS  75                  /* units: five seconds, in which what is overtaken comes */
#define GAPS_LONGEST (UINT32_C(1) << 31) /* numbers; farther ahead than this is behind */

/* Something new about a stretch of numbers.  Each number is told to be open first; all that is told
 * of it later says what was told before. */
struct gaps_news {
    uint32_t device;
    uint32_t first, last; /* included; of the session's numbers, the lowest bits */
    bool at_least;        /* whole turns of the numbers may be missing, too */
    uint8_t was, is;      /* MUSTER_EVENT_GAP_OPENED, _RECOVERED, _LOST; was: or _NONE */
    uint8_t was_causes;   /* MUSTER_CAUSE_*: as was told */
    uint8_t causes;       /* as it is now */
    uint32_t opened_at;   /* by the clock of gaps_settle; of what was settled long ago as of now */
    uint64_t opened_ns;   /* when it was found: ns since the Unix epoch */
    uint64_t heard_ns;    /* when the number before came; 0: not known */
};

typedef void gaps_tell_fn(void *context, const struct gaps_news *news);

struct gaps_options {
    uint32_t worker, workers; /* for the devices that are `worker` modulo `workers` */
    bool persistent;          /* the tables outlive the process, which may be killed at any time */
    gaps_tell_fn *tell;       /* may be NULL */
    void *context;            /* handed to it */
};

/* A stretch of numbers that are missing. */
struct gaps_opening {
    uint32_t device;
    uint32_t first, last; /* the lowest bits */
    bool at_least;        /* whole turns of the numbers may be missing, too */
    uint32_t tick;        /* in which it was found */
    uint32_t at;          /* by the clock of gaps_settle */
    uint8_t causes;
    uint64_t opened_ns, heard_ns;
};

/* Numbers of all devices of a worker, by the number of the cause's bit. */
struct gaps_sums {
    uint64_t lost[MUSTER_CAUSES];
    uint64_t open[MUSTER_CAUSES]; /* missing, and may still come */
};

struct gaps;

/* Goes on with what the tables have, after gaps_rebuild.  `at` is now.  NULL if memory is short. */
struct gaps *gaps_new(const struct gaps_options *options, struct tables *tables, uint32_t at);
void gaps_free(struct gaps *gaps);

void gaps_open(struct gaps *gaps, const struct gaps_opening *opening);

/* One of them came late. */
void gaps_recover(struct gaps *gaps, uint32_t device, uint32_t number);

/* The window leaves numbers first to last behind, which did not come: before it moves. */
void gaps_lose(struct gaps *gaps, uint32_t device, uint32_t first, uint32_t last);

/* What is missing of numbers first to last, the device's newest, was never: before the window moves
 * back. */
void gaps_take_back(struct gaps *gaps, uint32_t device, uint32_t first, uint32_t last);

/* The session is over: all that is open of the device is lost, with these causes more.  Its window
 * is as it was. */
void gaps_lose_all(struct gaps *gaps, uint32_t device, uint8_t causes);

/* These causes may explain what is open of the device, too. */
void gaps_add_causes(struct gaps *gaps, uint32_t device, uint8_t causes);

/* About once a second, at `at`: tick number `tick` ends.  What was noticed in it may be why a gap
 * opened in it.  A gap that is open for GAPS_STANDS is told to be once more. */
void gaps_tick(struct gaps *gaps, uint32_t tick, uint32_t at);

/* What is open for `most` or longer, at `at`, is lost; both in units of the listening clock, modulo
 * 2^32. */
void gaps_settle(struct gaps *gaps, uint32_t at, uint32_t most);

const struct gaps_sums *gaps_sums(const struct gaps *gaps);

/* Gaps, and words of windows, that were looked at. */
uint64_t gaps_steps(const struct gaps *gaps);

#endif
