/* SPDX-License-Identifier: MIT
 *
 * The filter "reorder": what it hands on, against a plain sort.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "plugins/fake_host.h"

#define PLUGIN (&muster_plugin_v1)
#define MS     UINT64_C(1000000)
#define S      UINT64_C(1000000000)

enum { RECORDS = 20000 };

static struct muster_instance *instance;
static struct muster_test_batch batch;
static struct muster_record *out; /* all that came out */
static uint32_t out_count;

static void begin(const char *window, const char *most)
{
    instance = muster_test_new(PLUGIN, "window", window, "most", most, NULL);
    ck_assert_int_eq(muster_test_open(instance), 0);
    ck_assert_int_eq(muster_test_worker_open(instance, 0, 1), 0);
    memset(&batch, 0, sizeof batch);
    out = calloc(2 * RECORDS, sizeof *out);
    ck_assert_ptr_nonnull(out);
    out_count = 0;
}

static void collect(void)
{
    ck_assert_uint_eq(batch.dropped + batch.emitted, 0); /* it holds and releases */
    ck_assert_uint_le(out_count + batch.out_count, 2 * RECORDS);
    if (batch.out_count > 0)
        memcpy(&out[out_count], batch.out, batch.out_count * sizeof *out);
    out_count += batch.out_count;
}

static void process(const struct muster_record *records, uint32_t count)
{
    ck_assert_int_eq(muster_test_process(instance, 0, &batch, records, count), 0);
    collect();
}

static uint64_t tick(void)
{
    uint64_t next = muster_test_worker_tick(instance, 0, &batch);

    collect();
    return next;
}

/* What waits still comes out. */
static void finish(void)
{
    muster_test_worker_close(instance, 0, &batch);
    collect();
}

static void end(void)
{
    muster_test_close(instance);
    muster_test_batch_free(&batch);
    muster_test_free(instance);
    free(out);
}

static uint64_t wall(void)
{
    return muster_test_host.now(instance, MUSTER_CLOCK_WALL);
}

/* A message that was made so long ago. */
static struct muster_record message(uint16_t device, uint64_t seq, uint64_t ago_ns)
{
    return (struct muster_record){.arrival_ns = wall(),
                                  .device_id = device,
                                  .device = device,
                                  .marks = MUSTER_MARK_DEVICE,
                                  .seq = seq,
                                  .device_time_ns = (int64_t)(wall() - ago_ns),
                                  .readings = 1};
}

static struct muster_record event(uint16_t device, uint64_t number)
{
    return (struct muster_record){.kind = MUSTER_KIND_EVENT,
                                  .device_id = device,
                                  .device = device,
                                  .marks = MUSTER_MARK_DEVICE,
                                  .origin = 3,
                                  .seq = number};
}

static void expect_order(const uint64_t *seqs, uint32_t count)
{
    uint32_t i;

    ck_assert_uint_eq(out_count, count);
    for (i = 0; i < count; i++)
        ck_assert_uint_eq(out[i].seq, seqs[i]);
}

START_TEST(options)
{
    ck_assert(muster_test_accepts(PLUGIN, "window", "100ms"));
    ck_assert(!muster_test_accepts(PLUGIN, "window", "0"));
    ck_assert(!muster_test_accepts(PLUGIN, "window", "2h"));
    ck_assert(!muster_test_accepts(PLUGIN, "most", "0"));
}
END_TEST

START_TEST(in_order_of_time_within_the_window)
{
    static const uint64_t all[] = {1, 2, 3, 4, 5};
    struct muster_record records[4];

    begin("2s", "100");
    records[0] = message(7, 3, 300 * MS);
    records[1] = message(8, 4, 300 * MS); /* of equals the first goes first */
    records[2] = message(7, 1, 900 * MS);
    records[3] = message(9, 5, 0);
    process(records, 4);
    muster_test_advance(instance, S);
    records[0] = message(7, 2, 1500 * MS);
    process(records, 1);
    ck_assert_uint_eq(out_count, 0);
    ck_assert_uint_eq(tick(), muster_test_host.now(instance, MUSTER_CLOCK_MONOTONIC) + S);
    muster_test_advance(instance, S - 1);
    tick();
    ck_assert_uint_eq(out_count, 0);
    muster_test_advance(instance, 1);
    tick();
    expect_order(all, 5); /* the last had not waited for as long, and is older than others */
    ck_assert_uint_eq(muster_test_counter(instance, "too_late"), 0);
    finish();
    end();
}
END_TEST

START_TEST(what_goes_at_once)
{
    static const uint64_t all[] = {2, 1, 4, 5, 3, 6};
    struct muster_record records[3];

    begin("1s", "100");
    records[0] = message(7, 1, 100 * MS);
    records[1] = message(8, 2, 0);
    records[1].device_time_ns = 0;
    process(records, 2);
    muster_test_advance(instance, S);
    tick();
    records[0] = message(7, 3, 0);
    records[1] = message(8, 4, 1200 * MS); /* older than what has gone */
    records[2] = message(9, 5, 0);
    records[2].device_time_ns += (int64_t)S + 1; /* of the future */
    process(records, 3);
    muster_test_advance(instance, S);
    tick();
    records[0] = message(8, 6, 0);
    process(records, 1);
    finish();
    expect_order(all, 6);
    ck_assert_uint_eq(muster_test_counter(instance, "too_late"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "untimed"), 2);
    end();
}
END_TEST

START_TEST(events_stay_behind_what_they_are_about)
{
    static const uint64_t all[] = {90, 30, 31, 1, 11, 12, 2, 21, 20};
    struct muster_record records[8];

    begin("1s", "100");
    records[0] = message(7, 2, 100 * MS);
    records[1] = event(7, 21);
    records[2] = message(7, 1, 200 * MS);
    records[3] = event(7, 11);
    records[4] = message(8, 20, 50 * MS);
    records[5] = event(9, 90); /* nothing of that device waits */
    records[6] = message(9, 30, 0);
    records[6].device_time_ns = 0;
    records[7] = event(9, 31); /* goes with what goes at once */
    process(records, 8);
    muster_test_advance(instance, 10 * MS);
    records[0] = event(7, 12); /* by itself: with the last of its device */
    process(records, 1);
    finish();
    expect_order(all, 9);
    ck_assert_uint_eq(out[4].origin, 3);
    end();
}
END_TEST

/* For want of room the oldest goes early, and its event still behind it. */
START_TEST(bounded_memory)
{
    static const uint64_t all[] = {1, 2, 21, 3, 4};
    struct muster_record records[5];

    begin("1h", "2");
    records[0] = message(7, 3, 100 * MS);
    records[1] = message(7, 1, 300 * MS);
    records[2] = message(8, 2, 200 * MS);
    records[3] = event(8, 21);
    records[4] = message(7, 4, 0);
    process(records, 5);
    expect_order(all, 3);
    ck_assert_uint_eq(muster_test_counter(instance, "early"), 2);
    finish();
    expect_order(all, 5);
    end();
}
END_TEST

/* If that is the one that comes, no other goes for it. */
START_TEST(the_oldest_of_too_many_goes_first)
{
    static const uint64_t all[] = {1, 2, 3};
    struct muster_record records[3];

    begin("1h", "2");
    records[0] = message(7, 2, 300 * MS);
    records[1] = message(7, 3, 200 * MS);
    records[2] = message(7, 1, 400 * MS);
    process(records, 3);
    expect_order(all, 1);
    finish();
    expect_order(all, 3);
    ck_assert_uint_eq(muster_test_counter(instance, "early"), 1);
    ck_assert_uint_eq(muster_test_counter(instance, "too_late"), 0);
    end();
}
END_TEST

/* What it hands on is what it was handed, whatever became of that memory. */
START_TEST(records_go_on_as_they_came)
{
    uint8_t bytes[4] = "26.5";
    struct muster_arrival arrival = {.size = sizeof arrival, .source_port = 4711};
    struct muster_record record, kept;

    begin("1s", "100");
    record = message(7, 1, 0);
    record.payload.bytes = bytes;
    record.payload_size = sizeof bytes;
    record.via.arrival = &arrival;
    record.origin = 0;
    record.verdict = MUSTER_VERDICT_GAP;
    record.message.gap = 5;
    kept = record;
    process(&record, 1);
    memset(bytes, 0xee, sizeof bytes);
    memset(&arrival, 0xee, sizeof arrival);
    muster_test_advance(instance, S);
    tick();
    ck_assert_uint_eq(out_count, 1);
    ck_assert_int_eq(memcmp(out[0].payload.bytes, "26.5", 4), 0);
    ck_assert_uint_eq(out[0].via.arrival->source_port, 4711);
    out[0].payload = kept.payload;
    out[0].via = kept.via;
    ck_assert_mem_eq(&out[0], &kept, sizeof kept);
    finish();
    end();
}
END_TEST

/* ---- against a plain sort ------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct muster_record *left = a, *right = b;

    if (left->device_time_ns != right->device_time_ns)
        return left->device_time_ns < right->device_time_ns ? -1 : 1;
    return left->seq < right->seq ? -1 : left->seq > right->seq;
}

/* Plays RECORDS messages that are under way for up to `way_ns`. They are in `sent`. */
static void play(struct muster_record *sent, uint64_t way_ns)
{
    uint64_t next_tick = 0;
    uint32_t i, count;

    for (i = 0; i < RECORDS; i += count) {
        uint32_t k;

        count = 1 + below(40);
        if (count > RECORDS - i)
            count = RECORDS - i;
        for (k = i; k < i + count; k++)
            sent[k] = message((uint16_t)below(50), k, below_u64(way_ns / MS) * MS);
        process(&sent[i], count);
        muster_test_advance(instance, below_u64(100) * MS);
        if (muster_test_host.now(instance, MUSTER_CLOCK_MONOTONIC) >= next_tick) {
            next_tick = tick();
            if (next_tick == 0)
                next_tick = muster_test_host.now(instance, MUSTER_CLOCK_MONOTONIC) + S;
        }
    }
    finish();
    ck_assert_uint_eq(out_count, RECORDS);
}

START_TEST(nothing_is_late_within_the_window)
{
    struct muster_record *sent = calloc(RECORDS, sizeof *sent);
    uint32_t i;

    random_seed(0xb00c + (uint64_t)_i);
    begin("2s", "65536");
    play(sent, 2 * S);
    qsort(sent, RECORDS, sizeof *sent, by_time);
    for (i = 0; i < RECORDS; i++)
        ck_assert_uint_eq(out[i].seq, sent[i].seq);
    ck_assert_uint_eq(muster_test_counter(instance, "too_late"), 0);
    ck_assert_uint_eq(muster_test_counter(instance, "early"), 0);
    end();
    free(sent);
}
END_TEST

/* Beyond the window, and with little memory: all come out once, and all that are not in order are
 * counted. */
START_TEST(what_is_not_in_order_is_counted)
{
    struct muster_record *sent = calloc(RECORDS, sizeof *sent);
    uint8_t *seen = calloc(RECORDS, 1);
    uint64_t late = 0;
    int64_t newest = 0;
    uint32_t i;

    random_seed(0xcafe + (uint64_t)_i);
    begin("2s", _i % 2 == 0 ? "65536" : "300");
    play(sent, 5 * S);
    for (i = 0; i < RECORDS; i++) {
        ck_assert_uint_lt(out[i].seq, RECORDS);
        ck_assert_uint_eq(seen[out[i].seq]++, 0);
        if (out[i].device_time_ns < newest)
            late++;
        else
            newest = out[i].device_time_ns;
    }
    ck_assert_uint_gt(late, 0);
    ck_assert_uint_eq(late, muster_test_counter(instance, "too_late"));
    ck_assert_int_eq(muster_test_counter(instance, "early") > 0, _i % 2);
    end();
    free(seen);
    free(sent);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {the_oldest_of_too_many_goes_first,
                                  options,
                                  in_order_of_time_within_the_window,
                                  what_goes_at_once,
                                  events_stay_behind_what_they_are_about,
                                  bounded_memory,
                                  records_go_on_as_they_came};
    Suite *suite = suite_create("reorder");
    TCase *tests = tcase_create("reorder");
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    tcase_add_loop_test(tests, nothing_is_late_within_the_window, 0, 6);
    tcase_add_loop_test(tests, what_is_not_in_order_is_counted, 0, 6);
    suite_add_tcase(suite, tests);
    return suite;
}
