/* SPDX-License-Identifier: MIT
 *
 * The callbacks of a plugin, as the host calls them: the only place where the daemon enters a
 * plugin's code.  Each is noted while it runs, and what comes back is looked at: what is neither a
 * count nor a code is a bug in the plugin, which is said, and counts as MUSTER_FAILED.
 *
 * Threads are those of struct muster_plugin.  A callback that the plugin does not have is not
 * called, and returns what it would if it had nothing to do.
 */
#ifndef COLLECTOR_HOST_CALLBACK_H
#define COLLECTOR_HOST_CALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "instance.h"
#include "note.h"
#include "rule_table.h"

/* Whose callback this thread is in, and the batch that it has; for who asks within a callback. */
extern _Thread_local struct muster_instance *callback_instance;
extern _Thread_local const struct muster_batch *callback_batch;

/* Around every call.  is_sound and convert are called within open. */
static inline void callback_enter(struct muster_instance *instance, enum callback callback)
{
    callback_instance = instance;
    note_enter(instance->entry, callback);
}

/* The same of a callback that has a batch. */
static inline void callback_enter_batch(struct muster_instance *instance, enum callback callback,
                                        const struct muster_batch *batch)
{
    callback_batch = batch;
    callback_enter(instance, callback);
}

static inline void callback_leave(void)
{
    note_leave();
}

/* Of any plugin. */
int callback_check(struct muster_instance *instance);
int callback_open(struct muster_instance *instance); /* sets instance->state */
void callback_close(struct muster_instance *instance, uint32_t flags);
int callback_reload(struct muster_instance *instance);

/* Of a filter; `state` is the worker's. */
int callback_worker_open(struct muster_instance *instance, uint32_t worker, uint32_t workers,
                         void **state);
int callback_process(struct muster_instance *instance, void *state, struct muster_batch *batch);
uint64_t callback_worker_tick(struct muster_instance *instance, void *state,
                              struct muster_batch *batch, uint64_t now_ns);
void callback_worker_close(struct muster_instance *instance, void *state,
                           struct muster_batch *batch, uint32_t flags);

/* The same: what a filter that tracks devices is asked.  Reports for which
 * there is memory; what the plugin does not know is 0. */
uint32_t callback_devices(struct muster_instance *instance, void *state, uint32_t from,
                          uint32_t end, struct muster_device_report *out);
uint32_t callback_gaps(struct muster_instance *instance, void *state, uint32_t from, uint32_t skip,
                       struct muster_gap_report *out, uint32_t room);
bool callback_forget(struct muster_instance *instance, void *state, struct muster_batch *batch,
                     uint32_t device);

/* Of a sink.  `flags` are MUSTER_CALL_*, but REPLAY, which is the host's; `deadline_ns` as in
 * struct muster_call. */
int callback_connect(struct muster_instance *instance, uint32_t flags, uint64_t deadline_ns);
/* A count, 0 also for MUSTER_AGAIN; MUSTER_LOST or MUSTER_FAILED. */
int64_t callback_write(struct muster_instance *instance, const struct muster_record *records,
                       uint32_t count, uint32_t flags, uint64_t deadline_ns);
/* A count, `held` at most; MUSTER_AGAIN, MUSTER_LOST or MUSTER_FAILED. */
int64_t callback_flush(struct muster_instance *instance, uint64_t held, uint32_t flags,
                       uint64_t deadline_ns);
void callback_disconnect(struct muster_instance *instance, uint32_t flags, uint64_t deadline_ns);
int callback_rotate(struct muster_instance *instance);
uint64_t callback_tick(struct muster_instance *instance, uint64_t now_ns);

#endif
