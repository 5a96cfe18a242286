/* SPDX-License-Identifier: MIT
 *
 * A device in the field.
 */
#include "field.h"

#include <check.h>
#include <stdlib.h>

#include "memory.h"

struct field field;

static struct tables tables;

static uint32_t read_passed(void *context)
{
    (void)context;
    return field.passed;
}

static uint64_t read_interval(void *context, uint32_t device)
{
    (void)context;
    (void)device;
    return field.interval_ns;
}

static void take_note(void *context, const struct tracker_note *note)
{
    (void)context;
    field.told_two_senders += note->kind == TRACKER_TWO_SENDERS;
    field.told_restarts += note->kind == TRACKER_RESTART;
    if (note->kind == TRACKER_TAKEN_BACK)
        field.taken_back += note->last - note->first + 1;
}

static uint64_t read_dropped(void *context, uint32_t device)
{
    (void)context;
    ck_assert_uint_eq(device, 7);
    return field.dropped;
}

void field_set_up(void)
{
    const struct tracker_options options = {.window = WINDOW,
                                            .max_jump = MAX_JUMP,
                                            .persistent = true,
                                            .note = take_note,
                                            .passed = read_passed,
                                            .interval = read_interval,
                                            .overlooked = read_dropped};

    memory_tables(&tables, WINDOW);
    field.tracker = tracker_new(&options, &tables, 0, 1);
    ck_assert_ptr_nonnull(field.tracker);
    field.passed = field.clock_ahead = 0;
    field.interval_ns = field.dropped = 0;
    field.told_two_senders = field.told_restarts = 0;
    field.taken_back = 0;
}

void field_tear_down(void)
{
    const struct tracker_counts *c = tracker_counts(field.tracker);

    ck_assert_uint_eq(c->missing, c->recovered + c->lost + c->open);
    tracker_finish(field.tracker);
    ck_assert_uint_eq(c->missing, c->recovered + c->lost);
    tracker_free(field.tracker);
    memory_free(&tables);
}

/* A message of number `seq` with that time stamp, from the sender with that port. */
enum muster_verdict field_judge_from(uint16_t port, uint8_t type, uint32_t seq, uint32_t stamp)
{
    const struct muster_arrival arrival = {
        .size = sizeof arrival, .family = 4, .source = {127, 0, 0, 1}, .source_port = port};
    struct muster_record record = {.device_id = 7,
                                   .device = 7,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .msg_type = type,
                                   .seq = seq,
                                   .device_time_ns = (int64_t)stamp * 1000000000,
                                   .seq_bits = type == MUSTER_MSG_DATA ? 32 : 0,
                                   .readings = 1};

    if (port != 0)
        record.via.arrival = &arrival;
    tracker_pass(field.tracker, field.passed);
    tracker_judge(field.tracker, &record);
    return (enum muster_verdict)record.verdict;
}

uint32_t field_stamp_now(void)
{
    return START + field.passed + field.clock_ahead;
}

enum muster_verdict field_data(uint32_t seq)
{
    return field_judge_from(0, MUSTER_MSG_DATA, seq, field_stamp_now());
}

/* Numbers first to last, one every `every` seconds. */
void field_row(uint32_t first, uint32_t last, uint32_t every)
{
    uint32_t n;

    for (n = first; n != last + 1; n++) {
        field_data(n);
        field.passed += every;
    }
}

const struct tracker_counts *field_counts(void)
{
    return tracker_counts(field.tracker);
}
