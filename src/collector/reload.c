/* SPDX-License-Identifier: MIT
 *
 * Read, check, plan; then open the new beside the old, let it take the old one's place between two
 * batches, and close the old.
 */
#include "reload.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "collector/catalog/catalog.h"
#include "collector/config/settings.h"
#include "collector/host/instance.h"

/* What is to be done.  Begins as zeros, but for the first three. */
struct plan_of_change {
    struct reload *reload;
    const struct config *config; /* the new one */
    struct problems *said;
    unsigned adopts[SETTINGS_CHAIN_MOST];             /* instances, with... */
    const struct entry *adopted[SETTINGS_CHAIN_MOST]; /* ...the entries that they adopt */
    unsigned adopt_count;
    const struct entry *added[SETTINGS_CHAIN_MOST];
    unsigned added_count;
    unsigned removed[CHAIN_SINKS_MOST]; /* places of sinks */
    unsigned removed_count;
    const struct catalog *catalog; /* NULL: the same */
    bool settings;                 /* some of them change */
};

static void refuse(const struct plan_of_change *plan, unsigned line, const char *name,
                   const char *what)
{
    problems_add(plan->said, plan->reload->path, line, 0, "%s: %s; that needs a restart", name,
                 what);
}

static void tell(const struct plan_of_change *plan, const char *name, const char *what)
{
    problems_note(plan->said, LOG_INFO, name, "%s", what);
}

/* ---- entries -------------------------------------------------------------------------- */

static const struct entry *find_entry(const struct config *config, const char *name)
{
    unsigned i;

    for (i = 0; i < config->entry_count; i++)
        if (strcmp(config->chain[i].name, name) == 0)
            return &config->chain[i];
    return NULL;
}

static const struct muster_instance *instance_of(const struct chain *chain, unsigned sink)
{
    return &chain->instances[chain->filter_count + sink];
}

static bool is_running(const struct chain *chain, const char *name)
{
    unsigned i;

    for (i = 0; i < chain->sink_count; i++)
        if (!chain->sinks[i].retired && strcmp(instance_name(instance_of(chain, i)), name) == 0)
            return true;
    return false;
}

static bool is_same_plugin(const struct muster_instance *instance, const struct entry *entry)
{
    return entry->plugin.options.options == instance->entry->plugin.options.options;
}

/* Whether the instance was handed such values last. */
static bool has_same_values(const struct muster_instance *instance, const struct entry *entry)
{
    uint32_t i;

    for (i = 0; i < entry->plugin.options.count; i++)
        if (!options_same(&instance->sent[i], &entry->values[i]))
            return false;
    return true;
}

static void plan_adoption(struct plan_of_change *plan, unsigned index, const struct entry *entry)
{
    plan->adopts[plan->adopt_count] = index;
    plan->adopted[plan->adopt_count++] = entry;
    tell(plan, entry->name, "the plugin is asked to adopt its changed options");
}

static void plan_filter(struct plan_of_change *plan, unsigned index)
{
    const struct muster_instance *instance = &plan->reload->chain->instances[index];
    const struct entry *entry = find_entry(plan->config, instance_name(instance));

    if (entry == NULL)
        refuse(plan, 0, instance_name(instance), "the filter is in the configuration no longer");
    else if (!is_same_plugin(instance, entry))
        refuse(plan, entry->line, entry->name, "it is of another plugin, or of another file, now");
    else if (&plan->config->chain[index] != entry)
        refuse(plan, entry->line, entry->name, "the filter has another place in the chain");
    else if (!has_same_values(instance, entry) && instance_filter(instance)->reload == NULL)
        refuse(plan, entry->line, entry->name,
               "its options have changed, and the filter does not adopt any");
    else if (!has_same_values(instance, entry))
        plan_adoption(plan, index, entry);
}

/* Whether the sink may go, or be replaced; says why not. */
static bool may_go(const struct plan_of_change *plan, unsigned place, const struct entry *entry)
{
    const struct sink *sink = &plan->reload->chain->sinks[place];
    const char *name = instance_name(sink->instance);
    const unsigned line = entry != NULL ? entry->line : 0;

    if (sink->is_awaited)
        refuse(plan, line, name, "answers to devices wait for this sink, which changes");
    else if (sink->instance->memory != NULL)
        refuse(plan, line, name, "the sink, which changes, keeps a state");
    else if (sink->spill != NULL)
        refuse(plan, line, name, "the sink, which changes, spills to a disk");
    return !sink->is_awaited && sink->instance->memory == NULL && sink->spill == NULL;
}

static void plan_removal(struct plan_of_change *plan, unsigned place, const struct entry *entry,
                         const char *what)
{
    if (!may_go(plan, place, entry))
        return;
    plan->removed[plan->removed_count++] = place;
    if (entry != NULL)
        plan->added[plan->added_count++] = entry;
    tell(plan, instance_name(plan->reload->chain->sinks[place].instance), what);
}

static bool has_same_spill(const struct entry *a, const struct entry *b)
{
    if (a->spill == NULL || b->spill == NULL)
        return a->spill == b->spill;
    return strcmp(a->spill, b->spill) == 0 && a->spill_size == b->spill_size &&
           a->spill_drop == b->spill_drop;
}

static void plan_sink(struct plan_of_change *plan, unsigned place)
{
    const struct muster_instance *instance = instance_of(plan->reload->chain, place);
    const struct entry *entry = find_entry(plan->config, instance_name(instance));

    if (entry == NULL || entry_is_filter(entry))
        plan_removal(plan, place, NULL,
                     "the sink is in the configuration no longer, and is removed");
    else if (!has_same_spill(instance->entry, entry))
        refuse(plan, entry->line, entry->name, "where it spills has changed");
    else if (!is_same_plugin(instance, entry))
        plan_removal(plan, place, entry,
                     "it is of another plugin, or of another file, now, and is replaced");
    else if (instance->entry->queue != entry->queue)
        plan_removal(plan, place, entry, "its queue has another size, and it is replaced");
    else if (!has_same_values(instance, entry) && instance_sink(instance)->reload == NULL)
        plan_removal(plan, place, entry, "its options have changed, and it is replaced");
    else if (!has_same_values(instance, entry))
        plan_adoption(plan, plan->reload->chain->filter_count + place, entry);
}

static void plan_entries(struct plan_of_change *plan)
{
    const struct chain *chain = plan->reload->chain;
    const struct config *config = plan->config;
    unsigned i, k;

    for (i = 0; i < chain->filter_count; i++)
        plan_filter(plan, i);
    for (i = 0; i < config->filter_count; i++) {
        for (k = 0; k < chain->filter_count; k++)
            if (strcmp(instance_name(&chain->instances[k]), config->chain[i].name) == 0)
                break;
        if (k == chain->filter_count)
            refuse(plan, config->chain[i].line, config->chain[i].name, "the filter is new");
    }
    for (i = 0; i < chain->sink_count; i++)
        if (!chain->sinks[i].retired)
            plan_sink(plan, i);
    for (i = config->filter_count; i < config->entry_count; i++) {
        if (is_running(chain, config->chain[i].name))
            continue;
        if (config->chain[i].spill != NULL) {
            refuse(plan, config->chain[i].line, config->chain[i].name,
                   "the sink is new, and spills to a disk");
            continue;
        }
        plan->added[plan->added_count++] = &config->chain[i];
        tell(plan, config->chain[i].name, "the sink is new");
    }
}

/* ---- settings, listeners, the catalog ------------------------------------------------- */

static void plan_settings(struct plan_of_change *plan)
{
    const struct config *old = plan->reload->running, *new = plan->config;
    unsigned i;

    for (i = 0; i < SETTINGS; i++) {
        const char *name = option_at(&settings_table, i).name;

        /* Of the queue, entries tell; of the catalog, what is in it. */
        if (i == SETTING_QUEUE || i == SETTING_CATALOG ||
            strcmp(old->settings[i].text, new->settings[i].text) == 0)
            continue;
        if (i == SETTING_LOG_LEVEL || i == SETTING_STOP_TIMEOUT) {
            plan->settings = true;
            tell(plan, NULL, i == SETTING_LOG_LEVEL ? "log_level changes" : "stop_timeout changes");
        } else {
            refuse(plan, new->settings[i].line, name, "it has changed");
        }
    }
}

static void plan_listeners(struct plan_of_change *plan)
{
    const struct config *old = plan->reload->running, *new = plan->config;
    unsigned i;

    for (i = 0; i < new->listen_count; i++)
        if (i >= old->listen_count || strcmp(old->listen[i].settings, new->listen[i].settings) != 0)
            refuse(plan, new->listen[i].line, "listen",
                   i >= old->listen_count ? "the listener is new" : "the listener has changed");
    if (new->listen_count < old->listen_count)
        refuse(plan, 0, "listen", "a listener is in the configuration no longer");
}

static bool has_formats(const struct config *config)
{
    unsigned i;

    for (i = 0; i < config->listen_count; i++)
        if (config->listen[i].format_count > 0)
            return true;
    return false;
}

static void plan_catalog(struct plan_of_change *plan)
{
    const struct catalog *old = plan->reload->chain->host->catalog, *new = plan->config->catalog;
    const unsigned line = plan->config->settings[SETTING_CATALOG].line;

    if (catalog_same(old, new))
        return;
    if (has_formats(plan->config) && !catalog_same_formats(old, new))
        refuse(plan, line, "catalog", "its formats have changed");
    else if (plan->reload->chain->host->numbers != NULL)
        refuse(plan, line, "catalog", "it has changed, and listeners take declared formats");
    else if (plan->reload->chain->admit == NULL && catalog_has_sources(new))
        refuse(plan, line, "catalog", "no device had a source, and some have now");
    else {
        plan->catalog = new;
        tell(plan, NULL, "the catalog has changed");
    }
}

/* ---- the transaction ------------------------------------------------------------------ */

/* What a plugin finds wrong with what is there matters of what changes alone: the rest is at work.
 */
static void check_entries(const struct plan_of_change *plan)
{
    struct host *host = plan->reload->chain->host;
    unsigned i, k;

    for (i = 0; i < plan->config->entry_count; i++) {
        const struct entry *entry = &plan->config->chain[i];

        for (k = 0; k < plan->added_count; k++)
            host->is_checking |= plan->added[k] == entry;
        instance_check(entry, host, plan->said);
        host->is_checking = false;
    }
}

static void keep(struct reload *reload, struct config *config)
{
    struct config **grown = reallocarray(reload->kept, reload->count + 1, sizeof *grown);

    if (grown == NULL)
        return; /* then it stays for ever */
    reload->kept = grown;
    reload->kept[reload->count++] = config;
}

static int change_chain(const struct plan_of_change *plan)
{
    const struct chain_change change = {
        .added = plan->added,
        .added_count = plan->added_count,
        .removed = plan->removed,
        .removed_count = plan->removed_count,
        .catalog = plan->catalog,
        .deadline_ns = clock_monotonic() + (uint64_t)plan->config->stop_ns,
    };

    if (change.added_count + change.removed_count == 0 && change.catalog == NULL)
        return 0;
    return chain_change(plan->reload->chain, &change, plan->said);
}

/* Returns 0, or -1 if nothing was done. */
static int carry_out(struct plan_of_change *plan)
{
    struct chain *chain = plan->reload->chain;
    unsigned i;

    if (change_chain(plan) < 0)
        return -1;
    log_threshold(chain->host->log, plan->config->log_level);
    for (i = 0; i < plan->adopt_count; i++) {
        chain->instances[plan->adopts[i]].sent = plan->adopted[i]->values;
        chain_reload(chain, plan->adopts[i], plan->adopted[i]->values);
    }
    return 0;
}

static bool changes_something(const struct plan_of_change *plan)
{
    return plan->adopt_count + plan->added_count + plan->removed_count > 0 ||
           plan->catalog != NULL || plan->settings;
}

/* What is read from a pipe cannot be read again. */
static bool can_be_read(const struct reload *reload, struct problems *said)
{
    struct stat status;

    if (stat(reload->path, &status) < 0 || S_ISREG(status.st_mode))
        return true; /* or reading it says why not */
    problems_add(said, NULL, 0, 0,
                 "the configuration %s is no file, and cannot be read again; that needs a restart",
                 reload->path);
    return false;
}

/* Returns whether the new configuration is in force, and so is to be kept. */
static bool reload_by(struct plan_of_change *plan, bool dry)
{
    plan_settings(plan);
    plan_listeners(plan);
    plan_catalog(plan);
    plan_entries(plan);
    check_entries(plan);
    if (problems_count(plan->said) > 0)
        return false;
    if (!changes_something(plan))
        tell(plan, NULL, "the configuration has not changed");
    return changes_something(plan) && !dry && carry_out(plan) == 0;
}

/* The configuration is in force, and outlives what was made of it. */
static void adopt(struct reload *reload, struct config *config)
{
    if (reload->chain->host->catalog != config->catalog) {
        catalog_free(config->catalog);
        config->catalog = NULL;
    }
    keep(reload, config);
    reload->running = config;
}

int reload_run(struct reload *reload, bool dry, struct problems *said)
{
    struct plan_of_change *plan = calloc(1, sizeof *plan);
    const unsigned sinks = reload->chain->sink_count;
    struct config *config = NULL;

    if (plan != NULL && can_be_read(reload, said))
        config = config_load(reload->path, reload->directories, said);
    if (plan != NULL && config != NULL && problems_count(said) == 0) {
        *plan = (struct plan_of_change){.reload = reload, .config = config, .said = said};
        if (reload_by(plan, dry)) {
            adopt(reload, config);
            config = NULL;
        } else if (reload->chain->sink_count != sinks) {
            keep(reload,
                 config); /* sinks that had begun end in their own time, and are made of it */
            config = NULL;
        }
    } else if (problems_count(said) == 0) {
        problems_note(said, LOG_ERROR, NULL, "out of memory");
    }
    config_free(config);
    free(plan);
    if (problems_count(said) == 0)
        return 0;
    problems_note(said, LOG_ERROR, NULL,
                  "the configuration is not adopted; what runs goes on with the old one");
    return -1;
}

void reload_renew(struct reload *reload, struct problems *said)
{
    struct plan_of_change plan = {.reload = reload, .config = reload->running, .said = said};
    struct chain *chain = reload->chain;
    unsigned i;

    for (i = 0; i < chain->sink_count; i++) {
        struct sink *sink = &chain->sinks[i];
        const struct entry *entry;

        if (!atomic_exchange(&sink->renew, false) || sink->retired)
            continue;
        entry = find_entry(plan.config, instance_name(sink->instance));
        if (entry != NULL)
            plan_removal(
                &plan, i, entry,
                "the plugin takes a new instance for the changed options, and is replaced");
    }
    change_chain(&plan);
}

void reload_free(struct reload *reload)
{
    unsigned i;

    for (i = 0; i < reload->count; i++)
        config_free(reload->kept[i]);
    free(reload->kept);
}
