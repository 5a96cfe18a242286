/* SPDX-License-Identifier: MIT
 *
 * The watch over devices against one that looks at each of them at each tick; and what it tells of
 * those that were never heard.
 */
#include <check.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "memory.h"
#include "sequence/watch.h"

#define SECOND UINT64_C(1000000000)            /* ns */
#define EPOCH  (UINT64_C(1762534152) * SECOND) /* when a test begins */

enum { DEVICES = 60, TABLED = 64, EARS = 3, WINDOW = 64, TOLD = 1024 };

/* ---- the world ------------------------------------------------------------------------ */

static uint64_t heartbeat_of[DEVICES]; /* ns, by the catalog; 0: it does not say */
static bool is_listed[DEVICES];

static int tell_device(struct muster_instance *instance, uint32_t number,
                       struct muster_device *device)
{
    struct muster_device full = {.size = device->size, .number = number, .id = number};

    (void)instance;
    if (number < DEVICES)
        full.heartbeat_ns = heartbeat_of[number];
    memcpy(device, &full, full.size);
    return number < DEVICES && is_listed[number];
}

static const struct muster_host host = {.size = sizeof host, .device = tell_device};

static struct tables tables;
static struct listening listening;
static struct listening_clocks clocks;
static struct listening_heard heard[EARS];
static struct watch *watch;
static uint32_t worker, workers, silent_after;

/* What was told since it was looked at. */
static struct {
    uint32_t device;
    enum muster_event event;
    uint64_t since_ns;
} told[TOLD];
static uint32_t told_count;

static void take_report(void *context, enum muster_event event, uint32_t device, uint64_t since_ns)
{
    ck_assert_ptr_eq(context, &tables);
    ck_assert_uint_lt(told_count, TOLD);
    told[told_count].device = device;
    told[told_count].event = event;
    told[told_count++].since_ns = since_ns;
}

static uint64_t forget_after_ns;
static uint32_t forgotten;

static void take_forgotten(void *context, uint32_t device)
{
    ck_assert_ptr_eq(context, &tables);
    tables_device(&tables, device)->session.known = false; /* as the tracker does */
    tables_forget(&tables, device);
    forgotten = device;
}

static void start(void)
{
    const struct watch_settings settings = {.host = &host,
                                            .tables = &tables,
                                            .listening = &listening,
                                            .worker = worker,
                                            .workers = workers,
                                            .silent_after = silent_after,
                                            .forget_after_ns = forget_after_ns,
                                            .report = take_report,
                                            .forget = take_forgotten,
                                            .context = &tables};

    listening_begin(&listening, &tables.shared->listening, true, &clocks, heard, EARS);
    watch = watch_new(&settings);
    ck_assert_ptr_nonnull(watch);
}

static void begin_world(void)
{
    memory_tables_for(&tables, TABLED, WINDOW);
    memset(heard, 0, sizeof heard);
    memset(heartbeat_of, 0, sizeof heartbeat_of);
    memset(is_listed, 0, sizeof is_listed);
    told_count = 0;
    clocks = (struct listening_clocks){EPOCH, 1000 * SECOND, 1000 * SECOND};
    tables.shared->since_ns = EPOCH;
    worker = 0;
    workers = 1;
    silent_after = 3;
    forget_after_ns = 0;
    forgotten = UINT32_MAX;
}

static void end_world(void)
{
    watch_free(watch);
    memory_free(&tables);
}

static void pass(uint64_t ns)
{
    clocks.wall_ns += ns;
    clocks.monotonic_ns += ns;
    clocks.boot_ns += ns;
}

static void tick(void)
{
    listening_tick(&listening, &clocks, heard, EARS);
    watch_tick(watch);
}

static struct muster_record message(uint32_t id, uint8_t type, uint8_t listener)
{
    return (struct muster_record){.arrival_ns = clocks.wall_ns,
                                  .device_time_ns = (int64_t)(clocks.wall_ns / SECOND * SECOND),
                                  .device = id,
                                  .msg_type = type,
                                  .listener = listener,
                                  .readings = 1};
}

static void hear(const struct muster_record *record)
{
    struct device *device = tables_device(&tables, record->device);

    if (!watch_usual(&listening, device, record))
        watch_message(watch, device, record, !device->session.known);
    device->session.known = true; /* as the tracker does */
    tables_know(&tables, record->device);
}

/* ---- as if each was looked at --------------------------------------------------------- */

static struct contact before[DEVICES];

static void note_all(void)
{
    uint32_t id;

    for (id = 0; id < DEVICES; id++)
        before[id] = tables_device(&tables, id)->contact;
}

/* Whether the watch has told of it that event; then it is crossed out. */
static bool was_told(uint32_t id, enum muster_event event)
{
    uint32_t i;

    for (i = 0; i < told_count; i++) {
        if (told[i].device != id || told[i].event != event)
            continue;
        told[i].device = UINT32_MAX;
        return true;
    }
    return false;
}

/* Judges all as they were before the tick: the watch must have come to the same. */
static uint32_t look_at_all(void)
{
    uint32_t id, changes = 0, late = 0, silent = 0, i;

    for (id = worker; id < DEVICES; id += workers) {
        const struct listening_ear *ear = &listening.ears[before[id].ear];
        struct contact *contact = &before[id];
        enum presence was = (enum presence)contact->presence, presence;

        if (!tables_device(&tables, id)->session.known)
            continue;
        presence = presence_judge(contact, &tables.habits[id], listening_units(ear->now_ns),
                                  listening_units(ear->resumed_ns), silent_after);
        late += presence == PRESENCE_LATE;
        silent += presence == PRESENCE_SILENT;
        ck_assert_uint_eq(tables_device(&tables, id)->contact.presence, presence);
        if (presence == was)
            continue;
        ck_assert(was_told(id, presence == PRESENCE_LATE ? MUSTER_EVENT_DEVICE_LATE
                                                         : MUSTER_EVENT_DEVICE_SILENT));
        changes++;
    }
    for (i = 0; i < told_count; i++)
        ck_assert(told[i].device == UINT32_MAX || told[i].event == MUSTER_EVENT_NEVER_HEARD);
    ck_assert_uint_eq(watch_counts(watch)->late, late);
    ck_assert_uint_eq(watch_counts(watch)->silent, silent);
    told_count = 0;
    return changes;
}

/* ---- random worlds -------------------------------------------------------------------- */

static void some_messages(uint32_t talkers)
{
    uint32_t count = below(8), id;

    while (count-- > 0) {
        static const uint8_t types[] = {MUSTER_MSG_DATA, MUSTER_MSG_HEARTBEAT, MUSTER_MSG_HEARTBEAT,
                                        MUSTER_MSG_INIT};
        struct muster_record record;

        id = below(talkers) * workers + worker;
        if (id >= DEVICES)
            continue;
        record = message(id, types[below(4)], (uint8_t)(one_in(20) ? below(EARS + 2) : id % EARS));
        if (one_in(10))
            record.arrival_ns -= below_u64(SECOND / 2);
        hear(&record);
    }
    told_count = 0; /* who is back */
}

static uint64_t some_tick(void)
{
    switch (below(20)) {
    case 0:
        return 0;
    case 1:
        return below_u64(SECOND / 10);
    case 2:
        return below_u64(6 * SECOND);
    default:
        return SECOND + below_u64(SECOND / 50);
    }
}

static void some_hearing(bool is_calm)
{
    uint32_t i;

    for (i = 0; i < EARS; i++) {
        heard[i].received += below(100);
        if (!is_calm && one_in(3))
            heard[i].dropped += below(100);
    }
}

static void disturb(void)
{
    switch (below(4)) {
    case 0: /* stopped, perhaps with the machine */
        watch_free(watch);
        clocks.wall_ns += below_u64(1000 * SECOND);
        clocks.monotonic_ns = clocks.boot_ns = below_u64(1000 * SECOND);
        start();
        break;
    case 1: /* asleep */
        clocks.wall_ns += 100 * SECOND;
        clocks.boot_ns += 100 * SECOND;
        break;
    case 2:
        clocks.wall_ns += 3600 * SECOND;
        break;
    default:
        clocks.wall_ns -= 3600 * SECOND;
        break;
    }
}

static uint32_t live(uint64_t seed)
{
    uint32_t i, changes = 0, talkers = DEVICES;
    uint64_t left;

    random_seed(seed);
    begin_world();
    workers = 1 + below(3);
    worker = below(workers);
    silent_after = 2 + below(3);
    for (i = 0; i < DEVICES; i++) {
        is_listed[i] = one_in(2);
        heartbeat_of[i] = one_in(2) ? 0 : 1 + below_u64(60 * SECOND);
    }
    if (one_in(2)) /* near the end of the listening clock */
        tables.shared->listening.listened_ns = (UINT64_C(1) << 58) - below_u64(1000 * SECOND);
    start();
    for (i = 0; i < 3000; i++) {
        if (one_in(100))
            talkers = 1 + below(DEVICES);
        if (one_in(150))
            disturb();
        left = some_tick();
        some_messages(talkers);
        if (left > 0) {
            uint64_t first = below_u64(left);

            pass(first);
            some_messages(talkers);
            left -= first;
        }
        pass(left);
        some_hearing(seed % 2 == 0);
        note_all();
        tick();
        changes += look_at_all();
    }
    end_world();
    return changes;
}

START_TEST(as_if_each_was_looked_at)
{
    uint32_t changes = 0;
    uint64_t seed;

    for (seed = 1; seed <= 60; seed++)
        changes += live(seed);
    ck_assert_uint_gt(changes, 5000);
}
END_TEST

/* ---- some cases ----------------------------------------------------------------------- */

static void pass_seconds(uint32_t seconds)
{
    while (seconds-- > 0) {
        pass(SECOND);
        tick();
    }
}

static void hear_now(uint32_t id, uint8_t type)
{
    const struct muster_record record = message(id, type, 0);

    hear(&record);
}

START_TEST(never_heard)
{
    begin_world();
    is_listed[3] = is_listed[5] = is_listed[7] = true;
    heartbeat_of[3] = 10 * SECOND;
    heartbeat_of[5] = 1000 * SECOND;
    start();
    ck_assert_uint_eq(watch_counts(watch)->never_heard, 3);
    pass_seconds(20);
    hear_now(5, MUSTER_MSG_DATA);
    hear_now(9, MUSTER_MSG_DATA);
    ck_assert_uint_eq(watch_counts(watch)->never_heard, 2);
    ck_assert_uint_eq(watch_counts(watch)->unknown, 1);
    ck_assert_uint_eq(watch_counts(watch)->known, 2);
    pass_seconds(15);
    ck_assert_uint_eq(told_count, 0);
    pass_seconds(1);
    ck_assert_uint_eq(told_count, 1);
    ck_assert(told[0].device == 3 && told[0].event == MUSTER_EVENT_NEVER_HEARD);
    ck_assert_uint_eq(told[0].since_ns, 36 * SECOND);
    told_count = 0;
    /* The other has no interval. */
    while (told_count == 0 || told[told_count - 1].device != 7)
        pass_seconds(1);
    ck_assert_uint_ge(told[told_count - 1].since_ns, 600 * SECOND);
    ck_assert_uint_le(told[told_count - 1].since_ns, 602 * SECOND);
    /* Told once, in the next run, too. */
    watch_free(watch);
    start();
    told_count = 0;
    ck_assert_uint_eq(watch_counts(watch)->never_heard, 2);
    pass_seconds(1000);
    ck_assert(!was_told(3, MUSTER_EVENT_NEVER_HEARD) && !was_told(7, MUSTER_EVENT_NEVER_HEARD));
    hear_now(3, MUSTER_MSG_DATA);
    ck_assert_uint_eq(watch_counts(watch)->never_heard, 1);
    end_world();
}
END_TEST

/* Nobody is missed whom nobody could hear. */
START_TEST(deaf_to_those_never_heard)
{
    uint32_t i;

    begin_world();
    is_listed[3] = true;
    heartbeat_of[3] = 10 * SECOND;
    start();
    for (i = 0; i < 100; i++) {
        heard[1].dropped++;
        pass_seconds(1);
    }
    ck_assert_uint_eq(told_count, 0);
    pass_seconds(36);
    ck_assert_uint_eq(told_count, 1);
    end_world();
}
END_TEST

/* Who is not in the catalog is forgotten when nothing was heard of him for so long, over restarts,
 * and whatever the wall clock is set to. */
START_TEST(forgotten_devices)
{
    begin_world();
    is_listed[3] = true;
    heartbeat_of[5] = 10 * SECOND;
    forget_after_ns = 1000 * SECOND;
    start();
    hear_now(3, MUSTER_MSG_DATA);
    hear_now(5, MUSTER_MSG_DATA);
    hear_now(6, MUSTER_MSG_DATA);
    pass_seconds(500);
    hear_now(6, MUSTER_MSG_DATA);
    clocks.wall_ns += 86400 * SECOND;
    pass_seconds(200);
    watch_free(watch);
    start();
    told_count = 0;
    pass_seconds(299);
    ck_assert_uint_eq(told_count, 0);
    pass_seconds(3);
    ck_assert_uint_eq(told_count, 1);
    ck_assert(told[0].device == 5 && told[0].event == MUSTER_EVENT_FORGOTTEN);
    ck_assert_uint_ge(told[0].since_ns, 1000 * SECOND);
    ck_assert_uint_eq(forgotten, 5);
    ck_assert_uint_eq(watch_counts(watch)->known, 2);
    ck_assert_uint_eq(watch_counts(watch)->unknown, 1);
    ck_assert_uint_eq(watch_counts(watch)->silent, 0);
    hear_now(5, MUSTER_MSG_DATA); /* as for the first time */
    ck_assert_uint_eq(watch_counts(watch)->known, 3);
    ck_assert_uint_eq(told_count, 1);
    pass_seconds(600);
    ck_assert_uint_eq(forgotten, 6);
    ck_assert_uint_eq(watch_counts(watch)->known, 2);
    pass_seconds(5000);
    ck_assert_uint_eq(watch_counts(watch)->known, 1); /* the catalog lists it */
    end_world();
}
END_TEST

/* The wall clock is set while a device is silent: its silence is as long as it is. */
static void set_while_silent(int64_t by_s, uint32_t at_second)
{
    uint32_t i;

    begin_world();
    heartbeat_of[7] = 2 * SECOND;
    start();
    hear_now(7, MUSTER_MSG_DATA);
    for (i = 0; i < 10; i++) {
        if (i == at_second)
            clocks.wall_ns += (uint64_t)by_s * SECOND;
        pass_seconds(1);
    }
    ck_assert_uint_eq(told_count, 2);
    ck_assert(told[0].event == MUSTER_EVENT_DEVICE_LATE && told[0].since_ns == 4 * SECOND);
    ck_assert(told[1].event == MUSTER_EVENT_DEVICE_SILENT && told[1].since_ns == 8 * SECOND);
    pass(SECOND / 2);
    hear_now(7, MUSTER_MSG_DATA);
    ck_assert_uint_eq(told_count, 3);
    ck_assert(told[2].event == MUSTER_EVENT_DEVICE_BACK);
    ck_assert_uint_eq(told[2].since_ns, 21 * SECOND / 2);
    end_world();
}

START_TEST(the_wall_clock_is_set)
{
    static const int64_t sets[] = {0, -3600, 3600, -1, 5, -86400 * 365, 86400 * 365};
    size_t i;
    uint32_t at;

    for (i = 0; i < sizeof sets / sizeof sets[0]; i++)
        for (at = 0; at < 10; at++)
            set_while_silent(sets[i], at);
}
END_TEST

/* A device by a listener that drops half of everything has twice the time; by another, not. */
START_TEST(deaf_in_proportion)
{
    uint32_t i;

    begin_world();
    heartbeat_of[1] = heartbeat_of[2] = 10 * SECOND;
    start();
    hear_now(1, MUSTER_MSG_DATA);
    {
        const struct muster_record record = message(2, MUSTER_MSG_DATA, 1);

        hear(&record);
    }
    for (i = 1; i <= 72; i++) {
        heard[0].received += 100;
        heard[1].received += 100;
        heard[1].dropped += 100;
        pass_seconds(1);
        ck_assert_int_eq(tables_device(&tables, 1)->contact.presence, i > 35   ? PRESENCE_SILENT
                                                                      : i > 15 ? PRESENCE_LATE
                                                                               : PRESENCE_ONLINE);
        ck_assert_int_eq(tables_device(&tables, 2)->contact.presence, i > 70   ? PRESENCE_SILENT
                                                                      : i > 30 ? PRESENCE_LATE
                                                                               : PRESENCE_ONLINE);
    }
    end_world();
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {as_if_each_was_looked_at, never_heard,
                                  forgotten_devices,        deaf_to_those_never_heard,
                                  the_wall_clock_is_set,    deaf_in_proportion};
    Suite *suite = suite_create("watch");
    TCase *tests = tcase_create("watch");
    size_t i;

    tcase_set_timeout(tests, 0);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
