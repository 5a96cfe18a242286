/* SPDX-License-Identifier: MIT
 *
 * The oracle's sessions.
 */
#include "oracle_session.h"

/* The number nearest to the highest: at most 2^31 - 1 ahead, else behind. */
int64_t osession_extend(const struct oracle_session *s, uint32_t seq)
{
    return s->highest + (int32_t)(seq - (uint32_t)s->highest);
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

void osession_begin(struct oracle *oracle, struct oracle_session *s, int64_t n, uint32_t timestamp)
{
    s->begun = true;
    s->first = s->highest = s->base = n;
    s->first_time = s->highest_time = timestamp;
    s->highest_at = s->begun_at = s->base_at = oracle->now;
    numbers_insert(&s->seen, n);
}

/* A new highest number: those between are missing, and the window moves. */
void osession_raise(struct oracle *oracle, struct oracle_session *s, int64_t n)
{
    int64_t oldest = n - oracle->options.window + 1, i;
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

/* The first number from `from` on, up to `to`, that a row has; or `to`. */
static int64_t next_of_rows(const struct oracle_session *s, int64_t from, int64_t to)
{
    int64_t next = to;
    int i;

    for (i = 0; i < OROWS; i++) {
        const struct orow *row = &s->rows[i];
        int64_t first;

        if (!row->used)
            continue;
        /* The first of an earlier session's row is its highest, and came before this one. */
        first = from + (int32_t)(row->first + row->believed - (uint32_t)from);
        if (orow_has(row, (uint32_t)from) && first <= from)
            return from;
        if (first > from && first < next && row->first + row->believed != row->end)
            next = first;
    }
    return next;
}

static uint64_t pace_now(const struct oracle_session *s)
{
    uint64_t passed = (uint64_t)(s->highest_at - s->base_at) + 1;

    return ((uint64_t)(s->highest - s->base) * 64 + passed - 1) / passed;
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
    uint32_t missing = 0;

    s->base += m->n - s->highest - 1;
    while (s->highest < m->n) {
        int64_t next = next_of_rows(s, s->highest + 1, m->n);

        missing += (uint32_t)(next - s->highest - 1);
        osession_raise(m->oracle, s, next);
    }
    s->highest_time = m->stamp;
    s->highest_at = m->oracle->now;
    renew_pace(m->oracle, s);
    return missing;
}

void osession_recover(const struct message *m, int64_t n)
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

/* How far ahead a number can be. */
uint64_t osession_farthest(const struct message *m)
{
    const struct oracle_session *s = m->s;
    uint64_t pace = pace_now(s), passed = (uint64_t)(m->oracle->now - s->highest_at);

    if (pace < s->pace)
        pace = s->pace;
    if (s->pace == 0 && s->highest - s->base < 4 && pace < 640)
        pace = 640;
    if (pace > UINT32_MAX / 8)
        pace = UINT32_MAX / 8;
    return 64 + 8 * pace * (passed + 1) / 64;
}
