/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence" over several runs: what it keeps when it is stopped in order, killed at any
 * time, or goes down with the machine; and what it does with a state that is damaged.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/random.h"
#include "common/runner.h"
#include "sequence/presence.h"
#include "plugins/fake_host.h"
#include "memory.h"

#define PLUGIN   (&muster_plugin_v1)
#define SECOND   UINT64_C(1000000000)            /* ns */
#define EPOCH    (UINT64_C(1762534152) * SECOND) /* when a test begins */
#define WINDOW   64
#define MAX_JUMP 100

enum { WORKERS = 4, DEVICES = 6, NUMBERS = 1 << 16, NETWORK = MUSTER_CAUSE_NETWORK };

/* ---- a collector and its runs --------------------------------------------------------- */

struct collector {
    struct muster_host host;
    struct muster_instance *instance;
    void *state;
    void *workers[WORKERS];
    uint32_t count;
    void *memory;
    uint64_t bytes;
    uint64_t now_ns;
    uint64_t heartbeat_ns; /* configured, of every device */
    const char *events;    /* the option */
};

static void start_with(struct collector *c, uint32_t age, uint32_t workers)
{
    struct muster_device device = {.size = sizeof device, .class_name = "c"};
    uint32_t i;

    if (c->host.size == 0)
        c->host = fake_host;
    c->instance = fake_new(PLUGIN, "window", "64", "max_jump", "100", "events",
                           c->events ? c->events : "true", NULL);
    fake_set_clock(c->instance, c->now_ns, SECOND);
    fake_set_state(c->instance, c->memory, c->bytes, age);
    device.heartbeat_ns = c->heartbeat_ns;
    for (i = 0; i < DEVICES; i++)
        fake_add_device(c->instance, (uint16_t)i, &device);
    ck_assert_int_eq(PLUGIN->open(&c->host, c->instance, &c->state), 0);
    c->count = workers;
    for (i = 0; i < workers; i++)
        ck_assert_int_eq(PLUGIN->worker_open(c->state, i, workers, &c->workers[i]), 0);
}

static void start(struct collector *c, uint32_t age, uint32_t workers)
{
    start_with(c, age, workers);
    ck_assert(!fake_state_set_aside(c->instance));
}

static void new_collector(struct collector *c, uint32_t workers)
{
    memset(c, 0, sizeof *c);
    c->bytes = tables_bytes(WINDOW);
    c->memory = memory_new(c->bytes);
    c->now_ns = EPOCH;
    start(c, MUSTER_STATE_NEW, workers);
}

/* In order.  With a state that is kept it tells nothing: all may go on. */
static void stop(struct collector *c)
{
    uint32_t i;

    for (i = 0; i < c->count; i++) {
        struct fake_batch batch;

        fake_batch_begin(&batch, NULL, 0);
        PLUGIN->worker_close(c->workers[i], &batch.batch);
        fake_batch_finish(&batch);
        ck_assert_uint_eq(batch.out_count, 0);
        fake_batch_free(&batch);
    }
    PLUGIN->close(c->state);
    fake_free(c->instance);
}

/* As `left` is, the memory was when the process was killed.  The orderly end only spares a leak. */
static void kill_with(struct collector *c, const void *left)
{
    stop(c);
    memcpy(c->memory, left, c->bytes);
}

static void kill_now(struct collector *c)
{
    void *left = memory_new(c->bytes);

    memcpy(left, c->memory, c->bytes);
    kill_with(c, left);
    munmap(left, c->bytes);
}

static void release(struct collector *c)
{
    stop(c);
    munmap(c->memory, c->bytes);
}

static void pass(struct collector *c, uint64_t ns)
{
    c->now_ns += ns;
    fake_advance(c->instance, ns);
}

/* The batch has what it says, and is the caller's. */
static void tick(struct collector *c, uint32_t worker, struct fake_batch *batch)
{
    fake_batch_begin(batch, NULL, 0);
    PLUGIN->worker_tick(c->workers[worker], &batch->batch,
                        c->host.now(c->instance, MUSTER_CLOCK_MONOTONIC));
    fake_batch_finish(batch);
}

/* Seconds with nothing but ticks.  Returns how many events of that kind there were. */
static uint32_t wait(struct collector *c, uint32_t seconds, uint8_t event)
{
    uint32_t found = 0, i, j, worker;

    for (i = 0; i < seconds; i++) {
        pass(c, SECOND);
        for (worker = 0; worker < c->count; worker++) {
            struct fake_batch batch;

            tick(c, worker, &batch);
            for (j = 0; j < batch.out_count; j++)
                found += batch.out[j].event == event;
            fake_batch_free(&batch);
        }
    }
    return found;
}

static struct muster_record message(uint16_t id, uint8_t type, uint32_t number, uint32_t timestamp)
{
    return (struct muster_record){.kind = MUSTER_KIND_MESSAGE,
                                  .device_id = id,
                                  .msg_type = type,
                                  .seq_num = number,
                                  .timestamp = timestamp,
                                  .numbered = type == MUSTER_MSG_DATA,
                                  .readings = 1};
}

/* The message arrives now.  The batch is the caller's. */
static void receive(struct collector *c, struct muster_record record, struct fake_batch *batch)
{
    record.arrival_ns = c->now_ns;
    fake_process(PLUGIN, c->workers[record.device_id % c->count], batch, &record, 1);
}

/* The same, of device 5, made at `made` by its clock.  Its verdict and gap must be these.  Returns
 * how many events follow, and the last of them in *event. */
static uint32_t expect(struct collector *c, uint32_t number, uint32_t made, uint8_t verdict,
                       uint32_t gap, struct muster_record *event)
{
    struct fake_batch batch;
    uint32_t events;

    receive(c, message(5, MUSTER_MSG_DATA, number, made), &batch);
    ck_assert_msg(batch.out[0].verdict == verdict && batch.out[0].gap == gap,
                  "number %" PRIu32 ": verdict %u, gap %" PRIu32 "; expected %u, %" PRIu32, number,
                  batch.out[0].verdict, batch.out[0].gap, verdict, gap);
    events = batch.out_count - 1;
    *event = batch.out[events];
    fake_batch_free(&batch);
    return events;
}

static uint64_t counter(const struct collector *c, const char *name)
{
    return fake_counter(c->instance, name);
}

static void expect_numbers(const struct collector *c, uint64_t missing, uint64_t recovered,
                           uint64_t lost, uint64_t open)
{
    ck_assert_uint_eq(counter(c, "missing"), missing);
    ck_assert_uint_eq(counter(c, "recovered"), recovered);
    ck_assert_uint_eq(counter(c, "lost"), lost);
    ck_assert_uint_eq(counter(c, "open"), open);
}

static void expect_range(const struct muster_record *event, uint8_t kind, uint32_t first,
                         uint32_t last, uint16_t cause)
{
    ck_assert_uint_eq(event->event, kind);
    ck_assert_uint_eq(event->first, first);
    ck_assert_uint_eq(event->last, last);
    ck_assert_uint_eq(event->cause, cause);
}

/* ---- from run to run ------------------------------------------------------------------ */

/* A gap is open when the collector ends, and one opens over the end. */
static void go_on(uint32_t age, uint32_t before, uint32_t behind)
{
    const uint16_t down = MUSTER_CAUSE_COLLECTOR_DOWN;
    struct collector c;
    struct muster_record event;
    uint64_t opened[2];

    new_collector(&c, before);
    ck_assert_uint_eq(counter(&c, "counted_since"), EPOCH / SECOND);
    wait(&c, 1, 0);
    ck_assert_uint_eq(expect(&c, 10, 100, MUSTER_VERDICT_FIRST, 0, &event), 1);
    wait(&c, 1, 0);
    opened[0] = c.now_ns;
    ck_assert_uint_eq(expect(&c, 14, 104, MUSTER_VERDICT_GAP, 3, &event), 1);
    wait(&c, 3, 0);
    if (age == MUSTER_STATE_KILLED)
        kill_now(&c);
    else
        stop(&c);

    c.now_ns += 3600 * SECOND;
    start(&c, age, behind);
    ck_assert_uint_eq(counter(&c, "counted_since"), EPOCH / SECOND);
    ck_assert_uint_eq(counter(&c, "first"), 1);
    ck_assert_uint_eq(counter(&c, "gaps"), 1);
    ck_assert_uint_eq(counter(&c, "devices"), 1);
    ck_assert_uint_eq(counter(&c, "online"), 1);
    expect_numbers(&c, 3, 0, 0, 3);
    wait(&c, 1, 0);
    opened[1] = c.now_ns;
    ck_assert_uint_eq(expect(&c, 20, 3800, MUSTER_VERDICT_GAP, 5, &event), 1);
    expect_range(&event, MUSTER_EVENT_GAP_OPENED, 15, 19, 0);
    ck_assert_uint_eq(expect(&c, 12, 102, MUSTER_VERDICT_LATE, 0, &event), 1);
    expect_range(&event, MUSTER_EVENT_GAP_RECOVERED, 12, 12, NETWORK);
    ck_assert_uint_eq(event.opened_ns, opened[0]);
    ck_assert_uint_eq(event.closed_ns, c.now_ns);
    ck_assert_uint_eq(expect(&c, 14, 104, MUSTER_VERDICT_DUPLICATE, 0, &event), 0);
    ck_assert_uint_eq(expect(&c, 21, 3801, MUSTER_VERDICT_NEW, 0, &event), 0);
    expect_numbers(&c, 8, 1, 0, 7);

    /* The window passes all of them; 11 and 13 are no longer one gap. */
    ck_assert_uint_eq(expect(&c, 11 + WINDOW, 3860, MUSTER_VERDICT_GAP, 53, &event), 2);
    expect_range(&event, MUSTER_EVENT_GAP_LOST, 11, 11, NETWORK);
    ck_assert_uint_eq(event.opened_ns, opened[0]);
    ck_assert_uint_eq(expect(&c, 13 + WINDOW, 3862, MUSTER_VERDICT_GAP, 1, &event), 2);
    expect_range(&event, MUSTER_EVENT_GAP_LOST, 13, 13, NETWORK);
    ck_assert_uint_eq(event.opened_ns, opened[0]);
    ck_assert_uint_eq(expect(&c, 19 + WINDOW, 3868, MUSTER_VERDICT_GAP, 5, &event), 2);
    expect_range(&event, MUSTER_EVENT_GAP_LOST, 15, 19, NETWORK | down);
    ck_assert_uint_eq(event.opened_ns, opened[1]);
    expect_numbers(&c, 67, 1, 7, 59);
    release(&c);
}

START_TEST(stopped_in_order)
{
    go_on(MUSTER_STATE_STOPPED, 1, 1);
}
END_TEST

START_TEST(killed_between_two_messages)
{
    go_on(MUSTER_STATE_KILLED, 1, 1);
}
END_TEST

START_TEST(more_workers)
{
    go_on(MUSTER_STATE_STOPPED, 1, 3);
    go_on(MUSTER_STATE_KILLED, 2, 4);
}
END_TEST

START_TEST(fewer_workers)
{
    go_on(MUSTER_STATE_STOPPED, 4, 1);
    go_on(MUSTER_STATE_KILLED, 3, 2);
}
END_TEST

START_TEST(silent_over_a_stop)
{
    struct collector c;
    struct muster_record event;
    uint64_t heard;

    new_collector(&c, 1);
    c.heartbeat_ns = 10 * SECOND;
    stop(&c);
    start(&c, MUSTER_STATE_STOPPED, 3);
    wait(&c, 1, 0);
    heard = c.now_ns;
    expect(&c, 1, 1, MUSTER_VERDICT_FIRST, 0, &event);
    ck_assert_uint_eq(wait(&c, 16, MUSTER_EVENT_DEVICE_LATE), 1);
    stop(&c);

    c.now_ns += 3600 * SECOND;
    start(&c, MUSTER_STATE_STOPPED, 2); /* late, and goes on to be silent */
    ck_assert_uint_eq(counter(&c, "late_devices"), 1);
    ck_assert_uint_eq(wait(&c, 34, 0),
                      0); /* from the start: a heartbeat fell into the stop, perhaps */
    ck_assert_uint_eq(wait(&c, 3, MUSTER_EVENT_DEVICE_SILENT), 1);
    kill_now(&c);

    c.now_ns += 3600 * SECOND;
    start(&c, MUSTER_STATE_KILLED, 4); /* silent, which is not told again */
    ck_assert_uint_eq(counter(&c, "late_devices"), 0);
    ck_assert_uint_eq(counter(&c, "silent"), 1);
    ck_assert_uint_eq(counter(&c, "online"), 0);
    ck_assert_uint_eq(wait(&c, 100, MUSTER_EVENT_DEVICE_SILENT), 0);
    ck_assert_uint_eq(expect(&c, 2, 2, MUSTER_VERDICT_NEW, 0, &event), 1);
    ck_assert_uint_eq(event.event, MUSTER_EVENT_DEVICE_BACK);
    ck_assert_uint_eq(event.opened_ns, heard);
    ck_assert_uint_eq(event.closed_ns, c.now_ns);
    ck_assert_uint_eq(counter(&c, "silent"), 0);
    ck_assert_uint_eq(counter(&c, "online"), 1);
    ck_assert_uint_eq(expect(&c, 3, 3, MUSTER_VERDICT_NEW, 0, &event), 0);
    release(&c);
}
END_TEST

/* What a run without events leaves is no obstacle for one with them. */
START_TEST(a_run_without_events)
{
    struct collector c;
    struct muster_record event;

    new_collector(&c, 1);
    expect(&c, 1, 1, MUSTER_VERDICT_FIRST, 0, &event);
    ck_assert_uint_eq(expect(&c, 6, 6, MUSTER_VERDICT_GAP, 4, &event), 1);
    stop(&c);
    c.events = "false";
    start(&c, MUSTER_STATE_STOPPED, 1);
    ck_assert_uint_eq(expect(&c, 3, 3, MUSTER_VERDICT_LATE, 0, &event), 0);
    ck_assert_uint_eq(expect(&c, 9, 9, MUSTER_VERDICT_GAP, 2, &event), 0);
    stop(&c);
    c.events = "true";
    start(&c, MUSTER_STATE_STOPPED, 1);
    ck_assert_uint_eq(expect(&c, 4, 4, MUSTER_VERDICT_LATE, 0, &event), 1);
    expect_range(&event, MUSTER_EVENT_GAP_RECOVERED, 4, 4, NETWORK);
    ck_assert_uint_eq(event.opened_ns, EPOCH);
    ck_assert_uint_eq(expect(&c, 7, 7, MUSTER_VERDICT_LATE, 0, &event), 1);
    expect_range(&event, MUSTER_EVENT_GAP_RECOVERED, 7, 7, NETWORK);
    expect_numbers(&c, 6, 3, 0, 3);
    release(&c);
}
END_TEST

/* ---- against a run that nothing interrupts -------------------------------------------- */

/* Who is told what: each missing number is in one gap that opens, and in one that ends. */
struct account {
    uint64_t opened_ns[DEVICES][NUMBERS]; /* 0: not open */
    uint64_t killed_ns[512];              /* when, in the middle of a change */
    uint32_t kills;
    uint64_t missing, recovered, lost;
    uint64_t untold; /* what was lost long before a kill, in a gap that was being told then */
};

/* What was changing when the process was killed has opened then, for all that is known. */
static bool is_opening(const struct account *a, uint64_t booked_ns, uint64_t told_ns)
{
    uint32_t i;

    for (i = 0; i < a->kills; i++)
        if (a->killed_ns[i] == told_ns && told_ns > booked_ns)
            return true;
    return booked_ns == told_ns;
}

static void book(struct account *a, const struct muster_record *e)
{
    uint32_t number;

    if (e->event != MUSTER_EVENT_GAP_OPENED && e->event != MUSTER_EVENT_GAP_LOST &&
        e->event != MUSTER_EVENT_GAP_RECOVERED)
        return;
    for (number = e->first; number != e->last + 1; number++) {
        uint64_t *opened_ns = &a->opened_ns[e->device_id][number % NUMBERS];
        bool opens = e->event == MUSTER_EVENT_GAP_OPENED;

        if (opens && *opened_ns != 0 && a->kills > 0)
            a->untold++; /* of a session that has ended */
        else if ((*opened_ns != 0) == opens)
            ck_abort_msg("device %u, %" PRIu32 "-%" PRIu32 ": number %" PRIu32 " %s", e->device_id,
                         e->first, e->last, number, opens ? "is open already" : "is not open");
        else if (!opens && !is_opening(a, *opened_ns, e->opened_ns))
            ck_abort_msg("device %u: number %" PRIu32 " opened at %" PRIu64 ", not at %" PRIu64,
                         e->device_id, number, *opened_ns, e->opened_ns);
        *opened_ns = opens ? e->opened_ns : 0;
        a->missing += opens;
        a->recovered += e->event == MUSTER_EVENT_GAP_RECOVERED;
        a->lost += e->event == MUSTER_EVENT_GAP_LOST;
    }
}

/* A fleet that does all that the tracker knows of, and often. */
struct fleet {
    uint32_t next[DEVICES], clock;
};

static struct muster_record next_message(struct fleet *f)
{
    uint16_t id = (uint16_t)below(DEVICES);
    uint32_t number = f->next[id], what = below(1000);
    uint8_t type = MUSTER_MSG_DATA;

    f->clock += one_in(20);
    if (what < 80)
        number = f->next[id] += 1 + below(8); /* loss */
    else if (what < 200)
        number -= 1 + below(30); /* late, or a copy */
    else if (what < 206)
        number = f->next[id] += below(2 * MAX_JUMP); /* a long loss, or too far to be believed */
    else if (what < 209)
        number = f->next[id] = below(3); /* a restart */
    else if (what < 212)
        type = MUSTER_MSG_INIT;
    else if (what < 230)
        type = MUSTER_MSG_HEARTBEAT;
    if (type == MUSTER_MSG_DATA && (what < 80 || what >= 200))
        f->next[id]++;
    return message(id, type, type == MUSTER_MSG_DATA ? number : 0, f->clock);
}

/* The message as it came out, which must be the first. */
static struct muster_record hand_over(struct collector *c, const struct muster_record *record,
                                      struct account *account)
{
    struct muster_record out;
    struct fake_batch batch;
    uint32_t i;

    receive(c, *record, &batch);
    out = batch.out[0];
    for (i = 1; i < batch.out_count; i++)
        book(account, &batch.out[i]);
    fake_batch_free(&batch);
    return out;
}

static const char *const counters[] = {
    "first",      "in_order", "gaps",    "late",      "duplicates", "restarts", "outliers",
    "unnumbered", "doubted",  "missing", "recovered", "lost",       "open",     "devices"};

static void compare_counters(const struct collector *a, const struct collector *b)
{
    size_t i;

    for (i = 0; i < sizeof counters / sizeof counters[0]; i++)
        ck_assert_msg(counter(a, counters[i]) == counter(b, counters[i]),
                      "%s: %" PRIu64 ", and %" PRIu64 " without a stop", counters[i],
                      counter(b, counters[i]), counter(a, counters[i]));
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
    return fake_host.emit(batch, after, record);
}

/* The memory in the middle of judging the message, when one of its events is told, or else at the
 * end of the change.  Returns NULL if there was no change, or none at that event. */
static void *memory_within(struct collector *c, const struct muster_record *record, bool at_event)
{
    struct tables now, copy;
    struct undo *undo;
    struct timing timing;
    struct fake_batch batch;
    bool done;

    tables_lay_out(&now, c->memory, WINDOW);
    undo = &tables_slot(&now, record->device_id % c->count)->undo;
    undo->device_id = DEVICES; /* until the next change */
    timing = tables_vitals(&now, record->device_id)->timing;
    snapshot.memory = c->memory;
    snapshot.bytes = c->bytes;
    snapshot.copy = memory_new(c->bytes);
    snapshot.left = at_event ? 1 + below(3) : 0;
    tables_lay_out(&copy, snapshot.copy, WINDOW);
    receive(c, *record, &batch);
    fake_batch_free(&batch);
    done = undo->device_id == record->device_id && snapshot.left == 0;
    if (done && !at_event)
        memcpy(snapshot.copy, c->memory, c->bytes);
    snapshot.left = 0;
    undo = &tables_slot(&copy, record->device_id % c->count)->undo;
    if (done && !at_event) {
        undo->busy = 1;
        tables_vitals(&copy, record->device_id)->timing = timing; /* it comes later */
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
    kill_with(c, within ? within : before);
    munmap(before, c->bytes);
    if (within) {
        munmap(within, c->bytes);
        /* A nanosecond more, so that what opens then is told apart from what has opened before. */
        c->now_ns++;
        ck_assert_uint_lt(account->kills, 512);
        account->killed_ns[account->kills++] = c->now_ns;
    }
    start(c, MUSTER_STATE_KILLED, 1 + below(WORKERS));
    if (within)
        fake_set_clock(c->instance, --c->now_ns, SECOND);
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
    new_collector(&calm, 1);
    new_collector(&troubled, 1);
    troubled.host.emit = emit_and_look;
    for (i = 0; i < 1500; i++) {
        const struct muster_record record = next_message(&fleet);
        struct muster_record a, b;

        if (one_in(200)) {
            stop(&troubled);
            start(&troubled, MUSTER_STATE_STOPPED, 1 + below(WORKERS));
        }
        if (one_in(200)) {
            kill_now(&troubled);
            start(&troubled, MUSTER_STATE_KILLED, 1 + below(WORKERS));
        }
        if (one_in(20))
            kills += kill_in_message(&troubled, &record, &accounts[1]);
        a = hand_over(&calm, &record, &accounts[0]);
        b = hand_over(&troubled, &record, &accounts[1]);
        if (memcmp(&a, &b, sizeof a) != 0)
            ck_abort_msg("life %" PRIu64 ", message %u: verdict %u, and %u without a stop", number,
                         i, b.verdict, a.verdict);
        compare_counters(&calm, &troubled);
        pass(&calm, SECOND / 10);
        pass(&troubled, SECOND / 10);
        if (i % 10 == 9) {
            wait(&calm, 1, 0);
            wait(&troubled, 1, 0);
        }
    }
    /* What is open is lost now, and all of it is told. */
    for (id = 0; id < DEVICES; id++) {
        const struct muster_record init = message(id, MUSTER_MSG_INIT, 0, fleet.clock + 1000);

        hand_over(&calm, &init, &accounts[0]);
        hand_over(&troubled, &init, &accounts[1]);
    }
    compare_counters(&calm, &troubled);
    ck_assert_uint_eq(counter(&calm, "open"), 0);
    for (i = 0; i < 2; i++) {
        ck_assert_uint_eq(accounts[i].missing, counter(&calm, "missing"));
        ck_assert_uint_eq(accounts[i].recovered, counter(&calm, "recovered"));
    }
    ck_assert_uint_eq(accounts[0].lost, counter(&calm, "lost"));
    for (id = 0; id < DEVICES; id++)
        for (i = 0; i < NUMBERS; i++)
            accounts[1].untold += accounts[1].opened_ns[id][i] != 0;
    ck_assert_uint_eq(accounts[1].lost + accounts[1].untold, counter(&calm, "lost"));
    ck_assert_uint_le(accounts[1].untold, kills * 2 * MAX_JUMP);
    release(&calm);
    release(&troubled);
    free(accounts);
    return kills;
}

START_TEST(as_if_nothing_had_happened)
{
    /* Some kills must have come in the middle of a change. */
    ck_assert_uint_gt(live_a_life((uint64_t)_i), 0);
}
END_TEST

/* ---- the machine went down ------------------------------------------------------------ */

START_TEST(sessions_anew)
{
    struct collector c;
    struct muster_record event;
    struct tables tables;
    uint64_t judged;
    uint32_t i;

    new_collector(&c, 2);
    wait(&c, 1, 0);
    for (i = 0; i < 40; i++) { /* heartbeats too: an interval of 10 s is learnt */
        struct fake_batch batch;

        receive(&c, message(5, MUSTER_MSG_HEARTBEAT, 0, 100 + 10 * i), &batch);
        fake_batch_free(&batch);
        wait(&c, 10, 0);
    }
    expect(&c, 10, 500, MUSTER_VERDICT_FIRST, 0, &event);
    ck_assert_uint_ne(event.kind, MUSTER_KIND_EVENT); /* known by its heartbeats */
    expect(&c, 14, 504, MUSTER_VERDICT_GAP, 3, &event);
    expect(&c, 12, 502, MUSTER_VERDICT_LATE, 0, &event);
    expect(&c, 900, 505, MUSTER_VERDICT_OUTLIER, 0, &event); /* doubted */
    judged = counter(&c, "unnumbered");
    tables_lay_out(&tables, c.memory, WINDOW);
    ck_assert_uint_ne(tables_vitals(&tables, 5)->timing.least_time, 0);
    kill_now(&c);

    start(&c, MUSTER_STATE_STALE, 3);
    ck_assert_uint_eq(fake_logged(c.instance, MUSTER_LOG_WARNING, "session"), 1);
    ck_assert_uint_eq(counter(&c, "counted_since"), EPOCH / SECOND);
    expect_numbers(&c, 1, 1, 0, 0); /* what was open then is neither */
    ck_assert_uint_eq(counter(&c, "doubted"), 0);
    ck_assert_uint_eq(counter(&c, "outliers"), 1);
    ck_assert_uint_eq(counter(&c, "unnumbered"), judged);
    ck_assert_uint_eq(counter(&c, "first"), 1);
    ck_assert_uint_eq(counter(&c, "devices"), 1);
    ck_assert_uint_eq(counter(&c, "online"), 1);
    ck_assert_uint_eq(tables_vitals(&tables, 5)->timing.least_time, 0);
    /* No DEVICE_NEW, no gap, and the interval is kept. */
    ck_assert_uint_eq(expect(&c, 300, 900, MUSTER_VERDICT_FIRST, 0, &event), 0);
    ck_assert_uint_eq(expect(&c, 301, 901, MUSTER_VERDICT_NEW, 0, &event), 0);
    ck_assert_uint_eq(expect(&c, 303, 903, MUSTER_VERDICT_GAP, 1, &event), 1);
    expect_range(&event, MUSTER_EVENT_GAP_OPENED, 302, 302, 0);
    ck_assert_uint_eq(event.opened_ns, c.now_ns);
    ck_assert_uint_eq(wait(&c, 17, MUSTER_EVENT_DEVICE_LATE), 1);
    expect_numbers(&c, 2, 1, 0, 1);
    ck_assert(tables_are_sound(&tables));
    release(&c);
}
END_TEST

/* Each page is of another time: the counters, the table and the entries do not agree. */
START_TEST(pages_of_several_times)
{
    struct fleet fleet = {.clock = 1000};
    struct account *account = calloc(1, sizeof *account);
    struct collector c;
    struct tables tables;
    uint8_t *old[3];
    uint64_t at;
    unsigned i, j;

    ck_assert_ptr_nonnull(account);
    random_seed(7);
    new_collector(&c, 2);
    for (i = 0; i < 3; i++) {
        for (j = 0; j < 500; j++) {
            const struct muster_record record = next_message(&fleet);

            hand_over(&c, &record, account);
            if (j % 50 == 0)
                wait(&c, 1, 0);
        }
        old[i] = memory_new(c.bytes);
        memcpy(old[i], c.memory, c.bytes);
    }
    for (i = 0; i < 20; i++) {
        kill_now(&c);
        for (at = 0; at < c.bytes; at += 4096)
            memcpy((uint8_t *)c.memory + at, old[below(3)] + at, 4096);
        start(&c, MUSTER_STATE_STALE, 1 + below(WORKERS));
        tables_lay_out(&tables, c.memory, WINDOW);
        ck_assert(tables_are_sound(&tables));
        ck_assert_uint_eq(counter(&c, "open"), 0);
        memset(account, 0, sizeof *account);
        for (j = 0; j < 200; j++) {
            const struct muster_record record = next_message(&fleet);

            hand_over(&c, &record, account);
            ck_assert_uint_eq(counter(&c, "missing"),
                              counter(&c, "recovered") + counter(&c, "lost") + counter(&c, "open"));
        }
        wait(&c, 3, 0);
        ck_assert_uint_eq(counter(&c, "devices"), DEVICES);
    }
    for (i = 0; i < 3; i++)
        munmap(old[i], c.bytes);
    release(&c);
    free(account);
}
END_TEST

/* ---- what the plugin asks for --------------------------------------------------------- */

static struct muster_state asked;

static int ask(struct muster_instance *instance, struct muster_state *state)
{
    asked = *state;
    return fake_host.state(instance, state);
}

static void open_with_window(const char *window)
{
    struct muster_instance *instance = fake_new(PLUGIN, "window", window, NULL);
    struct muster_host host = fake_host;
    void *state;

    host.state = ask;
    ck_assert_int_eq(PLUGIN->open(&host, instance, &state), 0);
    PLUGIN->close(state);
    fake_free(instance);
}

START_TEST(another_window_is_another_state)
{
    static const char *const windows[] = {"64", "128", "1024", "65536"};
    struct muster_state states[4];
    size_t i, j;

    for (i = 0; i < 4; i++) {
        open_with_window(windows[i]);
        states[i] = asked;
        ck_assert_ptr_nonnull(asked.is_sound);
        ck_assert_uint_ne(asked.format, 0);
        for (j = 0; j < i; j++) {
            ck_assert_uint_ne(states[i].format, states[j].format);
            ck_assert_uint_ne(states[i].bytes, states[j].bytes);
        }
    }
    open_with_window("64");
    ck_assert_uint_eq(asked.format, states[0].format);
    ck_assert_uint_eq(asked.bytes, states[0].bytes);
}
END_TEST

START_TEST(nothing_is_kept_in_reference_mode)
{
    struct muster_instance *instance = fake_new(PLUGIN, "mode", "reference", NULL);
    void *state;

    ck_assert_int_eq(PLUGIN->open(&fake_host, instance, &state), 0);
    ck_assert_uint_eq(fake_state_bytes(instance), 0);
    PLUGIN->close(state);
    fake_free(instance);
}
END_TEST

/* ---- damage --------------------------------------------------------------------------- */

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
    new_collector(&c, 2);
    for (i = 0; i < 600; i++) {
        const struct muster_record record = next_message(&fleet);

        hand_over(&c, &record, account);
        if (i % 10 == 0)
            wait(&c, 1, 0);
    }
    for (i = 1; i < 10; i++) { /* open gaps, whatever came before */
        struct muster_record record = message(1, MUSTER_MSG_DATA, fleet.next[1] += 3, fleet.clock);

        hand_over(&c, &record, account);
    }
    tables_lay_out(&tables, c.memory, WINDOW);
    ck_assert(tables_are_sound(&tables));
    ck_assert_uint_gt(counter(&c, "open"), 0);
    ck_assert_uint_ne(tables_vitals(&tables, 1)->gaps, 0);
    image->bytes = c.bytes;
    image->now_ns = c.now_ns;
    image->file = memfd_create("image", 0);
    ck_assert_int_ge(image->file, 0);
    ck_assert_int_eq(write(image->file, c.memory, c.bytes), (ssize_t)c.bytes);
    release(&c);
    free(account);
}

static void *map_image(const struct image *image, struct tables *tables)
{
    void *memory = mmap(NULL, image->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, image->file, 0);

    ck_assert(memory != MAP_FAILED);
    tables_lay_out(tables, memory, WINDOW);
    return memory;
}

typedef void damage_fn(const struct tables *tables);

static struct device *one(const struct tables *tables)
{
    return tables_device(tables, 1);
}

static void bad_known(const struct tables *t)
{
    one(t)->known = 2;
}

static void bad_begun(const struct tables *t)
{
    one(t)->begun = 3;
}

static void bad_has_init(const struct tables *t)
{
    one(t)->has_init = 255;
}

static void bad_init_came(const struct tables *t)
{
    one(t)->init_came = 2;
}

static void bad_configured(const struct tables *t)
{
    one(t)->rhythm.configured = 2;
}

static void bad_has_beat(const struct tables *t)
{
    one(t)->rhythm.has_beat = 2;
}

static void bad_doubt(const struct tables *t)
{
    one(t)->doubt = DOUBT_STALE + 1;
}

static void doubt_without_messages(const struct tables *t)
{
    one(t)->doubt = DOUBT_AHEAD;
    one(t)->doubt_count = 0;
}

static void messages_without_doubt(const struct tables *t)
{
    one(t)->doubt = DOUBT_NONE;
    one(t)->doubt_count = 1;
    tables_slot(t, 0)->counts.doubted++;
}

static void doubted_uncounted(const struct tables *t)
{
    tables_slot(t, 0)->counts.doubted++;
}

static void long_span(const struct tables *t)
{
    one(t)->span = WINDOW + 1;
}

static void no_span(const struct tables *t)
{
    one(t)->span = 0;
}

static void open_without_session(const struct tables *t)
{
    one(t)->begun = 0;
}

static void open_miscounted(const struct tables *t)
{
    one(t)->open++;
    tables_slot(t, 0)->counts.open++;
    tables_slot(t, 0)->counts.missing++;
}

static void bit_lost(const struct tables *t)
{
    *tables_window(t, 1) ^= UINT64_C(1) << one(t)->highest % WINDOW;
}

static void open_uncounted(const struct tables *t)
{
    tables_slot(t, 1)->counts.open++;
    tables_slot(t, 1)->counts.missing++;
}

static void devices_uncounted(const struct tables *t)
{
    tables_slot(t, 0)->counts.devices++;
}

static void device_forgotten(const struct tables *t)
{
    t->shared->known[0] &= ~(UINT64_C(1) << 2);
}

static void sum_missing(const struct tables *t)
{
    tables_slot(t, 0)->counts.missing++;
}

static void sum_recovered(const struct tables *t)
{
    tables_slot(t, 0)->counts.recovered--;
}

static void sum_lost(const struct tables *t)
{
    tables_slot(t, 0)->counts.lost++;
}

static void bad_busy(const struct tables *t)
{
    tables_slot(t, 3)->undo.busy = 2;
}

static void bad_undo_device(const struct tables *t)
{
    tables_slot(t, 3)->undo.device_id = MUSTER_DEVICE_IDS;
}

static void bad_gaps_end(const struct tables *t)
{
    tables_slot(t, 255)->gaps_end = GAPS_KEPT + 1;
}

static void empty_undo(const struct tables *t)
{
    tables_slot(t, 1)->undo.busy = 1;
    tables_slot(t, 1)->undo.device_id = 1;
    memset(&tables_slot(t, 1)->undo.device, 0, sizeof(struct device));
}

START_TEST(damage_is_found)
{
    static damage_fn *const damages[] = {bad_known,
                                         bad_begun,
                                         bad_has_init,
                                         bad_init_came,
                                         bad_configured,
                                         bad_has_beat,
                                         bad_doubt,
                                         doubt_without_messages,
                                         doubted_uncounted,
                                         long_span,
                                         no_span,
                                         messages_without_doubt,
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
                                         empty_undo};
    struct image image;
    size_t i;

    make_image(&image);
    for (i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct collector c = {.bytes = image.bytes, .now_ns = image.now_ns};
        struct muster_record event;
        struct tables tables;

        c.memory = map_image(&image, &tables);
        ck_assert(tables_are_sound(&tables));
        damages[i](&tables);
        ck_assert_msg(!tables_are_sound(&tables), "damage number %zu is not found", i);
        start_with(&c, i % 2 ? MUSTER_STATE_STOPPED : MUSTER_STATE_KILLED, 2);
        ck_assert(fake_state_set_aside(c.instance));
        ck_assert_uint_eq(counter(&c, "devices"), 0);
        ck_assert_uint_eq(expect(&c, 99, 1, MUSTER_VERDICT_FIRST, 0, &event), 1);
        release(&c);
    }
    close(image.file);
}
END_TEST

/* Something in the table of devices, the slots, the list of gaps or the shared part. */
static void damage_at_random(const struct tables *t)
{
    uint32_t id = below(DEVICES), a, b;
    uint8_t *bytes;
    uint32_t size;

    switch (below(8)) {
    case 0:
        bytes = (uint8_t *)tables_device(t, id);
        size = sizeof(struct device);
        break;
    case 1:
        bytes = (uint8_t *)tables_vitals(t, id);
        size = sizeof(struct vitals);
        break;
    case 2:
        bytes = (uint8_t *)tables_slot(t, one_in(2) ? below(2) : below(WORKERS_MOST));
        size = sizeof(struct slot) + WINDOW / 8;
        break;
    case 3:
        bytes = (uint8_t *)&t->gaps[1];
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
        tables_slot(t, 1)->undo.device = *tables_device(t, below(DEVICES));
        *(uint64_t *)(&tables_slot(t, 1)->undo + 1) = *tables_window(t, id);
        return;
    default: /* numbers that are no count */
        tables_device(t, id)->highest += below(2) ? below(10) : below(UINT32_MAX);
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

    start_with(c, age, 1 + below(WORKERS));
    for (i = 0; i < 9; i++) /* of messages, up to doubted */
        sum_before += counter(c, counters[i]);
    for (id = 0; id < DEVICES; id++)
        fleet.next[id] = below(3) * below(400);
    for (i = 0; i < 60; i++) {
        struct muster_record record = next_message(&fleet);
        struct fake_batch batch;

        if (i >= 50 && i - 50 < DEVICES)
            record = message((uint16_t)(i - 50), MUSTER_MSG_INIT, 0, fleet.clock + 10000);
        receive(c, record, &batch);
        fake_batch_free(&batch);
        if (i % 20 == 10)
            wait(c, 1, 0);
    }
    for (i = 0; i < 9; i++)
        sum += counter(c, counters[i]);
    ck_assert_uint_eq(sum - sum_before, 60);
    ck_assert_uint_eq(counter(c, "missing"),
                      counter(c, "recovered") + counter(c, "lost") + counter(c, "open"));
    stop(c);
}

START_TEST(random_damage)
{
    enum { TRIES = 1000 };
    struct image image;
    unsigned believed = 0, tries, i;

    make_image(&image);
    random_seed(1000 + (uint64_t)_i);
    for (tries = 0; tries < TRIES; tries++) {
        struct collector c = {.bytes = image.bytes, .now_ns = image.now_ns};
        struct tables tables;
        uint32_t age = one_in(50) ? MUSTER_STATE_STALE : MUSTER_STATE_KILLED;

        c.memory = map_image(&image, &tables);
        for (i = 1 + below(one_in(4) ? 20 : 3); i > 0; i--)
            damage_at_random(&tables);
        if (age == MUSTER_STATE_STALE || tables_are_sound(&tables)) {
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

/* Gap 2-6; 4 comes late, and the process is killed at the end of that change: it is taken back. */
static void rolled_back(struct collector *c, uint32_t from, uint32_t number)
{
    struct muster_record event;
    struct tables tables;
    void *left;

    new_collector(c, 1);
    expect(c, 1, 100, MUSTER_VERDICT_FIRST, 0, &event);
    expect(c, from, 160, MUSTER_VERDICT_GAP, from - 2, &event);
    expect(c, number, 101, MUSTER_VERDICT_LATE, 0, &event);
    left = memory_new(c->bytes);
    memcpy(left, c->memory, c->bytes);
    tables_lay_out(&tables, left, WINDOW);
    tables_slot(&tables, 0)->undo.busy = 1;
    kill_with(c, left);
    munmap(left, c->bytes);
    start(c, MUSTER_STATE_KILLED, 1);
}

START_TEST(gaps_side_by_side)
{
    struct collector c;
    struct muster_record event;

    rolled_back(&c, 7, 4);
    expect_numbers(&c, 5, 0, 0, 5);
    expect(&c, 80, 200, MUSTER_VERDICT_GAP, 72, &event); /* aborts in gaps_lose */
    expect_numbers(&c, 77, 0, 14, 63);
    release(&c);
}
END_TEST

START_TEST(nobody_late_after_a_power_cut)
{
    struct collector c;
    struct muster_record event;
    struct tables tables, older;
    void *old;
    uint32_t i;

    new_collector(&c, 1);
    c.heartbeat_ns = 10 * SECOND;
    stop(&c);
    start(&c, MUSTER_STATE_STOPPED, 1);
    expect(&c, 1, 1, MUSTER_VERDICT_FIRST, 0, &event);
    old = memory_new(c.bytes);
    memcpy(old, c.memory, c.bytes);
    for (i = 2; i < 8; i++) { /* a minute, heard every 10 s */
        wait(&c, 10, 0);
        expect(&c, i, i, MUSTER_VERDICT_NEW, 0, &event);
    }
    kill_now(&c);
    /* The device's page is a minute older than that of the listening clock. */
    tables_lay_out(&tables, c.memory, WINDOW);
    tables_lay_out(&older, old, WINDOW);
    memcpy(tables_device(&tables, 5), tables_device(&older, 5), tables.stride);
    munmap(old, c.bytes);
    start(&c, MUSTER_STATE_STALE, 1);
    ck_assert_uint_eq(wait(&c, 5, MUSTER_EVENT_DEVICE_SILENT), 0); /* was never silent */
    release(&c);
}
END_TEST

START_TEST(damaged_presence)
{
    struct image image;
    struct tables tables;

    make_image(&image);
    map_image(&image, &tables);
    one(&tables)->rhythm.presence = 3;
    ck_assert(!tables_are_sound(&tables));
}
END_TEST

START_TEST(damaged_highest)
{
    struct image image;
    struct tables tables;

    make_image(&image);
    map_image(&image, &tables);
    *tables_window(&tables, 1) ^= UINT64_C(1) << one(&tables)->highest % WINDOW;
    one(&tables)->open++;
    tables_slot(&tables, 0)->counts.open++;
    tables_slot(&tables, 0)->counts.missing++;
    ck_assert(!tables_are_sound(&tables));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {stopped_in_order,
                                  killed_between_two_messages,
                                  more_workers,
                                  fewer_workers,
                                  silent_over_a_stop,
                                  a_run_without_events,
                                  sessions_anew,
                                  pages_of_several_times,
                                  another_window_is_another_state,
                                  nothing_is_kept_in_reference_mode,
                                  damage_is_found,
                                  gaps_side_by_side,
                                  nobody_late_after_a_power_cut,
                                  damaged_presence,
                                  damaged_highest};
    Suite *suite = suite_create("sequence state");
    TCase *tests = tcase_create("sequence state");
    size_t i;

    tcase_set_timeout(tests, 120);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    tcase_add_loop_test(tests, as_if_nothing_had_happened, 0, 5);
    tcase_add_loop_test(tests, random_damage, 0, 10);
    suite_add_tcase(suite, tests);
    return suite;
}
