/* SPDX-License-Identifier: MIT
 *
 * What the sequence tracker should say, worked out the slow and plain way.
 */
#include "oracle.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_rows.h"
#include "oracle_session.h"

enum kind { AHEAD, BEHIND, BEHIND_WEAKLY, WIDTH, STALE };

static uint32_t stamp_of(const struct muster_record *record)
{
    return (uint32_t)(record->device_time_ns / 1000000000);
}

/* ---- doubt ---------------------------------------------------------------------------- */

static void refute(const struct message *m)
{
    struct oracle_session *s = m->s;
    struct orow *row = &s->rows[0];
    uint32_t count = row->doubted, i;

    row->streak = 0;
    if (!s->doubting)
        return;
    s->doubting = false;
    m->oracle->counts.outliers += count;
    m->oracle->counts.doubted -= count;
    for (i = count; i > 0 && row->bits == s->bits; i--)
        osession_recover(m, osession_behind(s, osent((wide)row->end - i, row->bits)));
    row->doubted = 0;
}

static void append(const struct message *m, struct orow *row)
{
    orow_append(row, m->record, m->further, m->oracle->now, m->oracle->options.window,
                m->s->begun ? m->s->highest : 0);
}

static void meet(struct orow *row)
{
    row->rivalry += row->streak > 0 && row->rivalry < 255;
    row->streak = 0;
}

static void go_on(const struct message *m)
{
    if (m->s->doubting || m->s->watching) {
        meet(&m->s->rows[0]);
        meet(&m->s->copies);
        m->s->sender = orow_source(m->record);
    }
    /* At a plain step nothing else has happened, and nothing is known to be odd. */
    if (m->s->doubting || m->s->watching || m->s->leap.is_open)
        refute(m);
    m->s->watching = false;
}

static bool is_contested(const struct orow *row)
{
    return row->rivalry >= 3 && row->datagrams >= 4;
}

static void tell(const struct message *m)
{
    m->oracle->two_senders += !m->s->told || m->oracle->now - m->s->told_at > 86400;
    m->s->told = true;
    m->s->told_at = m->oracle->now;
}

static enum muster_verdict restart(const struct message *m, const struct orow *row, enum kind kind)
{
    struct oracle_session *s = m->s;
    bool had_begun = s->begun;
    uint32_t i;

    if (had_begun) {
        int j;

        for (j = OROWS; j-- > 0;)
            if (s->rows[j].rivalry == 0)
                orows_drop(s->rows, j);
        orows_to_front(s->rows, OROWS - 1);
        s->rows[0] = (struct orow){.used = true,
                                   .believed = true,
                                   .bits = s->bits,
                                   .count = 1,
                                   .end = osent(s->highest + 1, s->bits),
                                   .highest = s->highest,
                                   .first_time = s->highest_time,
                                   .last_time = s->highest_time,
                                   .last_at = s->highest_at,
                                   .source = s->sender,
                                   .datagrams = 255,
                                   .rivalry = row->rivalry};
    }
    osession_end(m->oracle, s);
    osession_begin(m->oracle, s, osent((wide)row->end - row->count, row->bits), row->bits,
                   row->first_time);
    for (i = 1; i < row->count; i++)
        osession_raise(m->oracle, s, s->highest + 1);
    s->base = s->highest;
    s->highest_time = m->stamp;
    if (kind == STALE && s->has_init)
        s->init = row->first_time;
    s->init_came = false;
    if (had_begun) {
        m->oracle->counts.restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    m->oracle->counts.in_order++;
    return MUSTER_VERDICT_NEW;
}

static enum muster_verdict count_gap(const struct message *m, uint32_t missing)
{
    if (missing == 0) {
        m->oracle->counts.in_order++;
        return MUSTER_VERDICT_NEW;
    }
    *m->gap = missing;
    m->oracle->counts.gaps++;
    return MUSTER_VERDICT_GAP;
}

/* How far ahead the row begins; 0: it does not. */
static wide row_ahead(const struct message *m, const struct orow *row)
{
    wide first = m->n - (row->count - 1);

    if (!m->s->begun || m->s->bits != m->bits || m->n <= m->s->highest)
        return 0;
    return first > m->s->highest ? first - m->s->highest : 1;
}

static bool is_enough(const struct message *m, const struct orow *row, enum kind kind)
{
    wide ahead = row_ahead(m, row);
    bool plausible = row->believed;

    if (m->further)
        return false;
    if (is_contested(row))
        return row->streak >= 16;
    plausible |= kind == BEHIND || kind == WIDTH;
    plausible |= kind == STALE && ahead == 1;
    plausible |= kind == AHEAD && ahead <= osession_farthest(m);
    return row->streak >= (plausible ? 2 : 4);
}

static enum muster_verdict accept(const struct message *m, enum kind kind)
{
    struct oracle_session *s = m->s;
    const struct orow row = s->rows[0];
    wide ahead = row_ahead(m, &row);
    uint32_t missing;

    if (s->doubting) {
        m->oracle->counts.in_order += row.doubted - 1;
        m->oracle->counts.doubted -= row.doubted - 1;
    }
    s->rows[0].doubted = 0;
    s->doubting = s->watching = s->leap.is_open = false;
    if (ahead == 0 ||
        (ahead > 1 && (ahead > osession_farthest(m) || row.believed || row.rivalry >= 2))) {
        orows_drop(s->rows, 0);
        return restart(m, &row, kind);
    }
    missing = osession_advance(m);
    orows_drop(s->rows, 0);
    if (kind == STALE) {
        s->first_time = row.first_time;
        if (s->has_init)
            s->init = row.first_time;
    }
    return count_gap(m, missing);
}

static enum muster_verdict repeat(const struct message *m)
{
    struct oracle_session *s = m->s;
    const struct orow row = {.bits = m->bits,
                             .count = 1,
                             .end = osent((wide)m->number + 1, m->bits),
                             .first_time = m->stamp,
                             .used = true};
    enum muster_verdict verdict;
    int had;

    refute(m);
    had = orows_with(s->rows, m->number, m->bits);
    if (had >= 0 && s->rows[had].count == 1)
        orows_drop(s->rows, had);
    s->doubting = s->watching = s->leap.is_open = false;
    verdict = restart(m, &row, BEHIND);
    s->repeats = true;
    return verdict;
}

/* The only number of a row comes again, and is none of its copies. */
static enum muster_verdict judge_again(const struct message *m, int i)
{
    struct oracle_session *s = m->s;
    bool newer = orow_order(m->stamp, s->rows[i].last_time) == NEWER;
    unsigned streak = s->rows[i].streak;

    refute(m);
    orows_to_front(s->rows, i);
    s->rows[0].count = 0;
    append(m, &s->rows[0]);
    s->rows[0].doubted = 1;
    s->rows[0].streak = streak < 255 ? streak + 1 : 255;
    s->doubting = true;
    if (s->rows[0].streak >= (newer ? 2 : 4)) {
        orows_drop(s->rows, 0);
        s->doubting = false;
        return repeat(m);
    }
    m->oracle->counts.doubted++;
    return MUSTER_VERDICT_OUTLIER;
}

static bool is_copy(const struct message *m, const struct orow *row)
{
    enum order order = orow_order(m->stamp, row->last_time);

    return order == OLDER || (order != NEWER && m->oracle->now - row->last_at < 10);
}

static enum muster_verdict doubt(const struct message *m, enum kind kind)
{
    struct oracle_session *s = m->s;
    struct tracker_counts *counts = &m->oracle->counts;
    int next = orows_next(s->rows, m->number, m->bits);
    int with = orows_with(s->rows, m->number, m->bits);

    if (next < 0 && with >= 0 &&
        (s->rows[with].end == osent((wide)m->number + 1, m->bits) || s->rows[with].doubted > 0)) {
        if (is_copy(m, &s->rows[with])) {
            if (s->rows[with].streak == 0)
                s->rows[with].streak = 1;
            counts->duplicates++;
            return MUSTER_VERDICT_DUPLICATE;
        }
        if (s->rows[with].count == 1 && m->readings <= 1)
            return judge_again(m, with);
    }
    if (next != 0)
        refute(m);
    orows_to_front(s->rows, next >= 0 ? next : OROWS - 1);
    if (next < 0)
        memset(&s->rows[0], 0, sizeof s->rows[0]);
    append(m, &s->rows[0]);
    if (!s->doubting)
        s->rows[0].doubted = 1;
    if (is_enough(m, &s->rows[0], kind))
        return accept(m, kind);
    if (is_contested(&s->rows[0]))
        tell(m);
    if (is_contested(&s->rows[0]) && !s->doubting) {
        s->rows[0].doubted = 0;
        counts->outliers++;
        s->watching = true;
        return MUSTER_VERDICT_OUTLIER;
    }
    s->doubting = true;
    counts->doubted++;
    return MUSTER_VERDICT_OUTLIER;
}

/* ---- verdicts ------------------------------------------------------------------------- */

static enum muster_verdict judge_copy(const struct message *m)
{
    struct oracle_session *s = m->s;
    struct orow *row = &s->copies;
    bool late = m->oracle->now - s->highest_at >= 10;
    bool goes_on = row->used && row->bits == m->bits && row->end == m->number &&
                   row->source == orow_source(m->record);

    if (m->readings > 1 || (!goes_on && !late && s->highest - m->n < 8)) {
        m->oracle->counts.duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (!goes_on)
        memset(row, 0, sizeof *row);
    append(m, row);
    if (!late)
        row->doubted = 0;
    else if (row->streak == 1)
        row->doubted = 1;
    s->watching = true;
    if (row->streak >= 4 && row->doubted >= 4) {
        struct orow again = *row;

        if (again.count > again.doubted)
            again.count = again.doubted;
        again.first_time = m->stamp;
        memset(row, 0, sizeof *row);
        s->doubting = s->watching = s->leap.is_open = false;
        return restart(m, &again, BEHIND_WEAKLY);
    }
    if (is_contested(row) && row->source != 0 && s->sender != 0 && row->source != s->sender)
        tell(m);
    m->oracle->counts.duplicates++;
    return MUSTER_VERDICT_DUPLICATE;
}

/* The step ahead was none: the row that it left goes on. */
static void take_back(const struct message *m)
{
    struct oracle_session *s = m->s;
    struct tracker_counts *counts = &m->oracle->counts;
    wide n;

    s->leap.is_open = false;
    for (n = m->n + 1; n < s->leap.first; n++) {
        s->base--;
        if (numbers_has(&s->seen, n)) { /* in a row that the step passed over */
            numbers_erase(&s->seen, numbers_place(&s->seen, n), 1);
            continue;
        }
        numbers_erase(&s->missing, numbers_place(&s->missing, n), 1);
        counts->missing--;
        counts->open--;
    }
    for (n = s->leap.first; n < s->leap.end; n++) {
        numbers_erase(&s->seen, numbers_place(&s->seen, n), 1);
        counts->outliers++;
        counts->in_order -= n > s->leap.first;
    }
    counts->gaps--;
    orows_to_front(s->rows, OROWS - 1);
    s->rows[0] = (struct orow){.used = true,
                               .bits = s->bits,
                               .count = (uint32_t)(s->leap.end - s->leap.first),
                               .end = osent(s->leap.end, s->bits),
                               .highest = s->leap.end - 1,
                               .first_time = s->highest_time,
                               .last_time = s->highest_time,
                               .last_at = s->highest_at,
                               .source = s->leap.source,
                               .datagrams = 1,
                               .rivalry = 2};
    s->highest = m->n;
    if (s->base > s->highest)
        s->base = s->highest;
    s->highest_time = m->stamp;
    s->highest_at = m->oracle->now;
}

/* Whether it is of the row that a step ahead has left, and farther than any before. */
static bool has_left(const struct oracle_session *s, wide n)
{
    return s->leap.is_open && n >= s->leap.next && n < s->leap.first;
}

static enum muster_verdict judge_late(const struct message *m, bool newer)
{
    struct oracle_session *s = m->s;
    uint32_t source = orow_source(m->record);
    bool left;

    refute(m);
    left = has_left(s, m->n);
    if (numbers_has(&s->seen, m->n))
        return judge_copy(m);
    m->oracle->counts.late++;
    if (!numbers_has(&s->missing, m->n)) {
        ck_assert(m->n < s->first);
        numbers_insert(&s->seen, m->n);
        return MUSTER_VERDICT_LATE;
    }
    osession_recover(m, m->n);
    if (!left)
        return MUSTER_VERDICT_LATE;
    s->leap.next = m->n + 1;
    if (m->further)
        return MUSTER_VERDICT_LATE;
    s->leap.behind++;
    if (newer || (s->leap.behind >= 4 && m->oracle->now - s->highest_at >= 10) ||
        (source != 0 && s->leap.source != 0 && source != s->leap.source))
        take_back(m);
    return MUSTER_VERDICT_LATE;
}

static enum muster_verdict judge_behind(const struct message *m)
{
    struct oracle_session *s = m->s;
    enum order order = orow_order(m->stamp, s->highest_time);
    bool plain = m->readings <= 1, newer = order == NEWER;
    bool alone =
        m->n == s->highest && s->first == s->highest && plain && !numbers_has(&s->seen, m->n - 1);
    bool later = newer || (order != OLDER && m->oracle->now - s->highest_at >= 10);

    if (alone && later && s->repeats)
        return repeat(m);
    if (s->highest - m->n >= osession_window(m->oracle, s))
        return doubt(m, newer || order == SAME ? BEHIND : BEHIND_WEAKLY);
    /* What is late, or a copy, was made before the highest was; readings may be repeated. */
    if (newer && plain && !has_left(s, m->n))
        return doubt(m, BEHIND);
    if (alone && later)
        return doubt(m, BEHIND_WEAKLY);
    /* Five minutes later the first one again, or what goes on with that. */
    if (order != OLDER && plain && m->oracle->now - s->highest_at >= 300 &&
        (m->n <= s->first || (s->doubting && orows_next(s->rows, m->number, m->bits) == 0)))
        return doubt(m, BEHIND);
    return judge_late(m, newer && plain);
}

static bool is_believed_at_once(const struct message *m, wide jump)
{
    const struct oracle_session *s = m->s;
    const uint32_t window = osession_window(m->oracle, s);
    wide oldest = m->n - window + 1;
    int next = orows_next(s->rows, m->number, m->bits);

    if (jump > m->oracle->options.max_jump || jump >= window || jump > osession_farthest(m))
        return false;
    if (jump > window / 2 && numbers_place(&s->missing, oldest) > 0)
        return false;
    return next < 0 || (s->rows[next].rivalry == 0 && (!s->rows[next].believed || jump <= 8));
}

static enum muster_verdict judge_ahead(const struct message *m)
{
    struct oracle_session *s = m->s;
    wide jump = m->n - s->highest, from = s->highest;
    uint32_t missing;

    if (jump > 1 && !is_believed_at_once(m, jump))
        return doubt(m, AHEAD);
    go_on(m);
    if (s->leap.is_open && m->further && m->n == s->leap.end &&
        s->leap.end - s->leap.next < osession_window(m->oracle, s) - 1)
        s->leap.end++;
    else
        s->leap.is_open = false;
    missing = osession_advance(m);
    if (missing > 0) {
        s->leap.is_open = true;
        s->leap.next = from + 1;
        s->leap.first = m->n;
        s->leap.end = m->n + 1;
        s->leap.source = orow_source(m->record);
        s->leap.behind = 0;
    }
    return count_gap(m, missing);
}

static enum muster_verdict judge_number(struct message *m)
{
    struct oracle_session *s = m->s;

    bool same = s->begun && s->bits == m->bits;

    m->n = same ? osession_extend(m) : m->number;
    if ((s->has_init && orow_order(m->stamp, s->init) == OLDER) ||
        (same && m->n > s->highest && orow_order(m->stamp, s->first_time) == OLDER))
        return doubt(m, STALE);
    if (s->begun && !same)
        return doubt(m, WIDTH);
    if (!s->begun) {
        refute(m);
        osession_begin(m->oracle, s, m->number, m->bits, m->stamp);
        m->oracle->counts.first++;
        return MUSTER_VERDICT_FIRST;
    }
    return m->n > s->highest ? judge_ahead(m) : judge_behind(m);
}

static enum muster_verdict judge_init(struct message *m)
{
    struct oracle_session *s = m->s;
    struct tracker_counts *counts = &m->oracle->counts;
    uint32_t now = m->oracle->now;
    bool newer_came = s->begun && !(s->init_begun && s->highest == s->init_highest) &&
                      s->highest_time != m->stamp && orow_order(s->highest_time, m->stamp) != OLDER;
    bool is_older = s->has_init && orow_order(m->stamp, s->init) == OLDER;
    bool overtaken =
        s->begun && !s->init_came && s->first_time - m->stamp <= 60 && now - s->begun_at <= 60;

    if (s->has_init && m->stamp == s->init && now - s->init_at < 10 && !newer_came) {
        counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (is_older ? s->init - m->stamp <= 3600 : overtaken) {
        counts->late++;
        if (!is_older && !(s->has_init && s->init == m->stamp)) {
            /* The INIT of this session, overtaken by its first number. */
            s->has_init = s->init_came = true;
            s->init = m->stamp;
            s->init_at = now;
            s->init_begun = s->begun;
            s->init_highest = s->highest;
        }
        return MUSTER_VERDICT_LATE;
    }
    refute(m);
    osession_end(m->oracle, s);
    s->watching = false;
    s->has_init = s->init_came = true;
    s->init = m->stamp;
    s->init_at = now;
    memset(s->rows, 0, sizeof s->rows);
    if (m->record->seq_bits)
        osession_begin(m->oracle, s, m->number, m->bits, m->stamp);
    s->init_begun = s->begun;
    s->init_highest = s->highest;
    if (s->heard) {
        counts->restarts++;
        return MUSTER_VERDICT_RESTART;
    }
    counts->first++;
    return MUSTER_VERDICT_FIRST;
}

static enum muster_verdict judge_as_reference(const struct message *m)
{
    struct oracle_session *s = m->s;
    struct tracker_counts *counts = &m->oracle->counts;
    wide n = m->number, last = s->highest;
    bool is_first = !s->begun;

    s->begun = true;
    s->highest = n;
    if (is_first) {
        counts->first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (n == last) {
        counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (n <= last + 1) {
        counts->in_order++;
        return MUSTER_VERDICT_NEW;
    }
    *m->gap = (uint64_t)(n - last - 1);
    counts->missing += *m->gap;
    counts->lost += *m->gap;
    counts->gaps++;
    return MUSTER_VERDICT_GAP;
}

/* Whether it is a further reading of that datagram. */
static bool is_same(const struct muster_record *same, const struct muster_record *record)
{
    return same->verdict != MUSTER_VERDICT_NONE && record->reading > same->reading &&
           record->device == same->device && record->seq == same->seq &&
           record->arrival_ns == same->arrival_ns &&
           record->device_time_ns == same->device_time_ns && record->readings == same->readings;
}

bool oracle_at_least(const struct oracle *oracle)
{
    return oracle->at_least;
}

enum muster_verdict oracle_judge(struct oracle *oracle, const struct muster_record *record,
                                 uint64_t *gap)
{
    struct oracle_session *s = oracle->devices[record->device_id];
    const bool shared = (record->marks & MUSTER_MARK_SHARED_NUMBER) != 0;
    struct message m = {.oracle = oracle,
                        .s = s,
                        .record = record,
                        .number = record->seq,
                        .stamp = stamp_of(record),
                        .gap = gap,
                        .bits = record->seq_bits,
                        .readings = shared ? 1 : record->readings,
                        .further = !shared && record->reading > 0};
    enum muster_verdict verdict;

    *gap = 0;
    oracle->at_least = false;
    if (shared && is_same(&oracle->same, record)) {
        oracle->counts.shared++;
        oracle->same.reading = record->reading;
        return (enum muster_verdict)oracle->same.verdict;
    }

    if (s == NULL) {
        m.s = s = oracle->devices[record->device_id] = calloc(1, sizeof *s);
        ck_assert_ptr_nonnull(s);
        oracle->counts.devices++;
    }
    if (oracle->options.reference) {
        verdict = judge_as_reference(&m);
    } else if (record->msg_type == MUSTER_MSG_INIT) {
        verdict = judge_init(&m);
    } else if (record->seq_bits) {
        verdict = judge_number(&m);
    } else {
        verdict = MUSTER_VERDICT_UNNUMBERED;
        oracle->counts.unnumbered++;
    }
    s->heard = true;
    if (shared && record->readings > 1) {
        oracle->same = *record;
        oracle->same.verdict = (uint8_t)verdict;
    }
    return verdict;
}

struct oracle *oracle_new(const struct tracker_options *options)
{
    struct oracle *oracle = calloc(1, sizeof *oracle);

    ck_assert_ptr_nonnull(oracle);
    oracle->options = *options;
    return oracle;
}

void oracle_pass(struct oracle *oracle, uint32_t seconds)
{
    oracle->now = seconds;
}

void oracle_go_on(struct oracle *oracle)
{
    uint32_t i;

    for (i = 0; i < MUSTER_DEVICE_IDS; i++) {
        struct oracle_session *s = oracle->devices[i];

        if (s != NULL && s->begun && numbers_has(&s->seen, s->first - 1) &&
            s->highest - s->first + 1 < osession_window(oracle, s))
            s->first--;
    }
}

void oracle_finish(struct oracle *oracle)
{
    uint32_t i;

    for (i = 0; i < MUSTER_DEVICE_IDS; i++)
        if (oracle->devices[i] != NULL) {
            const struct message m = {.oracle = oracle, .s = oracle->devices[i]};

            if (m.s->doubting)
                refute(&m);
            osession_end(oracle, m.s);
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

uint64_t oracle_two_senders(const struct oracle *oracle)
{
    return oracle->two_senders;
}
