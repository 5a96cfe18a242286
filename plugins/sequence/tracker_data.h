/* SPDX-License-Identifier: MIT
 *
 * What a tracker consists of; for tracker.c, which judges, and window.c, which moves
 * the windows.
 */
#ifndef SEQUENCE_TRACKER_DATA_H
#define SEQUENCE_TRACKER_DATA_H

#include "tracker.h"

#define HALF (UINT32_C(1) << 31) /* farther ahead than this is behind: RFC 1982, 3.2 */

enum doubt {
    DOUBT_NONE,
    DOUBT_AHEAD,  /* the last number was too far ahead */
    DOUBT_BEHIND, /* the last number was behind, but is no late one and no copy */
    DOUBT_STALE   /* the last message was made before its session began */
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
    bool known;            /* something was heard of it */
    bool begun;            /* the session has a number */
    bool has_init;         /* init_time is set */
    bool init_came;        /* and it is that of this session */
    uint8_t reserved[18];
};

_Static_assert(sizeof(struct device) == 64, "one cache line a device");

struct tracker {
    struct tracker_options options;
    uint32_t worker, workers, device_count;
    uint32_t words; /* 64-bit words of a window */
    struct device *devices;
    uint64_t *windows; /* `words` for each device */
    struct tracker_counts counts;
};

static inline bool tracker_has_seen(const struct tracker *tracker, const uint64_t *window,
                                    uint32_t number)
{
    uint32_t place = number & (tracker->options.window - 1);

    return window[place / 64] >> place % 64 & 1;
}

static inline void tracker_mark(const struct tracker *tracker, uint64_t *window, uint32_t number)
{
    uint32_t place = number & (tracker->options.window - 1);

    window[place / 64] |= UINT64_C(1) << place % 64;
}

static inline void tracker_unmark(const struct tracker *tracker, uint64_t *window, uint32_t number)
{
    uint32_t place = number & (tracker->options.window - 1);

    window[place / 64] &= ~(UINT64_C(1) << place % 64);
}

/* Hands a note to whoever listens. */
void tracker_tell(const struct tracker *tracker, const struct device *device,
                  enum tracker_note_kind kind, uint32_t first, uint32_t last);

/* Moves a window up by `ahead` numbers, at least one, the last of which is here; those
 * between are missing from now on, and what leaves the window unseen is lost. */
void tracker_advance(struct tracker *tracker, struct device *device, uint64_t *window,
                     uint32_t ahead);

#endif
