/* SPDX-License-Identifier: MIT
 *
 * The functions of the host for tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "batches.h"
#include "callback_note.h"
#include "collector/host/metric.h"
#include "instance.h"
#include "misuse.h"
#include "texts.h"
#include "values.h"

#define BIT(type) (1u << (type))

/* ---- Log, clock, options -------------------------------------------------------------- */

static void write_log(struct muster_instance *instance, uint32_t level, const char *text)
{
    if (level > MUSTER_LOG_DEBUG || text == NULL || strchr(text, '\n') != NULL) {
        misuse("the plugin calls log() with %s", level > MUSTER_LOG_DEBUG
                                                     ? "a level that there is not"
                                                 : text == NULL ? "no text"
                                                                : "a text of several lines");
        return;
    }
    pthread_mutex_lock(&instance->mutex);
    texts_add(&instance->log, level, NULL, text);
    pthread_mutex_unlock(&instance->mutex);
}

static uint64_t read_clock(struct muster_instance *instance, uint32_t clock)
{
    uint64_t now;

    if (clock > MUSTER_CLOCK_BOOT)
        misuse("the plugin calls now() of clock %u, which there is not", clock);
    pthread_mutex_lock(&instance->mutex);
    now = clock == MUSTER_CLOCK_WALL ? instance->wall_ns : instance->monotonic_ns;
    if (clock == MUSTER_CLOCK_BOOT)
        now += instance->slept_ns;
    pthread_mutex_unlock(&instance->mutex);
    return now;
}

static const struct option_value nothing;

static const struct option_value *value_of(struct muster_instance *instance, const char *name,
                                           uint32_t types, enum rule rule)
{
    int index = name != NULL ? option_find(&instance->plugin.options, name) : -1;
    const char *function = rule_table_function(rule);

    if (!callback_note_allows(instance, rule))
        return &nothing;
    if (index < 0)
        misuse("the plugin calls %s() of the option \"%s\", which it does not declare", function,
               name != NULL ? name : "");
    else if ((types & BIT(option_at(&instance->plugin.options, (uint32_t)index).type)) == 0)
        misuse("the plugin calls %s() of the option \"%s\", which is of another type", function,
               name);
    else
        return &instance->values[index];
    return &nothing;
}

static int64_t get_int(struct muster_instance *instance, const char *option)
{
    const uint32_t types = BIT(MUSTER_OPTION_BOOL) | BIT(MUSTER_OPTION_INT) |
                           BIT(MUSTER_OPTION_SIZE) | BIT(MUSTER_OPTION_DURATION) |
                           BIT(MUSTER_OPTION_CHOICE);

    return value_of(instance, option, types, RULE_GET_INT)->number;
}

static double get_real(struct muster_instance *instance, const char *option)
{
    return value_of(instance, option, BIT(MUSTER_OPTION_REAL), RULE_GET_REAL)->real;
}

static const char *get_string(struct muster_instance *instance, const char *option)
{
    const uint32_t types = BIT(MUSTER_OPTION_STRING) | BIT(MUSTER_OPTION_CHOICE) |
                           BIT(MUSTER_OPTION_PATH) | BIT(MUSTER_OPTION_SECRET);

    return value_of(instance, option, types, RULE_GET_STRING)->text;
}

static uint32_t list_length(struct muster_instance *instance, const char *option)
{
    return value_of(instance, option, BIT(MUSTER_OPTION_LIST), RULE_LIST_LENGTH)->item_count;
}

static const char *list_item(struct muster_instance *instance, const char *option, uint32_t index)
{
    const struct option_value *value =
        value_of(instance, option, BIT(MUSTER_OPTION_LIST), RULE_LIST_ITEM);

    if (index < value->item_count)
        return value->items[index];
    misuse("the plugin calls list_item() number %u of the option \"%s\", which has %u", index,
           option != NULL ? option : "", value->item_count);
    return NULL;
}

/* ---- Check ---------------------------------------------------------------------------- */

static void add_error(struct muster_instance *instance, enum rule rule, const char *option,
                      const char *text)
{
    int index = option == NULL ? -1 : option_find(&instance->plugin.options, option);

    if (!callback_note_allows(instance, rule))
        return;
    if (option != NULL && index < 0)
        misuse("the plugin calls %s() of the option \"%s\", which it does not declare",
               rule_table_function(rule), option);
    else
        texts_add(&instance->errors, 0,
                  index < 0 ? NULL : option_at(&instance->plugin.options, (uint32_t)index).name,
                  text);
}

static void config_error(struct muster_instance *instance, const char *option, const char *text)
{
    add_error(instance, RULE_CONFIG_ERROR, option, text);
}

/* A test wants to know. */
static void misfit(struct muster_instance *instance, const char *option, const char *text)
{
    add_error(instance, RULE_MISFIT, option, text);
}

static void problem(struct muster_instance *instance, const char *file, uint32_t line,
                    const char *text)
{
    (void)line;
    if (!callback_note_allows(instance, RULE_PROBLEM))
        return;
    if (file == NULL)
        misuse("the plugin calls problem() without a file");
    else
        texts_add(&instance->errors, 0, NULL, text);
}

static void take(struct muster_instance *instance, uint32_t kinds)
{
    if (!callback_note_allows(instance, RULE_TAKE))
        return;
    if (instance->plugin.api.sink == NULL)
        misuse("the plugin calls take(), and is no sink");
    else if ((kinds & ~instance->plugin.sink.takes) != 0)
        misuse("the plugin calls take() of kinds that its struct muster_sink does not name");
    else
        instance->takes = kinds;
}

/* ---- Metrics -------------------------------------------------------------------------- */

static struct muster_cell *metric(struct muster_instance *instance,
                                  const struct muster_metric *wanted)
{
    static struct muster_cell unread;
    struct metric_description is;
    struct counter *cell = NULL;
    char why[512];

    if (!callback_note_allows(instance, RULE_METRIC) ||
        testing_instance_fails(instance, MUSTER_TEST_METRIC))
        return &unread;
    if (!metric_is_valid(wanted, why, sizeof why)) {
        misuse("the plugin: %s", why);
        return &unread;
    }
    is = metric_describe(wanted);
    switch (metrics_cell(instance->metrics, instance, "", &is, &cell)) {
    case METRICS_ADDED:
        return (struct muster_cell *)cell;
    case METRICS_CONFLICT:
        misuse("the plugin declares the metric \"%s\" a second time, of another kind, type or "
               "label",
               wanted->name);
        return &unread;
    default:
        misuse_no_memory();
    }
}

int muster_test_metric(struct muster_instance *instance, const char *name, const char *label_value,
                       struct muster_metric *found)
{
    struct metric_reading reading;
    char whole[256];

    snprintf(whole, sizeof whole, ".%s", name);
    if (!metrics_find(instance->metrics, whole, label_value, &reading))
        return 0;
    found->size = sizeof *found;
    metric_show(&reading, found);
    return 1;
}

uint64_t muster_test_counter(struct muster_instance *instance, const char *name)
{
    struct muster_metric found;

    if (muster_test_metric(instance, name, NULL, &found))
        return found.value.u64;
    misuse("the plugin has not declared the metric \"%s\"", name);
    return 0;
}

static int read_metric(struct muster_instance *instance, uint32_t index,
                       struct muster_metric *found)
{
    int is_there;

    if (!callback_note_allows(instance, RULE_READ_METRIC))
        return 0;
    if (found->size < sizeof *found) {
        misuse("the plugin calls read_metric() without the size of its struct muster_metric");
        return 0;
    }
    pthread_mutex_lock(&instance->mutex);
    is_there = index < instance->others.count;
    if (is_there)
        *found = instance->others.all[index];
    pthread_mutex_unlock(&instance->mutex);
    return is_there;
}

/* Of several with labels, and no label asked for: their sum, where they are of type U64. */
static int find_metric(struct muster_instance *instance, const char *name, const char *label_value,
                       struct muster_metric *found)
{
    struct muster_metric one = {.size = sizeof one};
    uint64_t sum = 0;
    uint32_t i;
    int is_there = 0;

    if (!callback_note_allows(instance, RULE_FIND_METRIC))
        return 0;
    for (i = 0; read_metric(instance, i, &one); i++) {
        if (strcmp(one.name, name) != 0 ||
            (label_value != NULL &&
             (one.label_value == NULL || strcmp(one.label_value, label_value) != 0)))
            continue;
        is_there = 1;
        sum += one.value.u64;
        *found = one;
    }
    if (is_there && found->type == MUSTER_METRIC_U64)
        found->value.u64 = sum;
    return is_there;
}

/* ---- Devices, names ------------------------------------------------------------------- */

static uint32_t device_count(struct muster_instance *instance)
{
    return callback_note_allows(instance, RULE_DEVICE_COUNT) ? instance->device_count : 0;
}

/* The id as text, in front of `end`; plugins ask for all devices in open, so this is quick. */
static const char *write_key(char *end, uint64_t id)
{
    *--end = '\0';
    do
        *--end = (char)('0' + id % 10);
    while ((id /= 10) != 0);
    return end;
}

/* The index of a device, or their count.  Several of one number: the last. */
static uint32_t find_by_number(const struct muster_instance *instance, uint64_t number)
{
    if (number >= TESTING_NUMBERS || instance->device_index[number] == 0)
        return instance->devices.count;
    return instance->device_index[number] - 1;
}

static uint32_t find_by_id(const struct muster_instance *instance, uint64_t id)
{
    uint32_t i;

    for (i = 0; i < instance->devices.count; i++)
        if (instance->devices.all[i].id == id)
            break;
    return i;
}

static int find_device(struct muster_instance *instance, bool by_id, uint64_t wanted,
                       struct muster_device *out)
{
    static _Thread_local char key[24]; /* lives long enough for a test */
    struct muster_device found = {.number = (uint32_t)wanted, .id = wanted};
    uint32_t size = out->size;
    int is_listed;
    uint32_t i;

    if (size < offsetof(struct muster_device, key)) {
        misuse("the plugin calls device() without the size of its struct muster_device");
        return 0;
    }
    i = by_id ? find_by_id(instance, wanted) : find_by_number(instance, wanted);
    is_listed = i < instance->devices.count;
    if (is_listed)
        found = instance->devices.all[i];
    if (found.class_name == NULL)
        found.class_name = "default";
    if (found.key == NULL) {
        found.key = write_key(key + sizeof key, found.id);
    }
    memcpy(out, &found, size < sizeof found ? size : sizeof found);
    out->size = size;
    return is_listed;
}

static int device(struct muster_instance *instance, uint32_t number, struct muster_device *out)
{
    if (!callback_note_allows(instance, RULE_DEVICE))
        return 0;
    if (number >= instance->device_count)
        misuse("the plugin calls device() of number %u; there are %u", number,
               instance->device_count);
    return find_device(instance, false, number, out);
}

static int device_by_id(struct muster_instance *instance, uint64_t device_id,
                        struct muster_device *out)
{
    return callback_note_allows(instance, RULE_DEVICE_BY_ID) &&
           find_device(instance, true, device_id, out);
}

static const char *name_in(const struct muster_plugin *plugin, const struct muster_name *names,
                           uint32_t count, uint32_t number)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        const struct muster_name *name =
            (const void *)((const char *)names + (size_t)i * plugin->name_size);

        if (name->number == number)
            return name->name;
    }
    return NULL;
}

/* Nothing is dropped in front of a test. */
static uint64_t dropped_before(struct muster_instance *instance, const struct muster_record *record)
{
    (void)record;
    callback_note_allows(instance, RULE_DROPPED_BEFORE);
    return 0;
}

static const char *own_name(struct muster_instance *instance, const struct muster_record *record)
{
    const struct muster_plugin *plugin = instance->entries[record->origin].plugin;

    if (!callback_note_allows(instance, RULE_OWN_NAME) || plugin == NULL)
        return NULL;
    if (record->kind == MUSTER_KIND_EVENT)
        return name_in(plugin, plugin->events, plugin->event_count, record->event.event);
    if (record->kind == MUSTER_KIND_REJECT)
        return name_in(plugin, plugin->rejects, plugin->reject_count, record->reject.reason);
    return NULL;
}

static const char *entry_name(struct muster_instance *instance, uint32_t origin)
{
    return callback_note_allows(instance, RULE_ENTRY_NAME) && origin < TESTING_ORIGINS
               ? instance->entries[origin].name
               : NULL;
}

/* ---- State ---------------------------------------------------------------------------- */

/* What the test has kept: 1 if it is handed out as it is, 2 if the plugin has converted it. */
static int use_kept(struct muster_instance *instance, struct muster_state *state)
{
    struct muster_state old = instance->kept;
    uint32_t format = old.format != 0 ? old.format : state->format;

    if (old.bytes == state->bytes && format == state->format) {
        state->memory = old.memory;
        state->age = old.age;
        state->is_kept = 1;
        return old.age == MUSTER_STATE_NEW || state->is_sound == NULL || state->is_sound(state);
    }
    old.format = format;
    old.size = sizeof old;
    old.context = state->context;
    old.is_kept = 1;
    state->is_kept = 1;
    state->age = old.age;
    return state->convert != NULL && state->convert(&old, state) ? 2 : 0;
}

static bool may_have_state(struct muster_instance *instance, const struct muster_state *state)
{
    if (!callback_note_allows(instance, RULE_STATE))
        return false;
    if (state->size < sizeof *state || state->bytes == 0)
        misuse("the plugin calls state() without a size");
    else if (instance->state_bytes != 0)
        misuse("the plugin calls state() twice in one open");
    else
        return true;
    return false;
}

/* Zeros, aligned to a page as musterd's; what is not used costs nothing. */
static void map_state(struct muster_instance *instance, size_t bytes)
{
    testing_instance_unmap_state(instance);
    instance->own_state = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (instance->own_state == MAP_FAILED)
        misuse_no_memory();
    instance->own_bytes = bytes;
}

static int state(struct muster_instance *instance, struct muster_state *state)
{
    size_t bytes = (size_t)(state->bytes + 4095) / 4096 * 4096;

    if (testing_instance_fails(instance, MUSTER_TEST_STATE)) {
        write_log(instance, MUSTER_LOG_ERROR, "there is no state: the test wants it so");
        return MUSTER_FAILED;
    }
    if (!may_have_state(instance, state))
        return MUSTER_FAILED;
    instance->state_bytes = state->bytes;
    map_state(instance, bytes);
    state->memory = instance->own_state;
    if (instance->kept.memory != NULL) {
        if (use_kept(instance, state) > 0)
            return 0;
        instance->state_set_aside = true;
        map_state(instance, bytes);
        state->memory = instance->own_state;
    }
    state->age = MUSTER_STATE_NEW;
    state->is_kept = 0;
    return 0;
}

uint64_t muster_test_state_bytes(struct muster_instance *instance)
{
    return instance->state_bytes;
}

int muster_test_state_set_aside(struct muster_instance *instance)
{
    return instance->state_set_aside;
}

/* ---- Wake, wait, stop ----------------------------------------------------------------- */

static void wake(struct muster_instance *instance)
{
    if (!callback_note_allows(instance, RULE_WAKE))
        return;
    pthread_mutex_lock(&instance->mutex);
    instance->woken++;
    pthread_mutex_unlock(&instance->mutex);
}

/* The clocks are the test's, so they go on at once. */
static int wait(struct muster_instance *instance, uint64_t ns)
{
    if (!callback_note_allows(instance, RULE_WAIT))
        return 0;
    muster_test_advance(instance, ns);
    return (instance->call.flags & MUSTER_CALL_STOPPING) == 0;
}

static void stop(struct muster_instance *instance, const char *text)
{
    if (!callback_note_allows(instance, RULE_STOP))
        return;
    write_log(instance, MUSTER_LOG_WARNING, text);
    instance->stopped = true;
}

uint32_t muster_test_takes(struct muster_instance *instance)
{
    return instance->takes;
}

uint64_t muster_test_held(struct muster_instance *instance)
{
    return instance->held;
}

uint32_t muster_test_woken(struct muster_instance *instance)
{
    return instance->woken;
}

int muster_test_stopped(struct muster_instance *instance)
{
    return instance->stopped;
}

const struct muster_host muster_test_host = {
    .size = sizeof muster_test_host,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .version = "test",
    .log = write_log,
    .now = read_clock,
    .get_int = get_int,
    .get_real = get_real,
    .get_string = get_string,
    .list_length = list_length,
    .list_item = list_item,
    .config_error = config_error,
    .problem = problem,
    .take = take,
    .metric = metric,
    .read_metric = read_metric,
    .find_metric = find_metric,
    .device_count = device_count,
    .device = device,
    .device_by_id = device_by_id,
    .values = testing_values,
    .own_name = own_name,
    .entry_name = entry_name,
    .emit = batches_emit,
    .drop = batches_drop,
    .state = state,
    .wake = wake,
    .wait = wait,
    .stop = stop,
    .dropped_before = dropped_before,
    .hold = batches_hold,
    .release = batches_release,
    .value_column = testing_value_column,
    .misfit = misfit,
};
