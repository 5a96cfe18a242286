/* SPDX-License-Identifier: MIT
 *
 * The callbacks of a plugin, called as musterd does: in the right order, and with a look at what
 * comes back.
 */
#include <stddef.h>

#include "batches.h"
#include "calls.h"
#include "callback_note.h"
#include "instance.h"
#include "misuse.h"

#define CODE(code) (1u << -(code))

/* A result that is 0 or one of the codes, else MUSTER_FAILED. */
static int expect(const char *callback, int result, unsigned codes, const char *expected)
{
    if (result == 0 || (result < 0 && result > -32 && (codes >> -result & 1) != 0))
        return result;
    misuse("%s() returned %d; expected %s", callback, result, expected);
    return MUSTER_FAILED;
}

/* Whether the test may call this now. */
static bool in_order(const char *callback, bool wrong, const char *reason)
{
    if (wrong)
        misuse("the test calls %s() %s", callback, reason);
    return !wrong;
}

static bool is_sink(const struct muster_instance *instance, const char *callback)
{
    return in_order(callback, instance->plugin.api.sink == NULL, "of a plugin that is no sink") &&
           in_order(callback, !instance->opened, "before open()");
}

static bool is_connected(const struct muster_instance *instance, const char *callback)
{
    return is_sink(instance, callback) &&
           in_order(callback, !instance->connected, "before connect()");
}

/* ---- Of any plugin -------------------------------------------------------------------- */

int muster_test_check(struct muster_instance *instance)
{
    uint32_t before = instance->errors.count;
    int result;

    if (instance->plugin.api.check == NULL)
        return 0;
    callback_note_enter(instance, CALLBACK_CHECK);
    result = instance->plugin.api.check(&muster_test_host, instance);
    callback_note_leave();
    result = expect("check", result, CODE(MUSTER_FAILED), "0 or MUSTER_FAILED");
    if ((result != 0) != (instance->errors.count != before))
        misuse(result == 0 ? "check() returned 0, but has reported an error"
                           : "check() returned MUSTER_FAILED, but has reported no error");
    return result;
}

int muster_test_open(struct muster_instance *instance)
{
    int result;

    if (!in_order("open", instance->opened, "twice"))
        return MUSTER_FAILED;
    instance->state = instance;
    if (instance->plugin.api.open == NULL) {
        instance->opened = true;
        return 0;
    }
    callback_note_enter(instance, CALLBACK_OPEN);
    result = instance->plugin.api.open(&muster_test_host, instance, &instance->state);
    callback_note_leave();
    result = expect("open", result, CODE(MUSTER_FAILED), "0 or MUSTER_FAILED");
    instance->opened = result == 0;
    return result;
}

int muster_test_reload(struct muster_instance *instance)
{
    const struct plugin *plugin = &instance->plugin;
    int (*reload)(void *, const struct muster_call *) =
        plugin->api.filter != NULL ? plugin->filter.reload : plugin->sink.reload;
    int result;

    if (!in_order("reload", !instance->opened, "before open()"))
        return MUSTER_FAILED;
    if (reload == NULL)
        return MUSTER_RENEW;
    callback_note_enter(instance, CALLBACK_RELOAD);
    result = reload(instance->state, &instance->call);
    callback_note_leave();
    return expect("reload", result, CODE(MUSTER_FAILED) | CODE(MUSTER_RENEW),
                  "0, MUSTER_RENEW or MUSTER_FAILED");
}

void muster_test_close(struct muster_instance *instance)
{
    if (!in_order("close", !instance->opened, "before open()") ||
        !in_order("close", instance->connected, "before disconnect()"))
        return;
    if (instance->plugin.api.close != NULL) {
        callback_note_enter(instance, CALLBACK_CLOSE);
        instance->plugin.api.close(instance->state, &instance->call);
        callback_note_leave();
    }
    instance->opened = false;
}

/* ---- Of a sink ------------------------------------------------------------------------ */

int muster_test_connect(struct muster_instance *instance)
{
    int result = 0;

    if (!is_sink(instance, "connect") || !in_order("connect", instance->connected, "twice"))
        return MUSTER_FAILED;
    if (instance->plugin.sink.connect != NULL) {
        callback_note_enter(instance, CALLBACK_CONNECT);
        result = instance->plugin.sink.connect(instance->state, &instance->call);
        callback_note_leave();
    }
    result = expect("connect", result, CODE(MUSTER_AGAIN) | CODE(MUSTER_FAILED),
                    "0, MUSTER_AGAIN or MUSTER_FAILED");
    instance->connected = result == 0;
    return result;
}

int64_t muster_test_write(struct muster_instance *instance, const struct muster_record *records,
                          uint32_t count)
{
    int64_t took;

    if (!is_connected(instance, "write") || !in_order("write", count == 0, "without a record") ||
        !in_order("write", ((uintptr_t)records & 15) != 0, "with records not aligned to 16 bytes"))
        return MUSTER_FAILED;
    callback_note_enter(instance, CALLBACK_WRITE);
    took = instance->plugin.sink.write(instance->state, records, count, &instance->call);
    callback_note_leave();
    if (took == MUSTER_AGAIN || took == MUSTER_LOST || took == MUSTER_FAILED)
        return took;
    if (took < 0 || took > count) {
        misuse("write() returned %lld; expected 0 to %u, as many records as it was given, "
               "MUSTER_LOST or MUSTER_FAILED",
               (long long)took, count);
        return MUSTER_FAILED;
    }
    if (instance->plugin.sink.flush != NULL)
        instance->held += (uint64_t)took;
    return took;
}

int64_t muster_test_flush(struct muster_instance *instance)
{
    int64_t given_up;

    if (!is_connected(instance, "flush"))
        return MUSTER_FAILED;
    if (instance->plugin.sink.flush == NULL)
        return 0;
    callback_note_enter(instance, CALLBACK_FLUSH);
    given_up = instance->plugin.sink.flush(instance->state, &instance->call);
    callback_note_leave();
    if (given_up == MUSTER_AGAIN || given_up == MUSTER_LOST || given_up == MUSTER_FAILED)
        return given_up;
    if (given_up < 0) {
        misuse("flush() returned %lld; expected a number of records, MUSTER_AGAIN, MUSTER_LOST or "
               "MUSTER_FAILED",
               (long long)given_up);
        return MUSTER_FAILED;
    }
    if ((uint64_t)given_up > instance->held) {
        misuse("flush() gave up %lld records, but holds %llu at most", (long long)given_up,
               (unsigned long long)instance->held);
        given_up = (int64_t)instance->held;
    }
    instance->held = 0;
    return given_up;
}

void muster_test_disconnect(struct muster_instance *instance)
{
    if (!is_connected(instance, "disconnect"))
        return;
    if (instance->plugin.sink.disconnect != NULL) {
        callback_note_enter(instance, CALLBACK_DISCONNECT);
        instance->plugin.sink.disconnect(instance->state, &instance->call);
        callback_note_leave();
    }
    instance->connected = false;
    instance->held = 0;
}

int muster_test_rotate(struct muster_instance *instance)
{
    int result;

    if (!is_sink(instance, "rotate"))
        return MUSTER_FAILED;
    if (instance->plugin.sink.rotate == NULL)
        return 0;
    callback_note_enter(instance, CALLBACK_ROTATE);
    result = instance->plugin.sink.rotate(instance->state, &instance->call);
    callback_note_leave();
    return expect("rotate", result, CODE(MUSTER_LOST) | CODE(MUSTER_FAILED),
                  "0, MUSTER_LOST or MUSTER_FAILED");
}

uint64_t muster_test_tick(struct muster_instance *instance)
{
    uint64_t wish;

    if (!is_sink(instance, "tick") || instance->plugin.sink.tick == NULL)
        return 0;
    callback_note_enter(instance, CALLBACK_TICK);
    wish = instance->plugin.sink.tick(instance->state,
                                      muster_test_host.now(instance, MUSTER_CLOCK_MONOTONIC));
    callback_note_leave();
    return wish;
}

/* ---- Of a filter ---------------------------------------------------------------------- */

static bool has_worker(const struct muster_instance *instance, uint32_t worker,
                       const char *callback)
{
    return in_order(callback, instance->plugin.api.filter == NULL,
                    "of a plugin that is no filter") &&
           in_order(callback, worker >= TESTING_WORKERS || !instance->worker_opened[worker],
                    "of a worker that is not open");
}

int muster_test_worker_open(struct muster_instance *instance, uint32_t worker, uint32_t workers)
{
    void *state = instance->state;
    int result = 0;

    if (!in_order("worker_open", instance->plugin.api.filter == NULL,
                  "of a plugin that is no filter") ||
        !in_order("worker_open", !instance->opened, "before open()") ||
        !in_order("worker_open", workers > TESTING_WORKERS || worker >= workers,
                  "of a worker that there is not"))
        return MUSTER_FAILED;
    if (instance->plugin.filter.worker_open != NULL) {
        callback_note_enter(instance, CALLBACK_WORKER_OPEN);
        result = instance->plugin.filter.worker_open(instance->state, worker, workers, &state);
        callback_note_leave();
    }
    result = expect("worker_open", result, CODE(MUSTER_FAILED), "0 or MUSTER_FAILED");
    instance->worker_opened[worker] = result == 0;
    instance->workers = workers;
    instance->worker_states[worker] = state;
    return result;
}

void *muster_test_worker_state(const struct muster_instance *instance, uint32_t worker)
{
    return worker < TESTING_WORKERS ? instance->worker_states[worker] : NULL;
}

int muster_test_process(struct muster_instance *instance, uint32_t worker,
                        struct muster_test_batch *batch, const struct muster_record *records,
                        uint32_t count)
{
    if (!has_worker(instance, worker, "process") ||
        !in_order("process", count == 0, "without a record"))
        return MUSTER_FAILED;
    batches_begin(batch, instance, worker, instance->workers, (struct muster_record *)records,
                  count, NULL);
    return calls_process(instance, worker, batch);
}

int calls_process(struct muster_instance *instance, uint32_t worker,
                  struct muster_test_batch *batch)
{
    int result;

    callback_note_enter(instance, CALLBACK_PROCESS);
    result = instance->plugin.filter.process(instance->worker_states[worker], batch->batch);
    muster_test_batch_finish(batch);
    callback_note_leave();
    return expect("process", result, CODE(MUSTER_FAILED), "0 or MUSTER_FAILED");
}

uint64_t muster_test_worker_tick(struct muster_instance *instance, uint32_t worker,
                                 struct muster_test_batch *batch)
{
    uint64_t wish;

    if (!has_worker(instance, worker, "worker_tick") || instance->plugin.filter.worker_tick == NULL)
        return 0;
    batches_begin(batch, instance, worker, instance->workers, NULL, 0, NULL);
    callback_note_enter(instance, CALLBACK_WORKER_TICK);
    wish =
        instance->plugin.filter.worker_tick(instance->worker_states[worker], batch->batch,
                                            muster_test_host.now(instance, MUSTER_CLOCK_MONOTONIC));
    muster_test_batch_finish(batch);
    callback_note_leave();
    return wish;
}

void muster_test_worker_close(struct muster_instance *instance, uint32_t worker,
                              struct muster_test_batch *batch)
{
    if (!has_worker(instance, worker, "worker_close"))
        return;
    batches_begin(batch, instance, worker, instance->workers, NULL, 0, NULL);
    if (instance->plugin.filter.worker_close != NULL) {
        callback_note_enter(instance, CALLBACK_WORKER_CLOSE);
        instance->plugin.filter.worker_close(instance->worker_states[worker], batch->batch,
                                             &instance->call);
        muster_test_batch_finish(batch);
        callback_note_leave();
    }
    instance->worker_opened[worker] = false;
}
