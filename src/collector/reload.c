/* SPDX-License-Identifier: MIT
 *
 * What has changed, and who is told.
 */
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/problems.h"
#include "collector/host/instance.h"

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_value(const struct option_value *a, const struct option_value *b)
{
    bool same = a->number == b->number && !(a->real < b->real || a->real > b->real) &&
                same_text(a->text, b->text) && a->item_count == b->item_count;
    uint32_t i;

    for (i = 0; same && i < a->item_count; i++)
        same = same_text(a->items[i], b->items[i]);
    return same;
}

/* Whether the instance was handed such values last. */
static bool same_values(const struct muster_instance *instance, const struct entry *entry)
{
    uint32_t i;

    for (i = 0; i < entry->plugin.options.count; i++)
        if (!same_value(&instance->sent[i], &entry->values[i]))
            return false;
    return true;
}

static const struct entry *find_entry(const struct config *config, const char *name)
{
    unsigned i;

    for (i = 0; i < config->entry_count; i++)
        if (strcmp(config->chain[i].name, name) == 0)
            return &config->chain[i];
    return NULL;
}

static bool is_running(const struct chain *chain, const char *name)
{
    unsigned i;

    for (i = 0; i < chain->instance_count; i++)
        if (strcmp(instance_name(&chain->instances[i]), name) == 0)
            return true;
    return false;
}

static void say_later(struct log *log, const char *name, const char *what)
{
    log_format(log, LOG_WARNING, name, "%s; that takes effect at the next start", what);
}

/* Returns whether the instance is handed values of this entry. */
static bool reload_instance(struct chain *chain, unsigned index, const struct entry *entry,
                            struct log *log)
{
    struct muster_instance *instance = &chain->instances[index];
    const struct plugin *plugin = &instance->entry->plugin;

    if (entry == NULL) {
        say_later(log, instance_name(instance), "it is in the configuration no longer");
        return false;
    }
    if (entry->plugin.options.options != plugin->options.options) {
        say_later(log, instance_name(instance), "it is of another plugin, or of another file, now");
        return false;
    }
    if (same_values(instance, entry))
        return false;
    instance->sent = entry->values;
    chain_reload(chain, index, entry->values);
    return true;
}

static void keep(struct reload *reload, struct config *config)
{
    struct config **grown =
        reallocarray(reload->adopted, reload->count + 1, sizeof *reload->adopted);

    if (grown == NULL)
        return; /* then it stays for ever */
    reload->adopted = grown;
    reload->adopted[reload->count++] = config;
}

void reload_run(struct reload *reload, struct chain *chain, struct log *log)
{
    struct problems problems = {0};
    struct config *config = config_load(reload->path, reload->directories, &problems);
    bool has_errors, adopted = false;
    unsigned i;

    for (i = 0; config != NULL && i < config->entry_count; i++)
        instance_check(&config->chain[i], chain->host, &problems);
    has_errors = config == NULL || problems_count(&problems) > 0;
    problems_log(&problems, log);
    if (has_errors) {
        log_line(log, LOG_ERROR, NULL,
                 "the configuration has errors; what runs goes on with the old one");
        config_free(config);
        return;
    }
    log_threshold(log, config->log_level);
    for (i = 0; i < chain->instance_count; i++)
        adopted |=
            reload_instance(chain, i, find_entry(config, instance_name(&chain->instances[i])), log);
    for (i = 0; i < config->entry_count; i++)
        if (!is_running(chain, config->chain[i].name))
            say_later(log, config->chain[i].name, "it is new in the configuration");
    if (adopted)
        keep(reload, config);
    else
        config_free(config);
}

void reload_free(struct reload *reload)
{
    unsigned i;

    for (i = 0; i < reload->count; i++)
        config_free(reload->adopted[i]);
    free(reload->adopted);
}
