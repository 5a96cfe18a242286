/* SPDX-License-Identifier: MIT
 *
 * The host's functions.  Those that work on a batch are in batch.c.
 */
#include "instance.h"

#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "base/clock.h"
#include "build.h"

static void host_log(struct muster_instance *instance, uint32_t level, const char *text)
{
    log_line(instance->services->log, level > MUSTER_LOG_DEBUG ? MUSTER_LOG_DEBUG : level,
             instance->name, text);
}

uint64_t services_now(const struct services *services, uint32_t clock)
{
    if (services->is_replay && clock != MUSTER_CLOCK_STEADY)
        return atomic_load(&services->capture_ns);
    switch (clock) {
    case MUSTER_CLOCK_WALL:
        return clock_wall();
    case MUSTER_CLOCK_BOOT:
        return clock_boot();
    default: /* MONOTONIC and STEADY are the same */
        return clock_monotonic();
    }
}

static uint64_t host_now(struct muster_instance *instance, uint32_t clock)
{
    return services_now(instance->services, clock);
}

/* The value of a declared option, or an empty one and a note that the plugin is broken. */
static const struct option_value *find_value(struct muster_instance *instance, const char *option)
{
    static const struct option_value nothing;
    int index = option_find(&instance->plugin.options, option);

    if (index >= 0)
        return &instance->values[index];
    log_format(instance->services->log, MUSTER_LOG_ERROR, instance->name,
               "bug in the plugin: it asks for the option \"%s\", which it does not declare",
               option);
    atomic_store(&instance->misused, true);
    return &nothing;
}

static int64_t host_get_int(struct muster_instance *instance, const char *option)
{
    return find_value(instance, option)->number;
}

static const char *host_get_string(struct muster_instance *instance, const char *option)
{
    return find_value(instance, option)->text;
}

static uint32_t host_list_length(struct muster_instance *instance, const char *option)
{
    return find_value(instance, option)->item_count;
}

static const char *host_list_item(struct muster_instance *instance, const char *option,
                                  uint32_t index)
{
    const struct option_value *value = find_value(instance, option);

    return index < value->item_count ? value->items[index] : NULL;
}

static void host_config_error(struct muster_instance *instance, const char *option,
                              const char *text)
{
    int index = option != NULL ? option_find(&instance->plugin.options, option) : -1;
    unsigned line = index >= 0 && instance->values[index].line != 0 ? instance->values[index].line
                                                                    : instance->line;

    if (instance->problems != NULL)
        problems_add(instance->problems, instance->file, line, 0, "%s: %s%s%s", instance->name,
                     option != NULL ? option : "", option != NULL ? ": " : "", text);
}

#define TAKES_ALL (MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS | MUSTER_TAKES_REJECTS)

static void host_take(struct muster_instance *instance, uint32_t kinds)
{
    instance->kinds = kinds & TAKES_ALL;
}

/* Whether the host keeps a metric of that name for every instance. */
static bool is_reserved(const char *name)
{
    static const char *const own[] = {"in", "out", "emitted", "offered", "written"};
    size_t i;

    for (i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return strncmp(name, "dropped", 7) == 0;
}

static struct muster_counter *host_counter(struct muster_instance *instance, const char *name,
                                           uint32_t kind, const char *unit, const char *help)
{
    static struct muster_counter unread; /* shared: nobody reads it */
    struct muster_counter *cell;

    if (is_reserved(name)) {
        log_format(instance->services->log, MUSTER_LOG_ERROR, instance->name,
                   "bug in the plugin: the metric \"%s\" is the host's", name);
        atomic_store(&instance->misused, true);
        return &unread;
    }
    cell = metrics_cell(instance->services->metrics, instance->name, name, kind, unit, help);
    return cell != NULL ? cell : &unread;
}

static int host_metric(struct muster_instance *instance, uint32_t index,
                       struct muster_metric *metric)
{
    return metrics_read(instance->services->metrics, index, metric);
}

static int host_device(struct muster_instance *instance, uint16_t device_id,
                       struct muster_device *device)
{
    return catalog_device(instance->services->catalog, device_id, device);
}

static int misuse(struct muster_instance *instance, const char *what)
{
    log_format(instance->services->log, MUSTER_LOG_ERROR, instance->name, "bug in the plugin: %s",
               what);
    atomic_store(&instance->misused, true);
    return MUSTER_FAILED;
}

static int host_state(struct muster_instance *instance, struct muster_state *state)
{
    if (!instance->opening)
        return misuse(instance, "it asks for its state outside of open");
    if (instance->kept != NULL)
        return misuse(instance, "it asks for its state twice");
    if (state->size < offsetof(struct muster_state, is_kept) + sizeof state->is_kept ||
        state->bytes == 0)
        return misuse(instance, "it asks for its state without a size");
    instance->kept =
        state_open(instance->services->states, instance->name, instance->plugin.api.name, state);
    return instance->kept != NULL ? 0 : MUSTER_FAILED;
}

const struct muster_host instance_host = {
    .size = sizeof instance_host,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .version = PACKAGE_VERSION,
    .log = host_log,
    .now = host_now,
    .get_int = host_get_int,
    .get_string = host_get_string,
    .list_length = host_list_length,
    .list_item = host_list_item,
    .config_error = host_config_error,
    .take = host_take,
    .counter = host_counter,
    .metric = host_metric,
    .device = host_device,
    .emit = batch_emit,
    .drop = batch_drop,
    .state = host_state,
};

void instance_check(struct muster_instance *instance, struct problems *problems)
{
    if (instance->plugin.api.check == NULL || instance->incomplete)
        return;
    instance->problems = problems;
    instance->plugin.api.check(&instance_host, instance);
    if (atomic_load(&instance->misused))
        problems_add(problems, instance->file, instance->line, 0,
                     "%s: the plugin asks for an option that it does not declare", instance->name);
    instance->problems = NULL;
}

int instance_open(struct muster_instance *instance)
{
    int result = 0;

    instance->kinds = MUSTER_TAKES_MESSAGES;
    instance->state = instance;
    instance->opening = true;
    if (instance->plugin.api.open != NULL)
        result = instance->plugin.api.open(&instance_host, instance, &instance->state);
    instance->opening = false;
    instance->opened = result == 0;
    if (!instance->opened) {
        state_close(instance->kept, false);
        instance->kept = NULL;
    }
    return instance->opened && !atomic_load(&instance->misused) ? 0 : -1;
}

void instance_close(struct muster_instance *instance)
{
    if (instance->opened && instance->plugin.api.close != NULL)
        instance->plugin.api.close(instance->state);
    instance->opened = false;
    state_close(instance->kept, true);
    instance->kept = NULL;
}

void instance_free(struct muster_instance *instance)
{
    options_free(instance->values, instance->plugin.options.count);
    free(instance->values);
    free(instance->name);
    free(instance->file);
    plugin_unload(&instance->plugin);
}
