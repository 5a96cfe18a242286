/* SPDX-License-Identifier: MIT
 *
 * Each datagram has its own absolute time to be sent; a late one does not delay
 * those behind it.
 */
#include "run.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ack.h"
#include "pace.h"

#define OVERRUN_NS 1000000000.0 /* how far the timetable may be behind at the end of the time */
#define NEVER      1e300
#define LOOK_NS    2000000.0 /* answers are looked for that often */

struct runner {
    struct play *play;
    const struct play_plan *play_plan;
    const struct run_plan *plan;
    struct sender *sender;
    struct account *account;
    struct ack *ack; /* NULL: no answers are waited for */
    struct pace pace;
    struct run_result *result;
    uint64_t sent;
    size_t slot; /* bytes of a datagram's place in `bytes` */
    uint8_t *bytes;
    size_t count; /* datagrams that wait to be sent */
    struct play_datagram datagrams[SEND_BATCH + PLAY_STEP_MAX];
    struct send_packet packets[SEND_BATCH + PLAY_STEP_MAX];
};

/* Sends what waits.  Returns false if that is the end of it: result says why. */
static bool send_all(struct runner *runner)
{
    size_t done = 0;

    while (done < runner->count) {
        size_t sent =
            sender_send_patiently(runner->sender, runner->packets + done, runner->count - done,
                                  &runner->pace, &runner->result->error);
        size_t i;

        if (sent == 0)
            return false;
        for (i = done; i < done + sent; i++)
            account_sent(runner->account, &runner->datagrams[i], runner->packets[i].size);
        done += sent;
        runner->sent += sent;
    }
    runner->count = 0;
    return true;
}

/* Encodes `count` datagrams that were just written behind those that wait.  One that is lost comes
 * alone. */
static void add(struct runner *runner, size_t count, double now)
{
    for (; count > 0 && runner->result->error == 0; count--) {
        struct play_datagram *datagram = &runner->datagrams[runner->count];
        struct send_packet *packet = &runner->packets[runner->count];
        uint8_t *slot = runner->bytes + runner->count * runner->slot;

        datagram->sent_ns = (uint64_t)now;
        packet->bytes = slot;
        packet->size = (uint32_t)play_encode(runner->play_plan, datagram, slot, runner->slot);
        packet->device = datagram->device;
        assert(packet->size > 0);
        if (runner->ack != NULL && !datagram->copy &&
            ack_sent(runner->ack, datagram, slot, packet->size, (uint64_t)now) != 0)
            runner->result->error = ENOMEM;
        if (!datagram->lost)
            runner->count++;
    }
}

/* ---- Answers -------------------------------------------------------------------------- */

static void came(void *context, uint32_t socket, const uint8_t *bytes, size_t size)
{
    struct runner *runner = context;

    ack_came(runner->ack, socket, bytes, size);
}

/* Takes in the answers that came, and sends again what is due.  Returns false if that is the end.
 */
static bool serve(struct runner *runner)
{
    double now = pace_elapsed(&runner->pace);
    const uint8_t *bytes;
    size_t size;

    if (runner->ack == NULL)
        return true;
    sender_receive(runner->sender, came, runner);
    assert(runner->count == 0);
    while (
        ack_again(runner->ack, (uint64_t)now, &runner->datagrams[runner->count], &bytes, &size)) {
        struct send_packet *packet = &runner->packets[runner->count];
        uint8_t *slot = runner->bytes + runner->count * runner->slot;

        memcpy(slot, bytes, size);
        runner->datagrams[runner->count].sent_ns = (uint64_t)now;
        *packet = (struct send_packet){.bytes = slot,
                                       .size = (uint32_t)size,
                                       .device = runner->datagrams[runner->count].device};
        runner->count++;
        if (runner->count == SEND_BATCH && !send_all(runner))
            return false;
    }
    return send_all(runner);
}

/* When to look after answers again, at the latest. */
static double look_by(const struct runner *runner, double now, double until)
{
    return runner->ack != NULL && until > now + LOOK_NS ? now + LOOK_NS : until;
}

/* Waits until nothing is waited for. */
static void wait_for_answers(struct runner *runner)
{
    while (runner->ack != NULL && runner->result->error == 0 &&
           ack_counts(runner->ack)->waiting > 0 && serve(runner)) {
        pace_show(&runner->pace, pace_elapsed(&runner->pace), runner->sent);
        if (pace_stopped(&runner->pace, LOOK_NS))
            return;
    }
}

/* The devices' clock: of the timetable, or of the real time where there is none. */
static uint64_t device_clock(const struct runner *runner, double due, double now)
{
    double since = runner->play_plan->pace == PLAY_TIMETABLE ? due : now;

    return (uint64_t)(runner->pace.wall_ns + since);
}

/* Plays what is due at `now` and before `end`, in one batch at most. */
static void fill(struct runner *runner, double now, double end)
{
    double speed = runner->plan->speed;
    uint64_t due;
    int steps;

    /* With heavy loss a step delivers nothing: the number of steps is limited too. */
    for (steps = 0; steps < 4 * SEND_BATCH && runner->count < SEND_BATCH; steps++) {
        if (!play_due(runner->play, &due) || (double)due / speed > now ||
            (double)due / speed >= end)
            return;
        add(runner,
            play_step(runner->play, device_clock(runner, (double)due, now),
                      (uint64_t)runner->pace.wall_ns, runner->datagrams + runner->count),
            now);
    }
}

/* Whether the time is over, which is checked before each batch.  The timetable
 * decides where there is one, so that the same plan plays the same; it is cut
 * off only if it runs far behind the clock. */
static bool is_over(const struct runner *runner, double due, double now, double end)
{
    bool timed = runner->play_plan->pace == PLAY_TIMETABLE || runner->play_plan->interval_ns > 0;

    return timed ? now >= end + OVERRUN_NS || (now >= end && due >= end) : now >= end;
}

static void perform(struct runner *runner)
{
    double end = runner->plan->seconds > 0 ? runner->plan->seconds * PACE_SECOND_NS : NEVER;
    double wake = 0;
    uint64_t due_ns;

    while (play_due(runner->play, &due_ns)) {
        double due = (double)due_ns / runner->plan->speed;
        double now = pace_elapsed(&runner->pace);
        double until = due < end ? due : end;

        pace_show(&runner->pace, now, runner->sent);
        if (is_over(runner, due, now, end) || !serve(runner))
            break;
        if (until > now) {
            if (until < wake)
                until = wake;
            if (runner->plan->progress && until > runner->pace.progress_ns)
                until = runner->pace.progress_ns;
            if (pace_stopped(&runner->pace, look_by(runner, now, until) - now))
                break;
            continue;
        }
        wake = now + PACE_WAKE_NS;
        fill(runner, now, end);
        if (runner->result->error != 0 || !send_all(runner) || pace_stopped(&runner->pace, 0))
            break;
    }
}

/* Sends what the network still holds back. */
static void release_held(struct runner *runner)
{
    while (runner->result->error == 0 && runner->count == 0) {
        size_t delivered = 0;

        while (runner->count < SEND_BATCH &&
               (delivered = play_end(runner->play, runner->datagrams + runner->count)) > 0)
            add(runner, delivered, pace_elapsed(&runner->pace));
        if (runner->count == 0 || !send_all(runner))
            return;
    }
}

int run(struct play *play, const struct play_plan *play_plan, const struct run_plan *plan,
        struct sender *sender, struct account *account, struct ack *ack, const sigset_t *stop,
        struct run_result *result)
{
    struct runner *runner = calloc(1, sizeof *runner);

    *result = (struct run_result){0};
    if (runner == NULL)
        return -1;
    runner->play = play;
    runner->play_plan = play_plan;
    runner->plan = plan;
    runner->sender = sender;
    runner->account = account;
    runner->ack = ack;
    runner->result = result;
    runner->slot = play_size(play_plan, MUSTER_MSG_DATA);
    runner->bytes = calloc(SEND_BATCH + PLAY_STEP_MAX, runner->slot);
    if (runner->bytes == NULL) {
        free(runner);
        return -1;
    }
    pace_begin(&runner->pace, stop, plan->progress);

    perform(runner);
    release_held(runner);
    if (!runner->pace.interrupted)
        wait_for_answers(runner);
    result->seconds = pace_elapsed(&runner->pace) / PACE_SECOND_NS;
    sender_settle(sender);
    pace_end(&runner->pace);
    result->interrupted = runner->pace.interrupted;
    free(runner->bytes);
    free(runner);
    return 0;
}
