/* SPDX-License-Identifier: MIT */
#include "after.h"

#include <string.h>

#include "base/suggest.h"
#include "settings.h"
#include "wire/plan.h"

/* The sinks' names, but for one that is wrong already. */
static size_t names_of_sinks(const struct config *config, const char *names[SETTINGS_CHAIN_MOST])
{
    size_t count = 0;
    unsigned i;

    for (i = config->filter_count; i < config->entry_count; i++)
        if (config->chain[i].name != NULL)
            names[count++] = config->chain[i].name;
    return count;
}

static bool is_filter(const struct config *config, const char *name)
{
    unsigned i;

    for (i = 0; i < config->filter_count; i++)
        if (config->chain[i].name != NULL && strcmp(config->chain[i].name, name) == 0)
            return true;
    return false;
}

static void check_reply(const struct config *config, const struct plan_reply *reply,
                        struct problems *problems)
{
    const char *names[SETTINGS_CHAIN_MOST];
    const size_t count = names_of_sinks(config, names);
    char hint[SUGGEST_ROOM];
    size_t i;

    for (i = 0; reply->after != NULL && i < count; i++)
        if (strcmp(names[i], reply->after) == 0)
            return;
    if (reply->after == NULL || count == 0) /* then the chain has no sink, which is said */
        return;
    suggest_hint(hint, sizeof hint, reply->after, names, count);
    problems_add(problems, reply->file, reply->line, reply->column,
                 is_filter(config, reply->after)
                     ? "after: \"%s\" is a filter, and writes nothing; %s"
                     : "after: the chain has no sink \"%s\"; %s",
                 reply->after, hint);
}

void after_check(const struct config *config, struct problems *problems)
{
    bool is_seen[CATALOG_FORMATS_MOST + 1] = {false};
    const struct plan_reply *reply;
    unsigned l, f, i;

    for (l = 0; l < config->listen_count; l++)
        for (f = 0; f < config->listen[l].format_count; f++) {
            const unsigned number = config->listen[l].formats[f];

            for (i = 0; !is_seen[number] &&
                        (reply = plan_reply(catalog_plan(config->catalog, number), i)) != NULL;
                 i++)
                check_reply(config, reply, problems);
            is_seen[number] = true;
        }
}
