/* SPDX-License-Identifier: MIT
 *
 * The sequence tracker under kill -9: a child process judges messages in shared memory and is
 * killed at any instruction; what it leaves must be sound, and what comes next is judged as if
 * nothing had happened.  Only the message that was being judged may count or not.
 *
 * MUSTER_KILLS=N kills N times instead of 60.
 */
#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/gaps.h"
#include "sequence/gaps_rebuild.h"
#include "sequence/recovery.h"
#include "sequence/tracker.h"
#include "memory.h"
#include "notes.h"
#include "oracle.h"

enum { KILLS = 60, DEVICES = 3, TABLED = 256, MESSAGES = 60000, WINDOW = 128 };

static const struct tracker_options options = {
    .window = WINDOW, .max_jump = 300, .persistent = true};

/* Of the first device 32 bits, of the others 8 and 64. */
static const uint8_t widths[DEVICES] = {32, 8, 64};

static struct muster_record message(uint16_t id, uint8_t type, uint32_t number, uint32_t time)
{
    return (struct muster_record){.device_id = id,
                                  .device = id,
                                  .marks = MUSTER_MARK_DEVICE,
                                  .msg_type = type,
                                  .seq = (number + (widths[id] == 64 ? UINT32_MAX - 1000 : 0)) &
                                         UINT64_MAX >> (64 - widths[id]),
                                  .device_time_ns = (int64_t)time * 1000000000,
                                  .seq_bits = type == MUSTER_MSG_DATA ? widths[id] : 0,
                                  .readings = 1};
}

/* Every kind of verdict, and often: loss, copies, late ones, jumps, restarts. */
static void make_messages(struct muster_record *messages)
{
    uint32_t next[DEVICES] = {0}, clock = 1762534152, i;

    for (i = 0; i < MESSAGES; i++) {
        uint16_t id = (uint16_t)below(DEVICES);
        uint32_t number = next[id], what = below(1000);

        clock += below(50) == 0;
        if (what < 50)
            number = next[id] += 1 + below(5); /* loss */
        else if (what < 120)
            number -= 1 + below(20); /* late, or a copy */
        else if (what < 125)
            number = next[id] += below(400); /* a long loss, or too far to be believed */
        else if (what < 127)
            number = next[id] = below(3); /* a restart */
        messages[i] = message(id,
                              what >= 998   ? MUSTER_MSG_INIT
                              : what >= 990 ? MUSTER_MSG_HEARTBEAT
                                            : MUSTER_MSG_DATA,
                              number, clock);
        if (messages[i].msg_type == MUSTER_MSG_DATA && (what < 50 || what >= 120))
            next[id]++;
    }
}

/* ---- the child ------------------------------------------------------------------------ */

static void judge_all(struct tables *tables, struct muster_record *messages, atomic_uint *done,
                      bool forgets)
{
    const struct gaps_options of_gaps = {.workers = 1, .persistent = true};
    struct tracker_options with_notes = options;
    struct notes notes = {.now_ns = 1, .at = 1, .tick = 1};
    struct tracker *tracker;
    uint32_t i;

    with_notes.note = notes_tracker_note;
    with_notes.context = &notes;
    notes.gaps = gaps_new(&of_gaps, tables, 1);
    tracker = tracker_new(&with_notes, tables, 0, 1);
    if (tracker == NULL || notes.gaps == NULL)
        _exit(EXIT_FAILURE);
    for (i = 0; i < MESSAGES; i++) {
        notes.at++;
        if (i % 8 == 0)
            gaps_settle(notes.gaps, notes.at, 200);
        tracker_judge(tracker, &messages[i]);
        if (forgets && i % 16 == 0)
            tracker_forget(tracker, messages[i].device);
        atomic_store(done, i + 1);
    }
    for (;;)
        pause();
}

/* How many messages it has judged; of the next one, a part. */
static uint32_t run_and_kill(struct tables *tables, struct muster_record *messages,
                             atomic_uint *done, bool forgets)
{
    uint32_t wanted = below(MESSAGES - 10000), spin = below(3000), i;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0)
        judge_all(tables, messages, done, forgets);
    while (atomic_load(done) < wanted)
        ;
    for (i = 0; i < spin; i++)
        atomic_load(done);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return atomic_load(done);
}

/* ---- what it left --------------------------------------------------------------------- */

struct told {
    uint64_t lost, known_since; /* numbers; of those, whose gap's opening is known */
};

static void take_news(void *context, const struct gaps_news *news)
{
    struct told *told = context;
    uint64_t count = (uint64_t)(news->last - news->first) + 1;

    if (news->is != MUSTER_EVENT_GAP_LOST)
        return;
    told->lost += count;
    told->known_since += news->opened_ns == 1 ? count : 0;
}

/* Each number that is missing, and not lost by time, is in one gap, and few gaps have forgotten
 * when they opened; and the sums are right. */
static void check_gaps(struct tables *tables, const struct tracker_counts *counts)
{
    struct told told = {0};
    const struct gaps_options of_gaps = {.workers = 1, .tell = take_news, .context = &told};
    uint64_t lost = 0, open = 0, expired = 0;
    struct gaps *gaps;
    uint32_t id;
    unsigned i;

    ck_assert_int_eq(gaps_rebuild(tables, 2, 1), 0);
    gaps = gaps_new(&of_gaps, tables, 1);
    ck_assert_ptr_nonnull(gaps);
    for (i = 0; i < MUSTER_CAUSES; i++) {
        lost += gaps_sums(gaps)->lost[i];
        open += gaps_sums(gaps)->open[i];
    }
    for (id = 0; id < DEVICES; id++)
        expired += tables->losses[id].expired;
    ck_assert_uint_eq(lost, counts->lost + expired);
    ck_assert_uint_eq(open, counts->open - expired);
    for (id = 0; id < DEVICES; id++)
        gaps_lose_all(gaps, id, 0);
    /* And what the window had left behind, and was not told yet. */
    ck_assert_uint_ge(told.lost, open);
    ck_assert_uint_ge(told.known_since + WINDOW, told.lost);
    gaps_free(gaps);
}

/* Whether the tracker goes on as the oracle does that has judged `judged` messages. */
static bool goes_on_like(struct tables *tables, const struct muster_record *messages,
                         uint32_t judged, uint32_t from)
{
    struct oracle *oracle = oracle_new(&options);
    struct tracker *tracker;
    struct tracker_counts sum;
    bool same = true;
    uint64_t gap, i;

    for (i = 0; i < judged; i++)
        oracle_judge(oracle, &messages[i], &gap);
    tracker = tracker_new(&options, tables, 0, 1);
    ck_assert_ptr_nonnull(tracker);
    for (i = from; same && i < MESSAGES; i++) {
        struct muster_record record = messages[i];
        enum muster_verdict verdict = oracle_judge(oracle, &record, &gap);

        tracker_judge(tracker, &record);
        same = record.verdict == verdict && record.message.gap == gap;
    }
    sum = *tracker_counts(tracker);
    /* A usual message is counted when all else is done. */
    if (oracle_counts(oracle)->in_order == sum.in_order + 1)
        sum.in_order++;
    same &= memcmp(&sum, oracle_counts(oracle), sizeof sum) == 0;
    tracker_free(tracker);
    oracle_free(oracle);
    return same;
}

static void kill_once(uint64_t seed, struct muster_record *messages, unsigned *changes)
{
    struct tables tables, copy;
    atomic_uint *done = memory_new(sizeof *done);
    uint64_t bytes = tables_bytes(TABLED, options.window);
    struct tracker_counts counts;
    uint32_t judged;

    random_seed(seed);
    make_messages(messages);
    memory_tables_for(&tables, TABLED, options.window);
    judged = run_and_kill(&tables, messages, done, false);
    *changes += tables_slot(&tables, 0)->undo.busy;
    ck_assert_msg(recovery_is_sound(&tables), "seed %" PRIu64 ": not sound", seed);
    recovery_take_back(&tables);
    ck_assert_msg(recovery_is_sound(&tables), "seed %" PRIu64 ": not sound when mended", seed);
    memory_tables_for(&copy, TABLED, options.window);
    memcpy(copy.shared, tables.shared, bytes);
    counts = tables_counts_from(&copy, 0);
    check_gaps(&copy, &counts);
    memcpy(copy.shared, tables.shared, bytes);
    ck_assert_msg(goes_on_like(&tables, messages, judged, judged + 1) ||
                      goes_on_like(&copy, messages, judged + 1, judged + 1),
                  "seed %" PRIu64 ": judged %" PRIu32 " messages, and went on otherwise", seed,
                  judged);
    memory_free(&copy);
    memory_free(&tables);
    munmap(done, sizeof *done);
}

START_TEST(killed_at_any_time)
{
    static struct muster_record messages[MESSAGES + 1];
    const char *text = getenv("MUSTER_KILLS");
    unsigned kills = text != NULL ? (unsigned)strtoul(text, NULL, 10) : KILLS, changes = 0, i;

    for (i = 0; i < kills; i++)
        kill_once(i + 1, messages, &changes);
    /* Some must have come in the middle of a change. */
    ck_assert_uint_gt(changes, 0);
}
END_TEST

/* Devices are forgotten all the time: each is as it was then, or is not there. */
START_TEST(killed_while_forgetting)
{
    static struct muster_record messages[MESSAGES + 1];
    unsigned changes = 0, i;

    for (i = 0; i < KILLS; i++) {
        atomic_uint *done = memory_new(sizeof *done);
        struct tracker_counts counts;
        struct tables tables;

        random_seed(i + 1);
        make_messages(messages);
        memory_tables_for(&tables, TABLED, options.window);
        run_and_kill(&tables, messages, done, true);
        changes += tables_slot(&tables, 0)->undo.busy;
        ck_assert_msg(recovery_is_sound(&tables), "%u: not sound", i);
        recovery_take_back(&tables);
        ck_assert_msg(recovery_is_sound(&tables), "%u: not sound when mended", i);
        counts = tables_counts_from(&tables, 0);
        check_gaps(&tables, &counts);
        memory_free(&tables);
        munmap(done, sizeof *done);
    }
    ck_assert_uint_gt(changes, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sequence, killed");
    TCase *tcase = tcase_create("killed");

    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, killed_at_any_time);
    tcase_add_test(tcase, killed_while_forgetting);
    suite_add_tcase(suite, tcase);
    return suite;
}
