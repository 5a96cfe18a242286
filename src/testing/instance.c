/* SPDX-License-Identifier: MIT
 *
 * Making an instance for a test, and setting what the plugin will see.
 */
#include "instance.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "misuse.h"
#include "texts.h"

/* ---- Options -------------------------------------------------------------------------- */

static struct option_table options_of(const struct muster_plugin *plugin)
{
    return (struct option_table){
        .options = plugin->options, .count = plugin->option_count, .stride = plugin->option_size};
}

/* Reads a value as musterd does.  False: it is none, and `why` says why not. */
static bool read_value(const struct option_table *table, int index, const char *text,
                       struct option_value *value, char why[OPTION_ROOM])
{
    const struct muster_option option = option_at(table, (uint32_t)index);
    int result = option_read(&option, text, value, why);

    if (result < 0)
        misuse_no_memory();
    return result == 0;
}

int muster_test_accepts(const struct muster_plugin *plugin, const char *option, const char *value)
{
    const struct option_table table = options_of(plugin);
    int index = option_find(&table, option);
    struct option_value read = {0};
    char why[OPTION_ROOM];
    bool accepted = index >= 0 && read_value(&table, index, value, &read, why);

    option_clear(&read);
    return accepted;
}

bool testing_instance_set(struct muster_instance *instance, const char *name, const char *text,
                          char why[OPTION_ROOM])
{
    int index = option_find(&instance->plugin.options, name);
    char reason[OPTION_ROOM];

    if (index < 0) {
        snprintf(why, OPTION_ROOM, "the plugin has no option \"%s\"", name);
        return false;
    }
    option_clear(&instance->values[index]);
    instance->values[index].line = 1;
    if (read_value(&instance->plugin.options, index, text, &instance->values[index], reason))
        return true;
    snprintf(why, OPTION_ROOM, "option \"%s\": %.*s", name, OPTION_ROOM / 2, reason);
    return false;
}

bool testing_instance_complete(struct muster_instance *instance, char why[OPTION_ROOM])
{
    uint32_t i;

    if (!options_valid(&instance->plugin.options, why, OPTION_ROOM))
        return false;
    for (i = 0; i < instance->plugin.options.count; i++) {
        const struct muster_option option = option_at(&instance->plugin.options, i);

        if (instance->values[i].line > 0)
            continue;
        if ((option.flags & MUSTER_OPTION_REQUIRED) != 0) {
            snprintf(why, OPTION_ROOM, "option \"%s\" is required", option.name);
            return false;
        }
        if (option_read_fallback(&option, &instance->values[i], why) != 0)
            return false;
    }
    return true;
}

void muster_test_set_option(struct muster_instance *instance, const char *option, const char *value)
{
    char why[OPTION_ROOM];

    if (!testing_instance_set(instance, option, value, why))
        misuse("%s", why);
}

/* ---- Make and free -------------------------------------------------------------------- */

static void complete_tables(struct plugin *plugin, const struct muster_plugin *given)
{
    plugin->api = *given;
    plugin->options = options_of(given);
    if (given->filter != NULL)
        plugin->filter = *given->filter;
    if (given->sink != NULL)
        plugin->sink = *given->sink;
    if (given->sink != NULL && plugin->sink.takes == 0)
        plugin->sink.takes = MUSTER_TAKES_MESSAGES;
}

struct muster_instance *testing_instance_new(void)
{
    struct muster_instance *instance = calloc(1, sizeof *instance);

    if (instance == NULL || (instance->metrics = metrics_new()) == NULL ||
        pthread_mutex_init(&instance->mutex, NULL) != 0)
        misuse_no_memory();
    instance->device_count = MUSTER_DEVICE_IDS;
    instance->wall_ns = UINT64_C(1762534152000000000);
    instance->monotonic_ns = UINT64_C(1000000000000);
    instance->call.size = sizeof instance->call;
    instance->entries[1] = (struct testing_entry){"entry", &instance->plugin.api};
    return instance;
}

/* Takes the options of the test.  NULL, and nothing is left, if they are wrong. */
static struct muster_instance *with_options(struct muster_instance *instance, va_list pairs)
{
    char why[OPTION_ROOM] = "";
    const char *name;
    bool good = true;

    instance->values = calloc(instance->plugin.options.count + 1u, sizeof *instance->values);
    if (instance->values == NULL)
        misuse_no_memory();
    while (good && (name = va_arg(pairs, const char *)) != NULL)
        good = testing_instance_set(instance, name, va_arg(pairs, const char *), why);
    if (good)
        good = testing_instance_complete(instance, why);
    instance->takes = instance->plugin.api.sink != NULL ? instance->plugin.sink.takes : 0;
    if (good)
        return instance;
    misuse("%s", why);
    muster_test_free(instance);
    return NULL;
}

struct muster_instance *muster_test_new(const struct muster_plugin *plugin, ...)
{
    struct muster_instance *instance = testing_instance_new();
    va_list pairs;

    complete_tables(&instance->plugin, plugin);
    va_start(pairs, plugin);
    instance = with_options(instance, pairs);
    va_end(pairs);
    return instance;
}

struct muster_instance *muster_test_load(const char *file, ...)
{
    static const char *const nowhere[] = {NULL};
    struct muster_instance *instance = testing_instance_new();
    char why[1024];
    va_list pairs;

    if (plugin_load(&instance->plugin, file, nowhere, why, sizeof why) != 0) {
        misuse("%s", why);
        muster_test_free(instance);
        return NULL;
    }
    va_start(pairs, file);
    instance = with_options(instance, pairs);
    va_end(pairs);
    return instance;
}

void testing_instance_unmap_state(struct muster_instance *instance)
{
    if (instance->own_state != NULL)
        munmap(instance->own_state, instance->own_bytes);
    instance->own_state = NULL;
}

void muster_test_free(struct muster_instance *instance)
{
    if (instance == NULL)
        return;
    options_free(instance->values, instance->plugin.options.count);
    free(instance->values);
    metrics_free(instance->metrics);
    texts_free(&instance->log);
    texts_free(&instance->errors);
    free(instance->devices.all);
    free(instance->others.all);
    testing_values_free(&instance->formats);
    testing_instance_unmap_state(instance);
    pthread_mutex_destroy(&instance->mutex);
    if (instance->plugin.handle != NULL)
        plugin_unload(&instance->plugin);
    free(instance);
}

const struct muster_plugin *muster_test_plugin(const struct muster_instance *instance)
{
    return &instance->plugin.api;
}

void *muster_test_state(const struct muster_instance *instance)
{
    return instance->state;
}

/* ---- What the plugin will see --------------------------------------------------------- */

void muster_test_set_clock(struct muster_instance *instance, uint64_t wall_ns,
                           uint64_t monotonic_ns)
{
    pthread_mutex_lock(&instance->mutex);
    instance->wall_ns = wall_ns;
    instance->monotonic_ns = monotonic_ns;
    pthread_mutex_unlock(&instance->mutex);
}

void muster_test_advance(struct muster_instance *instance, uint64_t ns)
{
    pthread_mutex_lock(&instance->mutex);
    instance->wall_ns += ns;
    instance->monotonic_ns += ns;
    pthread_mutex_unlock(&instance->mutex);
}

void muster_test_sleep(struct muster_instance *instance, uint64_t ns)
{
    pthread_mutex_lock(&instance->mutex);
    instance->wall_ns += ns;
    instance->slept_ns += ns;
    pthread_mutex_unlock(&instance->mutex);
}

void muster_test_add_device(struct muster_instance *instance, const struct muster_device *device)
{
    struct testing_devices *devices = &instance->devices;

    devices->all = reallocarray(devices->all, devices->count + 1u, sizeof *devices->all);
    if (devices->all == NULL)
        misuse_no_memory();
    devices->all[devices->count++] = *device;
    if (device->number < TESTING_NUMBERS)
        instance->device_index[device->number] = devices->count;
    else
        misuse("a device has a number below %d", TESTING_NUMBERS);
}

void muster_test_set_device_count(struct muster_instance *instance, uint32_t count)
{
    instance->device_count = count;
}

static bool same_label(const struct muster_metric *a, const struct muster_metric *b)
{
    if (a->label_value == NULL || b->label_value == NULL)
        return a->label_value == b->label_value;
    return strcmp(a->label_value, b->label_value) == 0;
}

void muster_test_set_metric(struct muster_instance *instance, const struct muster_metric *metric)
{
    struct testing_metrics *others = &instance->others;
    uint32_t i;

    pthread_mutex_lock(&instance->mutex);
    for (i = 0; i < others->count; i++)
        if (strcmp(others->all[i].name, metric->name) == 0 && same_label(&others->all[i], metric))
            break;
    if (i == others->count) {
        others->all = reallocarray(others->all, i + 1u, sizeof *others->all);
        if (others->all == NULL)
            misuse_no_memory();
        others->count++;
    }
    others->all[i] = *metric;
    pthread_mutex_unlock(&instance->mutex);
}

void muster_test_set_entry(struct muster_instance *instance, uint32_t origin, const char *name,
                           const struct muster_plugin *plugin)
{
    if (origin == 0 || origin >= TESTING_ORIGINS)
        misuse("an entry has a number of 1 to %d", TESTING_ORIGINS - 1);
    else
        instance->entries[origin] = (struct testing_entry){name, plugin};
}

void muster_test_keep_state(struct muster_instance *instance, const struct muster_state *kept)
{
    if (kept->age > MUSTER_STATE_STALE)
        misuse("a state is of no age %u", kept->age);
    else
        instance->kept = *kept;
}

void muster_test_set_call(struct muster_instance *instance, uint32_t flags, uint64_t deadline_ns)
{
    instance->call.flags = flags;
    instance->call.deadline_ns = deadline_ns;
}

/* ---- Functions that fail -------------------------------------------------------------- */

void muster_test_fail(struct muster_instance *instance, enum muster_test_function function,
                      uint32_t calls)
{
    instance->fail_in[function] = calls + 1;
}

uint32_t muster_test_calls(struct muster_instance *instance, enum muster_test_function function)
{
    return instance->calls[function];
}

bool testing_instance_fails(struct muster_instance *instance, enum muster_test_function function)
{
    bool fails;

    pthread_mutex_lock(&instance->mutex);
    instance->calls[function]++;
    fails = instance->fail_in[function] == 1;
    if (instance->fail_in[function] > 0)
        instance->fail_in[function]--;
    pthread_mutex_unlock(&instance->mutex);
    return fails;
}
