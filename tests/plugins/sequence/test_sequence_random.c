/* SPDX-License-Identifier: MIT
 *
 * The sequence tracker in long random sessions, with loss, copies, delays, bursts, wraps and
 * restarts, against a plain oracle: verdict, gap and every counter after each message.
 *
 * MUSTER_EVENTS=N plays N messages instead of 100,000.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/gaps.h"
#include "sequence/gaps_rebuild.h"
#include "sequence/recovery.h"
#include "sequence/tracker.h"
#include "memory.h"
#include "notes.h"
#include "oracle.h"

enum { EVENTS = 100000, ROUND = 4000, REPORTED = 25 };

static struct muster_record message(uint16_t id, uint8_t type, uint32_t seq, uint32_t timestamp)
{
    struct muster_record record = {.device_id = id,
                                   .device = id,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .msg_type = type,
                                   .seq = seq,
                                   .device_time_ns = (int64_t)timestamp * 1000000000,
                                   .seq_bits = type == MUSTER_MSG_DATA ? 32 : 0,
                                   .readings = 1};

    return record;
}

static bool chance(uint32_t percent)
{
    return below(100) < percent;
}

enum { MOST_DEVICES = 6, IN_FLIGHT = 16, REMEMBERED = 1 << 13 };

struct round {
    struct tracker_options options;
    uint32_t workers, worker, devices;
    uint32_t readings;            /* at most, in a datagram */
    uint32_t loss, copies, delay; /* percent */
};

/* A device and the network to it. */
struct player {
    uint16_t id;
    uint32_t next, clock, sent;
    struct muster_record in_flight[IN_FLIGHT]; /* datagrams, as their first reading */
    uint32_t in_flight_count;
    struct muster_record arriving; /* the datagram whose readings are coming in now */
    struct muster_record remembered[REMEMBERED];
};

static uint32_t random_step(const struct round *round)
{
    const uint32_t w = round->options.window, m = round->options.max_jump;
    const uint32_t steps[] = {2,
                              3,
                              below(w) + 1,
                              w - 1,
                              w,
                              w + 1,
                              m,
                              m + 1,
                              m + 2,
                              below(3 * w),
                              below(3 * m + 1),
                              below(1 << 20),
                              (UINT32_C(1) << 31) - 2 + below(5)};
    /* The great ones seldom. */
    uint32_t most = chance(90) ? 8 : (uint32_t)(sizeof steps / sizeof steps[0]);

    return steps[below(most)];
}

static void delay(struct player *player, const struct muster_record *record)
{
    if (player->in_flight_count < IN_FLIGHT)
        player->in_flight[player->in_flight_count++] = *record;
}

/* The next message that the device sends. */
static struct muster_record send_next(const struct round *round, struct player *player)
{
    struct muster_record record;

    player->clock += chance(20) ? below(7) : 0;
    if (chance(3)) {
        record = message(player->id, MUSTER_MSG_HEARTBEAT, 0, player->clock);
    } else if (below(400) == 0) {
        player->clock += below(30);
        player->next = chance(70) ? below(3) : random_u32();
        record = message(player->id, MUSTER_MSG_INIT, player->next, player->clock);
        record.seq_bits = chance(30) ? 32 : 0;
        player->next += record.seq_bits > 0;
    } else {
        if (below(150) == 0)
            player->next += random_step(round); /* a burst is lost */
        if (below(500) == 0) {                  /* a restart without INIT */
            player->clock += below(30);
            player->next = chance(50) ? below(3) : player->next - random_step(round);
        }
        record = message(player->id, MUSTER_MSG_DATA, player->next, player->clock);
        record.readings =
            round->readings > 1 && chance(50) ? (uint16_t)(1 + below(round->readings)) : 1;
        player->next += record.readings;
    }
    player->remembered[player->sent++ % REMEMBERED] = record;
    return record;
}

/* The datagram that arrives next of this device. */
static struct muster_record arrive_datagram(const struct round *round, struct player *player)
{
    struct muster_record record;

    if (player->in_flight_count > 0 && chance(20)) {
        uint32_t i = below(player->in_flight_count);

        record = player->in_flight[i];
        player->in_flight[i] = player->in_flight[--player->in_flight_count];
        return record;
    }
    if (player->sent > 0 && below(100) == 0) { /* an old copy, or a run of them */
        uint32_t back = below(player->sent < REMEMBERED ? player->sent : REMEMBERED);
        uint32_t i = player->sent - 1 - back, n;

        for (n = 1; n < 4 && n <= back; n++)
            delay(player, &player->remembered[(i + n) % REMEMBERED]);
        return player->remembered[i % REMEMBERED];
    }
    if (below(1000) == 0)
        return message(player->id, MUSTER_MSG_DATA, random_u32(), random_u32());
    for (;;) {
        record = send_next(round, player);
        if (chance(round->loss))
            continue;
        if (chance(round->copies))
            delay(player, &record);
        if (!chance(round->delay) || player->in_flight_count == IN_FLIGHT)
            return record;
        delay(player, &record);
    }
}

static bool has_further(const struct player *player)
{
    const struct muster_record *arriving = &player->arriving;

    return arriving->readings > 0 && arriving->reading + 1 < arriving->readings;
}

/* The message, or reading of one, that arrives next. */
static struct muster_record arrive(const struct round *round, struct player *player)
{
    struct muster_record *arriving = &player->arriving;

    if (has_further(player)) {
        arriving->reading++;
        arriving->seq++;
    } else {
        *arriving = arrive_datagram(round, player);
    }
    return *arriving;
}

static struct round random_round(void)
{
    struct round round = {.workers = 1 + below(3), .devices = 1 + below(MOST_DEVICES)};

    round.worker = below(round.workers);
    round.options.window = UINT32_C(64) << below(7);
    round.options.max_jump = chance(50) ? 3000 : 1 + below(6000);
    round.options.reference = chance(5);
    round.readings = chance(50) ? 1 : 1 + below(60);
    round.loss = below(3) * below(15);
    round.copies = below(3) * below(15);
    round.delay = below(3) * below(15);
    return round;
}

/* The last messages of that device up to the one that failed: the shortest prefix that shows it,
 * since every message before it was judged right. */
static void report(const struct round *round, const struct muster_record *events, uint32_t last,
                   uint32_t verdict, uint32_t gap, uint64_t seed)
{
    const struct muster_record *bad = &events[last];
    uint32_t i, before = 0;

    for (i = 0; i < last; i++)
        before += events[i].device_id == bad->device_id;
    fprintf(stderr, "seed %" PRIu64 ", event %u; window %u, max_jump %u, reference %d\n", seed,
            last, round->options.window, round->options.max_jump, round->options.reference);
    for (i = 0; i <= last; i++)
        if (events[i].device_id == bad->device_id && before-- < REPORTED)
            fprintf(stderr, "  id %u type %u number %u of %u bits time %u: verdict %u gap %u\n",
                    events[i].device, events[i].msg_type, (unsigned)events[i].seq,
                    events[i].seq_bits, (unsigned)(events[i].device_time_ns / 1000000000),
                    events[i].verdict, (unsigned)events[i].message.gap);
    ck_abort_msg("expected verdict %u gap %u, or other counters", verdict, gap);
}

/* What the tracker told, summed up. */
struct noted {
    uint64_t missing, recovered, lost, outliers, devices;
    uint64_t open[MUSTER_DEVICE_IDS]; /* by device */
    struct tables tables;
    struct notes gaps;
    uint64_t told_recovered, told_lost; /* by the gaps */
};

static void take_news(void *context, const struct gaps_news *news)
{
    struct noted *noted = context;
    uint64_t count = (uint64_t)(news->last - news->first) + 1;

    noted->told_lost += news->is == MUSTER_EVENT_GAP_LOST ? count : 0;
    noted->told_recovered += news->is == MUSTER_EVENT_GAP_RECOVERED ? count : 0;
}

static void take_note(void *context, const struct tracker_note *told)
{
    struct noted *noted = context;
    uint64_t count = (uint64_t)(told->last - told->first) + 1;
    uint64_t *open = &noted->open[told->device_id];

    notes_take(&noted->gaps, told);
    switch (told->kind) {
    case TRACKER_GAP:
        noted->missing += count;
        *open += count;
        break;
    case TRACKER_RECOVERED:
        ck_assert_uint_eq(count, 1);
        noted->recovered++;
        (*open)--;
        break;
    case TRACKER_LOST:
        noted->lost += count;
        *open -= count;
        break;
    case TRACKER_END:
        noted->lost += *open;
        *open = 0;
        break;
    case TRACKER_OUTLIER:
        noted->outliers += count;
        break;
    case TRACKER_DEVICE:
        noted->devices++;
        break;
    case TRACKER_RESTART:
        break;
    }
}

static bool notes_agree(const struct round *round, const struct noted *noted,
                        const struct tracker_counts *counts)
{
    if (round->options.reference) /* there are no sessions and no window to tell of */
        return noted->devices == counts->devices;
    return noted->missing == counts->missing && noted->recovered == counts->recovered &&
           noted->lost == counts->lost && noted->outliers == counts->outliers &&
           noted->devices == counts->devices;
}

/* What is played to. */
struct played {
    struct round round;
    struct tracker *tracker;
    struct tracker_counts rest; /* of other workers' slots */
    struct noted noted;
};

static void open_played(struct played *played)
{
    struct tracker_counts all = tables_counts_from(&played->noted.tables, 0);
    const struct round *round = &played->round;
    const struct gaps_options options = {.worker = round->worker,
                                         .workers = round->workers,
                                         .persistent = round->options.persistent,
                                         .tell = take_news,
                                         .context = &played->noted};
    const uint64_t *own;
    uint64_t *rest = (uint64_t *)&played->rest;
    unsigned i;

    played->noted.gaps.gaps = gaps_new(&options, &played->noted.tables, 1);
    ck_assert_ptr_nonnull(played->noted.gaps.gaps);
    played->tracker =
        tracker_new(&round->options, &played->noted.tables, round->worker, round->workers);
    ck_assert_ptr_nonnull(played->tracker);
    own = (const uint64_t *)tracker_counts(played->tracker);
    memcpy(rest, &all, sizeof all);
    for (i = 0; i < sizeof all / sizeof *rest; i++)
        rest[i] -= own[i];
}

static void close_played(struct played *played)
{
    gaps_free(played->noted.gaps.gaps);
    tracker_free(played->tracker);
}

/* The collector stops, and starts again with what it left; from then on perhaps with one worker. */
static void restart(struct played *played)
{
    close_played(played);
    ck_assert(recovery_is_sound(&played->noted.tables));
    recovery_take_back(&played->noted.tables);
    ck_assert_int_eq(gaps_rebuild(&played->noted.tables, 1, 1), 0);
    if (chance(30))
        played->round.worker = 0, played->round.workers = 1;
    open_played(played);
}

static struct tracker_counts all_counts(const struct played *played)
{
    struct tracker_counts all = played->rest;
    const uint64_t *own = (const uint64_t *)tracker_counts(played->tracker);
    uint64_t *sum = (uint64_t *)&all;
    unsigned i;

    for (i = 0; i < sizeof all / sizeof *sum; i++)
        sum[i] += own[i];
    return all;
}

static bool agrees(const struct played *played, const struct tracker_counts *c,
                   const struct oracle *oracle, uint32_t events)
{
    return memcmp(c, oracle_counts(oracle), sizeof *c) == 0 &&
           c->missing == c->recovered + c->lost + c->open &&
           notes_agree(&played->round, &played->noted, c) &&
           c->first + c->in_order + c->gaps + c->late + c->duplicates + c->restarts + c->outliers +
                   c->unnumbered + c->doubted ==
               events;
}

static void begin_players(const struct round *round, struct player *players)
{
    uint32_t i;

    memset(players, 0, MOST_DEVICES * sizeof *players);
    for (i = 0; i < round->devices; i++) {
        uint32_t place =
            chance(50) ? i : MUSTER_DEVICE_IDS / round->workers - 1 - i; /* among the worker's */

        players[i].id = (uint16_t)(round->worker + round->workers * place);
        players[i].next = chance(50) ? below(3) : 0u - below(3000);
        players[i].clock = chance(90) ? 1762534152 : 0u - below(300);
    }
}

/* Puts what arrives next into events[at], and some of the further readings of its datagram
 * behind it, up to the end.  Returns how many of those. */
static uint32_t arrive_together(const struct round *round, struct player *player,
                                struct muster_record *events, uint32_t at)
{
    uint32_t further = 0;

    events[at] = arrive(round, player);
    while (at + further + 1 < ROUND && has_further(player) && chance(95))
        events[at + ++further] = arrive(round, player);
    return further;
}

/* One round; *all takes up what it counted.  Returns how many events were judged together with
 * the one before. */
static uint32_t play(uint64_t seed, struct tracker_counts *all)
{
    static struct player players[MOST_DEVICES];
    static struct muster_record events[ROUND];
    static struct played played;
    struct round *round = &played.round;
    struct oracle *oracle;
    struct tracker_counts counts;
    uint32_t i, gap, verdict, arrived = 0, judged = 0; /* behind number i */
    uint32_t all_together = 0;

    random_seed(seed);
    memset(&played, 0, sizeof played);
    *round = random_round();
    begin_players(round, players);
    round->options.note = take_note;
    round->options.context = &played.noted;
    round->options.persistent = !round->options.reference && chance(70);
    memory_tables(&played.noted.tables, round->options.window);
    open_played(&played);
    oracle = oracle_new(&round->options);
    for (i = 0; i < ROUND; i++) {
        if (round->options.persistent && below(300) == 0)
            restart(&played);
        if (arrived > 0)
            arrived--;
        else
            arrived = arrive_together(round, &players[below(round->devices)], events, i);
        verdict = oracle_judge(oracle, &events[i], &gap);
        if (judged > 0) {
            judged--;
        } else {
            tracker_judge(played.tracker, &events[i]);
            judged = chance(90) ? tracker_judge_further(played.tracker, &events[i], arrived) : 0;
            all_together += judged;
        }
        counts = all_counts(&played);
        if (events[i].verdict != verdict || events[i].message.gap != gap ||
            (judged == 0 && !agrees(&played, &counts, oracle, i + 1)))
            report(round, events, i, verdict, gap, seed);
    }
    tracker_finish(played.tracker);
    oracle_finish(oracle);
    counts = all_counts(&played);
    ck_assert_msg(agrees(&played, &counts, oracle, ROUND),
                  "seed %" PRIu64 ": other counters at the end", seed);
    /* Every missing number is in one gap that was told, and in one only. */
    ck_assert_uint_eq(played.noted.told_recovered, played.noted.recovered);
    ck_assert_uint_eq(played.noted.told_lost, played.noted.lost);
    close_played(&played);
    memory_free(&played.noted.tables);
    all->restarts += counts.restarts;
    all->recovered += counts.recovered;
    all->lost += counts.lost;
    all->outliers += counts.outliers;
    all->duplicates += counts.duplicates;
    oracle_free(oracle);
    return all_together;
}

START_TEST(random_sessions)
{
    const char *text = getenv("MUSTER_EVENTS");
    uint64_t events = text != NULL ? strtoull(text, NULL, 10) : EVENTS, seed;
    struct tracker_counts all = {0};
    uint64_t together = 0;

    for (seed = 1; seed <= events / ROUND + 1; seed++)
        together += play(seed, &all);
    /* The generator still meets every line of the table. */
    ck_assert_uint_gt(all.restarts, 0);
    ck_assert_uint_gt(all.recovered, 0);
    ck_assert_uint_gt(all.lost, 0);
    ck_assert_uint_gt(all.outliers, 0);
    ck_assert_uint_gt(all.duplicates, 0);
    ck_assert_uint_gt(together, events / 20);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sequence, random");
    TCase *tcase = tcase_create("random");

    if (getenv("MUSTER_EVENTS") != NULL)
        tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, random_sessions);
    suite_add_tcase(suite, tcase);
    return suite;
}
