/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence", stopped and killed at any time, beside one that nothing interrupts: both
 * must say the same.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "account.h"
#include "collector.h"
#include "fleet.h"
#include "memory.h"

static void compare_counters(const struct collector *a, const struct collector *b)
{
    size_t i;

    for (i = 0; i < COLLECTOR_COUNTS; i++)
        ck_assert_msg(
            collector_counter(a, collector_counts[i]) == collector_counter(b, collector_counts[i]),
            "%s: %" PRIu64 ", and %" PRIu64 " without a stop", collector_counts[i],
            collector_counter(b, collector_counts[i]), collector_counter(a, collector_counts[i]));
}

/* A copy of the memory in the middle of a change: when the plugin tells its n-th event from now. */
static struct {
    const void *memory;
    void *copy;
    uint64_t bytes;
    uint32_t left; /* 0: none is wanted */
} snapshot;

static int emit_and_look(struct muster_batch *batch, uint32_t after,
                         const struct muster_record *record)
{
    if (snapshot.left > 0 && --snapshot.left == 0)
        memcpy(snapshot.copy, snapshot.memory, snapshot.bytes);
    return muster_test_host.emit(batch, after, record);
}

/* The memory in the middle of judging the message, when one of its events is told, or else at the
 * end of the change.  Returns NULL if there was no change, or none at that event. */
static void *memory_within(struct collector *c, const struct muster_record *record, bool at_event)
{
    struct tables now, copy;
    struct undo *undo;
    struct timing timing;
    struct muster_test_batch batch;
    bool done;

    tables_lay_out(&now, c->memory, c->devices, WINDOW);
    undo = &tables_slot(&now, record->device % c->count)->undo;
    undo->device_id = DEVICES; /* until the next change */
    timing = tables_device(&now, record->device)->timing;
    snapshot.memory = c->memory;
    snapshot.bytes = c->bytes;
    snapshot.copy = memory_new(c->bytes);
    snapshot.left = at_event ? 1 + below(3) : 0;
    tables_lay_out(&copy, snapshot.copy, c->devices, WINDOW);
    collector_receive(c, *record, &batch);
    muster_test_batch_free(&batch);
    done = undo->device_id == record->device && snapshot.left == 0;
    if (done && !at_event)
        memcpy(snapshot.copy, c->memory, c->bytes);
    snapshot.left = 0;
    undo = &tables_slot(&copy, record->device % c->count)->undo;
    if (done && !at_event) {
        undo->busy = 1;
        tables_device(&copy, record->device)->timing = timing; /* it comes later */
    }
    if (done && undo->busy)
        return snapshot.copy;
    munmap(snapshot.copy, c->bytes); /* it told something, but not in the change, such as BACK */
    return NULL;
}

/* Kills in the middle of judging the message, which is then not judged.  Returns whether that could
 * be. */
static bool kill_in_message(struct collector *c, const struct muster_record *record,
                            struct account *account)
{
    void *before = memory_new(c->bytes), *within;

    memcpy(before, c->memory, c->bytes);
    within = memory_within(c, record, one_in(2));
    collector_kill_with(c, within ? within : before);
    munmap(before, c->bytes);
    if (within) {
        munmap(within, c->bytes);
        /* A nanosecond more, so that what opens then is told apart from what has opened before. */
        c->now_ns++;
        ck_assert_uint_lt(account->kills, ACCOUNT_KILLS);
        account->killed_ns[account->kills++] = c->now_ns;
    }
    collector_start(c, MUSTER_STATE_KILLED, 1 + below(WORKERS));
    if (within) {
        c->now_ns--;
        muster_test_set_clock(c->instance, c->now_ns, SECOND + c->now_ns - EPOCH);
    }
    return within != NULL;
}

/* Lets one collector run, and interrupts another, which must say the same. */
static unsigned live_a_life(uint64_t number)
{
    struct account *accounts = calloc(2, sizeof *accounts);
    struct collector calm, troubled;
    struct fleet fleet = {.clock = 1000};
    unsigned kills = 0, i;
    uint16_t id;

    ck_assert_ptr_nonnull(accounts);
    random_seed(number);
    collector_new_small(&calm, 1, 64); /* since all of the tables is copied at each kill */
    collector_new_small(&troubled, 1, 64);
    troubled.host.emit = emit_and_look;
    for (i = 0; i < 1500; i++) {
        const struct muster_record record = fleet_next(&fleet);
        struct muster_record a, b;

        if (one_in(200)) {
            collector_stop(&troubled);
            collector_start(&troubled, MUSTER_STATE_STOPPED, 1 + below(WORKERS));
        }
        if (one_in(200)) {
            collector_kill(&troubled);
            collector_start(&troubled, MUSTER_STATE_KILLED, 1 + below(WORKERS));
        }
        if (one_in(20))
            kills += kill_in_message(&troubled, &record, &accounts[1]);
        a = account_receive(&accounts[0], &calm, &record);
        b = account_receive(&accounts[1], &troubled, &record);
        if (memcmp(&a, &b, sizeof a) != 0)
            ck_abort_msg("life %" PRIu64 ", message %u: verdict %u, and %u without a stop", number,
                         i, b.verdict, a.verdict);
        compare_counters(&calm, &troubled);
        collector_pass(&calm, SECOND / 10);
        collector_pass(&troubled, SECOND / 10);
        if (i % 10 == 9) {
            collector_wait(&calm, 1, 0);
            collector_wait(&troubled, 1, 0);
        }
    }
    /* What is open is lost now, and all of it is told. */
    for (id = 0; id < DEVICES; id++) {
        const struct muster_record init =
            collector_message(id, MUSTER_MSG_INIT, 0, fleet.clock + 1000);

        account_receive(&accounts[0], &calm, &init);
        account_receive(&accounts[1], &troubled, &init);
    }
    compare_counters(&calm, &troubled);
    ck_assert_uint_eq(collector_counter(&calm, "open"), 0);
    for (i = 0; i < 2; i++) {
        ck_assert_uint_eq(accounts[i].missing, collector_counter(&calm, "missing"));
        ck_assert_uint_eq(accounts[i].recovered, collector_counter(&calm, "recovered"));
    }
    ck_assert_uint_eq(accounts[0].lost, collector_counter(&calm, "lost"));
    for (id = 0; id < DEVICES; id++)
        for (i = 0; i < ACCOUNT_NUMBERS; i++)
            accounts[1].not_reported += accounts[1].opened_ns[id][i] != 0;
    ck_assert_uint_eq(accounts[1].lost + accounts[1].not_reported,
                      collector_counter(&calm, "lost"));
    ck_assert_uint_le(accounts[1].not_reported, kills * 2 * MAX_JUMP);
    collector_free(&calm);
    collector_free(&troubled);
    free(accounts);
    return kills;
}

START_TEST(as_if_nothing_had_happened)
{
    /* Some kills must have come in the middle of a change. */
    ck_assert_uint_gt(live_a_life((uint64_t)_i), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sequence, interrupted");
    TCase *tests = tcase_create("interrupted");

    tcase_add_loop_test(tests, as_if_nothing_had_happened, 0, 5);
    suite_add_tcase(suite, tests);
    return suite;
}
