/* SPDX-License-Identifier: MIT
 *
 * The oracle's sessions.
 */
#include "oracle_session.h"

uint32_t osession_window(const struct oracle *oracle, const struct oracle_session *s)
{
    return owindow(oracle->options.window, s->bits);
}

wide osession_behind(const struct oracle_session *s, uint64_t seq)
{
    return s->highest - osent(s->highest - seq, s->bits);
}

/* ---- sessions ------------------------------------------------------------------------- */

void osession_end(struct oracle *oracle, struct oracle_session *s)
{
    oracle->counts.lost += s->missing.count;
    oracle->counts.open -= s->missing.count;
    s->missing.count = 0;
    s->seen.count = 0;
    s->begun = s->repeats = false;
    s->leap.is_open = false;
}

void osession_begin(struct oracle *oracle, struct oracle_session *s, uint64_t n, unsigned bits,
                    uint32_t timestamp)
{
    int i;

    s->begun = true;
    s->first = s->highest = s->base = n;
    s->first_time = s->highest_time = timestamp;
    s->highest_at = s->begun_at = s->base_at = oracle->now;
    s->bits = bits;
    numbers_insert(&s->seen, n);
    for (i = 0; i < OROWS; i++)
        s->rows[i].highest = n;
}

/* A new highest number: those between are missing, and the window moves. */
void osession_raise(struct oracle *oracle, struct oracle_session *s, wide n)
{
    wide oldest = n - osession_window(oracle, s) + 1, i;
    uint64_t between = (uint64_t)(n - s->highest - 1);
    size_t left = numbers_place(&s->missing, oldest);

    oracle->counts.missing += between;
    oracle->counts.lost += left;
    oracle->counts.open -= left;
    numbers_erase(&s->missing, 0, left);
    numbers_erase(&s->seen, 0, numbers_place(&s->seen, oldest));
    for (i = s->highest + 1 > oldest ? s->highest + 1 : oldest; i < n; i++) {
        numbers_insert(&s->missing, i);
        oracle->counts.open++;
        between--;
    }
    oracle->counts.lost += between;
    numbers_insert(&s->seen, n);
    s->highest = n;
    if (s->first < oldest)
        s->first = oldest;
}

/* In quarters of all numbers. */
static wide quarter(const struct oracle_session *s, wide highest)
{
    return highest >> (s->bits > 2 ? s->bits - 2 : 0);
}

/* The first number from `from` on, up to `to`, that a row has of the turn in which the highest was
 * `at`; or `to`. */
static wide next_of_rows(const struct oracle_session *s, wide at, wide from, wide to)
{
    wide next = to;
    int i;

    for (i = 0; i < OROWS; i++) {
        const struct orow *row = &s->rows[i];
        uint32_t count = row->count - row->believed; /* its first came before this session */
        wide moved, first;

        if (!row->used || row->bits != s->bits || count == 0)
            continue;
        moved = osent(quarter(s, at) - quarter(s, row->highest), 16);
        if (moved > 2)
            continue;
        if (osent((wide)row->end - 1 - from, s->bits) < count)
            return from;
        first = from + osent((wide)row->end - count - from, s->bits);
        if (first < next)
            next = first;
    }
    return next;
}

static uint64_t pace_now(const struct oracle_session *s)
{
    uint64_t passed = (uint64_t)(s->highest_at - s->base_at) + 1;

    return ((uint64_t)(s->highest - s->base) * 64 + passed - 1) / passed;
}

static bool is_pace_known(const struct oracle_session *s)
{
    return s->pace > 0 || s->highest - s->base >= 4;
}

/* Numbers in 64 s, as far as is known. */
static uint64_t pace_most(const struct oracle_session *s)
{
    uint64_t pace = pace_now(s);

    if (pace < s->pace)
        pace = s->pace;
    if (!is_pace_known(s) && pace < 640)
        pace = 640;
    return pace > UINT32_MAX / 8 ? UINT32_MAX / 8 : pace;
}

/* Whether it may well have sent so many. */
static bool is_usual(const struct message *m, wide numbers)
{
    uint64_t passed = m->oracle->now - m->s->highest_at;

    return 2 * pace_most(m->s) * (passed + 1) / 64 >= numbers;
}

static bool osession_may_have_turned(const struct message *m)
{
    const struct oracle_session *s = m->s;
    wide ahead = m->n - s->highest;

    return s->bits <= 32 && m->oracle->now - s->highest_at >= 2 &&
           (ahead > 1 || is_pace_known(s)) && is_usual(m, ((wide)1 << s->bits) + ahead);
}

/* How far ahead a number can be. */
uint64_t osession_farthest(const struct message *m)
{
    const struct oracle_session *s = m->s;
    uint64_t passed = m->oracle->now - s->highest_at, most;
    uint64_t always = s->bits >= 10 ? 64 : s->bits > 4 ? (UINT64_C(1) << s->bits) / 16 : 1;

    most = always + 8 * pace_most(s) * (passed + 1) / 64;
    return most > 1 << 30 ? 1 << 30 : most;
}

wide osession_extend(const struct message *m)
{
    const struct oracle_session *s = m->s;
    const wide all = (wide)1 << s->bits, ahead = osent(m->number - s->highest, s->bits);
    enum order order = orow_order(m->stamp, s->highest_time);
    bool told = order == NEWER && m->readings <= 1, late, copy;

    if (ahead == 0 || ahead < all / 2 || all == 2)
        return s->highest + ahead;
    late = order == OLDER || order == SAME;
    copy = !told && (m->oracle->now - s->highest_at < 10 || all - ahead <= 8);
    if (!late && !copy && ahead <= 1 << 30 && is_pace_known(s) && is_usual(m, ahead))
        return s->highest + ahead;
    return s->highest + ahead - all;
}

static void renew_pace(const struct oracle *oracle, struct oracle_session *s)
{
    uint64_t pace = pace_now(s), faded = s->pace - (s->pace + 63) / 64;

    if (oracle->now / 64 == s->base_at / 64 || (s->pace == 0 && s->highest - s->base < 4))
        return;
    if (pace > UINT32_MAX)
        pace = UINT32_MAX;
    s->pace = (uint32_t)(pace > faded ? pace : faded);
    s->base = s->highest;
    s->base_at = oracle->now;
}

/* The message is the highest.  Returns how many are missing before it. */
uint32_t osession_advance(const struct message *m)
{
    struct oracle_session *s = m->s;
    const wide at = s->highest;
    uint32_t missing = 0;

    m->oracle->at_least = osession_may_have_turned(m);
    s->base += m->n - s->highest - 1;
    while (s->highest < m->n) {
        wide next = next_of_rows(s, at, s->highest + 1, m->n);

        missing += (uint32_t)(next - s->highest - 1);
        osession_raise(m->oracle, s, next);
    }
    s->highest_time = m->stamp;
    s->highest_at = m->oracle->now;
    renew_pace(m->oracle, s);
    return missing;
}

void osession_recover(const struct message *m, wide n)
{
    struct oracle_session *s = m->s;

    if (!s->begun || !numbers_has(&s->missing, n))
        return;
    numbers_erase(&s->missing, numbers_place(&s->missing, n), 1);
    numbers_insert(&s->seen, n);
    m->oracle->counts.recovered++;
    m->oracle->counts.open--;
    if (s->leap.is_open && n >= s->leap.next && n < s->leap.first)
        s->leap.next = n + 1;
}
