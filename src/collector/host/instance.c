/* SPDX-License-Identifier: MIT
 *
 * The life of an instance.
 */
#include "instance.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "callback.h"
#include "columns.h"

void instance_init(struct muster_instance *instance, const struct entry *entry, struct host *host)
{
    memset(instance, 0, sizeof *instance);
    instance->entry = entry;
    instance->values = instance->sent = entry->values;
    instance->host = host;
}

/* Whether the item of such a list is a choice or the name of a value; else what to say of it. */
static bool is_item(const struct muster_option *option, const struct columns *columns,
                    const char *item, char why[OPTION_ROOM])
{
    const char *near;

    if (columns_find(columns, item) >= 0)
        return true;
    near = columns_suggest(columns, item);
    if (option_is_choice(option, item, why))
        return true;
    if (near != NULL)
        snprintf(why, OPTION_ROOM, "unknown \"%s\"; did you mean \"%s\"?", item, near);
    return false;
}

/* Looks for items of lists that are neither choices nor values.  Returns whether all are.  Which
 * values there are is not known if the catalog could not be read: that is said, and no more. */
static bool check_lists(const struct muster_instance *instance)
{
    const struct entry *entry = instance->entry;
    bool is_good = true;
    char why[OPTION_ROOM];
    uint32_t i, k;

    for (i = 0; i < entry->plugin.options.count; i++) {
        const struct muster_option option = option_at(&entry->plugin.options, i);
        const struct option_value *value = &entry->values[i];

        if ((option.flags & MUSTER_OPTION_VALUES) == 0)
            continue;
        for (k = 0; k < value->item_count; k++) {
            if (is_item(&option, instance->host->columns, value->items[k], why))
                continue;
            is_good = false;
            if (instance->host->lacks_values)
                continue;
            problems_add(instance->problems, entry->file,
                         value->line != 0 ? value->line : entry->line, 0, "%s: %s: %s", entry->name,
                         option.name, why);
        }
    }
    return is_good;
}

void instance_check(const struct entry *entry, struct host *host, struct problems *problems)
{
    const size_t before = problems_count(problems);
    struct muster_instance instance;
    int result;

    if (entry->incomplete)
        return;
    instance_init(&instance, entry, host);
    instance.problems = problems;
    if (!check_lists(&instance))
        return;
    result = callback_check(&instance);
    if (result != 0 && problems_count(problems) == before)
        instance_bug(&instance,
                     "check() returned MUSTER_FAILED without a word; call host->config_error or "
                     "host->problem before, and say what is wrong");
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
    instance->kinds = instance_sink(instance)->takes;
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
        callback_close(instance, MUSTER_CALL_STOPPING);
    instance->opened = false;
}

void instance_settle(struct muster_instance *instance)
{
    close_memory(instance, true);
}

int instance_reload(struct muster_instance *instance, const struct option_value *values)
{
    const struct option_value *old = instance->values;
    struct log *log = instance->host->log;
    int result;

    instance->values = values;
    result = callback_reload(instance);
    if (result != 0)
        instance->values = old;
    if (result == 0)
        log_line(log, LOG_INFO, instance_name(instance), "the changed options are in force");
    else if (result != MUSTER_RENEW)
        log_line(log, LOG_ERROR, instance_name(instance),
                 "the changed options are not adopted; the old ones stay in force");
    return result;
}

/* Whether this bug was logged before, perhaps with other numbers in it: a bug on the path of the
 * records would fill the log. */
static bool is_known(struct muster_instance *instance, const char *text)
{
    unsigned long long hash = 14695981039346656037u, before;
    unsigned i, place;

    for (; *text != '\0'; text++) /* FNV-1a */
        if (*text < '0' || *text > '9')
            hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    for (i = 0; i < INSTANCE_ACCUSED; i++) {
        place = (unsigned)((hash + i) % INSTANCE_ACCUSED);
        before = 0;
        if (atomic_compare_exchange_strong(&instance->accused[place], &before, hash))
            return false;
        if (before == hash)
            return true;
    }
    return false;
}

void instance_bug(struct muster_instance *instance, const char *format, ...)
{
    const struct entry *entry = instance->entry;
    const struct plugin *plugin = &entry->plugin;
    char text[500];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    atomic_store(&instance->misused, true);
    if (instance->problems != NULL)
        problems_add(instance->problems, entry->file, entry->line, 0,
                     "%s: bug in the plugin %s %s (%s): %s", entry->name, plugin->api.name,
                     plugin->api.version, plugin->path, text);
    else if (!is_known(instance, text))
        log_format(instance->host->log, LOG_ERROR, entry->name, "bug in the plugin %s %s (%s): %s",
                   plugin->api.name, plugin->api.version, plugin->path, text);
}

void instance_connected(struct muster_instance *instance)
{
    unsigned i;

    atomic_store(&instance->trying, false);
    for (i = 0; i < INSTANCE_TOLD; i++)
        atomic_store(&instance->told[i], 0);
}

void instance_order(struct muster_instance *instance)
{
    atomic_fetch_add(&instance->orders, 1);
    host_end_waits(instance->host);
}

void instance_stop(struct muster_instance *instance)
{
    atomic_store(&instance->stopping, true);
    host_end_waits(instance->host);
}

bool instance_give_up(struct muster_instance *instance)
{
    int in_plugin = INSTANCE_IN_PLUGIN;

    return atomic_compare_exchange_strong(&instance->place, &in_plugin, INSTANCE_GIVEN_UP);
}

void instance_free(struct muster_instance *instance)
{
    assert(!instance->opened);
    metrics_remove(instance->host->metrics, instance);
}
