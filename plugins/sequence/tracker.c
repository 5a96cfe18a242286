/* SPDX-License-Identifier: MIT
 *
 * One step of the tracker is one call of tracker_judge; the table of verdicts is
 * in muster-sequence(7), and judge_number follows it line by line.
 */
#include "tracker_data.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    DEVICE_IDS = 65536,
    OVERTAKEN_MOST = 60, /* s: an INIT that its session's first number overtook is not older */
    STALE_BELIEVED = 4   /* messages in a row, if they do not go on where the session is */
};

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    /* cppcheck-suppress memleak; it is the result */
    return memory == MAP_FAILED ? NULL : memory;
}

struct tracker *tracker_new(const struct tracker_options *options, uint32_t worker,
                            uint32_t workers)
{
    struct tracker *tracker = calloc(1, sizeof *tracker);

    if (tracker == NULL)
        return NULL;
    assert((options->window & (options->window - 1)) == 0 &&
           options->window >= TRACKER_WINDOW_LEAST && options->window <= TRACKER_WINDOW_MOST);
    tracker->options = *options;
    tracker->worker = worker;
    tracker->workers = workers;
    tracker->device_count = (DEVICE_IDS + workers - 1) / workers;
    tracker->words = options->window / 64;
    tracker->devices = map(tracker->device_count * sizeof *tracker->devices);
    tracker->windows =
        map((size_t)tracker->device_count * tracker->words * sizeof *tracker->windows);
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

/* ---- doubt ---------------------------------------------------------------------------- */

/* What was doubted is not confirmed. */
static void refute(struct tracker *tracker, struct device *device)
{
    if (device->doubt_count == 0)
        return;
    tracker_tell(tracker, device, TRACKER_OUTLIER, device->doubted, device->doubt_end - 1);
    tracker->counts.outliers += device->doubt_count;
    tracker->counts.doubted -= device->doubt_count;
    device->doubt_count = 0;
    device->doubt = DOUBT_NONE;
}

/* Whether a number goes on where the doubted ones end. */
static bool follows_doubt(const struct device *device, const struct muster_record *record,
                          enum doubt kind)
{
    return device->doubt == kind && record->seq_num == device->doubt_end;
}

/* Whether it confirms them: a datagram's further readings do not confirm its first. */
static bool confirms_doubt(const struct device *device, const struct muster_record *record,
                           enum doubt kind)
{
    return follows_doubt(device, record, kind) && record->reading == 0;
}

static enum muster_verdict doubt(struct tracker *tracker, struct device *device,
                                 const struct muster_record *record, enum doubt kind)
{
    if (!follows_doubt(device, record, kind)) {
        refute(tracker, device);
        device->doubted = record->seq_num;
        device->doubt_time = record->timestamp;
        device->doubt_length = 0;
    }
    device->doubt = (uint8_t)kind;
    device->doubt_end = record->seq_num + 1;
    if (record->reading == 0 && device->doubt_length < UINT8_MAX)
        device->doubt_length++;
    device->doubt_count++;
    tracker->counts.doubted++;
    return MUSTER_VERDICT_OUTLIER;
}

/* The doubted numbers are judged again: they came, all of them and in order.  Moves
 * the window over those that it is not over yet. */
static void accept_doubted(struct tracker *tracker, struct device *device, uint64_t *window)
{
    while (device->highest + 1 != device->doubt_end)
        tracker_advance(tracker, device, window, 1);
    tracker->counts.in_order += device->doubt_count;
    tracker->counts.doubted -= device->doubt_count;
    device->doubt_count = 0;
    device->doubt = DOUBT_NONE;
}

/* ---- sessions ------------------------------------------------------------------------- */

static void end_session(struct tracker *tracker, struct device *device)
{
    if (device->begun)
        tracker_tell(tracker, device, TRACKER_END, 0, 0);
    tracker->counts.lost += device->open;
    tracker->counts.open -= device->open;
    device->open = 0;
    device->begun = false;
}

static void begin_session(struct tracker *tracker, struct device *device, uint64_t *window,
                          uint32_t number, uint32_t timestamp)
{
    memset(window, 0, tracker->words * sizeof *window);
    device->highest = number;
    device->highest_time = device->first_time = timestamp;
    device->span = 1;
    device->open = 0;
    device->begun = true;
    tracker_mark(tracker, window, number);
}

/* ---- verdicts ------------------------------------------------------------------------- */

/* Time stamps wrap as numbers do. */
static bool is_newer(uint32_t timestamp, uint32_t than)
{
    return timestamp != than && timestamp - than < HALF;
}

static enum muster_verdict gap(struct tracker *tracker, struct muster_record *record,
                               uint32_t missing)
{
    tracker->counts.gaps++;
    record->gap = missing;
    return MUSTER_VERDICT_GAP;
}

/* Farther ahead than can be believed of one datagram: RFC 3550, appendix A.1. */
static enum muster_verdict judge_far_ahead(struct tracker *tracker, struct device *device,
                                           uint64_t *window, struct muster_record *record)
{
    uint32_t missing = device->doubted - device->highest - 1;

    if (!confirms_doubt(device, record, DOUBT_AHEAD))
        return doubt(tracker, device, record, DOUBT_AHEAD);
    /* The second in a row: the device went on while nothing was heard. */
    tracker_advance(tracker, device, window, device->doubted - device->highest);
    accept_doubted(tracker, device, window);
    tracker_advance(tracker, device, window, 1);
    device->highest_time = record->timestamp;
    return gap(tracker, record, missing);
}

/* A number from behind that is no late one and no copy of what came before: perhaps
 * the device's numbers begin again. */
static enum muster_verdict judge_again_from_below(struct tracker *tracker, struct device *device,
                                                  uint64_t *window, struct muster_record *record)
{
    if (!confirms_doubt(device, record, DOUBT_BEHIND))
        return doubt(tracker, device, record, DOUBT_BEHIND);
    tracker_tell(tracker, device, TRACKER_RESTART, device->doubted, device->doubted);
    end_session(tracker, device);
    begin_session(tracker, device, window, device->doubted, device->doubt_time);
    accept_doubted(tracker, device, window);
    tracker_advance(tracker, device, window, 1);
    device->highest_time = record->timestamp;
    device->init_came = false;
    tracker->counts.restarts++;
    return MUSTER_VERDICT_RESTART;
}

static enum muster_verdict judge_behind(struct tracker *tracker, struct device *device,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t behind = device->highest - record->seq_num;
    bool far = behind >= tracker->options.window;

    /* A late message and a copy were made before the highest.  Not so a reading that a
     * later datagram repeats; so for batches, the window decides.  Far behind, where the window
     * does not tell, one of the same second is given the benefit of the doubt. */
    if (far ? !is_newer(device->highest_time, record->timestamp)
            : record->readings <= 1 && is_newer(record->timestamp, device->highest_time))
        return judge_again_from_below(tracker, device, window, record);
    refute(tracker, device);
    if (far) {
        tracker_tell(tracker, device, TRACKER_OUTLIER, record->seq_num, record->seq_num);
        tracker->counts.outliers++;
        return MUSTER_VERDICT_OUTLIER;
    }
    if (tracker_has_seen(tracker, window, record->seq_num)) {
        tracker->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    tracker_mark(tracker, window, record->seq_num);
    tracker->counts.late++;
    if (behind < device->span) { /* else it is from before the session's first: not missing */
        tracker_tell(tracker, device, TRACKER_RECOVERED, record->seq_num, record->seq_num);
        tracker->counts.recovered++;
        tracker->counts.open--;
        device->open--;
    }
    return MUSTER_VERDICT_LATE;
}

/* Whether a message was made before its session began: a straggler of the session
 * before, unless the device's clock has been set back since. */
static bool is_stale(const struct device *device, const struct muster_record *record,
                     uint32_t ahead)
{
    bool beyond = device->begun && ahead != 0 && ahead < HALF;

    return (device->has_init && is_newer(device->init_time, record->timestamp)) ||
           (beyond && is_newer(device->first_time, record->timestamp));
}

/* Whether what is doubted as stale may be believed with this message: stragglers too
 * can come two in a row, so it takes more if it does not just go on. */
static bool confirms_stale(const struct device *device, const struct muster_record *record)
{
    bool goes_on = device->begun && device->doubted == device->highest + 1;

    return confirms_doubt(device, record, DOUBT_STALE) &&
           device->doubt_length >= (goes_on ? 1 : STALE_BELIEVED - 1);
}

/* So many stale messages in a row: it was the clock. */
static enum muster_verdict accept_stale(struct tracker *tracker, struct device *device,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t ahead = device->doubted - device->highest;
    bool goes_on = device->begun && ahead > 0 && ahead <= tracker->options.max_jump;
    bool restarts = device->begun && !goes_on;

    if (restarts)
        tracker_tell(tracker, device, TRACKER_RESTART, device->doubted, device->doubted);
    if (goes_on) {
        tracker_advance(tracker, device, window, ahead);
    } else {
        end_session(tracker, device);
        begin_session(tracker, device, window, device->doubted, device->doubt_time);
    }
    device->first_time = device->doubt_time;
    if (device->has_init)
        device->init_time = device->doubt_time;
    accept_doubted(tracker, device, window);
    tracker_advance(tracker, device, window, 1);
    device->highest_time = record->timestamp;
    if (restarts) {
        tracker->counts.restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    if (goes_on && ahead > 1)
        return gap(tracker, record, ahead - 1);
    tracker->counts.in_order++;
    return MUSTER_VERDICT_NEW;
}

static enum muster_verdict judge_number(struct tracker *tracker, struct device *device,
                                        uint64_t *window, struct muster_record *record)
{
    uint32_t ahead = record->seq_num - device->highest;

    if (is_stale(device, record, ahead))
        return confirms_stale(device, record) ? accept_stale(tracker, device, window, record)
                                              : doubt(tracker, device, record, DOUBT_STALE);
    if (!device->begun) {
        refute(tracker, device);
        begin_session(tracker, device, window, record->seq_num, record->timestamp);
        tracker->counts.first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (ahead == 0 || ahead >= HALF)
        return judge_behind(tracker, device, window, record);
    if (ahead > tracker->options.max_jump)
        return judge_far_ahead(tracker, device, window, record);
    refute(tracker, device);
    tracker_advance(tracker, device, window, ahead);
    device->highest_time = record->timestamp;
    if (ahead == 1) {
        tracker->counts.in_order++;
        return MUSTER_VERDICT_NEW;
    }
    return gap(tracker, record, ahead - 1);
}

/* An INIT begins a session, unless it is a copy of the one that began this session,
 * or one that was held up: older than that, or than the session's first number. */
static enum muster_verdict judge_init(struct tracker *tracker, struct device *device,
                                      uint64_t *window, struct muster_record *record)
{
    if (device->has_init && record->timestamp == device->init_time) {
        tracker->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if ((device->has_init && is_newer(device->init_time, record->timestamp)) ||
        (device->begun && !device->init_came &&
         device->first_time - record->timestamp <= OVERTAKEN_MOST)) {
        tracker->counts.late++;
        if (!device->has_init || is_newer(record->timestamp, device->init_time)) {
            /* It began this session, though its first number overtook it. */
            device->has_init = device->init_came = true;
            device->init_time = record->timestamp;
        }
        return MUSTER_VERDICT_LATE;
    }
    refute(tracker, device);
    if (device->known)
        tracker_tell(tracker, device, TRACKER_RESTART, record->seq_num, record->seq_num);
    end_session(tracker, device);
    device->has_init = device->init_came = true;
    device->init_time = record->timestamp;
    if (record->numbered)
        begin_session(tracker, device, window, record->seq_num, record->timestamp);
    if (device->known) {
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
    uint32_t index =
        tracker->workers == 1 ? record->device_id : record->device_id / tracker->workers;
    struct device *device = &tracker->devices[index];
    uint64_t *window = &tracker->windows[(size_t)index * tracker->words];
    enum muster_verdict verdict;

    if (!device->known) {
        tracker->counts.devices++;
        tracker_tell(tracker, device, TRACKER_DEVICE, record->seq_num, record->seq_num);
    }
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
    device->known = true;
    record->verdict = (uint8_t)verdict;
}

void tracker_finish(struct tracker *tracker)
{
    uint32_t i;

    for (i = 0; i < tracker->device_count && tracker->counts.open + tracker->counts.doubted > 0;
         i++) {
        if (tracker->devices[i].doubt_count > 0)
            refute(tracker, &tracker->devices[i]);
        if (tracker->devices[i].open > 0)
            end_session(tracker, &tracker->devices[i]);
    }
}

const struct tracker_counts *tracker_counts(const struct tracker *tracker)
{
    return &tracker->counts;
}
