/* SPDX-License-Identifier: MIT
 *
 * A collector that runs the filter "sequence" alone, over several runs.
 */
#include "collector.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

#include "memory.h"

const char *const collector_counts[COLLECTOR_COUNTS] = {
    "first",    "in_order",  "gaps",       "late",   "duplicates",
    "restarts", "outliers",  "unnumbered", "shared", "doubted",
    "missing",  "recovered", "lost",       "open",   "devices"};

void collector_start_with(struct collector *c, uint32_t age, uint32_t workers)
{
    struct muster_device device = {.size = sizeof device, .class_name = "c"};
    uint32_t i;

    if (c->host.size == 0)
        c->host = muster_test_host;
    c->instance = muster_test_new(PLUGIN, "window", "64", "max_jump", "100", "events",
                                  c->events ? c->events : "true", "lost_after",
                                  c->lost_after ? c->lost_after : "0", NULL);
    /* The machine runs on. */
    muster_test_set_clock(c->instance, c->now_ns, SECOND + c->now_ns - EPOCH);
    muster_test_set_device_count(c->instance, c->devices);
    fake_set_state(c->instance, c->memory, c->bytes, age);
    device.heartbeat_ns = c->heartbeat_ns;
    for (i = 0; i < DEVICES; i++)
        fake_add_device(c->instance, (uint16_t)i, &device);
    ck_assert_int_eq(PLUGIN->open(&c->host, c->instance, &c->state), 0);
    c->count = workers;
    for (i = 0; i < workers; i++)
        ck_assert_int_eq(PLUGIN->filter->worker_open(c->state, i, workers, &c->workers[i]), 0);
}

void collector_start(struct collector *c, uint32_t age, uint32_t workers)
{
    collector_start_with(c, age, workers);
    ck_assert(!muster_test_state_set_aside(c->instance));
}

void collector_new(struct collector *c, uint32_t workers)
{
    collector_new_small(c, workers, MUSTER_DEVICE_IDS);
}

void collector_new_small(struct collector *c, uint32_t workers, uint32_t devices)
{
    memset(c, 0, sizeof *c);
    c->devices = devices;
    c->bytes = tables_bytes(devices, WINDOW);
    c->memory = memory_new(c->bytes);
    c->now_ns = EPOCH;
    collector_start(c, MUSTER_STATE_NEW, workers);
}

void collector_stop(struct collector *c)
{
    uint32_t i, j;

    for (i = 0; i < c->count; i++) {
        struct muster_test_batch batch;

        fake_batch_begin(&batch, NULL, 0);
        fake_worker_close(PLUGIN, c->workers[i], batch.batch);
        muster_test_batch_finish(&batch);
        for (j = 0; j < batch.out_count; j++) { /* the last look at what is missing */
            ck_assert_int_eq(batch.out[j].event.event, MUSTER_EVENT_GAP_OPENED);
            ck_assert_int_eq(batch.out[j].event.was, MUSTER_EVENT_GAP_OPENED);
        }
        muster_test_batch_free(&batch);
    }
    fake_close(PLUGIN, c->state);
    muster_test_free(c->instance);
}

/* The orderly end only spares a leak. */
void collector_kill_with(struct collector *c, const void *left)
{
    collector_stop(c);
    memcpy(c->memory, left, c->bytes);
}

void collector_kill(struct collector *c)
{
    void *left = memory_new(c->bytes);

    memcpy(left, c->memory, c->bytes);
    collector_kill_with(c, left);
    munmap(left, c->bytes);
}

void collector_free(struct collector *c)
{
    collector_stop(c);
    munmap(c->memory, c->bytes);
}

void collector_pass(struct collector *c, uint64_t ns)
{
    c->now_ns += ns;
    muster_test_advance(c->instance, ns);
}

/* The batch has what it says, and is the caller's. */
static void tick(struct collector *c, uint32_t worker, struct muster_test_batch *batch)
{
    fake_batch_begin(batch, NULL, 0);
    PLUGIN->filter->worker_tick(c->workers[worker], batch->batch,
                                c->host.now(c->instance, MUSTER_CLOCK_MONOTONIC));
    muster_test_batch_finish(batch);
}

uint32_t collector_wait(struct collector *c, uint32_t seconds, uint8_t event)
{
    uint32_t found = 0, i, j, worker;

    for (i = 0; i < seconds; i++) {
        collector_pass(c, SECOND);
        for (worker = 0; worker < c->count; worker++) {
            struct muster_test_batch batch;

            tick(c, worker, &batch);
            for (j = 0; j < batch.out_count; j++)
                found += batch.out[j].event.event == event;
            muster_test_batch_free(&batch);
        }
    }
    return found;
}

struct muster_record collector_message(uint16_t id, uint8_t type, uint32_t number,
                                       uint32_t timestamp)
{
    return (struct muster_record){.kind = MUSTER_KIND_MESSAGE,
                                  .device_id = id,
                                  .device = id,
                                  .marks = MUSTER_MARK_DEVICE,
                                  .msg_type = type,
                                  .seq = number,
                                  .device_time_ns = (int64_t)timestamp * 1000000000,
                                  .seq_bits = type == MUSTER_MSG_DATA ? 32 : 0,
                                  .readings = 1};
}

void collector_receive(struct collector *c, struct muster_record record,
                       struct muster_test_batch *batch)
{
    record.arrival_ns = c->now_ns;
    fake_process(PLUGIN, c->workers[record.device_id % c->count], batch, &record, 1);
}

uint32_t collector_expect(struct collector *c, uint32_t number, uint32_t made, uint8_t verdict,
                          uint32_t gap, struct muster_record *event)
{
    struct muster_test_batch batch;
    uint32_t events;

    collector_receive(c, collector_message(5, MUSTER_MSG_DATA, number, made), &batch);
    ck_assert_msg(batch.out[0].verdict == verdict && batch.out[0].message.gap == gap,
                  "number %" PRIu32 ": verdict %u, gap %" PRIu64 "; expected %u, %" PRIu32, number,
                  batch.out[0].verdict, batch.out[0].message.gap, verdict, gap);
    events = batch.out_count - 1;
    *event = batch.out[events];
    muster_test_batch_free(&batch);
    return events;
}

uint64_t collector_counter(const struct collector *c, const char *name)
{
    return muster_test_counter(c->instance, name);
}

void collector_expect_numbers(const struct collector *c, uint64_t missing, uint64_t recovered,
                              uint64_t lost, uint64_t open)
{
    ck_assert_uint_eq(collector_counter(c, "missing"), missing);
    ck_assert_uint_eq(collector_counter(c, "recovered"), recovered);
    ck_assert_uint_eq(collector_counter(c, "lost"), lost);
    ck_assert_uint_eq(collector_counter(c, "open"), open);
}

void collector_expect_range(const struct muster_record *event, uint8_t kind, uint32_t first,
                            uint32_t last, uint16_t cause)
{
    ck_assert_uint_eq(event->event.event, kind);
    ck_assert_uint_eq(event->event.first, first);
    ck_assert_uint_eq(event->event.last, last);
    ck_assert_uint_eq(event->event.cause, cause);
}
