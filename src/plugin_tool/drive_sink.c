/* SPDX-License-Identifier: MIT
 *
 * The callbacks of a sink in all legal orders.
 */
#include "drive_sink.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "generate.h"
#include "life.h"
#include "report.h"
#include "base/clock.h"

enum { TRIES = 100, HOLD = 1024 };

struct drive {
    struct muster_instance *instance;
    const char *steps;
    uint32_t serial;
    bool connected, finished; /* finished: it has returned MUSTER_FAILED */
};

static void connect_output(struct drive *drive)
{
    int tries, result = MUSTER_AGAIN;

    for (tries = 0; tries < 5 && result == MUSTER_AGAIN; tries++) {
        uint32_t lines = life_lines(drive->instance);

        result = muster_test_connect(drive->instance);
        if (result != 0)
            life_said(drive->instance, lines, "connect",
                      result == MUSTER_AGAIN ? "MUSTER_AGAIN" : "MUSTER_FAILED");
        muster_test_advance(drive->instance, 2 * CLOCK_SECOND);
    }
    drive->connected = result == 0;
    if (result == MUSTER_AGAIN)
        report_finding("connect() returned MUSTER_AGAIN each time, so write() could not be "
                       "checked; start what it connects to, or give it other options.  It said: "
                       "%.300s",
                       life_last_line(drive->instance));
    else if (result == MUSTER_FAILED && report->findings.count == 0)
        report_finding("connect() returned MUSTER_FAILED, and said: %.400s",
                       life_last_line(drive->instance));
    drive->finished = !drive->connected;
}

static void disconnect_output(struct drive *drive)
{
    if (drive->connected)
        muster_test_disconnect(drive->instance);
    drive->connected = false;
}

/* After a code: whether the sink goes on. */
static void handle(struct drive *drive, const char *callback, int64_t code, uint32_t lines)
{
    if (code != MUSTER_LOST && code != MUSTER_FAILED)
        return;
    life_said(drive->instance, lines, callback,
              code == MUSTER_LOST ? "MUSTER_LOST" : "MUSTER_FAILED");
    disconnect_output(drive);
    if (code == MUSTER_LOST) {
        connect_output(drive);
        return;
    }
    drive->finished = true;
    if (report->findings.count == 0)
        report_finding("%s() returned MUSTER_FAILED, and said: %.400s", callback,
                       life_last_line(drive->instance));
}

static void step_flush(struct drive *drive, bool is_final);

/* As the host does when enough is held. */
static void flush_if_due(struct drive *drive)
{
    uint32_t wish = muster_test_plugin(drive->instance)->sink->hold;

    if (muster_test_held(drive->instance) >= (wish > 0 ? wish : HOLD))
        step_flush(drive, false);
}

/* Offers the rest again until all are taken, as the host does. */
static void write_batch(struct drive *drive, struct generated *batch)
{
    uint32_t taken = 0;
    int tries = 0;

    while (taken < batch->count && !drive->finished) {
        uint32_t lines = life_lines(drive->instance);
        int64_t took =
            muster_test_write(drive->instance, batch->records + taken, batch->count - taken);

        if (took > 0)
            taken += (uint32_t)took;
        else
            tries++;
        handle(drive, "write", took, lines);
        if (took == MUSTER_LOST)
            taken = 0; /* what was held is offered again */
        else
            flush_if_due(drive);
        muster_test_advance(drive->instance, 10 * CLOCK_MILLISECOND);
        if (tries >= TRIES) {
            report_finding("write() has been offered the same records %d times, and takes none; "
                           "it said: %.300s",
                           tries, life_last_line(drive->instance));
            drive->finished = true;
        }
    }
    atomic_fetch_add(&report->records, taken);
}

static void step_write(struct drive *drive)
{
    static const uint32_t sizes[] = {1, 2, 3, 5, 64, 1023};
    uint32_t count = sizes[drive->serial % (sizeof sizes / sizeof sizes[0])];
    uint32_t takes = muster_test_takes(drive->instance);
    struct generated batch;

    if (takes == 0) /* it wants none; the host would not call */
        return;
    if (generate_batch(&batch, count, drive->serial++, takes, 0, 1) < 0) {
        report_finding("out of memory");
        return;
    }
    generate_read_only(&batch, true);
    write_batch(drive, &batch);
    generate_gone(&batch, "write");
}

static void step_flush(struct drive *drive, bool is_final)
{
    int tries;

    for (tries = 0; tries < TRIES && drive->connected; tries++) {
        uint32_t lines = life_lines(drive->instance);
        int64_t result = muster_test_flush(drive->instance);

        if (result == MUSTER_LOST && is_final)
            return; /* the host does not connect any more */
        handle(drive, "flush", result, lines);
        if (result != MUSTER_AGAIN || is_final)
            return;
        muster_test_advance(drive->instance, CLOCK_SECOND);
    }
    if (drive->connected)
        report_finding("flush() returns MUSTER_AGAIN each time; it said: %.400s",
                       life_last_line(drive->instance));
}

static void step_rotate(struct drive *drive)
{
    uint32_t lines;
    int result;

    if (drive->connected)
        step_flush(drive, false);
    lines = life_lines(drive->instance);
    result = muster_test_rotate(drive->instance);
    if (result == MUSTER_FAILED)
        life_said(drive->instance, lines, "rotate", "MUSTER_FAILED");
    else if (result == MUSTER_LOST && drive->connected)
        handle(drive, "rotate", result, lines);
    if (muster_test_plugin(drive->instance)->sink->rotate == NULL && drive->connected) {
        disconnect_output(drive);
        connect_output(drive);
    }
}

static void step_reload(struct drive *drive)
{
    uint32_t lines;

    if (drive->connected)
        step_flush(drive, false);
    lines = life_lines(drive->instance);
    if (muster_test_reload(drive->instance) == MUSTER_FAILED)
        life_said(drive->instance, lines, "reload", "MUSTER_FAILED");
}

static void step(struct drive *drive, char what)
{
    switch (what) {
    case 'w':
        step_write(drive);
        break;
    case 'f':
        step_flush(drive, false);
        break;
    case 'r':
        step_rotate(drive);
        break;
    case 'l':
        step_reload(drive);
        break;
    case 't':
        muster_test_advance(drive->instance, CLOCK_SECOND);
        muster_test_tick(drive->instance);
        break;
    case 'd':
        disconnect_output(drive);
        break;
    default:
        disconnect_output(drive);
        connect_output(drive);
    }
}

static void *run(void *context)
{
    struct drive *drive = context;
    const char *at;

    report_thread_number = 1;
    connect_output(drive);
    for (at = drive->steps; *at != '\0' && !drive->finished; at++) {
        if (!drive->connected && (*at == 'w' || *at == 'f'))
            connect_output(drive);
        if (!drive->finished)
            step(drive, *at);
    }
    muster_test_set_call(drive->instance, MUSTER_CALL_STOPPING | MUSTER_CALL_FINAL, 1);
    if (drive->connected && !drive->finished)
        step_flush(drive, true); /* the deadline is over, so what it holds counts as dropped */
    disconnect_output(drive);
    return NULL;
}

void drive_sink(struct muster_instance *instance, const char *steps)
{
    struct drive drive = {.instance = instance, .steps = steps};
    pthread_t thread;

    while (steps[drive.serial] != '\0' && drive.serial < 11) /* begin with another size each time */
        drive.serial++;
    drive.serial += (unsigned char)steps[0];
    if (pthread_create(&thread, NULL, run, &drive) != 0) {
        report_finding("cannot start a thread");
        return;
    }
    pthread_join(thread, NULL);
}
