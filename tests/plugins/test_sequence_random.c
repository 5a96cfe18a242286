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

#include "../../plugins/sequence/gaps.h"
#include "oracle.h"

enum { EVENTS = 100000, ROUND = 4000, REPORTED = 25 };

static struct muster_record message(uint16_t id, uint8_t type, uint32_t seq, uint32_t timestamp)
{
    struct muster_record record = {.device_id = id,
                                   .msg_type = type,
                                   .seq_num = seq,
                                   .timestamp = timestamp,
                                   .numbered = type == MUSTER_MSG_DATA,
                                   .readings = 1};

    return record;
}

static uint64_t random_state;

/* xorshift64*: the same on every machine. */
static uint32_t random_u32(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)(random_state * UINT64_C(2685821657736338717) >> 32);
}

static uint32_t below(uint32_t n)
{
    return random_u32() % n;
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
    const uint32_t steps[] = {2, 3, below(w) + 1, w - 1, w, w + 1, m, m + 1, m + 2,
                              below(3 * w), below(3 * m + 1), below(1 << 20),
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
        record.numbered = chance(30);
        player->next += record.numbered;
    } else {
        if (below(150) == 0)
            player->next += random_step(round); /* a burst is lost */
        if (below(500) == 0) { /* a restart without INIT */
            player->clock += below(30);
            player->next = chance(50) ? below(3) : player->next - random_step(round);
        }
        record = message(player->id, MUSTER_MSG_DATA, player->next, player->clock);
        record.readings = round->readings > 1 && chance(50) ? (uint16_t)(1 + below(round->readings)) : 1;
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

/* The message, or reading of one, that arrives next. */
static struct muster_record arrive(const struct round *round, struct player *player)
{
    struct muster_record *arriving = &player->arriving;

    if (arriving->readings > 0 && arriving->reading + 1 < arriving->readings) {
        arriving->reading++;
        arriving->seq_num++;
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
            fprintf(stderr, "  id %u type %u number %u numbered %u time %u: verdict %u gap %u\n",
                    events[i].device_id, events[i].msg_type, events[i].seq_num, events[i].numbered,
                    events[i].timestamp, events[i].verdict, events[i].gap);
    ck_abort_msg("expected verdict %u gap %u, or other counters", verdict, gap);
}

/* What the tracker told, summed up. */
struct noted {
    uint64_t missing, recovered, lost, outliers, devices;
    uint64_t open[65536]; /* by device */
    struct gaps *gaps;
    uint64_t told_recovered, told_lost; /* by the gaps */
};

static void take_end(void *context, const struct gap_end *end)
{
    struct noted *noted = context;

    *(end->lost ? &noted->told_lost : &noted->told_recovered) +=
        (uint64_t)(end->last - end->first) + 1;
}

static void take_note(void *context, const struct tracker_note *told)
{
    struct noted *noted = context;
    uint64_t count = (uint64_t)(told->last - told->first) + 1;
    uint64_t *open = &noted->open[told->device_id];

    switch (told->kind) {
    case TRACKER_GAP:
        noted->missing += count;
        *open += count;
        ck_assert_int_eq(gaps_open(noted->gaps, told->device_id, told->first, told->last, 1), 0);
        break;
    case TRACKER_RECOVERED:
        ck_assert_uint_eq(count, 1);
        noted->recovered++;
        (*open)--;
        gaps_recover(noted->gaps, told->device_id, told->first);
        break;
    case TRACKER_LOST:
        noted->lost += count;
        *open -= count;
        gaps_lose(noted->gaps, told->device_id, told->first, told->last);
        break;
    case TRACKER_END:
        noted->lost += *open;
        *open = 0;
        gaps_lose_all(noted->gaps, told->device_id);
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

/* One round; *all takes up what it counted. */
static void play(uint64_t seed, struct tracker_counts *all)
{
    static struct player players[MOST_DEVICES];
    static struct muster_record events[ROUND];
    static struct noted noted;
    struct round round;
    struct tracker *tracker;
    struct oracle *oracle;
    const struct tracker_counts *counts;
    uint32_t i, gap, verdict;

    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    round = random_round();
    memset(players, 0, sizeof players);
    memset(&noted, 0, sizeof noted);
    for (i = 0; i < round.devices; i++) {
        uint32_t place = chance(50) ? i : 65536 / round.workers - 1 - i; /* among the worker's */

        players[i].id = (uint16_t)(round.worker + round.workers * place);
        players[i].next = chance(50) ? below(3) : 0u - below(3000);
        players[i].clock = chance(90) ? 1762534152 : 0u - below(300);
    }
    noted.gaps = gaps_new(round.worker, round.workers, take_end, &noted);
    ck_assert_ptr_nonnull(noted.gaps);
    round.options.note = take_note;
    round.options.context = &noted;
    tracker = tracker_new(&round.options, round.worker, round.workers);
    ck_assert_ptr_nonnull(tracker);
    oracle = oracle_new(&round.options);
    counts = tracker_counts(tracker);
    for (i = 0; i < ROUND; i++) {
        events[i] = arrive(&round, &players[below(round.devices)]);
        verdict = oracle_judge(oracle, &events[i], &gap);
        tracker_judge(tracker, &events[i]);
        if (events[i].verdict != verdict || events[i].gap != gap ||
            memcmp(counts, oracle_counts(oracle), sizeof *counts) != 0 ||
            counts->missing != counts->recovered + counts->lost + counts->open ||
            !notes_agree(&round, &noted, counts) ||
            counts->first + counts->in_order + counts->gaps + counts->late + counts->duplicates +
                    counts->restarts + counts->outliers + counts->unnumbered + counts->doubted !=
                i + 1)
            report(&round, events, i, verdict, gap, seed);
    }
    tracker_finish(tracker);
    oracle_finish(oracle);
    ck_assert_msg(memcmp(counts, oracle_counts(oracle), sizeof *counts) == 0,
                  "seed %" PRIu64 ": other counters at the end", seed);
    ck_assert_msg(notes_agree(&round, &noted, counts), "seed %" PRIu64 ": other notes at the end", seed);
    /* Every missing number is in one gap that was told, and in one only. */
    ck_assert_uint_eq(noted.told_recovered, noted.recovered);
    ck_assert_uint_eq(noted.told_lost, noted.lost);
    gaps_free(noted.gaps);
    all->restarts += counts->restarts;
    all->recovered += counts->recovered;
    all->lost += counts->lost;
    all->outliers += counts->outliers;
    all->duplicates += counts->duplicates;
    oracle_free(oracle);
    tracker_free(tracker);
}

START_TEST(random_sessions)
{
    const char *text = getenv("MUSTER_EVENTS");
    uint64_t events = text != NULL ? strtoull(text, NULL, 10) : EVENTS, seed;
    struct tracker_counts all = {0};

    for (seed = 1; seed <= events / ROUND + 1; seed++)
        play(seed, &all);
    /* The generator still meets every line of the table. */
    ck_assert_uint_gt(all.restarts, 0);
    ck_assert_uint_gt(all.recovered, 0);
    ck_assert_uint_gt(all.lost, 0);
    ck_assert_uint_gt(all.outliers, 0);
    ck_assert_uint_gt(all.duplicates, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sequence, random");
    TCase *tcase = tcase_create("random");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, getenv("MUSTER_EVENTS") != NULL ? 0 : 120);
    tcase_add_test(tcase, random_sessions);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
