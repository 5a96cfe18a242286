/* SPDX-License-Identifier: MIT
 *
 * One function a callback.
 */
#include "callback.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "host.h"

_Thread_local struct muster_instance *callback_instance;
_Thread_local const struct muster_batch *callback_batch;

static struct muster_call call_of(const struct muster_instance *instance, uint32_t flags,
                                  uint64_t deadline_ns)
{
    return (struct muster_call){
        .size = sizeof(struct muster_call),
        .flags = flags | (instance->host->is_replay ? MUSTER_CALL_REPLAY : 0),
        .deadline_ns = deadline_ns,
    };
}

/* Of a callback whose results are no counts: what it returned, if that is 0 or one of the codes,
 * else MUSTER_FAILED. */
static int expect(struct muster_instance *instance, enum callback callback, int result,
                  unsigned codes, const char *expected)
{
    if (result == 0 || (result < 0 && result > -32 && codes >> -result & 1))
        return result;
    instance_bug(instance, "%s() returned %d; expected %s", rule_table_callback(callback), result,
                 expected);
    return MUSTER_FAILED;
}

/* Before a callback that logs why it fails, and behind it. */
static void listen(struct muster_instance *instance)
{
    atomic_store(&instance->spoke, false);
}

static void expect_reason(struct muster_instance *instance, enum callback callback, int result)
{
    if (result == MUSTER_FAILED && !atomic_load(&instance->spoke))
        instance_bug(instance,
                     "%s() returned MUSTER_FAILED without a word; call host->log before, and say "
                     "what does not work and what to do about it",
                     rule_table_callback(callback));
}

/* What a plugin calls where there is time may have changed the thread's locale. */
static void leave(void)
{
    callback_leave();
    thread_settle();
}

/* The same around a callback on a sink's thread.  One that was given up goes no further: others may
 * be at what was the sink's. */
static void enter_sink(struct muster_instance *instance, enum callback callback)
{
    atomic_store(&instance->place, INSTANCE_IN_PLUGIN);
    callback_enter(instance, callback);
}

static void come_home(struct muster_instance *instance)
{
    int in_plugin = INSTANCE_IN_PLUGIN;

    if (atomic_compare_exchange_strong(&instance->place, &in_plugin, INSTANCE_AT_HOME))
        return;
    for (;;)
        pause();
}

#define CODE(code)     (1u << -(code))
#define ZERO_OR_FAILED "0 or MUSTER_FAILED"

/* ---- Of any plugin -------------------------------------------------------------------- */

int callback_check(struct muster_instance *instance)
{
    int result;

    if (instance_api(instance)->check == NULL)
        return 0;
    callback_enter(instance, CALLBACK_CHECK);
    result = instance_api(instance)->check(&host_functions, instance);
    leave();
    return expect(instance, CALLBACK_CHECK, result, CODE(MUSTER_FAILED), ZERO_OR_FAILED);
}

int callback_open(struct muster_instance *instance)
{
    int result;

    instance->state = instance;
    if (instance_api(instance)->open == NULL)
        return 0;
    listen(instance);
    callback_enter(instance, CALLBACK_OPEN);
    result = instance_api(instance)->open(&host_functions, instance, &instance->state);
    leave();
    expect_reason(instance, CALLBACK_OPEN, result);
    return expect(instance, CALLBACK_OPEN, result, CODE(MUSTER_FAILED), ZERO_OR_FAILED);
}

void callback_close(struct muster_instance *instance, uint32_t flags)
{
    const struct muster_call call = call_of(instance, flags, 0);

    if (instance_api(instance)->close == NULL)
        return;
    callback_enter(instance, CALLBACK_CLOSE);
    instance_api(instance)->close(instance->state, &call);
    leave();
}

int callback_reload(struct muster_instance *instance)
{
    const struct muster_call call = call_of(instance, 0, 0);
    int (*reload)(void *state, const struct muster_call *call) =
        plugin_is_filter(&instance->entry->plugin) ? instance_filter(instance)->reload
                                                   : instance_sink(instance)->reload;
    int result;

    if (reload == NULL)
        return MUSTER_RENEW;
    listen(instance);
    callback_enter(instance, CALLBACK_RELOAD);
    result = reload(instance->state, &call);
    leave();
    expect_reason(instance, CALLBACK_RELOAD, result);
    return expect(instance, CALLBACK_RELOAD, result, CODE(MUSTER_RENEW) | CODE(MUSTER_FAILED),
                  "0, MUSTER_RENEW or MUSTER_FAILED");
}

/* ---- Of a filter ---------------------------------------------------------------------- */

int callback_worker_open(struct muster_instance *instance, uint32_t worker, uint32_t workers,
                         void **state)
{
    int result;

    *state = instance->state;
    if (instance_filter(instance)->worker_open == NULL)
        return 0;
    listen(instance);
    callback_enter(instance, CALLBACK_WORKER_OPEN);
    result = instance_filter(instance)->worker_open(instance->state, worker, workers, state);
    leave();
    expect_reason(instance, CALLBACK_WORKER_OPEN, result);
    return expect(instance, CALLBACK_WORKER_OPEN, result, CODE(MUSTER_FAILED), ZERO_OR_FAILED);
}

int callback_process(struct muster_instance *instance, void *state, struct muster_batch *batch)
{
    int result;

    callback_enter_batch(instance, CALLBACK_PROCESS, batch);
    result = instance_filter(instance)->process(state, batch);
    callback_leave();
    return expect(instance, CALLBACK_PROCESS, result, CODE(MUSTER_FAILED), ZERO_OR_FAILED);
}

uint64_t callback_worker_tick(struct muster_instance *instance, void *state,
                              struct muster_batch *batch, uint64_t now_ns)
{
    uint64_t asked;

    if (instance_filter(instance)->worker_tick == NULL)
        return 0;
    callback_enter_batch(instance, CALLBACK_WORKER_TICK, batch);
    asked = instance_filter(instance)->worker_tick(state, batch, now_ns);
    leave();
    return asked;
}

void callback_worker_close(struct muster_instance *instance, void *state,
                           struct muster_batch *batch, uint32_t flags)
{
    const struct muster_call call = call_of(instance, flags, 0);

    if (instance_filter(instance)->worker_close == NULL)
        return;
    callback_enter_batch(instance, CALLBACK_WORKER_CLOSE, batch);
    instance_filter(instance)->worker_close(state, batch, &call);
    leave();
}

/* A count beyond the room for them is no count. */
static uint32_t expect_reports(struct muster_instance *instance, enum callback callback,
                               uint32_t count, uint32_t room)
{
    if (count <= room)
        return count;
    instance_bug(instance,
                 "%s() returned %u; expected 0 to %u, as many reports as there is room for",
                 rule_table_callback(callback), count, room);
    return 0;
}

uint32_t callback_devices(struct muster_instance *instance, void *state, uint32_t from,
                          uint32_t end, struct muster_device_report *out)
{
    uint32_t count;

    if (instance_filter(instance)->devices == NULL)
        return 0;
    memset(out, 0, (end - from) * sizeof *out);
    callback_enter(instance, CALLBACK_DEVICES);
    count = instance_filter(instance)->devices(state, from, end, out, sizeof *out);
    callback_leave();
    return expect_reports(instance, CALLBACK_DEVICES, count, end - from);
}

uint32_t callback_gaps(struct muster_instance *instance, void *state, uint32_t from, uint32_t skip,
                       struct muster_gap_report *out, uint32_t room)
{
    uint32_t count;

    if (instance_filter(instance)->gaps == NULL)
        return 0;
    memset(out, 0, room * sizeof *out);
    callback_enter(instance, CALLBACK_GAPS);
    count = instance_filter(instance)->gaps(state, from, skip, out, sizeof *out, room);
    callback_leave();
    return expect_reports(instance, CALLBACK_GAPS, count, room);
}

bool callback_forget(struct muster_instance *instance, void *state, struct muster_batch *batch,
                     uint32_t device)
{
    bool was_known;

    if (instance_filter(instance)->forget == NULL)
        return false;
    callback_enter_batch(instance, CALLBACK_FORGET, batch);
    was_known = instance_filter(instance)->forget(state, batch, device) != 0;
    leave();
    return was_known;
}

/* ---- Of a sink ------------------------------------------------------------------------ */

int callback_connect(struct muster_instance *instance, uint32_t flags, uint64_t deadline_ns)
{
    const struct muster_call call = call_of(instance, flags, deadline_ns);
    int result;

    if (instance_sink(instance)->connect == NULL)
        return 0;
    listen(instance);
    enter_sink(instance, CALLBACK_CONNECT);
    result = instance_sink(instance)->connect(instance->state, &call);
    leave();
    come_home(instance);
    expect_reason(instance, CALLBACK_CONNECT, result);
    return expect(instance, CALLBACK_CONNECT, result, CODE(MUSTER_AGAIN) | CODE(MUSTER_FAILED),
                  "0, MUSTER_AGAIN or MUSTER_FAILED");
}

int64_t callback_write(struct muster_instance *instance, const struct muster_record *records,
                       uint32_t count, uint32_t flags, uint64_t deadline_ns)
{
    const struct muster_call call = call_of(instance, flags, deadline_ns);
    int64_t took;

    assert(count > 0);
    enter_sink(instance, CALLBACK_WRITE);
    took = instance_sink(instance)->write(instance->state, records, count, &call);
    callback_leave();
    come_home(instance);
    if (took == MUSTER_AGAIN)
        return 0;
    if ((took >= 0 && took <= count) || took == MUSTER_LOST || took == MUSTER_FAILED)
        return took;
    instance_bug(instance,
                 "write() returned %lld; expected 0 to %u, as many records as it was given, "
                 "MUSTER_LOST or MUSTER_FAILED",
                 (long long)took, count);
    return MUSTER_FAILED;
}

int64_t callback_flush(struct muster_instance *instance, uint64_t held, uint32_t flags,
                       uint64_t deadline_ns)
{
    const struct muster_call call = call_of(instance, flags, deadline_ns);
    int64_t given_up;

    if (instance_sink(instance)->flush == NULL)
        return 0;
    enter_sink(instance, CALLBACK_FLUSH);
    given_up = instance_sink(instance)->flush(instance->state, &call);
    callback_leave();
    come_home(instance);
    if (given_up == MUSTER_AGAIN || given_up == MUSTER_LOST || given_up == MUSTER_FAILED)
        return given_up;
    if (given_up < 0) {
        instance_bug(instance,
                     "flush() returned %lld; expected a number of records, MUSTER_AGAIN, "
                     "MUSTER_LOST or MUSTER_FAILED",
                     (long long)given_up);
        return MUSTER_FAILED;
    }
    if ((uint64_t)given_up > held) {
        instance_bug(instance, "flush() gave up %lld records, but holds %llu at most",
                     (long long)given_up, (unsigned long long)held);
        return (int64_t)held;
    }
    return given_up;
}

void callback_disconnect(struct muster_instance *instance, uint32_t flags, uint64_t deadline_ns)
{
    const struct muster_call call = call_of(instance, flags, deadline_ns);

    if (instance_sink(instance)->disconnect == NULL)
        return;
    enter_sink(instance, CALLBACK_DISCONNECT);
    instance_sink(instance)->disconnect(instance->state, &call);
    leave();
    come_home(instance);
}

int callback_rotate(struct muster_instance *instance)
{
    const struct muster_call call = call_of(instance, 0, 0);
    int result;

    if (instance_sink(instance)->rotate == NULL)
        return 0;
    listen(instance);
    enter_sink(instance, CALLBACK_ROTATE);
    result = instance_sink(instance)->rotate(instance->state, &call);
    leave();
    come_home(instance);
    expect_reason(instance, CALLBACK_ROTATE, result);
    return expect(instance, CALLBACK_ROTATE, result, CODE(MUSTER_FAILED) | CODE(MUSTER_LOST),
                  "0, MUSTER_LOST or MUSTER_FAILED");
}

uint64_t callback_tick(struct muster_instance *instance, uint64_t now_ns)
{
    uint64_t asked;

    if (instance_sink(instance)->tick == NULL)
        return 0;
    enter_sink(instance, CALLBACK_TICK);
    asked = instance_sink(instance)->tick(instance->state, now_ns);
    leave();
    come_home(instance);
    return asked;
}
