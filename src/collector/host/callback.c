/* SPDX-License-Identifier: MIT
 *
 * One function a callback.
 */
#include "callback.h"

#include <assert.h>

#include "host.h"

const char *callback_name(enum callback callback)
{
    static const char *const names[CALLBACKS] = {
        [CALLBACK_NONE] = "",
        [CALLBACK_LOAD] = "a constructor or destructor",
        [CALLBACK_CHECK] = "check",
        [CALLBACK_OPEN] = "open",
        [CALLBACK_CLOSE] = "close",
        [CALLBACK_IS_SOUND] = "is_sound",
        [CALLBACK_CONVERT] = "convert",
        [CALLBACK_RELOAD] = "reload",
        [CALLBACK_WORKER_OPEN] = "worker_open",
        [CALLBACK_PROCESS] = "process",
        [CALLBACK_WORKER_TICK] = "worker_tick",
        [CALLBACK_WORKER_CLOSE] = "worker_close",
        [CALLBACK_CONNECT] = "connect",
        [CALLBACK_WRITE] = "write",
        [CALLBACK_FLUSH] = "flush",
        [CALLBACK_DISCONNECT] = "disconnect",
        [CALLBACK_ROTATE] = "rotate",
        [CALLBACK_TICK] = "tick",
    };

    assert(callback < CALLBACKS);
    return names[callback];
}

/* ---- Of any plugin -------------------------------------------------------------------- */

void callback_check(struct muster_instance *instance)
{
    if (instance_api(instance)->check == NULL)
        return;
    callback_enter(instance, CALLBACK_CHECK);
    instance_api(instance)->check(&host_functions, instance);
    callback_leave();
}

int callback_open(struct muster_instance *instance)
{
    int result;

    instance->state = instance;
    if (instance_api(instance)->open == NULL)
        return 0;
    callback_enter(instance, CALLBACK_OPEN);
    result = instance_api(instance)->open(&host_functions, instance, &instance->state);
    callback_leave();
    return result;
}

void callback_close(struct muster_instance *instance)
{
    if (instance_api(instance)->close == NULL)
        return;
    callback_enter(instance, CALLBACK_CLOSE);
    instance_api(instance)->close(instance->state);
    callback_leave();
}

/* ---- Of a filter ---------------------------------------------------------------------- */

int callback_worker_open(struct muster_instance *instance, uint32_t worker, uint32_t workers,
                         void **state)
{
    int result;

    *state = instance->state;
    if (instance_api(instance)->worker_open == NULL)
        return 0;
    callback_enter(instance, CALLBACK_WORKER_OPEN);
    result = instance_api(instance)->worker_open(instance->state, worker, workers, state);
    callback_leave();
    return result;
}

void callback_process(struct muster_instance *instance, void *state, struct muster_batch *batch)
{
    callback_enter(instance, CALLBACK_PROCESS);
    instance_api(instance)->process(state, batch);
    callback_leave();
}

uint64_t callback_worker_tick(struct muster_instance *instance, void *state,
                              struct muster_batch *batch, uint64_t now_ns)
{
    uint64_t asked;

    if (instance_api(instance)->worker_tick == NULL)
        return 0;
    callback_enter(instance, CALLBACK_WORKER_TICK);
    asked = instance_api(instance)->worker_tick(state, batch, now_ns);
    callback_leave();
    return asked;
}

void callback_worker_close(struct muster_instance *instance, void *state,
                           struct muster_batch *batch)
{
    if (instance_api(instance)->worker_close == NULL)
        return;
    callback_enter(instance, CALLBACK_WORKER_CLOSE);
    instance_api(instance)->worker_close(state, batch);
    callback_leave();
}

/* ---- Of a sink ------------------------------------------------------------------------ */

int64_t callback_write(struct muster_instance *instance, const struct muster_record *records,
                       uint32_t count)
{
    int64_t took;

    assert(count > 0);
    callback_enter(instance, CALLBACK_WRITE);
    took = instance_api(instance)->write(instance->state, records, count);
    callback_leave();
    return took;
}

int64_t callback_flush(struct muster_instance *instance, uint64_t deadline_ns)
{
    int64_t given_up;

    if (instance_api(instance)->flush == NULL)
        return 0;
    callback_enter(instance, CALLBACK_FLUSH);
    given_up = instance_api(instance)->flush(instance->state, deadline_ns);
    callback_leave();
    return given_up;
}

int callback_rotate(struct muster_instance *instance)
{
    int result;

    if (instance_api(instance)->rotate == NULL)
        return 0;
    callback_enter(instance, CALLBACK_ROTATE);
    result = instance_api(instance)->rotate(instance->state);
    callback_leave();
    return result;
}

uint64_t callback_tick(struct muster_instance *instance, uint64_t now_ns)
{
    uint64_t asked;

    if (instance_api(instance)->tick == NULL)
        return 0;
    callback_enter(instance, CALLBACK_TICK);
    asked = instance_api(instance)->tick(instance->state, now_ns);
    callback_leave();
    return asked;
}
