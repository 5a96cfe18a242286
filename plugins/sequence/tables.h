/* SPDX-License-Identifier: MIT
 *
 * What is known of the devices, in one piece of memory that can be a file's: the
 * tables that the tracker, the gaps and the presence work on.  Everything is indexed by
 * the device id, so the number of workers may change from run to run; a worker touches the
 * devices that are its own, and its slot.
 *
 * The process may be killed between any two stores, and the next run finds the memory
 * as it was then.  So a change of a device that takes several stores is made under
 * the slot's undo record, and what can be worked out again is not trusted: see
 * tables_recover.
 */
#ifndef SEQUENCE_TABLES_H
#define SEQUENCE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/record.h>
#include <muster/wire.h>

#include "timing.h"

enum {
    WORKERS_MOST = 256,
    GAPS_KEPT = 1 << 17, /* open gaps that the memory has room for */
    CACHE_LINE = 64
};

#define TABLES_FORMAT 1u /* raise it when the layout or the meaning of a field changes */

/* What a tracker has seen, over all its devices.
 * Every judged message is in one of first, in_order, gaps, late, duplicates,
 * restarts, outliers, unnumbered and doubted.  A doubted message is judged again when
 * it is confirmed, and is then in_order, or when it is not, and is then an outlier.
 * missing = recovered + lost + open.
 * A device may have gone to another worker since, so one worker's gauges may be below 0,
 * modulo 2^64: their sum is right. */
struct tracker_counts {
    uint64_t first, in_order, gaps, late, duplicates, restarts, outliers, unnumbered; /* messages */
    uint64_t doubted;                        /* messages; at present */
    uint64_t missing, recovered, lost, open; /* numbers */
    uint64_t devices;                        /* heard of */
};

enum doubt {
    DOUBT_NONE,
    DOUBT_AHEAD,  /* the last number was too far ahead */
    DOUBT_BEHIND, /* the last number was behind, but is no late one and no copy */
    DOUBT_STALE   /* the last message was made before its session began */
};

/* How often a device sends its heartbeat: see presence.h. */
struct rhythm {
    uint32_t interval;  /* between heartbeats, units of the listening clock; 0: not known */
    uint32_t candidate; /* an interval that was seen `count` times in a row */
    uint32_t beat_time; /* the device's time stamp on its last heartbeat */
    uint8_t count;
    uint8_t presence;   /* enum presence */
    uint8_t configured; /* the interval is the catalog's, not learnt */
    uint8_t has_beat;   /* beat_time and vitals.beat_at are set */
};

/* A cache line each. */
struct device {
    uint32_t highest;      /* highest number of the session */
    uint32_t span;         /* how many of the window's numbers belong to the session */
    uint32_t open;         /* how many of those are missing */
    uint32_t highest_time; /* the device's time stamp on the highest number */
    uint32_t first_time;   /* and on the session's first */
    uint32_t init_time;    /* time stamp of the INIT that began the session */
    uint32_t doubted;      /* first number that was not believed */
    uint32_t doubt_end;    /* the number behind the last of them */
    uint32_t doubt_count;  /* messages, or readings, in doubt */
    uint32_t doubt_time;   /* the time stamp on the first of them */
    uint8_t doubt;         /* enum doubt */
    uint8_t doubt_length;  /* datagrams in doubt, up to 255 */
    uint8_t known;         /* something was heard of it */
    uint8_t begun;         /* the session has a number */
    uint8_t has_init;      /* init_time is set */
    uint8_t init_came;     /* and it is that of this session */
    uint8_t reserved[2];
    struct rhythm rhythm;
};

/* The signs of life of a device; a cache line each. */
struct vitals {
    uint64_t heard_ns;     /* when its last message arrived: ns since the Unix epoch */
    uint32_t heard_at;     /* the same, by the listening clock */
    uint32_t beat_at;      /* when its last heartbeat arrived, by the listening clock */
    uint32_t highest_tick; /* the tick in which its highest number came: see hearing.h */
    uint32_t gaps;         /* its open gaps: the first of a list; see gaps.h */
    struct timing timing;
};

/* A stretch of numbers of which at least one is missing. */
struct gap {
    uint32_t next;  /* index of the device's next one, or 0 */
    uint32_t from;  /* first number that was lost or is open, and has not been told of */
    uint32_t first; /* numbers first to last are still open */
    uint32_t last;
    uint64_t opened_ns;   /* ns since the Unix epoch */
    uint32_t opened_tick; /* see hearing.h */
    uint16_t device_id;
    uint8_t causes; /* MUSTER_CAUSE_*: what the evidence allows so far */
    uint8_t used;
};

_Static_assert(sizeof(struct device) == CACHE_LINE, "one cache line a device");
_Static_assert(sizeof(struct vitals) == sizeof(struct device), "and one behind it");
_Static_assert(sizeof(struct gap) == CACHE_LINE / 2, "the layout is in files");

/* How a device was before the change that is being made. */
struct undo {
    uint32_t busy; /* 1: the change is not complete */
    uint32_t device_id;
    struct tracker_counts counts;
    struct device device;
    /* its window follows */
};

/* What belongs to one worker. */
struct slot {
    struct tracker_counts counts;
    uint32_t gaps_end; /* no gap at this index or beyond was ever used by this worker */
    uint32_t reserved;
    struct undo undo;
};

/* What belongs to all. */
struct shared {
    uint64_t since_ns;    /* when counting began: ns since the Unix epoch */
    uint64_t listened_ns; /* the listening clock at the last tick: see hearing.h */
    uint32_t tick;
    uint32_t noticed[3]; /* by enum evidence: the tick that last noticed it, or 0 */
    uint64_t known[MUSTER_DEVICE_IDS / 64]; /* a bit for each device that may have been heard of */
};

struct tables {
    uint32_t window; /* numbers */
    uint32_t words;  /* 64-bit words of a window */
    struct shared *shared;
    uint32_t stride; /* bytes of an entry */
    uint8_t *slots;
    uint8_t *entries; /* one for each device: struct device, struct vitals, its window */
    struct gap *gaps; /* number 0 is not used */
};

/* How much memory the tables take. */
uint64_t tables_bytes(uint32_t window);

/* Lays the tables out over `memory`, of that many bytes and aligned to a page: all
 * zeros, or what an earlier run left. */
void tables_lay_out(struct tables *tables, void *memory, uint32_t window);

struct slot *tables_slot(const struct tables *tables, uint32_t worker);

/* What belongs to a device is in one place, and so mostly in one page: with devices in random
 * order, three tables cost three times the look-ups of addresses. */
static inline struct device *tables_device(const struct tables *tables, uint32_t device_id)
{
    return (struct device *)(tables->entries + (size_t)device_id * tables->stride);
}

static inline struct vitals *tables_vitals(const struct tables *tables, uint32_t device_id)
{
    return (struct vitals *)(tables_device(tables, device_id) + 1);
}

static inline uint64_t *tables_window(const struct tables *tables, uint32_t device_id)
{
    return (uint64_t *)(tables_device(tables, device_id) + 2);
}

/* Fetches what the message will need. */
static inline void tables_prefetch(const struct tables *tables, const struct muster_record *record)
{
    uint32_t word = (record->seq_num & (tables->window - 1)) / 64;

    __builtin_prefetch(tables_device(tables, record->device_id), 1);
    __builtin_prefetch(tables_vitals(tables, record->device_id), 1);
    __builtin_prefetch(tables_window(tables, record->device_id) + word, 1);
}

static inline uint16_t tables_id(const struct tables *tables, const struct device *device)
{
    return (uint16_t)((size_t)((const uint8_t *)device - tables->entries) / tables->stride);
}

/* Whether a number's bit is set in the ring of bits of a window. */
static inline bool tables_has_seen(const struct tables *tables, const uint64_t *window,
                                   uint32_t number)
{
    uint32_t place = number & (tables->window - 1);

    return window[place / 64] >> place % 64 & 1;
}

/* The first known device from `id` on, or MUSTER_DEVICE_IDS. */
uint32_t tables_next_known(const struct tables *tables, uint32_t id);

/* Notes that a device is known. */
void tables_know(const struct tables *tables, uint32_t id);

/* The sum of the counts of this worker and those behind it. */
struct tracker_counts tables_counts_from(const struct tables *tables, uint32_t worker);

/* Whether the tables can have been left by a tracker that was stopped or killed: every field
 * is in its range, and the sums agree.  Writes nothing. */
bool tables_are_sound(const struct tables *tables);

/* Takes back the changes that were not complete when the process was killed. */
void tables_recover(const struct tables *tables);

/* The tables are from some time before the end: which numbers came since is not
 * known.  Keeps the devices, their rhythm and the counters, and ends the sessions, without a claim
 * on what was missing then. */
void tables_forget_sessions(const struct tables *tables);

#endif
