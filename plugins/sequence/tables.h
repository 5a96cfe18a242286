/* SPDX-License-Identifier: MIT
 *
 * What is known of the devices, in one piece of memory that can be a file's: its layout, and
 * where each table of it is.  Everything is indexed by the device's number, so the number of
 * workers may change from run to run; a worker touches the devices that are its own, and its slot.
 *
 * Who works on what:
 *   struct session, and its window   tracker.c judges numbers, window.c moves the window
 *   struct rivals                    doubt.c, rivals.c
 *   struct gap                       gaps.c, gaps_list.c, and gaps_rebuild.c at the start
 *   struct losses                    losses.c, for gaps.c
 *   struct contact, struct habits    presence.c, habits.c, by the listening clock (listening.c)
 *   struct timing                    timing.c
 *   struct causes_log                causes.c
 *   struct undo                      undo.c
 *   all, before a run begins         recovery.c
 *
 * The process may be killed between any two stores, and the next run finds the memory as it was
 * then.  So a change of a session that takes several stores is made under the slot's undo record,
 * and what can be worked out again is not trusted: see recovery.h.
 */
#ifndef SEQUENCE_TABLES_H
#define SEQUENCE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/record.h>

#include "causes.h"
#include "presence.h"
#include "timing.h"

enum {
    TABLES_WORKERS = 256,          /* slots */
    TABLES_DEVICES_MOST = 1 << 22, /* their numbers fit a gap's */
    TABLES_CACHE_LINE = 64,        /* bytes */
    TABLES_WINDOW_LEAST = 64,
    TABLES_WINDOW_MOST = 65536 /* numbers */
};

/* Raise it when the layout or the meaning of a field changes, here or in a struct from another
 * header. */
#define TABLES_FORMAT 6u

/* ---- the layout ----------------------------------------------------------------------- */

/* What a tracker has seen, over all its devices.
 * Every judged message is in one of first, in_order, gaps, late, duplicates,
 * restarts, outliers, unnumbered, shared and doubted.  A doubted message is judged again when
 * it is confirmed, and is then in_order, or when it is not, and is then an outlier.
 * missing = recovered + lost + open.
 * A device may have gone to another worker since, so one worker's gauges may be below 0,
 * modulo 2^64: their sum is right. */
struct tracker_counts {
    uint64_t first, in_order, gaps, late, duplicates, restarts, outliers, unnumbered; /* messages */
    uint64_t shared;                         /* messages: further readings of one number */
    uint64_t doubted;                        /* messages; at present */
    uint64_t missing, recovered, lost, open; /* numbers */
    uint64_t devices;                        /* heard of */
};

/* session.attention: what keeps its next number from being a plain step. */
enum {
    ATTENTION_DOUBT = 1, /* the first of its rows is in doubt */
    ATTENTION_LEAP = 2,  /* nothing has confirmed its last step ahead yet */
    ATTENTION_WATCH = 4  /* whether it goes on beside another row is of interest */
};

/* What a device has sent from one start to the next: the row of numbers that is believed. */
struct session {
    uint64_t highest;      /* highest number of the session, extended: see width.h */
    uint32_t span;         /* how many of the window's numbers belong to the session */
    uint32_t open;         /* how many of those are missing */
    uint32_t size;         /* of the window, numbers: width_window */
    uint32_t highest_time; /* the device's time stamp on the highest number */
    uint32_t first_time;   /* and on the session's first */
    uint32_t init_time;    /* time stamp of the INIT that began the session */
    uint32_t highest_at;   /* when the highest came: seconds that passed, as all that ends in _at */
    uint32_t base;         /* the highest, less those that came since base_at: see pace.h */
    uint32_t base_at;
    uint32_t pace;     /* most numbers that came in PACE_EPOCH seconds */
    uint8_t attention; /* ATTENTION_* */
    uint8_t known;     /* something was heard of the device */
    uint8_t begun;     /* the session has a number */
    uint8_t has_init;  /* init_time is set */
    uint8_t init_came; /* and it is that of this session */
    uint8_t repeats;   /* it began with the number that the one before had, and only had */
    uint8_t bits;      /* width of its numbers */
    uint8_t reserved;
};

/* Numbers that follow each other and are not of the session's row: in doubt, or not believed.
 * All zeros: unused. */
struct row {
    uint64_t end;                   /* the number behind the last, as the device would send it */
    uint32_t count;                 /* of the last ones, as many as a window has at most */
    uint32_t doubted;               /* how many of the last ones are in doubt */
    uint32_t first_time, last_time; /* time stamps */
    uint32_t last_at;
    uint32_t source;   /* of the last one, see rivals.h; 0: not known */
    uint8_t datagrams; /* up to 255 */
    uint8_t streak;    /* the same since the session's row went on, or anything else came */
    uint8_t rivalry;   /* how often the session's row went on between two of them; up to 255 */
    uint8_t believed;  /* it was the session's */
    uint16_t quarter;  /* how far the session was when the last one came: see rivals.h */
    uint8_t bits;      /* width of its numbers */
    uint8_t reserved;
};

/* A step ahead that one datagram claims, while nothing confirms it.  The lowest 32 bits of numbers
 * will do, since all are in the window. */
struct leap {
    uint32_t next;   /* where the row goes on that it left */
    uint32_t first;  /* numbers of that datagram: first */
    uint32_t end;    /* to this one, not included */
    uint32_t source; /* as above */
    uint32_t behind; /* datagrams of the row that it left which came since */
};

/* Who has sent a message, as in struct muster_arrival. */
struct sender {
    uint8_t address[16];
    uint32_t scope;
    uint16_t port;
    uint8_t family;
    uint8_t reserved;
};

enum { RIVALS = 3 };

/* What else is known of a device's numbers: needed when something is odd, and not before. */
struct rivals {
    struct row rows[RIVALS]; /* the last one that came first */
    struct row copies;       /* numbers that were seen before */
    struct leap leap;
    uint32_t init_at;
    uint32_t begun_at;
    uint32_t told_at;      /* when two senders were last noticed */
    uint32_t init_highest; /* the highest number when the INIT came, its lowest bits */
    uint8_t init_begun;    /* there was one */
    uint8_t told;          /* two senders were noticed */
    uint8_t reserved[2];
    struct sender sender; /* of the session's row, when it last went on beside another; family 0:
                             it is not known */
};

/* What is needed for each message: two cache lines; its window follows. */
struct device {
    struct session session;
    struct contact contact;
    uint32_t highest_tick; /* the tick in which its highest number came: see causes.h */
    uint8_t disorder;      /* how far its numbers are from believable: see disorder.h */
    uint8_t listener;      /* by which its last message came */
    uint8_t reserved[2];
    uint32_t key; /* a hash of what it calls itself; 0: not known */
    uint8_t reserved_more[4];
    struct timing timing;
};

/* What is so of a gap. */
enum {
    GAP_MERGED = 1,  /* it was several: only some opened in that tick */
    GAP_STANDS = 2,  /* it was told again that it is open */
    GAP_AT_LEAST = 4 /* whole turns of the numbers may be missing, too */
};

/* A stretch of numbers of which at least one is missing: see gaps.h. */
struct gap {
    uint32_t next;           /* the device's next one, or GAPS_NONE */
    uint32_t earlier, later; /* among those that are open, by when they opened; or GAPS_NONE */
    uint32_t device;
    uint32_t first, last; /* no number before, and none behind, is of this gap; the lowest bits */
    uint32_t missing;     /* how many of them are in the window and did not come */
    uint32_t lost_first;  /* a run of `lost_count` numbers that is lost, and is not told yet */
    uint32_t lost_count;
    uint32_t opened_tick; /* see causes.h */
    uint32_t opened_at;   /* by the clock that gaps_settle is told */
    uint8_t causes;       /* MUSTER_CAUSE_*: what may explain it, as far as was noticed */
    uint8_t used;
    uint8_t settled;    /* what is missing of it is lost, though it may still come */
    uint8_t marks;      /* GAP_* */
    uint64_t opened_ns; /* when it was found: ns since the Unix epoch */
    uint64_t heard_ns;  /* when the number before it came; 0: not known */
};

/* What became of the numbers of a device that were missing once; and what is told of it to whoever
 * asks. */
struct losses {
    uint64_t recovered;
    uint64_t lost[MUSTER_CAUSES]; /* by the number of the bit that it is counted under */
    uint32_t expired;             /* of what is missing in the window: the oldest, that are lost */
    uint32_t rejected_tick;       /* in which a datagram of it was rejected last, or 0 */
    /* Not trusted of an earlier run: */
    uint32_t last;  /* its newest gap, if `count` is not 0 */
    uint32_t count; /* its gaps */
    /* What is told: */
    uint64_t due; /* numbers of the sessions that are over: from the first of each to its highest */
    uint64_t first;    /* the first number of this session, extended as its highest is */
    uint64_t first_ns; /* when it was heard first: ns since the Unix epoch */
    uint32_t duplicates, late, restarts; /* messages */
    uint32_t reserved;
};

enum { TABLES_GAPS_EACH = 32 }; /* gaps of a device, at most */

/* How a session was before the change that is being made. */
struct undo {
    uint32_t busy; /* 1: the change is not complete */
    uint32_t device_id;
    struct tracker_counts counts;
    struct session session;
    struct rivals rivals;
    uint32_t words; /* of its window */
    uint8_t reserved[4];
    struct losses losses;
    uint32_t gap_count; /* of its gaps, each with its index */
    uint32_t gap_index[TABLES_GAPS_EACH];
    uint8_t reserved_more[4];
    struct gap gaps[TABLES_GAPS_EACH];
    /* words of its window follow: see undo.h */
};

/* What belongs to one worker. */
struct slot {
    struct tracker_counts counts;
    uint32_t gaps_end; /* no gap of the pool at this index or beyond was ever used by it */
    uint32_t reserved;
    struct undo undo;
};

/* What belongs to all. */
struct shared {
    uint64_t since_ns; /* when counting began: ns since the Unix epoch */
    struct listening_log listening;
    struct causes_log causes;
    uint32_t has_forgotten; /* devices that are not known any more count in the sums */
    uint32_t reserved;
    uint64_t known[]; /* a bit for each device that may have been heard of */
};

_Static_assert(offsetof(struct device, contact) == 56 && offsetof(struct device, timing) == 88 &&
                   sizeof(struct device) == (size_t)2 * TABLES_CACHE_LINE,
               "the layout is in files");
_Static_assert(sizeof(struct row) == 40 && sizeof(struct sender) == 24 &&
                   sizeof(struct rivals) == 224,
               "the layout is in files");
_Static_assert(sizeof(struct gap) == TABLES_CACHE_LINE, "the layout is in files");
_Static_assert(sizeof(struct losses) == 120, "the layout is in files");
_Static_assert(offsetof(struct undo, session) == 128 && sizeof(struct undo) == 2720,
               "the layout is in files");
_Static_assert(sizeof(struct slot) == 2848, "the layout is in files");
_Static_assert(offsetof(struct shared, causes) == 40 && offsetof(struct shared, known) == 328,
               "the layout is in files");

/* ---- where it is ---------------------------------------------------------------------- */

struct tables {
    uint32_t devices; /* how many there is room for; all of muster_record.device are below this */
    uint32_t window;  /* numbers */
    uint32_t words;   /* 64-bit words of a window */
    struct shared *shared;
    uint32_t stride; /* bytes of an entry */
    uint8_t *slots;
    uint8_t *entries;      /* one for each device: struct device, its window */
    struct losses *losses; /* one for each device */
    struct rivals *rivals; /* one for each device */
    uint32_t gap_count;    /* open gaps that there is room for: see gaps.h */
    struct gap *gaps;      /* `gap_count` of them; the first are the devices' own */
    struct habits *habits; /* one for each device */
};

/* How much memory the tables take. */
uint64_t tables_bytes(uint32_t devices, uint32_t window);

/* For how many devices tables of that window take so much memory, at most; 0: for none.  What is
 * beyond those that they were made for is zeros. */
uint32_t tables_devices_of(uint64_t bytes, uint32_t window);

/* Lays the tables out over `memory`, of that many bytes and aligned to a page: all
 * zeros, or what an earlier run left. */
void tables_lay_out(struct tables *tables, void *memory, uint32_t devices, uint32_t window);

struct slot *tables_slot(struct tables *tables, uint32_t worker);
const struct slot *tables_read_slot(const struct tables *tables, uint32_t worker);

/* What belongs to a device is in one place, and so mostly in one page: with devices in random
 * order, a table of each kind would cost more look-ups of addresses. */
static inline struct device *tables_device(struct tables *tables, uint32_t device_id)
{
    return (struct device *)(tables->entries + (size_t)device_id * tables->stride);
}

static inline const struct device *tables_read_device(const struct tables *tables,
                                                      uint32_t device_id)
{
    return (const struct device *)(tables->entries + (size_t)device_id * tables->stride);
}

/* A ring of bits, one for each number: window.h. */
static inline uint64_t *tables_window(struct tables *tables, uint32_t device_id)
{
    return (uint64_t *)(tables_device(tables, device_id) + 1);
}

static inline const uint64_t *tables_read_window(const struct tables *tables, uint32_t device_id)
{
    return (const uint64_t *)(tables_read_device(tables, device_id) + 1);
}

/* Fetches what the message will need. */
static inline void tables_prefetch(const struct tables *tables, const struct muster_record *record)
{
    const struct device *device = tables_read_device(tables, record->device);
    uint32_t word = ((uint32_t)record->seq & (tables->window - 1)) / 64;

    __builtin_prefetch(device, 1);
    __builtin_prefetch((const uint8_t *)device + TABLES_CACHE_LINE, 1);
    __builtin_prefetch(tables_read_window(tables, record->device) + word, 1);
}

/* The device that the session is of. */
static inline uint32_t tables_id(const struct tables *tables, const struct session *session)
{
    return (uint32_t)((size_t)((const uint8_t *)session - tables->entries) / tables->stride);
}

static inline bool tables_is_known(const struct tables *tables, uint32_t id)
{
    return __atomic_load_n(&tables->shared->known[id / 64], __ATOMIC_RELAXED) >> id % 64 & 1;
}

/* The first known device from `id` on, or tables->devices. */
uint32_t tables_next_known(const struct tables *tables, uint32_t id);

/* The same with those that may have been forgotten: what was lost of them is not. */
uint32_t tables_next_counted(const struct tables *tables, uint32_t id);

/* Notes that a device is known; or that it is not any more, after its session. */
void tables_know(struct tables *tables, uint32_t id);
void tables_forget(struct tables *tables, uint32_t id);

/* The sum of the counts of this worker and those behind it. */
struct tracker_counts tables_counts_from(const struct tables *tables, uint32_t worker);
void tables_add_counts(struct tracker_counts *sum, const struct tracker_counts *counts);

#endif
