/* SPDX-License-Identifier: MIT
 *
 * What the sequence tracker should say, worked out the slow and plain way.
 */
#include "oracle.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A sorted list of numbers without duplicates. */
struct numbers {
    int64_t *list;
    size_t count, room;
};

struct oracle_session {
    bool heard, begun, has_init;
    int64_t first, highest;            /* first is where its window of interest begins */
    struct numbers seen, missing;      /* within the window */
    uint32_t highest_time, first_time; /* time stamps of these */
    uint32_t init;                     /* time stamp of the INIT that began the session */
    int doubt;                         /* 1: ahead, -1: behind, 2: older than the INIT, 0: none */
    uint32_t doubted, doubt_end;       /* first number in doubt, and the one behind the last */
    uint32_t doubt_time, doubt_count;
    uint32_t doubt_datagrams;
    bool init_came; /* the INIT of this session, not only of an earlier one */
};

struct oracle {
    struct tracker_options options;
    struct oracle_session *devices[MUSTER_DEVICE_IDS];
    struct tracker_counts counts;
};

static uint32_t number_of(const struct muster_record *record)
{
    return (uint32_t)record->seq;
}

static uint32_t stamp_of(const struct muster_record *record)
{
    return (uint32_t)(record->device_time_ns / 1000000000);
}

/* ---- sorted lists --------------------------------------------------------------------- */

/* The place of the first that is not smaller. */
static size_t place_of(const struct numbers *numbers, int64_t n)
{
    size_t low = 0, high = numbers->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (numbers->list[middle] < n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has(const struct numbers *numbers, int64_t n)
{
    size_t place = place_of(numbers, n);

    return place < numbers->count && numbers->list[place] == n;
}

static void insert(struct numbers *numbers, int64_t n)
{
    size_t place = place_of(numbers, n);

    if (numbers->count == numbers->room) {
        numbers->room = numbers->room * 2 + 64;
        numbers->list = realloc(numbers->list, numbers->room * sizeof *numbers->list);
        ck_assert_ptr_nonnull(numbers->list);
    }
    memmove(&numbers->list[place + 1], &numbers->list[place],
            (numbers->count - place) * sizeof *numbers->list);
    numbers->list[place] = n;
    numbers->count++;
}

static void erase(struct numbers *numbers, size_t place, size_t count)
{
    if (count == 0)
        return;
    memmove(&numbers->list[place], &numbers->list[place + count],
            (numbers->count - place - count) * sizeof *numbers->list);
    numbers->count -= count;
}

/* ---- sessions ------------------------------------------------------------------------- */

static void end(struct oracle *oracle, struct oracle_session *s)
{
    oracle->counts.lost += s->missing.count;
    oracle->counts.open -= s->missing.count;
    s->missing.count = 0;
    s->seen.count = 0;
    s->begun = false;
}

static void begin(struct oracle_session *s, int64_t n, uint32_t timestamp)
{
    s->begun = true;
    s->first = s->highest = n;
    s->first_time = s->highest_time = timestamp;
    insert(&s->seen, n);
}

/* A new highest number: those between are missing, and the window moves. */
static void raise_to(struct oracle *oracle, struct oracle_session *s, int64_t n)
{
    int64_t oldest = n - oracle->options.window + 1, i;
    uint64_t between = (uint64_t)(n - s->highest - 1);
    size_t left = place_of(&s->missing, oldest);

    oracle->counts.missing += between;
    oracle->counts.lost += left;
    oracle->counts.open -= left;
    erase(&s->missing, 0, left);
    erase(&s->seen, 0, place_of(&s->seen, oldest));
    for (i = s->highest + 1 > oldest ? s->highest + 1 : oldest; i < n; i++) {
        insert(&s->missing, i);
        oracle->counts.open++;
        between--;
    }
    oracle->counts.lost += between;
    insert(&s->seen, n);
    s->highest = n;
}

/* ---- doubt ---------------------------------------------------------------------------- */

static void refute(struct oracle *oracle, struct oracle_session *s)
{
    oracle->counts.outliers += s->doubt_count;
    oracle->counts.doubted -= s->doubt_count;
    s->doubt_count = 0;
    s->doubt = 0;
}

/* Another datagram that goes on where the doubted numbers end. */
static bool confirms(const struct oracle_session *s, int kind, const struct muster_record *record)
{
    return s->doubt == kind && number_of(record) == s->doubt_end && record->reading == 0;
}

static enum muster_verdict doubt(struct oracle *oracle, struct oracle_session *s, int kind,
                                 const struct muster_record *record)
{
    if (s->doubt != kind || number_of(record) != s->doubt_end) {
        refute(oracle, s);
        s->doubted = number_of(record);
        s->doubt_time = stamp_of(record);
        s->doubt_datagrams = 0;
    }
    s->doubt = kind;
    s->doubt_end = number_of(record) + 1;
    s->doubt_datagrams += record->reading == 0;
    s->doubt_count++;
    oracle->counts.doubted++;
    return MUSTER_VERDICT_OUTLIER;
}

/* The doubted came after all, the first of them as the highest number by now. */
static void accept(struct oracle *oracle, struct oracle_session *s)
{
    uint32_t n;

    for (n = s->doubted + 1; n != s->doubt_end; n++)
        raise_to(oracle, s, s->highest + 1);
    oracle->counts.in_order += s->doubt_count;
    oracle->counts.doubted -= s->doubt_count;
    s->doubt_count = 0;
    s->doubt = 0;
}

/* ---- verdicts ------------------------------------------------------------------------- */

static bool is_older(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static enum muster_verdict judge_ahead(struct oracle *oracle, struct oracle_session *s, int64_t n,
                                       const struct muster_record *record, uint32_t *gap)
{
    int64_t jump = n - s->highest;

    if (jump > oracle->options.max_jump) {
        if (!confirms(s, 1, record))
            return doubt(oracle, s, 1, record);
        *gap = s->doubted - (uint32_t)s->highest - 1;
        raise_to(oracle, s, s->highest + *gap + 1);
        accept(oracle, s);
    } else {
        refute(oracle, s);
        *gap = (uint32_t)(jump - 1);
    }
    raise_to(oracle, s, n);
    s->highest_time = stamp_of(record);
    if (jump == 1) {
        oracle->counts.in_order++;
        return MUSTER_VERDICT_NEW;
    }
    oracle->counts.gaps++;
    return MUSTER_VERDICT_GAP;
}

static enum muster_verdict judge_behind(struct oracle *oracle, struct oracle_session *s, int64_t n,
                                        const struct muster_record *record)
{
    bool far = s->highest - n >= oracle->options.window;

    bool older = is_older(stamp_of(record), s->highest_time);
    bool newer = is_older(s->highest_time, stamp_of(record));

    /* What is late, or a copy, was made before the highest was; readings may be repeated. */
    if ((far && !older) || (!far && newer && record->readings <= 1)) {
        if (!confirms(s, -1, record))
            return doubt(oracle, s, -1, record);
        end(oracle, s);
        begin(s, s->doubted, s->doubt_time);
        accept(oracle, s);
        raise_to(oracle, s, s->highest + 1);
        s->highest_time = stamp_of(record);
        s->init_came = false;
        oracle->counts.restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    refute(oracle, s);
    if (far) {
        oracle->counts.outliers++;
        return MUSTER_VERDICT_OUTLIER;
    }
    if (has(&s->seen, n)) {
        oracle->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    insert(&s->seen, n);
    oracle->counts.late++;
    if (n > s->first) {
        ck_assert(has(&s->missing, n));
        erase(&s->missing, place_of(&s->missing, n), 1);
        oracle->counts.recovered++;
        oracle->counts.open--;
    }
    return MUSTER_VERDICT_LATE;
}

/* The number nearest to the highest: at most 2^31 - 1 ahead, else behind. */
static int64_t extend(const struct oracle_session *s, uint32_t seq)
{
    return s->highest + (int32_t)(seq - (uint32_t)s->highest);
}

/* Made before the session began, though its number is beyond all; or before the INIT. */
static enum muster_verdict judge_stale(struct oracle *oracle, struct oracle_session *s,
                                       const struct muster_record *record, uint32_t *gap)
{
    bool directly = s->begun && s->doubted == (uint32_t)s->highest + 1;
    bool had_begun = s->begun;
    int64_t doubted = extend(s, s->doubted);

    if (!confirms(s, 2, record) || s->doubt_datagrams + 1 < (directly ? 2 : 4))
        return doubt(oracle, s, 2, record);
    if (s->begun && doubted > s->highest && doubted - s->highest <= oracle->options.max_jump) {
        *gap = (uint32_t)(doubted - s->highest - 1);
        raise_to(oracle, s, doubted);
        had_begun = false;
    } else {
        end(oracle, s);
        begin(s, s->doubted, s->doubt_time);
    }
    s->first_time = s->doubt_time;
    if (s->has_init)
        s->init = s->doubt_time;
    accept(oracle, s);
    raise_to(oracle, s, s->highest + 1);
    s->highest_time = stamp_of(record);
    if (had_begun) {
        oracle->counts.restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    if (*gap > 0) {
        oracle->counts.gaps++;
        return MUSTER_VERDICT_GAP;
    }
    oracle->counts.in_order++;
    return MUSTER_VERDICT_NEW;
}

static enum muster_verdict judge_number(struct oracle *oracle, struct oracle_session *s,
                                        const struct muster_record *record, uint32_t *gap)
{
    int64_t n = extend(s, number_of(record));

    if (s->has_init && is_older(stamp_of(record), s->init))
        return judge_stale(oracle, s, record, gap);
    if (s->begun && n > s->highest && is_older(stamp_of(record), s->first_time))
        return judge_stale(oracle, s, record, gap);
    if (!s->begun) {
        refute(oracle, s);
        begin(s, number_of(record), stamp_of(record));
        oracle->counts.first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (n > s->highest)
        return judge_ahead(oracle, s, n, record, gap);
    return judge_behind(oracle, s, n, record);
}

static enum muster_verdict judge_init(struct oracle *oracle, struct oracle_session *s,
                                      const struct muster_record *record)
{
    if (s->has_init && stamp_of(record) == s->init) {
        oracle->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (s->has_init && is_older(stamp_of(record), s->init)) {
        oracle->counts.late++;
        return MUSTER_VERDICT_LATE;
    }
    if (s->begun && !s->init_came && !is_older(s->first_time, stamp_of(record)) &&
        s->first_time - stamp_of(record) <= 60) {
        /* The INIT of this session, overtaken by its first number. */
        s->has_init = s->init_came = true;
        s->init = stamp_of(record);
        oracle->counts.late++;
        return MUSTER_VERDICT_LATE;
    }
    refute(oracle, s);
    end(oracle, s);
    s->has_init = s->init_came = true;
    s->init = stamp_of(record);
    if (record->seq_bits)
        begin(s, number_of(record), stamp_of(record));
    if (s->heard) {
        oracle->counts.restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    oracle->counts.first++;
    return MUSTER_VERDICT_FIRST;
}

static enum muster_verdict judge_as_reference(struct oracle *oracle, struct oracle_session *s,
                                              const struct muster_record *record, uint32_t *gap)
{
    int64_t n = number_of(record), last = s->highest;
    bool is_first = !s->begun;

    s->begun = true;
    s->highest = n;
    if (is_first) {
        oracle->counts.first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (n == last) {
        oracle->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (n <= last + 1) {
        oracle->counts.in_order++;
        return MUSTER_VERDICT_NEW;
    }
    *gap = (uint32_t)(n - last - 1);
    oracle->counts.missing += *gap;
    oracle->counts.lost += *gap;
    oracle->counts.gaps++;
    return MUSTER_VERDICT_GAP;
}

enum muster_verdict oracle_judge(struct oracle *oracle, const struct muster_record *record,
                                 uint32_t *gap)
{
    struct oracle_session *s = oracle->devices[record->device_id];
    enum muster_verdict verdict;

    if (s == NULL) {
        s = oracle->devices[record->device_id] = calloc(1, sizeof *s);
        ck_assert_ptr_nonnull(s);
        oracle->counts.devices++;
    }
    *gap = 0;
    if (oracle->options.reference) {
        verdict = judge_as_reference(oracle, s, record, gap);
    } else if (record->msg_type == MUSTER_MSG_INIT) {
        verdict = judge_init(oracle, s, record);
    } else if (record->seq_bits) {
        verdict = judge_number(oracle, s, record, gap);
    } else {
        verdict = MUSTER_VERDICT_UNNUMBERED;
        oracle->counts.unnumbered++;
    }
    s->heard = true;
    return verdict;
}

struct oracle *oracle_new(const struct tracker_options *options)
{
    struct oracle *oracle = calloc(1, sizeof *oracle);

    ck_assert_ptr_nonnull(oracle);
    oracle->options = *options;
    return oracle;
}

void oracle_finish(struct oracle *oracle)
{
    uint32_t i;

    for (i = 0; i < MUSTER_DEVICE_IDS; i++)
        if (oracle->devices[i] != NULL) {
            refute(oracle, oracle->devices[i]);
            end(oracle, oracle->devices[i]);
        }
}

void oracle_free(struct oracle *oracle)
{
    uint32_t i;

    for (i = 0; i < MUSTER_DEVICE_IDS; i++) {
        if (oracle->devices[i] == NULL)
            continue;
        free(oracle->devices[i]->seen.list);
        free(oracle->devices[i]->missing.list);
        free(oracle->devices[i]);
    }
    free(oracle);
}

const struct tracker_counts *oracle_counts(const struct oracle *oracle)
{
    return &oracle->counts;
}
