/* SPDX-License-Identifier: MIT
 *
 * One function a callback.
 */
#include "fake_calls.h"

#include <stddef.h>

#include "fake_host.h"

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
    int result = plugin->open(&fake_host, instance, state);

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
