/* SPDX-License-Identifier: MIT
 *
 * One function a callback.
 */
#include "fake_calls.h"

#include <assert.h>
#include <string.h>

static const struct muster_call usual = {.size = sizeof usual};
static const struct muster_call stopping = {.size = sizeof stopping, .flags = MUSTER_CALL_STOPPING};

int fake_connect(const struct muster_plugin *plugin, void *state)
{
    return plugin->sink->connect != NULL ? plugin->sink->connect(state, &usual) : 0;
}

void fake_disconnect(const struct muster_plugin *plugin, void *state)
{
    if (plugin->sink->disconnect != NULL)
        plugin->sink->disconnect(state, &usual);
}

int fake_open(const struct muster_plugin *plugin, struct muster_instance *instance, void **state)
{
    int result = plugin->open(&muster_test_host, instance, state);

    if (result != 0 || plugin->sink == NULL)
        return result;
    result = fake_connect(plugin, *state);
    if (result != 0)
        plugin->close(*state, &usual);
    return result;
}

void fake_close(const struct muster_plugin *plugin, void *state)
{
    if (plugin->sink != NULL && plugin->sink->disconnect != NULL)
        plugin->sink->disconnect(state, &stopping);
    plugin->close(state, &stopping);
}

int64_t fake_write(const struct muster_plugin *plugin, void *state,
                   const struct muster_record *records, uint32_t count)
{
    return plugin->sink->write(state, records, count, &usual);
}

int64_t fake_flush(const struct muster_plugin *plugin, void *state, uint32_t flags)
{
    const struct muster_call call = {
        .size = sizeof call, .flags = flags, .deadline_ns = flags & MUSTER_CALL_FINAL ? 1 : 0};

    return plugin->sink->flush(state, &call);
}

int fake_rotate(const struct muster_plugin *plugin, void *state)
{
    return plugin->sink->rotate(state, &usual);
}

void fake_worker_close(const struct muster_plugin *plugin, void *worker_state,
                       struct muster_batch *batch)
{
    plugin->filter->worker_close(worker_state, batch, &stopping);
}

void fake_batch_begin(struct muster_test_batch *batch, const struct muster_record *records,
                      uint32_t count)
{
    memset(batch, 0, sizeof *batch);
    muster_test_batch_begin(batch, records, count);
}

void fake_process(const struct muster_plugin *plugin, void *worker_state,
                  struct muster_test_batch *batch, const struct muster_record *records,
                  uint32_t count)
{
    int result;

    fake_batch_begin(batch, records, count);
    result = plugin->filter->process(worker_state, batch->batch);
    assert(result == 0);
    (void)result;
    muster_test_batch_finish(batch);
}
