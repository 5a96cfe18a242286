/* SPDX-License-Identifier: MIT
 *
 * The tables in another window: what a tracker with that window would have, had it had it from the
 * start.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/gaps.h"
#include "sequence/gaps_rebuild.h"
#include "sequence/recovery.h"
#include "sequence/resize.h"
#include "sequence/tracker.h"
#include "sequence/undo.h"
#include "sequence/window.h"
#include "memory.h"
#include "notes.h"

enum { DEVICES = 5, MESSAGES = 4000, ROUNDS = 12, WORKERS = 3, LATEST = 30 };

/* A tracker for each worker, and its gaps. */
struct run {
    struct tables tables;
    struct tracker *trackers[WORKERS];
    struct notes notes[WORKERS];
};

static void begin(struct run *run, uint32_t window)
{
    struct tracker_options options = {
        .window = window, .max_jump = 1000, .persistent = true, .note = notes_tracker_note};
    uint32_t i;

    memory_tables(&run->tables, window);
    for (i = 0; i < WORKERS; i++) {
        const struct gaps_options of_gaps = {.worker = i, .workers = WORKERS, .persistent = true};

        run->notes[i] = (struct notes){.gaps = gaps_new(&of_gaps, &run->tables, 1), .now_ns = 1};
        options.context = &run->notes[i];
        run->trackers[i] = tracker_new(&options, &run->tables, i, WORKERS);
        ck_assert(run->notes[i].gaps != NULL && run->trackers[i] != NULL);
    }
}

/* The tables stay. */
static void end(struct run *run)
{
    uint32_t i;

    for (i = 0; i < WORKERS; i++) {
        tracker_free(run->trackers[i]);
        gaps_free(run->notes[i].gaps);
    }
}

static void make_tables(struct tables *tables, uint32_t devices, uint32_t window)
{
    tables_lay_out(tables, memory_new(tables_bytes(devices, window)), devices, window);
}

/* Loss short and long, late ones that any window knows, copies, and restarts. */
static void make_messages(struct muster_record *messages)
{
    uint32_t next[DEVICES], clock = 1762534152, i;

    for (i = 0; i < DEVICES; i++)
        next[i] = one_in(2) ? UINT32_MAX - below(500) : below(100000);
    for (i = 0; i < MESSAGES; i++) {
        uint32_t id = below(DEVICES), what = below(1000), number;
        uint8_t bits, type = MUSTER_MSG_DATA;

        clock += one_in(20);
        if (what < 60)
            next[id] += below(6);
        else if (what < 66)
            next[id] += below(15);
        number = next[id];
        if (what >= 100 && what < 200) {
            number -= 1 + below(LATEST);
        } else if (what == 999) {
            type = MUSTER_MSG_INIT;
            next[id] = 0;
            clock++;
        } else {
            next[id]++;
        }
        bits = id % 3 == 0 ? 32 : id % 3 == 1 ? 8 : 64;
        messages[i] = (struct muster_record){.device_id = (uint16_t)id,
                                             .msg_type = type,
                                             .device = id,
                                             .marks = MUSTER_MARK_DEVICE,
                                             .seq = (type == MUSTER_MSG_INIT ? 0 : number) &
                                                    UINT64_MAX >> (64 - bits),
                                             .device_time_ns = (int64_t)clock * 1000000000,
                                             .seq_bits = type == MUSTER_MSG_DATA ? bits : 0,
                                             .readings = 1};
    }
}

static void judge(struct run *run, const struct muster_record *messages)
{
    uint32_t i;

    for (i = 0; i < MESSAGES; i++) {
        struct muster_record record = messages[i];

        tracker_judge(run->trackers[record.device % WORKERS], &record);
    }
}

static void expect_sums(const struct tables *tables)
{
    struct tracker_counts sum = tables_counts_from(tables, 0);

    ck_assert_uint_eq(sum.missing, sum.recovered + sum.lost + sum.open);
    ck_assert(recovery_is_sound(tables));
}

/* Each number that is missing is in one gap, and its opening is known. */
static void expect_gaps(struct tables *tables, uint64_t open)
{
    const struct gaps_options of_gaps = {.workers = 1, .persistent = true};
    uint64_t found = 0, sums = 0;
    struct gaps *gaps;
    uint32_t i;

    ck_assert_int_eq(gaps_rebuild(tables, 2, 1), 0);
    for (i = 0; i < tables->gap_count; i++) {
        const struct gap *gap = &tables->gaps[i];

        if (!gap->used)
            continue;
        ck_assert_uint_eq(gap->opened_ns, 1);
        found += gap->missing;
    }
    ck_assert_uint_eq(found, open);
    gaps = gaps_new(&of_gaps, tables, 1);
    for (i = 0; i < MUSTER_CAUSES; i++)
        sums += gaps_sums(gaps)->open[i];
    ck_assert_uint_eq(sums, open);
    gaps_free(gaps);
}

/* Of the newest numbers both have. */
static void expect_same_newest(const struct tables *a, const struct tables *b, uint32_t id)
{
    const struct session *s = &tables_read_device(a, id)->session,
                         *t = &tables_read_device(b, id)->session;
    uint32_t span = s->span < t->span ? s->span : t->span, i;

    ck_assert_uint_eq(s->highest, t->highest);
    for (i = 0; s->begun && i < span; i++)
        ck_assert_int_eq(window_has_seen(tables_read_window(a, id), s->size, s->highest - i),
                         window_has_seen(tables_read_window(b, id), t->size, s->highest - i));
}

static void check_resized(const struct run *before, struct run *oracle, uint32_t window)
{
    struct tables to;
    struct tracker_counts sum, expected = tables_counts_from(&oracle->tables, 0);
    struct tracker_counts was = tables_counts_from(&before->tables, 0);
    struct resize_losses losses;
    const bool is_smaller = window < before->tables.window;
    uint32_t id;

    make_tables(&to, MUSTER_DEVICE_IDS, window);
    losses = resize_tables(&to, &before->tables, false);
    expect_sums(&to);
    sum = tables_counts_from(&to, 0);
    ck_assert_uint_eq(sum.missing, was.missing);
    ck_assert_uint_eq(sum.lost, was.lost + losses.numbers);
    ck_assert_uint_eq(sum.open, was.open - losses.numbers);
    if (is_smaller)
        ck_assert_int_eq(memcmp(&sum, &expected, sizeof sum), 0);
    else
        ck_assert_uint_eq(losses.numbers + losses.gaps, 0);
    for (id = 0; id < DEVICES; id++) {
        expect_same_newest(&to, &before->tables, id);
        expect_same_newest(&to, &oracle->tables, id);
        if (is_smaller)
            ck_assert_int_eq(memcmp(&tables_read_device(&to, id)->session,
                                    &tables_read_device(&oracle->tables, id)->session,
                                    sizeof(struct session)),
                             0);
    }
    expect_gaps(&to, sum.open);
    memory_free(&to);
}

START_TEST(as_if_it_had_always_been)
{
    static const uint32_t windows[][2] = {
        {256, 64}, {1024, 128}, {64, 256}, {128, 8192}, {512, 256}};
    struct muster_record *messages = calloc(MESSAGES, sizeof *messages);
    struct run before, oracle;
    const uint32_t *pair = windows[_i % (int)(sizeof windows / sizeof windows[0])];

    ck_assert_ptr_nonnull(messages);
    random_seed((uint64_t)_i + 1);
    make_messages(messages);
    begin(&before, pair[0]);
    begin(&oracle, pair[1]);
    judge(&before, messages);
    judge(&oracle, messages);
    expect_sums(&before.tables);
    check_resized(&before, &oracle, pair[1]);
    end(&before);
    end(&oracle);
    memory_free(&before.tables);
    memory_free(&oracle.tables);
    free(messages);
}
END_TEST

/* The process was killed while a session changed: the change is taken back on the way. */
START_TEST(in_the_middle_of_a_change)
{
    struct muster_record *messages = calloc(MESSAGES, sizeof *messages);
    struct run before;
    struct tables whole, torn;
    struct slot *slot;
    uint32_t id;

    ck_assert_ptr_nonnull(messages);
    random_seed(99);
    make_messages(messages);
    begin(&before, 256);
    judge(&before, messages);
    end(&before);
    make_tables(&whole, MUSTER_DEVICE_IDS, 64);
    make_tables(&torn, MUSTER_DEVICE_IDS, 64);
    resize_tables(&whole, &before.tables, false);
    slot = tables_slot(&before.tables, 2 % WORKERS);
    undo_begin(&slot->undo, &slot->counts, &before.tables, 2);
    for (id = 0; id < 256 / 64; id++)
        undo_save(&slot->undo, tables_window(&before.tables, 2), id);
    tables_device(&before.tables, 2)->session.highest += 3;
    tables_device(&before.tables, 2)->session.open = 77;
    memset(tables_window(&before.tables, 2), 0x5a, 256 / 8);
    slot->counts.missing += 3;
    resize_tables(&torn, &before.tables, false);
    expect_sums(&torn);
    for (id = 0; id < DEVICES; id++)
        expect_same_newest(&torn, &whole, id);
    memory_free(&before.tables);
    memory_free(&whole);
    memory_free(&torn);
    free(messages);
}
END_TEST

/* Part of a gap falls out: what is lost of it is reported when the rest ends. */
START_TEST(a_gap_at_the_edge)
{
    static const uint32_t numbers[] = {1, 5, 40, 70};
    struct resize_losses losses;
    const struct gap *gap;
    struct tables to;
    struct run run;
    uint32_t i;

    begin(&run, 128);
    for (i = 0; i < 4; i++) {
        struct muster_record record = {.device_id = 1,
                                       .device = 1,
                                       .marks = MUSTER_MARK_DEVICE,
                                       .msg_type = MUSTER_MSG_DATA,
                                       .seq = numbers[i],
                                       .seq_bits = 32,
                                       .readings = 1};

        tracker_judge(run.trackers[1], &record);
    }
    end(&run);
    make_tables(&to, MUSTER_DEVICE_IDS, 64);
    losses = resize_tables(&to, &run.tables, false); /* 7 to 70 */
    ck_assert_uint_eq(losses.numbers, 4);            /* 2, 3, 4 and 6 */
    ck_assert_uint_eq(losses.gaps, 1);               /* 2 to 4 */
    expect_sums(&to);
    ck_assert_int_eq(gaps_rebuild(&to, 2, 1), 0);
    ck_assert_uint_eq(to.losses[1].count, 2);
    gap = &to.gaps[1];
    ck_assert_uint_eq(gap->lost_first, 6);
    ck_assert_uint_eq(gap->lost_count, 1);
    ck_assert_uint_eq(gap->first, 7);
    ck_assert_uint_eq(gap->last, 39);
    gap = &to.gaps[gap->next];
    ck_assert_uint_eq(gap->lost_count, 0);
    ck_assert_uint_eq(gap->first, 41);
    ck_assert_uint_eq(gap->last, 69);
    memory_free(&to);
    memory_free(&run.tables);
}
END_TEST

START_TEST(stale_ones)
{
    struct muster_record *messages = calloc(MESSAGES, sizeof *messages);
    struct tracker_counts was, sum;
    struct run run;
    struct tables to;

    ck_assert_ptr_nonnull(messages);
    random_seed(5);
    make_messages(messages);
    begin(&run, 256);
    judge(&run, messages);
    end(&run);
    was = tables_counts_from(&run.tables, 0);
    tables_device(&run.tables, 2)->session.span = 7777; /* as bad as it may be */
    tables_slot(&run.tables, 0)->undo.busy = 5;
    tables_slot(&run.tables, 0)->undo.device_id = UINT32_MAX;
    make_tables(&to, MUSTER_DEVICE_IDS, 64);
    resize_tables(&to, &run.tables, true);
    recovery_forget_sessions(&to);
    expect_sums(&to);
    sum = tables_counts_from(&to, 0);
    ck_assert_uint_eq(sum.devices, was.devices);
    ck_assert_uint_eq(sum.lost, was.lost);
    ck_assert_uint_eq(sum.open, 0);
    memory_free(&to);
    memory_free(&run.tables);
    free(messages);
}
END_TEST

/* The number of devices that there may be has changed. */
START_TEST(more_and_fewer_devices)
{
    static const uint32_t counts[] = {1, 64, 100, 5000, MUSTER_DEVICE_IDS};
    struct muster_record *messages = calloc(MESSAGES, sizeof *messages);
    struct run run;
    struct tables few, many;
    uint32_t id, i;

    for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint64_t bytes = tables_bytes(counts[i], 128);

        ck_assert_uint_ge(tables_devices_of(bytes, 128), counts[i]);
        ck_assert_uint_eq(tables_bytes(tables_devices_of(bytes, 128), 128), bytes);
        ck_assert_uint_eq(tables_devices_of(bytes + 1, 128), 0);
    }
    ck_assert_ptr_nonnull(messages);
    random_seed(6);
    make_messages(messages);
    begin(&run, 256);
    judge(&run, messages);
    end(&run);
    make_tables(&few, 1000, 128);
    make_tables(&many, MUSTER_DEVICE_IDS, 128);
    resize_tables(&few, &run.tables, false);
    expect_sums(&few);
    resize_tables(&many, &few, false);
    expect_sums(&many);
    for (id = 0; id < DEVICES; id++)
        expect_same_newest(&many, &run.tables, id);
    memory_free(&few);
    memory_free(&many);
    memory_free(&run.tables);
    free(messages);
}
END_TEST

/* Devices whose numbers there cannot be any more: what was missing of them is lost, and all sums
 * agree; also if the process was killed while one of them changed. */
static void expect_fewer(const struct tables *from, uint32_t devices)
{
    const struct tracker_counts was = tables_counts_from(from, 0);
    struct tracker_counts sum;
    struct resize_losses losses;
    struct tables few, many;
    uint64_t open = 0;
    uint32_t id;

    make_tables(&few, devices, from->window);
    losses = resize_tables(&few, from, false);
    expect_sums(&few);
    sum = tables_counts_from(&few, 0);
    for (id = 0; id < devices; id++) {
        open += tables_read_device(&few, id)->session.open;
        if (id > 0)
            ck_assert_int_eq(memcmp(&few.losses[id], &from->losses[id], sizeof *few.losses), 0);
    }
    ck_assert_uint_eq(losses.devices, DEVICES - devices);
    ck_assert_uint_eq(sum.devices, devices);
    ck_assert_uint_eq(sum.open, open);
    ck_assert_uint_eq(losses.numbers, 0);
    if (tables_read_slot(from, 0)->undo.busy == 0) {
        ck_assert_uint_eq(sum.missing, was.missing);
        ck_assert_uint_eq(sum.recovered, was.recovered);
        ck_assert_uint_eq(sum.doubted + sum.outliers, was.doubted + was.outliers);
    }
    expect_gaps(&few, open);
    make_tables(&many, MUSTER_DEVICE_IDS + 4096, from->window);
    resize_tables(&many, &few, false);
    expect_sums(&many);
    expect_gaps(&many, open);
    memory_free(&few);
    memory_free(&many);
}

START_TEST(forgotten_devices)
{
    const uint32_t last = DEVICES - 1; /* has no place */
    struct muster_record *messages = calloc(MESSAGES, sizeof *messages);
    struct run run;
    struct slot *slot;
    uint32_t devices;

    ck_assert_ptr_nonnull(messages);
    random_seed(70 + (uint64_t)_i);
    make_messages(messages);
    begin(&run, 256);
    judge(&run, messages);
    end(&run);
    for (devices = 1; devices < DEVICES; devices++)
        expect_fewer(&run.tables, devices);
    slot = tables_slot(&run.tables, 0);
    undo_begin(&slot->undo, &slot->counts, &run.tables, last);
    tables_device(&run.tables, last)->session.open += 3;
    run.tables.losses[last].recovered += 7;
    run.tables.losses[last].lost[0] += 5;
    run.tables.rivals[last].rows[0].doubted += 2;
    slot->counts.lost += 4;
    for (devices = 1; devices < DEVICES; devices++)
        expect_fewer(&run.tables, devices);
    memory_free(&run.tables);
    free(messages);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("resize");
    TCase *tcase = tcase_create("resize");

    tcase_add_loop_test(tcase, as_if_it_had_always_been, 0, ROUNDS);
    tcase_add_test(tcase, in_the_middle_of_a_change);
    tcase_add_test(tcase, a_gap_at_the_edge);
    tcase_add_test(tcase, stale_ones);
    tcase_add_test(tcase, more_and_fewer_devices);
    tcase_add_loop_test(tcase, forgotten_devices, 0, ROUNDS);
    suite_add_tcase(suite, tcase);
    return suite;
}
