/* SPDX-License-Identifier: MIT
 *
 * Sinks start before the front, so that there is somebody to take what comes; the front ends before
 * they do, so that nothing comes any more.
 */
#include "chain.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/thread.h"
#include "chain_parts.h"
#include "collector/catalog/numbers.h"

#define GATE_PATIENCE CLOCK_SECOND /* for the workers to end what they are at */

/* ---- open ----------------------------------------------------------------------------- */

void chain_tell_opened(const struct muster_instance *instance)
{
    const struct plugin *plugin = &instance->entry->plugin;
    char text[OPTION_ROOM];
    uint32_t i;

    log_format(instance->host->log, LOG_INFO, instance_name(instance), "%s %s %s, %s",
               plugin_role_name(plugin), plugin->api.name, plugin->api.version, plugin->path);
    for (i = 0; i < plugin->options.count && log_wants(instance->host->log, LOG_DEBUG); i++) {
        const struct muster_option option = option_at(&plugin->options, i);

        log_format(instance->host->log, LOG_DEBUG, instance_name(instance), "%s = %s%s",
                   option.name, option_text(&option, &instance->entry->values[i], text),
                   instance->entry->values[i].line == 0 ? " (default)" : "");
    }
}

/* A filter asks for a tick in every pipeline. */
static void wake_filter(void *context, struct muster_instance *instance)
{
    struct chain *chain = context;
    unsigned i, count = atomic_load(&chain->wakeable);

    for (i = 0; i < count; i++)
        pipeline_wake(&chain->pipelines[i], instance);
}

static int open_instances(struct chain *chain, const struct chain_settings *settings,
                          struct problems *problems)
{
    unsigned i;

    chain->instances = calloc(settings->filter_count + CHAIN_SINKS_MOST, sizeof *chain->instances);
    if (chain->instances == NULL) {
        problems_note(problems, LOG_ERROR, NULL, "out of memory");
        return -1;
    }
    for (i = 0; i < settings->entry_count; i++) {
        const struct entry *entry = &settings->entries[i];
        struct muster_instance *instance = &chain->instances[i];

        instance_init(instance, entry, chain->host);
        instance->chain = settings->entries;
        instance->chain_count = settings->entry_count;
        chain->instance_count++;
        if (instance_open(instance) < 0) {
            problems_note(problems, LOG_ERROR, NULL, "the plugin %s could not be opened (%s:%u)",
                          entry->name, entry->file, entry->line);
            return -1;
        }
        if (entry_is_filter(entry)) {
            instance->wake_context = chain;
            atomic_store(&instance->wake, wake_filter);
        }
        chain_tell_opened(instance);
    }
    return 0;
}

static int make_sinks(struct chain *chain, const struct chain_settings *settings)
{
    unsigned i, count = chain->instance_count - chain->filter_count;

    chain->sinks = aligned_alloc(_Alignof(struct sink), CHAIN_SINKS_MOST * sizeof *chain->sinks);
    if (chain->sinks == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        if (sink_init(&chain->sinks[i], &chain->instances[chain->filter_count + i],
                      settings->pipelines, settings->overflow, chain->drained_fd) < 0)
            return -1;
        chain->sink_count++;
        if (sink_spill(&chain->sinks[i], settings->entries, settings->entry_count) < 0)
            return -1;
    }
    return 0;
}

static int make_pipelines(struct chain *chain, const struct chain_settings *settings,
                          struct problems *problems)
{
    struct pipeline_settings pipeline = {
        .count = settings->pipelines,
        .gate = &chain->gate,
        .host = chain->host,
        .largest = settings->largest,
        .overflow = settings->overflow,
        .filters = chain->instances,
        .filter_count = chain->filter_count,
        .sinks = chain->sinks,
        .sink_count = chain->sink_count,
        .sink_room = CHAIN_SINKS_MOST,
        .formats = settings->formats,
        .front = settings->front,
        .listener_count = settings->listener_count,
        .told_strangers = chain->told_strangers,
    };
    unsigned i;

    if (settings->admit != NULL && admit_new(&chain->admit, settings->admit, chain->host->catalog,
                                             numbers_end(chain->host->numbers)) < 0) {
        problems_note(problems, LOG_ERROR, NULL, "out of memory");
        return -1;
    }
    pipeline.admit = chain->admit;
    chain->rates = calloc(settings->listener_count + 1, sizeof *chain->rates);
    for (i = 0; chain->rates != NULL && i < settings->listener_count; i++)
        chain->rates[i].rate = settings->reply_rates[i];
    pipeline.rates = chain->rates;
    chain->pipelines =
        aligned_alloc(_Alignof(struct pipeline), settings->pipelines * sizeof *chain->pipelines);
    if (chain->pipelines == NULL || chain->rates == NULL) {
        problems_note(problems, LOG_ERROR, NULL, "out of memory");
        return -1;
    }
    for (pipeline.id = 0; pipeline.id < settings->pipelines; pipeline.id++) {
        chain->pipeline_count++; /* pipeline_free copes with a part of one */
        if (pipeline_open(&chain->pipelines[pipeline.id], &pipeline, problems) < 0)
            return -1;
    }
    atomic_store(&chain->wakeable, chain->pipeline_count);
    return 0;
}

int chain_open(struct chain *chain, const struct chain_settings *settings, struct host *host,
               struct problems *problems)
{
    assert(settings->pipelines > 0 && settings->filter_count <= settings->entry_count);
    memset(chain, 0, sizeof *chain);
    chain->host = host;
    chain->holds_back = settings->overflow == OVERFLOW_WAIT;
    chain->filter_count = settings->filter_count;
    pthread_mutex_init(&chain->gate.lock, NULL);
    thread_condition(&chain->gate.changed);
    chain->drained_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (chain->drained_fd < 0) {
        problems_note(problems, LOG_ERROR, NULL, "cannot make an eventfd: %s", strerror(errno));
        return -1;
    }
    if (open_instances(chain, settings, problems) < 0)
        return -1;
    if (make_sinks(chain, settings) < 0) {
        problems_note(problems, LOG_ERROR, NULL, "out of memory");
        return -1;
    }
    return make_pipelines(chain, settings, problems);
}

/* ---- run ------------------------------------------------------------------------------ */

int chain_start(struct chain *chain, struct problems *problems)
{
    unsigned i;

    for (i = 0; i < chain->sink_count; i++) {
        int error = sink_start(&chain->sinks[i]);

        if (error != 0) {
            problems_note(problems, LOG_ERROR, NULL, "cannot start a thread: %s", strerror(error));
            return -1;
        }
    }
    return 0;
}

/* Nobody waits any more for those that still try.  Returns false if one has answered meanwhile. */
static bool stop_waiting(struct chain *chain)
{
    unsigned i;

    for (i = 0; i < chain->sink_count; i++) {
        int first = SINK_CONNECTING;

        if (atomic_load(&chain->sinks[i].first_try) == SINK_CONNECTING &&
            !atomic_compare_exchange_strong(&chain->sinks[i].first_try, &first, SINK_LATE))
            return false;
    }
    return true;
}

enum chain_start chain_started(struct chain *chain, bool patient, struct problems *problems)
{
    enum chain_start result = CHAIN_STARTED;
    eventfd_t unused;
    unsigned i;

    eventfd_read(chain->drained_fd, &unused);
    for (i = 0; i < chain->sink_count; i++) {
        const struct sink *sink = &chain->sinks[i];
        const struct entry *entry = sink->instance->entry;
        enum sink_connection first = (enum sink_connection)atomic_load(&sink->first_try);

        if (first == SINK_CONNECTING && (patient || entry->required)) {
            result = CHAIN_STARTING;
        } else if (first == SINK_REFUSED ||
                   (first == SINK_WAITS && (entry->required || chain->holds_back))) {
            problems_note(problems, LOG_ERROR, NULL, "the sink %s %s (%s:%u)", entry->name,
                          first == SINK_REFUSED ? "can never be connected"
                          : entry->required     ? "is required, and could not be connected"
                                                : "could not be connected, and would hold the "
                                                  "capture back for ever",
                          entry->file, entry->line);
            return CHAIN_REFUSED;
        }
    }
    if (result == CHAIN_STARTED && !stop_waiting(chain))
        return CHAIN_STARTING; /* look again */
    return result;
}

void chain_rotate(struct chain *chain)
{
    unsigned i;

    for (i = 0; i < chain->sink_count; i++)
        sink_rotate(&chain->sinks[i]);
}

bool chain_shut_gate(struct chain *chain)
{
    struct timespec until = clock_to_timespec(clock_monotonic() + GATE_PATIENCE);
    struct gate *gate = &chain->gate;
    int error = 0;
    unsigned i;

    atomic_store(&gate->shut, true);
    for (i = 0; i < chain->pipeline_count; i++)
        pipeline_wake(&chain->pipelines[i], NULL);
    pthread_mutex_lock(&gate->lock);
    while (gate->waiting < chain->pipeline_count && error == 0)
        error = pthread_cond_timedwait(&gate->changed, &gate->lock, &until);
    pthread_mutex_unlock(&gate->lock);
    return error == 0;
}

void chain_open_gate(struct chain *chain)
{
    pthread_mutex_lock(&chain->gate.lock);
    atomic_store(&chain->gate.shut, false);
    pthread_cond_broadcast(&chain->gate.changed);
    pthread_mutex_unlock(&chain->gate.lock);
}

void chain_reload(struct chain *chain, unsigned index, const struct option_value *values)
{
    struct muster_instance *instance = &chain->instances[index];

    assert(index < chain->instance_count);
    if (index >= chain->filter_count) {
        sink_reload(&chain->sinks[index - chain->filter_count], values);
        return;
    }
    if (!chain_shut_gate(chain))
        log_line(chain->host->log, LOG_ERROR, instance_name(instance),
                 "the changed options are not adopted: a worker does not come back from a filter");
    else if (instance_reload(instance, values) == MUSTER_RENEW)
        log_line(chain->host->log, LOG_WARNING, instance_name(instance),
                 "the changed options take effect at the next start: the plugin cannot adopt them "
                 "while it runs");
    chain_open_gate(chain);
}

void chain_hurry(struct chain *chain)
{
    unsigned i;

    for (i = 0; i < chain->pipeline_count; i++)
        fanout_hurry(&chain->pipelines[i].fanout);
}

/* ---- stop ----------------------------------------------------------------------------- */

void chain_drain(struct chain *chain, uint64_t deadline_ns)
{
    unsigned i;

    for (i = 0; i < chain->instance_count; i++)
        instance_stop(&chain->instances[i]);
    for (i = 0; i < chain->sink_count; i++)
        sink_drain(&chain->sinks[i], deadline_ns);
    for (i = 0; i < chain->pipeline_count; i++)
        if (!chain->pipelines[i].stuck && chain->pipelines[i].answers != NULL)
            answers_drain(chain->pipelines[i].answers, chain->drained_fd);
}

bool chain_drained(struct chain *chain)
{
    bool all = true;
    eventfd_t unused;
    unsigned i;

    eventfd_read(chain->drained_fd, &unused);
    for (i = 0; i < chain->sink_count; i++)
        all &= sink_join(&chain->sinks[i]);
    for (i = 0; i < chain->pipeline_count; i++)
        if (!chain->pipelines[i].stuck && chain->pipelines[i].answers != NULL)
            answers_look(chain->pipelines[i].answers);
    return all;
}

void chain_abandon(struct chain *chain)
{
    unsigned i;

    for (i = 0; i < chain->sink_count; i++) {
        if (sink_join(&chain->sinks[i]))
            continue;
        sink_abandon(&chain->sinks[i]);
        chain->stuck = true;
    }
}

void chain_abandon_pipeline(struct chain *chain, unsigned pipeline)
{
    assert(pipeline < chain->pipeline_count);
    chain->pipelines[pipeline].stuck = true;
    chain->stuck = true;
}

bool chain_is_partial(const struct chain *chain)
{
    unsigned i;

    for (i = 0; i < chain->pipeline_count; i++)
        if (chain->pipelines[i].stuck)
            return true;
    return false;
}

/* Whether a thread may still be in it. */
static bool is_stuck(const struct chain *chain, unsigned instance)
{
    unsigned sink = instance - chain->filter_count;

    if (instance < chain->filter_count)
        return chain_is_partial(chain);
    return sink < chain->sink_count && chain->sinks[sink].stuck;
}

void chain_close(struct chain *chain)
{
    unsigned i;

    for (i = 0; i < chain->pipeline_count; i++) {
        if (chain->pipelines[i].stuck)
            continue;
        pipeline_close(&chain->pipelines[i]);
        if (chain->pipelines[i].answers != NULL)
            answers_end(chain->pipelines[i].answers);
    }
    for (i = chain->instance_count; i-- > 0;)
        if (!is_stuck(chain, i))
            instance_close(&chain->instances[i]);
}

void chain_settle(struct chain *chain)
{
    unsigned i;

    for (i = chain->instance_count; i-- > 0;)
        if (!is_stuck(chain, i))
            instance_settle(&chain->instances[i]);
}

void chain_free(struct chain *chain)
{
    unsigned i;

    if (chain->stuck)
        return;
    chain_settle(chain);
    for (i = 0; i < chain->pipeline_count; i++)
        pipeline_free(&chain->pipelines[i]);
    for (i = 0; i < chain->sink_count; i++)
        sink_destroy(&chain->sinks[i]);
    for (i = 0; i < chain->instance_count; i++)
        instance_free(&chain->instances[i]);
    admit_free(chain->admit);
    free(chain->rates);
    free(chain->pipelines);
    free(chain->sinks);
    free(chain->instances);
    if (chain->drained_fd >= 0)
        close(chain->drained_fd);
}

/* ---- accounts ------------------------------------------------------------------------- */

struct chain_account chain_account(const struct chain *chain)
{
    struct chain_account sum = {0};
    unsigned i, reason;

    for (i = 0; i < chain->pipeline_count; i++) {
        const struct pipeline_counters *c = &chain->pipelines[i].counters;

        sum.received += counter_value(&c->received);
        sum.decoded += counter_value(&c->decoded);
        for (reason = 0; reason < MUSTER_REJECT_REASONS; reason++)
            sum.rejected[reason] += counter_value(&c->rejected[reason]);
        sum.ignored += counter_value(&c->ignored);
        sum.records += counter_value(&c->records);
        sum.reject_records += counter_value(&c->reject_records);
        sum.events += counter_value(&c->events);
        sum.overrun += counter_value(&c->overrun);
        sum.kernel_drops += counter_value(&c->kernel_drops);
        sum.checksum_errors += counter_value(&c->checksum_errors);
        sum.copies += counter_value(&c->copies);
        sum.refused += counter_value(&c->refused);
    }
    return sum;
}

struct answers_account chain_answers_account(const struct chain *chain)
{
    struct answers_account sum = {0};
    unsigned i, reason;

    for (i = 0; i < chain->pipeline_count; i++) {
        const struct answers_counters *c;

        if (chain->pipelines[i].answers == NULL)
            continue;
        c = answers_counters(chain->pipelines[i].answers);
        sum.any = true;
        sum.asked += counter_value(&c->asked);
        sum.sent += counter_value(&c->sent);
        sum.held += counter_value(&c->held);
        for (reason = 0; reason < ANSWERS_REASONS; reason++)
            sum.refused[reason] += counter_value(&c->refused[reason]);
    }
    return sum;
}

struct filter_account chain_filter_account(const struct chain *chain, unsigned filter)
{
    struct filter_account sum = {0};
    unsigned i;

    assert(filter < chain->filter_count);
    for (i = 0; i < chain->pipeline_count; i++) {
        const struct filter *f = &chain->pipelines[i].filters[filter];

        sum.in += counter_value(&f->in);
        sum.emitted += counter_value(&f->emitted);
        sum.out += counter_value(&f->out);
        sum.dropped += counter_value(&f->dropped);
        sum.held += counter_value(&f->held);
        sum.passed += counter_value(&f->passed);
    }
    return sum;
}

bool chain_adds_up(const struct chain *chain)
{
    bool good = true;
    unsigned i;

    for (i = 0; i < chain->pipeline_count; i++)
        good &= pipeline_adds_up(&chain->pipelines[i]);
    return good;
}
