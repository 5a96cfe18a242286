/* SPDX-License-Identifier: MIT
 *
 * What the filter "sequence" believes of tables that are damaged: what shows is found, and with the
 * rest it goes on without harm.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/recovery.h"
#include "sequence/undo.h"
#include "account.h"
#include "collector.h"
#include "fleet.h"
#include "memory.h"

enum { TABLED = 256 /* devices that the tables have room for; few are heard */ };

/* A state as a killed run left it, in a file of no name, so that each mapping of it is a new copy.
 */
struct image {
    int file;
    uint64_t bytes;
    uint64_t now_ns;
};

static void make_image(struct image *image)
{
    struct account *account = calloc(1, sizeof *account);
    struct fleet fleet = {.clock = 1000};
    struct collector c;
    struct tables tables;
    unsigned i;

    ck_assert_ptr_nonnull(account);
    random_seed(42);
    collector_new_small(&c, 2, TABLED);
    for (i = 0; i < 600; i++) {
        const struct muster_record record = fleet_next(&fleet);

        account_receive(account, &c, &record);
        if (i % 10 == 0)
            collector_wait(&c, 1, 0);
    }
    for (i = 1; i < 10; i++) { /* open gaps, whatever came before */
        struct muster_record record =
            collector_message(1, MUSTER_MSG_DATA, fleet.next[1] += 3, fleet.clock);

        account_receive(account, &c, &record);
    }
    tables_lay_out(&tables, c.memory, TABLED, WINDOW);
    ck_assert(recovery_is_sound(&tables));
    ck_assert_uint_gt(collector_counter(&c, "open"), 0);
    ck_assert_uint_ne(tables.losses[1].count, 0);
    image->bytes = c.bytes;
    image->now_ns = c.now_ns;
    image->file = memfd_create("image", 0);
    ck_assert_int_ge(image->file, 0);
    ck_assert_int_eq(write(image->file, c.memory, c.bytes), (ssize_t)c.bytes);
    collector_free(&c);
    free(account);
}

static void *map_image(const struct image *image, struct tables *tables)
{
    void *memory = mmap(NULL, image->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, image->file, 0);

    ck_assert(memory != MAP_FAILED);
    tables_lay_out(tables, memory, TABLED, WINDOW);
    return memory;
}

typedef void damage_fn(struct tables *tables);

static struct device *one(struct tables *tables)
{
    return tables_device(tables, 1);
}

static void bad_known(struct tables *t)
{
    one(t)->session.known = 2;
}

static void bad_begun(struct tables *t)
{
    one(t)->session.begun = 3;
}

static void bad_has_init(struct tables *t)
{
    one(t)->session.has_init = 255;
}

static void bad_init_came(struct tables *t)
{
    one(t)->session.init_came = 2;
}

static void bad_configured(struct tables *t)
{
    t->habits[1].configured = 2;
}

static void bad_has_heartbeat(struct tables *t)
{
    t->habits[1].has_heartbeat = 2;
}

static void bad_doubt(struct tables *t)
{
    one(t)->session.attention = 8;
}

static void doubt_without_messages(struct tables *t)
{
    one(t)->session.attention = ATTENTION_DOUBT;
    t->rivals[1].rows[0].doubted = 0;
}

static void messages_without_doubt(struct tables *t)
{
    one(t)->session.attention = 0;
    t->rivals[1].rows[0] =
        (struct row){.end = 2, .count = 1, .doubted = 1, .datagrams = 1, .bits = 32};
    tables_slot(t, 0)->counts.doubted++;
}

static void long_row(struct tables *t)
{
    t->rivals[1].rows[1] =
        (struct row){.end = WINDOW + 2, .count = WINDOW + 1, .datagrams = 1, .bits = 32};
}

static void row_without_datagrams(struct tables *t)
{
    t->rivals[1].copies = (struct row){.end = 2, .count = 1, .bits = 32};
}

static void leap_elsewhere(struct tables *t)
{
    one(t)->session.attention |= ATTENTION_LEAP;
    t->rivals[1].leap = (struct leap){.next = (uint32_t)one(t)->session.highest - 1,
                                      .first = (uint32_t)one(t)->session.highest + 1,
                                      .end = (uint32_t)one(t)->session.highest + 2};
}

static void leap_beyond_the_window(struct tables *t)
{
    one(t)->session.attention |= ATTENTION_LEAP;
    t->rivals[1].leap = (struct leap){.next = (uint32_t)one(t)->session.highest - WINDOW,
                                      .first = (uint32_t)one(t)->session.highest,
                                      .end = (uint32_t)one(t)->session.highest + 1};
}

static void doubted_uncounted(struct tables *t)
{
    tables_slot(t, 0)->counts.doubted++;
}

static void long_span(struct tables *t)
{
    one(t)->session.span = WINDOW + 1;
}

static void no_span(struct tables *t)
{
    one(t)->session.span = 0;
}

static void open_without_session(struct tables *t)
{
    one(t)->session.begun = 0;
}

static void open_miscounted(struct tables *t)
{
    one(t)->session.open++;
    tables_slot(t, 0)->counts.open++;
    tables_slot(t, 0)->counts.missing++;
}

static void bit_lost(struct tables *t)
{
    *tables_window(t, 1) ^= UINT64_C(1) << one(t)->session.highest % WINDOW;
}

static void open_uncounted(struct tables *t)
{
    tables_slot(t, 1)->counts.open++;
    tables_slot(t, 1)->counts.missing++;
}

static void devices_uncounted(struct tables *t)
{
    tables_slot(t, 0)->counts.devices++;
}

static void device_forgotten(struct tables *t)
{
    t->shared->known[0] &= ~(UINT64_C(1) << 2);
}

static void sum_missing(struct tables *t)
{
    tables_slot(t, 0)->counts.missing++;
}

static void sum_recovered(struct tables *t)
{
    tables_slot(t, 0)->counts.recovered--;
}

static void sum_lost(struct tables *t)
{
    tables_slot(t, 0)->counts.lost++;
}

static void bad_busy(struct tables *t)
{
    tables_slot(t, 3)->undo.busy = 2;
}

static void bad_undo_device(struct tables *t)
{
    tables_slot(t, 3)->undo.device_id = TABLED;
}

static void bad_gaps_end(struct tables *t)
{
    tables_slot(t, 255)->gaps_end = t->gap_count + 1;
}

static void lost_by_no_cause(struct tables *t)
{
    t->losses[1].lost[0]++;
}

static void recovered_by_no_device(struct tables *t)
{
    t->losses[1].recovered++;
}

static void expired_beyond_missing(struct tables *t)
{
    t->losses[1].expired = one(t)->session.open + 1;
    t->losses[1].lost[0] += t->losses[1].expired;
}

static void empty_undo(struct tables *t)
{
    tables_slot(t, 1)->undo.busy = 1;
    tables_slot(t, 1)->undo.device_id = 1;
    memset(&tables_slot(t, 1)->undo.session, 0, sizeof(struct session));
}

START_TEST(damage_is_found)
{
    static damage_fn *const damages[] = {bad_known,
                                         bad_begun,
                                         bad_has_init,
                                         bad_init_came,
                                         bad_configured,
                                         bad_has_heartbeat,
                                         bad_doubt,
                                         doubt_without_messages,
                                         doubted_uncounted,
                                         long_span,
                                         no_span,
                                         messages_without_doubt,
                                         long_row,
                                         row_without_datagrams,
                                         leap_elsewhere,
                                         leap_beyond_the_window,
                                         open_miscounted,
                                         bit_lost,
                                         open_without_session,
                                         open_uncounted,
                                         devices_uncounted,
                                         sum_missing,
                                         device_forgotten,
                                         sum_recovered,
                                         sum_lost,
                                         bad_busy,
                                         bad_undo_device,
                                         bad_gaps_end,
                                         lost_by_no_cause,
                                         recovered_by_no_device,
                                         expired_beyond_missing,
                                         empty_undo};
    struct image image;
    size_t i;

    make_image(&image);
    for (i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct collector c = {.devices = TABLED, .bytes = image.bytes, .now_ns = image.now_ns};
        struct muster_record event;
        struct tables tables;

        c.memory = map_image(&image, &tables);
        ck_assert(recovery_is_sound(&tables));
        damages[i](&tables);
        ck_assert_msg(!recovery_is_sound(&tables), "damage number %zu is not found", i);
        collector_start_with(&c, i % 2 ? MUSTER_STATE_STOPPED : MUSTER_STATE_KILLED, 2);
        ck_assert(muster_test_state_set_aside(c.instance));
        ck_assert_uint_eq(collector_counter(&c, "devices"), 0);
        ck_assert_uint_eq(collector_expect(&c, 99, 1, MUSTER_VERDICT_FIRST, 0, &event), 1);
        collector_free(&c);
    }
    close(image.file);
}
END_TEST

/* Something in the table of devices, the slots, the list of gaps or the shared part. */
static void damage_at_random(struct tables *t)
{
    uint32_t id = below(DEVICES), a, b;
    uint8_t *bytes;
    uint32_t size;

    switch (below(9)) {
    case 0:
        bytes = (uint8_t *)&tables_device(t, id)->session;
        size = sizeof(struct session);
        break;
    case 1:
        bytes = (uint8_t *)&tables_device(t, id)->contact;
        size = sizeof(struct device) - offsetof(struct device, contact);
        break;
    case 2:
        bytes = (uint8_t *)tables_slot(t, one_in(2) ? below(2) : below(TABLES_WORKERS));
        size = sizeof(struct slot) + WINDOW / 8;
        break;
    case 3:
        bytes = (uint8_t *)&t->gaps[one_in(2) ? 0 : t->devices];
        size = 16 * sizeof(struct gap);
        break;
    case 4:
        bytes = (uint8_t *)t->shared;
        size = sizeof(struct shared);
        break;
    case 5: /* two numbers change places, which no sum shows */
        a = below(WINDOW);
        b = below(WINDOW);
        if ((*tables_window(t, id) >> a & 1) != (*tables_window(t, id) >> b & 1))
            *tables_window(t, id) ^= UINT64_C(1) << a | UINT64_C(1) << b;
        return;
    case 6: /* an undo record of a device as it is */
        tables_slot(t, 1)->undo.busy = 1;
        tables_slot(t, 1)->undo.device_id = id;
        tables_slot(t, 1)->undo.counts = tables_slot(t, 1)->counts;
        tables_slot(t, 1)->undo.session = tables_device(t, below(DEVICES))->session;
        undo_words(&tables_slot(t, 1)->undo)[0] = *tables_window(t, id);
        undo_words(&tables_slot(t, 1)->undo)[1] = below(2);
        return;
    case 7:
        bytes = (uint8_t *)&t->losses[id];
        size = sizeof(struct losses);
        break;
    default: /* numbers that are no count */
        tables_device(t, id)->session.highest += below(2) ? below(10) : below(UINT32_MAX);
        return;
    }
    bytes[below(size)] = (uint8_t)below(256);
}

/* Goes on with a damaged state. */
static void go_on_with(struct collector *c, uint32_t age)
{
    struct fleet fleet = {.clock = 1000 + below(1000)};
    uint64_t sum = 0, sum_before = 0;
    unsigned i;
    uint16_t id;

    collector_start_with(c, age, 1 + below(WORKERS));
    for (i = 0; i < COLLECTOR_OF_MESSAGES; i++)
        sum_before += collector_counter(c, collector_counts[i]);
    for (id = 0; id < DEVICES; id++)
        fleet.next[id] = below(3) * below(400);
    for (i = 0; i < 60; i++) {
        struct muster_record record = fleet_next(&fleet);
        struct muster_test_batch batch;

        if (i >= 50 && i - 50 < DEVICES)
            record = collector_message((uint16_t)(i - 50), MUSTER_MSG_INIT, 0, fleet.clock + 10000);
        collector_receive(c, record, &batch);
        muster_test_batch_free(&batch);
        if (i % 20 == 10)
            collector_wait(c, 1, 0);
    }
    for (i = 0; i < COLLECTOR_OF_MESSAGES; i++)
        sum += collector_counter(c, collector_counts[i]);
    ck_assert_uint_eq(sum - sum_before, 60);
    ck_assert_uint_eq(collector_counter(c, "missing"), collector_counter(c, "recovered") +
                                                           collector_counter(c, "lost") +
                                                           collector_counter(c, "open"));
    collector_stop(c);
}

START_TEST(random_damage)
{
    enum { TRIES = 1000 };
    struct image image;
    unsigned believed = 0, tries, i;

    make_image(&image);
    random_seed(1000 + (uint64_t)_i);
    for (tries = 0; tries < TRIES; tries++) {
        struct collector c = {.devices = TABLED, .bytes = image.bytes, .now_ns = image.now_ns};
        struct tables tables;
        uint32_t age = one_in(50) ? MUSTER_STATE_STALE : MUSTER_STATE_KILLED;

        c.memory = map_image(&image, &tables);
        for (i = 1 + below(one_in(4) ? 20 : 3); i > 0; i--)
            damage_at_random(&tables);
        if (age == MUSTER_STATE_STALE || recovery_is_sound(&tables)) {
            go_on_with(&c, age);
            believed++;
        }
        munmap(c.memory, c.bytes);
    }
    close(image.file);
    /* Some damage is found, and some cannot be. */
    ck_assert_uint_gt(believed, TRIES / 20);
    ck_assert_uint_lt(believed, TRIES * 19 / 20);
}
END_TEST

START_TEST(damaged_presence)
{
    struct image image;
    struct tables tables;

    make_image(&image);
    map_image(&image, &tables);
    one(&tables)->contact.presence = 3;
    ck_assert(!recovery_is_sound(&tables));
}
END_TEST

START_TEST(damaged_highest)
{
    struct image image;
    struct tables tables;

    make_image(&image);
    map_image(&image, &tables);
    *tables_window(&tables, 1) ^= UINT64_C(1) << one(&tables)->session.highest % WINDOW;
    one(&tables)->session.open++;
    tables_slot(&tables, 0)->counts.open++;
    tables_slot(&tables, 0)->counts.missing++;
    ck_assert(!recovery_is_sound(&tables));
}
END_TEST

/* ---- another device has the number ---------------------------------------------------- */

static void copy_tables(struct tables *to, const struct tables *from)
{
    const uint64_t bytes = tables_bytes(from->devices, from->window);

    tables_lay_out(to, memory_new(bytes), from->devices, from->window);
    memcpy(to->shared, from->shared, bytes);
}

static bool is_zero(const void *memory, size_t size)
{
    const uint8_t *bytes = memory;
    size_t i;

    for (i = 0; i < size && bytes[i] == 0; i++)
        ;
    return i == size;
}

static void expect_forgotten(struct tables *tables, uint32_t id, const struct tracker_counts *was)
{
    const struct device *device = tables_read_device(tables, id);
    const struct tracker_counts sum = tables_counts_from(tables, 0);

    ck_assert(recovery_is_sound(tables));
    ck_assert_uint_eq(sum.devices, was->devices - 1);
    ck_assert_uint_eq(sum.missing, was->missing);
    ck_assert_uint_eq(sum.doubted + sum.outliers, was->doubted + was->outliers);
    ck_assert(!tables_is_known(tables, id));
    ck_assert(is_zero(&device->session, sizeof device->session));
    ck_assert(is_zero(&device->contact, sizeof device->contact));
    ck_assert(is_zero(&device->timing, sizeof device->timing));
    ck_assert(is_zero(&tables->habits[id], sizeof *tables->habits));
    ck_assert_uint_eq(device->disorder, 0);
}

/* Makes, under the undo record, some of the stores that have made `after` of the tables. */
static void tear(struct tables *tables, const struct tables *after, uint32_t id)
{
    const struct undo *undo = &tables_slot(tables, 0)->undo;
    const uint8_t *whole = (const uint8_t *)after->shared;
    uint8_t *bytes = (uint8_t *)tables->shared;
    const uint8_t *busy = (const uint8_t *)&undo->busy;
    const uint64_t size = tables_bytes(tables->devices, tables->window);
    uint64_t at;

    undo_begin(&tables_slot(tables, 0)->undo, &tables_slot(tables, 0)->counts, tables, id);
    for (at = offsetof(struct shared, known) + TABLED / 8; at < size; at += 8)
        if (bytes + at != busy && memcmp(bytes + at, whole + at, 8) != 0 && one_in(2))
            memcpy(bytes + at, whole + at, 8);
}

/* All that a device left is gone, but for what is lost of it; and a kill anywhere in the midst of
 * it is made good by the next run, which does it again. */
START_TEST(forgotten)
{
    struct tables before, after, torn;
    struct image image;
    struct tracker_counts was;
    uint32_t id, step;

    make_image(&image);
    map_image(&image, &before);
    recovery_take_back(&before);
    was = tables_counts_from(&before, 0);
    for (id = tables_next_known(&before, 0); id < TABLED; id = tables_next_known(&before, id + 1)) {
        tables_device(&before, id)->disorder = 200;
        copy_tables(&after, &before);
        recovery_forget(&after, id);
        expect_forgotten(&after, id, &was);
        for (step = 0; step < 6; step++) {
            copy_tables(&torn, &before);
            tear(&torn, &after, id);
            ck_assert(recovery_is_sound(&torn));
            recovery_take_back(&torn);
            recovery_forget(&torn, id);
            expect_forgotten(&torn, id, &was);
            memory_free(&torn);
        }
        memory_free(&after);
    }
    munmap(before.shared, image.bytes);
    close(image.file);
}
END_TEST

/* Entries of devices that were never heard of are not looked at before a run. */
START_TEST(damaged_entry_of_an_unknown_device)
{
    struct collector c;
    struct muster_record event;
    struct tables tables;

    collector_new_small(&c, 1, TABLED);
    collector_kill(&c);
    tables_lay_out(&tables, c.memory, TABLED, WINDOW);
    memset(&tables_device(&tables, 5)->session, 0xff, sizeof(struct session));
    memset(tables_window(&tables, 5), 0xa5, WINDOW / 8);
    memset(&tables.losses[5], 0xff, sizeof *tables.losses);
    memset(&tables.gaps[5], 0xff, sizeof *tables.gaps);
    collector_start(&c, MUSTER_STATE_KILLED, 1);
    ck_assert_uint_eq(collector_expect(&c, 7, 100, MUSTER_VERDICT_FIRST, 0, &event), 1);
    ck_assert_uint_eq(event.event.event, MUSTER_EVENT_DEVICE_NEW);
    ck_assert_uint_eq(collector_expect(&c, 9, 102, MUSTER_VERDICT_GAP, 1, &event), 1);
    ck_assert_uint_eq(collector_expect(&c, 8, 101, MUSTER_VERDICT_LATE, 0, &event), 1);
    collector_expect_numbers(&c, 1, 1, 0, 0);
    ck_assert(recovery_is_sound(&tables));
    collector_free(&c);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {damage_is_found, damaged_presence, damaged_highest, forgotten,
                                  damaged_entry_of_an_unknown_device};
    Suite *suite = suite_create("recovery");
    TCase *tests = tcase_create("recovery");
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    tcase_add_loop_test(tests, random_damage, 0, 10);
    suite_add_tcase(suite, tests);
    return suite;
}
