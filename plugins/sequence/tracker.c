/* SPDX-License-Identifier: MIT
 *
 * One step of the tracker is one call of tracker_judge; the table of verdicts is
 * in muster-sequence(7), and judge_number follows it line by line.
 */
#include "tracker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { DEVICE_IDS = 65536 };

#define HALF (UINT32_C(1) << 31) /* farther ahead than this is behind: RFC 1982, 3.2 */

enum doubt {
    DOUBT_NONE,
    DOUBT_AHEAD, /* the last number was too far ahead */
    DOUBT_BEHIND /* the last number was too far behind, and no copy */
};

/* A cache line each. */
struct device {
    uint32_t highest;   /* highest number of the session */
    uint32_t span;      /* how many of the window's numbers belong to the session */
    uint32_t open;      /* how many of those are missing */
    uint32_t last_time; /* latest of the device's time stamps, by RFC 1982 order */
    uint32_t init_time; /* time stamp of the INIT that began the session */
    uint32_t doubted;   /* first number that was not believed */
    uint32_t doubt_end; /* the number behind the last of them */
    uint8_t doubt;      /* enum doubt */
    bool known;         /* something was heard of it */
    bool begun;         /* the session has a number */
    bool has_init;      /* init_time is set */
    uint8_t reserved[32];
};

_Static_assert(sizeof(struct device) == 64, "one cache line a device");

struct tracker {
    struct tracker_options options;
    uint32_t workers, device_count, words; /* 64-bit words of a window */
    struct device *devices;
    uint64_t *windows; /* `words` for each device */
    struct tracker_counts counts;
};

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    /* cppcheck-suppress memleak; it is the result */
    return memory == MAP_FAILED ? NULL : memory;
}

struct tracker *tracker_new(const struct tracker_options *options, uint32_t workers)
{
    struct tracker *tracker = calloc(1, sizeof *tracker);

    if (tracker == NULL)
        return NULL;
    assert((options->window & (options->window - 1)) == 0 &&
           options->window >= TRACKER_WINDOW_LEAST && options->window <= TRACKER_WINDOW_MOST);
    tracker->options = *options;
    tracker->workers = workers;
    tracker->device_count = (DEVICE_IDS + workers - 1) / workers;
    tracker->words = options->window / 64;
    tracker->devices = map(tracker->device_count * sizeof *tracker->devices);
    tracker->windows = map((size_t)tracker->device_count * tracker->words * sizeof *tracker->windows);
    if (tracker->devices == NULL || tracker->windows == NULL) {
        tracker_free(tracker);
        return NULL;
    }
    return tracker;
}

void tracker_free(struct tracker *tracker)
{
    if (tracker == NULL)
        return;
    if (tracker->devices != NULL)
        munmap(tracker->devices, tracker->device_count * sizeof *tracker->devices);
    if (tracker->windows != NULL)
        munmap(tracker->windows,
               (size_t)tracker->device_count * tracker->words * sizeof *tracker->windows);
    free(tracker);
}

/* ---- the window ----------------------------------------------------------------------- */

static bool seen(const struct tracker *tracker, const uint64_t *window, uint32_t number)
{
    uint32_t place = number & (tracker->options.window - 1);

    return window[place / 64] >> place % 64 & 1;
}

static void mark(const struct tracker *tracker, uint64_t *window, uint32_t number)
{
    uint32_t place = number & (tracker->options.window - 1);

    window[place / 64] |= UINT64_C(1) << place % 64;
}

static void unmark(const struct tracker *tracker, uint64_t *window, uint32_t number)
{
    uint32_t place = number & (tracker->options.window - 1);

    window[place / 64] &= ~(UINT64_C(1) << place % 64);
}

/* Moves the window up by `step` numbers, the last of which is here. */
static void advance(struct tracker *tracker, struct device *device, uint64_t *window, uint32_t step)
{
    uint32_t size = tracker->options.window, i;

    if (step >= size) {
        /* Nothing of the old window stays, and the new one misses all but one. */
        tracker->counts.lost += device->open + (step - size);
        tracker->counts.open -= device->open;
        memset(window, 0, tracker->words * sizeof *window);
        device->open = size - 1;
        device->span = size;
        tracker->counts.open += device->open;
    } else {
        for (i = 1; i <= step; i++) {
            /* What leaves has the place of what enters, and lies size - i behind. */
            if (size - i < device->span && !seen(tracker, window, device->highest + i)) {
                device->open--;
                tracker->counts.open--;
                tracker->counts.lost++;
            }
            unmark(tracker, window, device->highest + i);
        }
        device->open += step - 1;
        tracker->counts.open += step - 1;
        device->span = device->span + step < size ? device->span + step : size;
    }
    tracker->counts.missing += step - 1;
    device->highest += step;
    mark(tracker, window, device->highest);
}

/* ---- sessions ------------------------------------------------------------------------- */

static void end_session(struct tracker *tracker, struct device *device)
{
    tracker->counts.lost += device->open;
    tracker->counts.open -= device->open;
    device->open = 0;
    device->begun = false;
    device->doubt = DOUBT_NONE;
}

static void begin_session(struct tracker *tracker, struct device *device, uint64_t *window,
                          uint32_t number)
{
    memset(window, 0, tracker->words * sizeof *window);
    device->highest = number;
    device->span = 1;
    device->open = 0;
    device->begun = true;
    device->doubt = DOUBT_NONE;
    mark(tracker, window, number);
}

/* ---- verdicts ------------------------------------------------------------------------- */

static enum muster_verdict gap(struct tracker *tracker, struct muster_record *record,
                               uint32_t missing)
{
    tracker->counts.gaps++;
    record->gap = missing;
    return MUSTER_VERDICT_GAP;
}

/* Whether a number goes on where the doubted ones end. */
static bool follows_doubt(const struct device *device, const struct muster_record *record,
                          enum doubt doubt)
{
    return device->doubt == doubt && record->seq_num == device->doubt_end;
}

/* Whether it confirms them: a datagram's further readings do not confirm its first. */
static bool confirms_doubt(const struct device *device, const struct muster_record *record,
                           enum doubt doubt)
{
    return follows_doubt(device, record, doubt) && record->reading == 0;
}

static enum muster_verdict outlier(struct tracker *tracker, struct device *device,
                                   const struct muster_record *record, enum doubt doubt)
{
    tracker->counts.outliers++;
    if (!follows_doubt(device, record, doubt))
        device->doubted = record->seq_num;
    device->doubt = (uint8_t)doubt;
    device->doubt_end = record->seq_num + 1;
    return MUSTER_VERDICT_OUTLIER;
}

/* The doubted numbers came, all of them: moves the window over them. */
static void accept_doubted(struct tracker *tracker, struct device *device, uint64_t *window)
{
    while (device->highest + 1 != device->doubt_end)
        advance(tracker, device, window, 1);
    device->doubt = DOUBT_NONE;
}

/* Farther ahead than can be believed of one datagram: RFC 3550, appendix A.1. */
static enum muster_verdict judge_far_ahead(struct tracker *tracker, struct device *device,
                                           uint64_t *window, struct muster_record *record)
{
    uint32_t missing = device->doubted - device->highest - 1;

    if (!confirms_doubt(device, record, DOUBT_AHEAD))
        return outlier(tracker, device, record, DOUBT_AHEAD);
    /* The second in a row: the device went on while nothing was heard. */
    advance(tracker, device, window, device->doubted - device->highest);
    accept_doubted(tracker, device, window);
    advance(tracker, device, window, 1);
    return gap(tracker, record, missing);
}

static enum muster_verdict judge_far_behind(struct tracker *tracker, struct device *device,
                                            uint64_t *window, struct muster_record *record)
{
    bool copy = record->timestamp - device->last_time >= HALF; /* older than what was heard */

    if (copy)
        return outlier(tracker, device, record, DOUBT_NONE);
    if (!confirms_doubt(device, record, DOUBT_BEHIND))
        return outlier(tracker, device, record, DOUBT_BEHIND);
    end_session(tracker, device);
    begin_session(tracker, device, window, device->doubted);
    accept_doubted(tracker, device, window);
    advance(tracker, device, window, 1);
    tracker->counts.restarts++;
    return MUSTER_VERDICT_RESTART;
}

static enum muster_verdict judge_behind(struct tracker *tracker, struct device *device,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t behind = device->highest - record->seq_num;

    if (behind >= tracker->options.window)
        return judge_far_behind(tracker, device, window, record);
    device->doubt = DOUBT_NONE;
    if (seen(tracker, window, record->seq_num)) {
        tracker->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    mark(tracker, window, record->seq_num);
    tracker->counts.late++;
    if (behind < device->span) { /* else it is from before the session's first: not missing */
        tracker->counts.recovered++;
        tracker->counts.open--;
        device->open--;
    }
    return MUSTER_VERDICT_LATE;
}

static enum muster_verdict judge_number(struct tracker *tracker, struct device *device,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t ahead = record->seq_num - device->highest;

    if (!device->begun) {
        begin_session(tracker, device, window, record->seq_num);
        tracker->counts.first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (ahead == 0 || ahead >= HALF)
        return judge_behind(tracker, device, window, record);
    if (ahead > tracker->options.max_jump)
        return judge_far_ahead(tracker, device, window, record);
    device->doubt = DOUBT_NONE;
    advance(tracker, device, window, ahead);
    if (ahead == 1) {
        tracker->counts.in_order++;
        return MUSTER_VERDICT_NEW;
    }
    return gap(tracker, record, ahead - 1);
}

/* An INIT begins a session, unless it is a copy of the one that began this session,
 * or an older one that was held up. */
static enum muster_verdict judge_init(struct tracker *tracker, struct device *device,
                                      uint64_t *window, struct muster_record *record)
{
    bool was_known = device->known;

    if (device->has_init && record->timestamp == device->init_time) {
        tracker->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (device->has_init && record->timestamp - device->init_time >= HALF) {
        tracker->counts.late++;
        return MUSTER_VERDICT_LATE;
    }
    end_session(tracker, device);
    device->has_init = true;
    device->init_time = record->timestamp;
    if (record->numbered)
        begin_session(tracker, device, window, record->seq_num);
    if (was_known) {
        tracker->counts.restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    tracker->counts.first++;
    return MUSTER_VERDICT_FIRST;
}

static enum muster_verdict judge_as_reference(struct tracker *tracker, struct device *device,
                                              struct muster_record *record)
{
    uint64_t last = device->highest;
    bool begun = device->begun;

    device->highest = record->seq_num;
    device->begun = true;
    if (!begun) {
        tracker->counts.first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (record->seq_num == last) {
        tracker->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (record->seq_num > last + 1) {
        uint32_t missing = (uint32_t)(record->seq_num - last - 1);

        tracker->counts.missing += missing;
        tracker->counts.lost += missing;
        return gap(tracker, record, missing);
    }
    tracker->counts.in_order++;
    return MUSTER_VERDICT_NEW;
}

void tracker_judge(struct tracker *tracker, struct muster_record *record)
{
    uint32_t index = tracker->workers == 1 ? record->device_id : record->device_id / tracker->workers;
    struct device *device = &tracker->devices[index];
    uint64_t *window = &tracker->windows[(size_t)index * tracker->words];
    enum muster_verdict verdict;

    if (tracker->options.reference) {
        verdict = judge_as_reference(tracker, device, record);
    } else if (record->msg_type == MUSTER_MSG_INIT) {
        verdict = judge_init(tracker, device, window, record);
    } else if (record->numbered) {
        verdict = judge_number(tracker, device, window, record);
    } else {
        tracker->counts.unnumbered++;
        verdict = MUSTER_VERDICT_UNNUMBERED;
    }
    if (!device->known) {
        device->known = true;
        device->last_time = record->timestamp;
        tracker->counts.devices++;
    }
    if (verdict != MUSTER_VERDICT_OUTLIER && record->timestamp - device->last_time < HALF)
        device->last_time = record->timestamp;
    record->verdict = (uint8_t)verdict;
}

void tracker_finish(struct tracker *tracker)
{
    uint32_t i;

    for (i = 0; tracker->counts.open > 0 && i < tracker->device_count; i++)
        if (tracker->devices[i].open > 0)
            end_session(tracker, &tracker->devices[i]);
}

const struct tracker_counts *tracker_counts(const struct tracker *tracker)
{
    return &tracker->counts;
}
