/* SPDX-License-Identifier: MIT
 *
 * The sequence tracker in long random sessions, with all that happens in the field (players.h),
 * against a plain oracle: verdict, gap and every counter after each message; and against the laws
 * that hold whatever the rules are (laws.h).
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
#include "sequence/window.h"
#include "laws.h"
#include "memory.h"
#include "notes.h"
#include "oracle.h"
#include "players.h"

enum { EVENTS = 100000, ROUND = 4000, HEALING = 40, REPORTED = 25 };

static bool chance(uint32_t percent)
{
    return below(100) < percent;
}

static uint64_t at_least_told; /* of all rounds */

/* The last messages of that device up to the one that failed: the shortest prefix that shows it,
 * since every message before it was judged right. */
static void report(const struct round *round, const struct muster_record *events, uint32_t last,
                   uint32_t verdict, uint64_t gap, uint64_t seed)
{
    const struct muster_record *bad = &events[last];
    uint32_t i, before = 0;

    for (i = 0; i < last; i++)
        before += events[i].device_id == bad->device_id;
    fprintf(stderr, "seed %" PRIu64 ", event %u; window %u, max_jump %u, reference %d\n", seed,
            last, round->options.window, round->options.max_jump, round->options.reference);
    for (i = 0; i <= last; i++)
        if (events[i].device_id == bad->device_id && before-- < REPORTED)
            fprintf(stderr,
                    "  id %u type %u number %" PRIu64 " of %u bits time %u: reading %u of %u, from "
                    "%u, marks %u: verdict %u gap %u\n",
                    events[i].device, events[i].msg_type, events[i].seq, events[i].seq_bits,
                    (unsigned)(events[i].device_time_ns / 1000000000), events[i].reading,
                    events[i].readings,
                    events[i].via.arrival != NULL ? events[i].via.arrival->source_port : 0,
                    events[i].marks, events[i].verdict, (unsigned)events[i].message.gap);
    ck_abort_msg("expected verdict %u gap %" PRIu64 ", or other counters or marks", verdict, gap);
}

/* What the tracker told, summed up. */
struct noted {
    uint64_t missing, recovered, lost, outliers, devices, two_senders;
    struct laws *laws[MUSTER_DEVICE_IDS]; /* NULL in the reference mode */
    uint64_t open[MUSTER_DEVICE_IDS];     /* by device */
    struct tables tables;
    struct notes gaps;
    uint64_t told_recovered, told_lost; /* by the gaps */
};

static void take_news(void *context, const struct gaps_news *news)
{
    struct noted *noted = context;
    uint64_t count = (uint64_t)(uint32_t)(news->last - news->first) + 1;

    noted->told_lost += news->is == MUSTER_EVENT_GAP_LOST ? count : 0;
    noted->told_recovered += news->is == MUSTER_EVENT_GAP_RECOVERED ? count : 0;
}

/* What is missing in the window of the session that ends. */
static void lose_window(struct noted *noted, uint32_t device)
{
    const struct session *session = &tables_read_device(&noted->tables, device)->session;
    const uint64_t *window = tables_read_window(&noted->tables, device);
    uint32_t i;

    for (i = 0; i < session->span; i++)
        if (!window_has_seen(window, session->size, session->highest - i))
            laws_lose(noted->laws[device], session->highest - i, session->highest - i,
                      session->bits);
}

static void take_note(void *context, const struct tracker_note *told)
{
    struct noted *noted = context;
    uint64_t count = told->last - told->first + 1;
    uint64_t *open = &noted->open[told->device_id];

    if (told->kind == TRACKER_END)
        lose_window(noted, told->device_id);
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
    case TRACKER_TAKEN_BACK:
        count = window_missing(tables_read_window(&noted->tables, told->device_id),
                               tables_read_device(&noted->tables, told->device_id)->session.size,
                               (uint32_t)told->first, (uint32_t)count);
        noted->missing -= count;
        *open -= count;
        break;
    case TRACKER_TWO_SENDERS:
        noted->two_senders++;
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
    if (noted->laws[told->device_id] != NULL)
        laws_note(noted->laws[told->device_id], told);
}

static bool notes_agree(const struct round *round, const struct noted *noted,
                        const struct tracker_counts *counts)
{
    if (round->options.reference) /* there are no sessions and no window to tell of */
        return noted->devices == counts->devices;
    return noted->missing == counts->missing && noted->recovered == counts->recovered &&
           noted->lost == counts->lost && noted->outliers <= counts->outliers &&
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
                   c->unnumbered + c->shared + c->doubted ==
               events;
}

/* A round in progress. */
struct game {
    uint64_t seed;
    struct played played;
    struct player players[PLAYERS_MOST];
    struct muster_record events[ROUND + HEALING * PLAYERS_MOST];
    struct oracle *oracle;
    uint32_t judged;       /* behind the event in progress, that were judged with it */
    uint32_t all_together; /* those of the whole round */
    uint32_t counted;      /* events */
    uint32_t at_least;     /* of them, behind which whole turns may be missing */
};

static void watch(struct game *game, const struct muster_record *record)
{
    struct laws **laws = &game->played.noted.laws[record->device];

    if (game->played.round.options.reference)
        return;
    if (*laws == NULL)
        *laws = laws_new();
    laws_message(*laws, record, game->played.round.now);
}

/* Event number i, behind which `arrived` ones are known. */
static void judge_event(struct game *game, uint32_t i, uint32_t arrived)
{
    struct played *played = &game->played;
    struct muster_record *events = game->events;
    struct tracker_counts counts;
    bool at_least;
    uint32_t verdict;
    uint64_t gap;
    const char *broken = NULL;

    tracker_pass(played->tracker, played->round.now);
    oracle_pass(game->oracle, played->round.now);
    verdict = oracle_judge(game->oracle, &events[i], &gap);
    watch(game, &events[i]);
    if (game->judged > 0) {
        game->judged--;
    } else if (!tracker_judge_same(played->tracker, &events[i])) {
        tracker_judge(played->tracker, &events[i]);
        game->judged = tracker_judge_further(played->tracker, &events[i], chance(90) ? arrived : 0);
        game->all_together += game->judged;
    }
    counts = all_counts(played);
    at_least = (events[i].marks & MUSTER_MARK_AT_LEAST) != 0;
    game->at_least += at_least;
    if (events[i].verdict != verdict || events[i].message.gap != gap ||
        at_least != oracle_at_least(game->oracle) ||
        (game->judged == 0 && !agrees(played, &counts, game->oracle, i + 1)))
        report(&played->round, events, i, verdict, gap, game->seed);
    if (!played->round.options.reference)
        broken = laws_verdict(played->noted.laws[events[i].device], &events[i]);
    if (broken != NULL) {
        fprintf(stderr, "%s\n", broken);
        report(&played->round, events, i, verdict, gap, game->seed);
    }
}

static unsigned duplicates_before(const struct muster_record *events, uint32_t at)
{
    unsigned count = 0;

    while (count < HEALING && events[at - 1 - count].verdict == MUSTER_VERDICT_DUPLICATE)
        count++;
    return count;
}

/* Whatever has happened: a device that sends some numbers in a row, with its clock right or not, is
 * believed.  Returns the number of events now. */
static uint32_t heal(struct game *game, uint32_t at)
{
    struct round *round = &game->played.round;
    uint32_t i, n;

    for (i = 0; i < round->devices && !round->options.reference; i++) {
        const struct player *player = &game->players[i];
        uint64_t number = chance(50) ? player->next : random_u32();
        uint32_t stamp = chance(50) ? player->clock : random_u32();

        for (n = 0; n < HEALING; n++, at++) {
            game->events[at] = players_message(player, number + n, stamp + n * 6);
            judge_event(game, at, 0);
            round->now += 6;
        }
        /* It goes on in order, or with those that were missing, and few in a row that came. */
        ck_assert_msg(game->events[at - 1].verdict != MUSTER_VERDICT_OUTLIER &&
                          duplicates_before(game->events, at) < 4,
                      "seed %" PRIu64 ": device %u is not believed any more: %u", game->seed,
                      player->id, game->events[at - 1].verdict);
    }
    return at;
}

static void end_game(struct game *game, struct tracker_counts *all, uint32_t events)
{
    struct noted *noted = &game->played.noted;
    struct tracker_counts counts;
    uint32_t i;

    tracker_finish(game->played.tracker);
    oracle_finish(game->oracle);
    counts = all_counts(&game->played);
    ck_assert_msg(agrees(&game->played, &counts, game->oracle, events),
                  "seed %" PRIu64 ": other counters at the end", game->seed);
    /* Every missing number is in one gap that was told, and in one only. */
    ck_assert_uint_eq(noted->told_recovered, noted->recovered);
    ck_assert_uint_eq(noted->told_lost, noted->lost);
    ck_assert_uint_eq(noted->two_senders, oracle_two_senders(game->oracle));
    close_played(&game->played);
    memory_free(&noted->tables);
    all->restarts += counts.restarts;
    all->recovered += counts.recovered;
    all->lost += counts.lost;
    all->outliers += counts.outliers;
    all->duplicates += counts.duplicates;
    oracle_free(game->oracle);
    for (i = 0; i < MUSTER_DEVICE_IDS; i++)
        laws_free(noted->laws[i]);
}

/* One round; *all takes up what it counted, *two how often two senders were told.  Returns how many
 * events were judged together with the one before. */
static uint32_t play(uint64_t seed, struct tracker_counts *all, uint64_t *two)
{
    static struct game game;
    struct played *played = &game.played;
    struct round *round = &played->round;
    uint32_t i, arrived = 0; /* behind number i */

    random_seed(seed);
    memset(&game, 0, sizeof game);
    game.seed = seed;
    *round = players_round();
    players_begin(round, game.players);
    round->options.note = take_note;
    round->options.context = &played->noted;
    round->options.persistent = !round->options.reference && chance(70);
    memory_tables(&played->noted.tables, round->options.window);
    open_played(played);
    game.oracle = oracle_new(&round->options);
    for (i = 0; i < ROUND; i++) {
        if (round->options.persistent && arrived == 0 && below(300) == 0) {
            restart(played);
            oracle_go_on(game.oracle);
        }
        if (arrived > 0) {
            arrived--;
        } else {
            players_pass(round, game.players);
            arrived = players_arrive(round, &game.players[below(round->devices)], &game.events[i],
                                     ROUND - i - 1);
        }
        judge_event(&game, i, arrived);
    }
    i = heal(&game, i);
    *two += played->noted.two_senders;
    all->shared += tracker_counts(played->tracker)->shared;
    at_least_told += game.at_least;
    end_game(&game, all, i);
    return game.all_together;
}

START_TEST(random_sessions)
{
    const char *text = getenv("MUSTER_EVENTS");
    uint64_t events = text != NULL ? strtoull(text, NULL, 10) : EVENTS, seed;
    struct tracker_counts all = {0};
    uint64_t together = 0, two = 0;

    for (seed = 1; seed <= events / ROUND + 1; seed++)
        together += play(seed, &all, &two);
    /* The generator still meets every line of the table. */
    ck_assert_uint_gt(all.restarts, 0);
    ck_assert_uint_gt(all.recovered, 0);
    ck_assert_uint_gt(all.lost, 0);
    ck_assert_uint_gt(all.outliers, 0);
    ck_assert_uint_gt(all.duplicates, 0);
    ck_assert_uint_gt(two, 0);
    ck_assert_uint_gt(all.shared, 0);
    ck_assert_uint_gt(at_least_told, 0);
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
