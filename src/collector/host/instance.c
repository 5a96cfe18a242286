/* SPDX-License-Identifier: MIT
 *
 * The life of an instance.
 */
#include "instance.h"

#include <assert.h>
#include <string.h>

#include "callback.h"

void instance_init(struct muster_instance *instance, const struct entry *entry,
                   const struct host *host)
{
    memset(instance, 0, sizeof *instance);
    instance->entry = entry;
    instance->host = host;
}

void instance_check(const struct entry *entry, const struct host *host, struct problems *problems)
{
    struct muster_instance instance;

    if (entry->incomplete)
        return;
    instance_init(&instance, entry, host);
    instance.problems = problems;
    callback_check(&instance);
    if (atomic_load(&instance.misused))
        problems_add(problems, entry->file, entry->line, 0,
                     "%s: the plugin asks for an option that it does not declare", entry->name);
}

/* `in_order`: the plugin opened and closed it. */
static void close_memory(struct muster_instance *instance, bool in_order)
{
    struct problems problems = {0};

    state_close(instance->memory, in_order, &problems);
    instance->memory = NULL;
    problems_log(&problems, instance->host->log);
}

int instance_open(struct muster_instance *instance)
{
    int result;

    assert(!instance->opened);
    instance->kinds = MUSTER_TAKES_MESSAGES;
    instance->opening = true;
    result = callback_open(instance);
    instance->opening = false;
    instance->opened = result == 0;
    if (!instance->opened)
        close_memory(instance, false);
    return instance->opened && !atomic_load(&instance->misused) ? 0 : -1;
}

void instance_close(struct muster_instance *instance)
{
    if (instance->opened)
        callback_close(instance);
    instance->opened = false;
    close_memory(instance, true);
}

void instance_free(struct muster_instance *instance)
{
    assert(!instance->opened);
    metrics_remove(instance->host->metrics, instance);
}
