/* SPDX-License-Identifier: MIT
 *
 * The host's functions.  Those that work on a batch are in batch.c.
 */
#include "host.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "callback.h"
#include "columns.h"
#include "instance.h"
#include "metric.h"
#include "rules.h"
#include "base/clock.h"
#include "base/thread.h"
#include "build.h"
#include "collector/catalog/numbers.h"

/* A cell of the register is handed to the plugin as the contract's, and levels pass as they are. */
_Static_assert(sizeof(struct counter) == sizeof(struct muster_cell), "the same number");
_Static_assert((int)LOG_DEBUG == (int)MUSTER_LOG_DEBUG, "the same levels");

void host_init(struct host *host)
{
    pthread_mutex_init(&host->wait_lock, NULL);
    thread_condition(&host->wait_ends);
}

/* Whether an output that is tried again and again says what it said the last time. */
static bool is_repeated(struct muster_instance *instance, const char *text)
{
    unsigned long long hash = 14695981039346656037u;
    unsigned i;

    if (!atomic_load(&instance->trying))
        return false;
    for (; *text != '\0'; text++) /* FNV-1a */
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    for (i = 0; i < INSTANCE_TOLD; i++)
        if (atomic_load(&instance->told[i]) == hash)
            return true;
    atomic_store(&instance->told[hash % INSTANCE_TOLD], hash);
    return false;
}

/* The instance that a function is handed which may be called anywhere; without one the one whose
 * callback runs, and the plugin is told of.  On a thread of its own that is not known: a crash. */
static struct muster_instance *known(struct muster_instance *instance, const char *function)
{
    if (instance != NULL || atomic_load(&note_mine.callback) <= CALLBACK_LOAD)
        return instance;
    instance_bug(callback_instance, "%s() without an instance; pass the one that open() was given",
                 function);
    return callback_instance;
}

static void write_log(struct muster_instance *given, uint32_t level, const char *text)
{
    struct muster_instance *instance = known(given, "log");

    if (text == NULL) {
        instance_bug(instance, "log() without a text");
        return;
    }
    atomic_store(&instance->spoke, true);
    if (is_repeated(instance, text))
        return;
    log_line(instance->host->log, level > LOG_DEBUG ? LOG_DEBUG : level, instance->entry->name,
             text);
}

uint64_t host_now(const struct host *host, uint32_t clock)
{
    if (host->is_replay && clock != MUSTER_CLOCK_STEADY)
        return atomic_load(&host->capture_ns);
    switch (clock) {
    case MUSTER_CLOCK_WALL:
        return clock_wall();
    case MUSTER_CLOCK_BOOT:
        return clock_boot();
    default: /* MONOTONIC and STEADY are the same */
        return clock_monotonic();
    }
}

static uint64_t read_clock(struct muster_instance *instance, uint32_t clock)
{
    return host_now(known(instance, "now")->host, clock);
}

/* ---- Options -------------------------------------------------------------------------- */

#define BIT(type) (1u << (type))

static const struct option_value nothing;

/* The value of a declared option of one of these types, or an empty one and a note that the plugin
 * is broken. */
static const struct option_value *find_value(struct muster_instance *instance, const char *option,
                                             uint32_t types, const char *function)
{
    const struct option_table *table = &instance->entry->plugin.options;
    int index = option != NULL ? option_find(table, option) : -1;
    uint32_t type;

    if (index < 0) {
        instance_bug(instance, "%s() of the option \"%s\", which it does not declare", function,
                     option != NULL ? option : "");
        return &nothing;
    }
    type = option_at(table, (uint32_t)index).type;
    if ((types & BIT(type)) == 0) {
        instance_bug(instance, "%s() of the option \"%s\", which is %s", function, option,
                     option_noun(type));
        return &nothing;
    }
    return &instance->values[index];
}

static int64_t get_int(struct muster_instance *instance, const char *option)
{
    const uint32_t types = BIT(MUSTER_OPTION_BOOL) | BIT(MUSTER_OPTION_INT) |
                           BIT(MUSTER_OPTION_SIZE) | BIT(MUSTER_OPTION_DURATION) |
                           BIT(MUSTER_OPTION_CHOICE);

    if (!rules_allow(instance, RULE_GET_INT))
        return 0;
    return find_value(instance, option, types, "get_int")->number;
}

static double get_real(struct muster_instance *instance, const char *option)
{
    if (!rules_allow(instance, RULE_GET_REAL))
        return 0;
    return find_value(instance, option, BIT(MUSTER_OPTION_REAL), "get_real")->real;
}

static const char *get_string(struct muster_instance *instance, const char *option)
{
    const uint32_t types = BIT(MUSTER_OPTION_STRING) | BIT(MUSTER_OPTION_CHOICE) |
                           BIT(MUSTER_OPTION_PATH) | BIT(MUSTER_OPTION_SECRET);

    if (!rules_allow(instance, RULE_GET_STRING))
        return NULL;
    return find_value(instance, option, types, "get_string")->text;
}

static uint32_t list_length(struct muster_instance *instance, const char *option)
{
    if (!rules_allow(instance, RULE_LIST_LENGTH))
        return 0;
    return find_value(instance, option, BIT(MUSTER_OPTION_LIST), "list_length")->item_count;
}

static const char *list_item(struct muster_instance *instance, const char *option, uint32_t index)
{
    const struct option_value *value;

    if (!rules_allow(instance, RULE_LIST_ITEM))
        return NULL;
    value = find_value(instance, option, BIT(MUSTER_OPTION_LIST), "list_item");
    if (index < value->item_count)
        return value->items[index];
    if (value != &nothing)
        instance_bug(instance, "list_item() number %u of the option \"%s\", which has %u", index,
                     option, value->item_count);
    return NULL;
}

/* ---- Errors of the configuration ------------------------------------------------------ */

static void add_error(struct muster_instance *instance, enum rule rule, const char *option,
                      const char *text)
{
    const struct entry *entry = instance->entry;
    int index = option != NULL ? option_find(&entry->plugin.options, option) : -1;
    unsigned line = index >= 0 ? instance->values[index].line : 0;

    if (text == NULL)
        instance_bug(instance, "%s() without a text", rule_table_function(rule));
    else if (option != NULL && index < 0)
        instance_bug(instance, "%s() of the option \"%s\", which it does not declare: %s",
                     rule_table_function(rule), option, text);
    else
        problems_add(instance->problems, entry->file, line != 0 ? line : entry->line, 0,
                     "%s: %s%s%s", entry->name, option != NULL ? option : "",
                     option != NULL ? ": " : "", text);
}

static void config_error(struct muster_instance *instance, const char *option, const char *text)
{
    if (rules_allow(instance, RULE_CONFIG_ERROR) && instance->problems != NULL)
        add_error(instance, RULE_CONFIG_ERROR, option, text);
}

static void misfit(struct muster_instance *instance, const char *option, const char *text)
{
    if (rules_allow(instance, RULE_MISFIT) && instance->problems != NULL &&
        instance->host->is_checking)
        add_error(instance, RULE_MISFIT, option, text);
}

static void problem(struct muster_instance *instance, const char *file, uint32_t line,
                    const char *text)
{
    if (!rules_allow(instance, RULE_PROBLEM) || instance->problems == NULL)
        return;
    if (file == NULL || text == NULL)
        instance_bug(instance, "problem() without a %s", file == NULL ? "file" : "text");
    else
        problems_add(instance->problems, file, line, 0, "%s: %s", instance->entry->name, text);
}

/* ---- Metrics, devices, state ---------------------------------------------------------- */

#define TAKES_KNOWN (MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS | MUSTER_TAKES_REJECTS)

static void take(struct muster_instance *instance, uint32_t kinds)
{
    uint32_t unknown;

    if (!rules_allow(instance, RULE_TAKE))
        return;
    unknown = kinds & ~instance_sink(instance)->takes;
    if (plugin_is_filter(&instance->entry->plugin))
        instance_bug(instance, "take() of a filter, which gets every record; leave it out");
    else if (unknown != 0)
        instance_bug(instance,
                     "take() of kinds that its struct muster_sink does not name:%s%s%s%s; name "
                     "them in its `takes`",
                     (unknown & MUSTER_TAKES_MESSAGES) != 0 ? " MUSTER_TAKES_MESSAGES" : "",
                     (unknown & MUSTER_TAKES_EVENTS) != 0 ? " MUSTER_TAKES_EVENTS" : "",
                     (unknown & MUSTER_TAKES_REJECTS) != 0 ? " MUSTER_TAKES_REJECTS" : "",
                     (unknown & ~TAKES_KNOWN) != 0 ? " one that there is not" : "");
    instance->kinds = kinds & instance_sink(instance)->takes;
}

static struct muster_cell *metric(struct muster_instance *instance,
                                  const struct muster_metric *metric)
{
    static struct muster_cell unread; /* shared: nobody reads it */
    struct metric_description is;
    struct counter *cell = NULL;
    char why[400];

    if (!rules_allow(instance, RULE_METRIC))
        return &unread;
    if (!metric_is_valid(metric, why, sizeof why)) {
        instance_bug(instance, "%s", why);
        return &unread;
    }
    is = metric_describe(metric);
    if (metrics_cell(instance->host->metrics, instance, instance->entry->name, &is, &cell) ==
        METRICS_CONFLICT)
        instance_bug(instance,
                     "the metric \"%s\" is declared already, of another kind, type or label",
                     metric->name);
    return cell != NULL ? (struct muster_cell *)cell : &unread;
}

static int read_metric(struct muster_instance *instance, uint32_t index,
                       struct muster_metric *metric)
{
    struct metric_reading reading;

    if (!rules_allow(instance, RULE_READ_METRIC))
        return 0;
    if (!metrics_read(instance->host->metrics, index, &reading))
        return 0;
    metric_show(&reading, metric);
    return 1;
}

static int find_metric(struct muster_instance *instance, const char *name, const char *label_value,
                       struct muster_metric *metric)
{
    struct metric_reading reading;

    if (!rules_allow(instance, RULE_FIND_METRIC))
        return 0;
    if (!metrics_find(instance->host->metrics, name, label_value, &reading))
        return 0;
    metric_show(&reading, metric);
    return 1;
}

/* Of a message without a datagram: the value that the record has already. */
static uint32_t own_value(const struct muster_record *record, struct muster_value *out,
                          uint32_t value_size, uint32_t room)
{
    struct muster_value value = {
        .name = "value", .type = record->value_type, .quality = record->quality};

    if (record->kind != MUSTER_KIND_MESSAGE || record->value_type == MUSTER_VALUE_NONE ||
        record->value_type > MUSTER_VALUE_REAL32)
        return 0;
    if (record->value_type == MUSTER_VALUE_TEXT || record->value_type == MUSTER_VALUE_BYTES) {
        value.bytes = record->payload.bytes;
        value.bytes_size = record->payload_size;
    } else {
        value.value.natural = record->value.natural;
    }
    if (room == 0)
        return 1;
    /* A plugin that is newer than this host reads 0 in the fields that it has more. */
    memset(out, 0, value_size);
    memcpy(out, &value, value_size < sizeof value ? value_size : sizeof value);
    return 1;
}

static uint32_t values(struct muster_instance *instance, const struct muster_record *record,
                       struct muster_value *out, uint32_t value_size, uint32_t room)
{
    if (!rules_allow(instance, RULE_VALUES))
        return 0;
    if (record->format == 0)
        return own_value(record, out, value_size, room);
    return columns_values(instance->host->columns, record, out, value_size, room);
}

static int value_column(struct muster_instance *instance, uint32_t index,
                        struct muster_value_column *column)
{
    return rules_allow(instance, RULE_VALUE_COLUMN) &&
           columns_show(instance->host->columns, index, column);
}

static const struct entry *maker(const struct muster_instance *instance, uint32_t origin)
{
    return origin >= 1 && origin <= instance->chain_count ? &instance->chain[origin - 1] : NULL;
}

static const char *own_name(struct muster_instance *instance, const struct muster_record *record)
{
    const struct entry *entry = maker(instance, record->origin);

    if (!rules_allow(instance, RULE_OWN_NAME))
        return NULL;
    if (entry == NULL)
        return NULL;
    if (record->kind == MUSTER_KIND_EVENT)
        return plugin_event_name(&entry->plugin, record->event.event);
    if (record->kind == MUSTER_KIND_REJECT)
        return plugin_reject_name(&entry->plugin, record->reject.reason);
    return NULL;
}

static uint64_t dropped_before(struct muster_instance *instance, const struct muster_record *record)
{
    if (!rules_allow(instance, RULE_DROPPED_BEFORE) || instance->dropped_before == NULL)
        return 0;
    return instance->dropped_before(instance->wake_context, record);
}

static const char *entry_name(struct muster_instance *instance, uint32_t origin)
{
    const struct entry *entry = maker(instance, origin);

    if (!rules_allow(instance, RULE_ENTRY_NAME))
        return NULL;
    return entry != NULL ? entry->name : NULL;
}

static uint32_t device_count(struct muster_instance *instance)
{
    return rules_allow(instance, RULE_DEVICE_COUNT) ? numbers_end(instance->host->numbers) : 0;
}

static int device_by_id(struct muster_instance *instance, uint64_t device_id,
                        struct muster_device *device)
{
    const struct host *host = instance->host;
    uint32_t number;

    if (!rules_allow(instance, RULE_DEVICE_BY_ID))
        return 0;
    number = numbers_of_id(host->numbers, device_id);
    return number == NUMBERS_NONE ? catalog_no_device(host->catalog, device_id, device)
                                  : catalog_device(host->catalog, number, device);
}

static int device(struct muster_instance *instance, uint32_t number, struct muster_device *device)
{
    if (!rules_allow(instance, RULE_DEVICE))
        return 0;
    if (number < numbers_end(instance->host->numbers))
        return catalog_device(instance->host->catalog, number, device);
    instance_bug(instance, "device() of number %u; there are %u", number,
                 numbers_end(instance->host->numbers));
    return catalog_no_device(instance->host->catalog, number, device);
}

static int emit(struct muster_batch *batch, uint32_t after, const struct muster_record *record)
{
    if (!rules_allow_batch(batch, RULE_EMIT))
        return MUSTER_FAILED;
    if (record == NULL) {
        instance_bug(callback_instance, "emit() without a record");
        return MUSTER_FAILED;
    }
    return batch_emit(batch, after, record);
}

static int drop(struct muster_batch *batch, uint32_t index)
{
    return rules_allow_batch(batch, RULE_DROP) ? batch_drop(batch, index) : MUSTER_FAILED;
}

static const struct muster_record *hold(struct muster_batch *batch, uint32_t index)
{
    return rules_allow_batch(batch, RULE_HOLD) ? batch_hold(batch, index) : NULL;
}

static int release(struct muster_batch *batch, uint32_t after, const struct muster_record *held)
{
    if (!rules_allow_batch(batch, RULE_RELEASE))
        return MUSTER_FAILED;
    if (held == NULL) {
        instance_bug(callback_instance, "release() without a record");
        return MUSTER_FAILED;
    }
    return batch_release(batch, after, held);
}

static int state(struct muster_instance *instance, struct muster_state *state)
{
    struct problems problems = {0};
    const char *wrong = NULL;

    if (!rules_allow(instance, RULE_STATE) || !instance->opening)
        return MUSTER_FAILED;
    if (instance->memory != NULL)
        wrong = "it asks for its state twice";
    else if (state->size < offsetof(struct muster_state, is_kept) + sizeof state->is_kept ||
             state->bytes == 0)
        wrong = "it asks for its state without a size";
    if (wrong != NULL) {
        instance_bug(instance, "%s", wrong);
        return MUSTER_FAILED;
    }
    instance->memory = state_open(instance->host->states, instance->entry->name,
                                  instance->entry->plugin.api.name, state, &problems);
    problems_log(&problems, instance->host->log);
    return instance->memory != NULL ? 0 : MUSTER_FAILED;
}

/* ---- Waking, waiting, stopping -------------------------------------------------------- */

static void wake(struct muster_instance *instance)
{
    if (!rules_allow(instance, RULE_WAKE))
        return;
    if (instance->wake != NULL)
        instance->wake(instance->wake_context, instance);
}

void host_end_waits(struct host *host)
{
    pthread_mutex_lock(&host->wait_lock);
    pthread_cond_broadcast(&host->wait_ends);
    pthread_mutex_unlock(&host->wait_lock);
}

static bool has_order(struct muster_instance *instance)
{
    return atomic_load(&instance->orders) != atomic_load(&instance->heard_orders);
}

static int wait_for(struct muster_instance *instance, uint64_t ns)
{
    bool is_sinks = note_mine.callback != CALLBACK_NONE; /* only its thread hears orders */
    uint64_t now = clock_monotonic();
    struct timespec until = clock_to_timespec(ns < UINT64_MAX - now ? now + ns : UINT64_MAX);
    struct host *host = instance->host;
    bool stopping = false, ordered = false;
    int error = 0, cancel_state;

    if (!rules_allow(instance, RULE_WAIT))
        return 0;
    /* Whoever cancels the thread must not leave the lock behind. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&host->wait_lock);
    while (error == 0) {
        stopping = atomic_load(&instance->stopping);
        ordered = is_sinks && has_order(instance);
        if (stopping || ordered)
            break;
        error = pthread_cond_timedwait(&host->wait_ends, &host->wait_lock, &until);
    }
    pthread_mutex_unlock(&host->wait_lock);
    pthread_setcancelstate(cancel_state, NULL);
    if (stopping)
        return 0;
    return ordered ? MUSTER_AGAIN : 1;
}

/* The main thread waits for signals, whatever it does. */
static void stop(struct muster_instance *instance, const char *text)
{
    if (!rules_allow(instance, RULE_STOP))
        return;
    log_format(instance->host->log, LOG_WARNING, instance->entry->name,
               "the plugin asks the daemon to stop: %s",
               text != NULL ? text : "it does not say why");
    kill(getpid(), SIGTERM);
}

const struct muster_host host_functions = {
    .size = sizeof host_functions,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .version = PACKAGE_VERSION,
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
    .values = values,
    .own_name = own_name,
    .entry_name = entry_name,
    .emit = emit,
    .drop = drop,
    .state = state,
    .wake = wake,
    .wait = wait_for,
    .stop = stop,
    .dropped_before = dropped_before,
    .hold = hold,
    .release = release,
    .value_column = value_column,
    .misfit = misfit,
};
