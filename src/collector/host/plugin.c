/* SPDX-License-Identifier: MIT
 *
 * A plugin's descriptor is copied, as much as both sides know of it, into a
 * zeroed one of this version's size.  So the rest of the daemon never asks how
 * old a plugin is.
 */
#include "plugin.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sanitized.h"
#include "note.h"
#include "owner.h"
#include "plugin_file.h"
#include "plugin_find.h"

/* Else a sanitizer could not tell by name what it finds at the end. */
enum { UNLOADS = !SANITIZED_ADDRESS };

#define TAKES_ALL (MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS | MUSTER_TAKES_REJECTS)

/* What the first version has. */
static const size_t smallest_size = offsetof(struct muster_plugin, sink) + sizeof(void *);
static const size_t smallest_filter =
    offsetof(struct muster_filter, reload) + sizeof(void (*)(void));
static const size_t smallest_sink = offsetof(struct muster_sink, tick) + sizeof(void (*)(void));

static bool valid_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

/* ---- names of its own ----------------------------------------------------------------- */

/* A table of struct muster_name, whose entries may be larger than ours. */
struct names {
    const struct muster_name *names;
    uint32_t count, stride;
};

static struct names events_of(const struct muster_plugin *api)
{
    return (struct names){api->events, api->event_count, api->name_size};
}

static struct names rejects_of(const struct muster_plugin *api)
{
    return (struct names){api->rejects, api->reject_count, api->name_size};
}

static const struct muster_name *name_at(const struct names *table, uint32_t index)
{
    return (const struct muster_name *)((const char *)table->names + (size_t)index * table->stride);
}

static const char *find_name(const struct names *table, uint32_t number)
{
    uint32_t i;

    for (i = 0; i < table->count; i++)
        if (name_at(table, i)->number == number)
            return name_at(table, i)->name;
    return NULL;
}

/* The entry in front of that one that has the same number, or NULL. */
static const struct muster_name *find_twin(const struct names *table, uint32_t index)
{
    uint32_t i;

    for (i = 0; i < index; i++)
        if (name_at(table, i)->number == name_at(table, index)->number)
            return name_at(table, i);
    return NULL;
}

static bool is_word(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* Whether entry number `index` of the table `of` ("events") is one; else `why`. */
static bool judge_name(const struct names *table, const char *of, uint32_t index, char *why,
                       size_t room)
{
    const struct muster_name *name = name_at(table, index), *twin = find_twin(table, index);

    if (name->name == NULL || name->name[0] == '\0')
        snprintf(why, room, "number %u of its `%s`, entry %u, has no name", name->number, of,
                 index);
    else if (!is_word(name->name))
        snprintf(why, room,
                 "\"%.100s\" in its `%s` (number %u) is not called as one: expected lower case, "
                 "digits and '-'",
                 name->name, of, name->number);
    else if (name->number < MUSTER_EVENT_OWN || name->number > UINT8_MAX)
        snprintf(why, room, "\"%.100s\" in its `%s` has the number %u; expected %d to %d",
                 name->name, of, name->number, (int)MUSTER_EVENT_OWN, (int)UINT8_MAX);
    else if (twin != NULL)
        snprintf(why, room, "\"%.100s\" and \"%.100s\" in its `%s` have the same number, %u",
                 twin->name, name->name, of, name->number);
    else if (name->summary == NULL)
        snprintf(why, room, "\"%.100s\" in its `%s` has no summary", name->name, of);
    else
        return true;
    return false;
}

/* The same of the whole table. */
static bool judge_names(const struct names *table, const char *of, char *why, size_t room)
{
    const char *one = strcmp(of, "events") == 0 ? "event" : "reject";
    uint32_t i;

    if (table->count > 0 && table->names == NULL) {
        snprintf(why, room, "its %s_count is %u, and its table `%s` is NULL", one, table->count,
                 of);
        return false;
    }
    if (table->count > 0 && table->stride < sizeof(struct muster_name)) {
        snprintf(why, room,
                 "its table `%s` has a name_size of %u bytes; expected at least %zu, sizeof "
                 "(struct muster_name)",
                 of, table->stride, sizeof(struct muster_name));
        return false;
    }
    for (i = 0; i < table->count; i++)
        if (!judge_name(table, of, i, why, room))
            return false;
    return true;
}

const char *plugin_event_name(const struct plugin *plugin, uint32_t number)
{
    const struct names table = events_of(&plugin->api);

    return find_name(&table, number);
}

const char *plugin_reject_name(const struct plugin *plugin, uint32_t number)
{
    const struct names table = rejects_of(&plugin->api);

    return find_name(&table, number);
}

/* ---- loading -------------------------------------------------------------------------- */

static bool judge_options(const struct plugin *plugin, char *why, size_t room)
{
    static const char *const reserved[] = {"plugin", "name", "queue", "required"};
    const size_t least = offsetof(struct muster_option, flags) + sizeof(uint32_t);
    const struct muster_plugin *api = &plugin->api;
    size_t i;

    if (api->option_count > 0 && api->options == NULL) {
        snprintf(why, room, "its option_count is %u, and its table `options` is NULL",
                 api->option_count);
        return false;
    }
    if (api->option_count > 0 && api->option_size < least) {
        snprintf(why, room,
                 "its table `options` has an option_size of %u bytes; expected at least %zu; set "
                 "it to sizeof (struct muster_option)",
                 api->option_size, least);
        return false;
    }
    if (!options_valid(&plugin->options, why, room))
        return false;
    for (i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (options_has(&plugin->options, reserved[i])) {
            snprintf(why, room,
                     "option %s is called as one of the host's (plugin, name, queue, required); "
                     "give it another name",
                     reserved[i]);
            return false;
        }
    return true;
}

/* NULL, or what is wrong with what it says that it is. */
static const char *judge_role(const struct plugin *plugin)
{
    const struct muster_plugin *api = &plugin->api;

    if (api->name == NULL || api->version == NULL || api->summary == NULL || !valid_name(api->name))
        return "its name, version or summary is missing or malformed";
    if (api->filter == NULL && api->sink == NULL)
        return "it is neither a filter nor a sink; does it need a newer version of musterd?";
    if (api->filter != NULL && api->sink != NULL)
        return "it is both a filter and a sink; make two plugins of it";
    if (api->filter != NULL && api->filter->size < smallest_filter)
        return "its struct muster_filter is too small; set its size";
    if (api->sink != NULL && api->sink->size < smallest_sink)
        return "its struct muster_sink is too small; set its size";
    if (api->filter != NULL && plugin->filter.process == NULL)
        return "it is a filter without process()";
    if (api->sink != NULL && plugin->sink.write == NULL)
        return "it is a sink without write()";
    if (api->sink != NULL && (plugin->sink.takes & ~TAKES_ALL) != 0)
        return "it takes kinds of record that this musterd does not know; does it need a newer "
               "one?";
    return NULL;
}

/* Whether the descriptor makes sense; else `why` says what is wrong with it. */
static bool judge(const struct plugin *plugin, char *why, size_t room)
{
    const struct names events = events_of(&plugin->api), rejects = rejects_of(&plugin->api);
    const char *wrong = judge_role(plugin);

    if (wrong != NULL) {
        snprintf(why, room, "%s", wrong);
        return false;
    }
    return judge_options(plugin, why, room) && judge_names(&events, "events", why, room) &&
           judge_names(&rejects, "rejects", why, room);
}

_Static_assert((int)MUSTER_EVENT_OWN == (int)MUSTER_REJECT_OWN, "one range for both");

/* As much of the tables as both sides know. */
static void copy_roles(struct plugin *plugin)
{
    const struct muster_filter *filter = plugin->api.filter;
    const struct muster_sink *sink = plugin->api.sink;

    if (filter != NULL)
        memcpy(&plugin->filter, filter,
               filter->size < sizeof plugin->filter ? filter->size : sizeof plugin->filter);
    if (sink != NULL)
        memcpy(&plugin->sink, sink,
               sink->size < sizeof plugin->sink ? sink->size : sizeof plugin->sink);
    if (sink != NULL && plugin->sink.takes == 0)
        plugin->sink.takes = MUSTER_TAKES_MESSAGES;
}

/* ---- load ----------------------------------------------------------------------------- */

/* dlopen's words may name a library alone, or begin with the path. */
static void explain_dlopen(const char *path, const char *error, char *why, size_t room)
{
    size_t length = strlen(path);
    const char *advice = "";

    if (strncmp(error, path, length) == 0 && strncmp(error + length, ": ", 2) == 0)
        error += length + 2;
    if (strstr(error, "undefined symbol") != NULL)
        advice = "; link it with the library that has that (the host's functions are in struct "
                 "muster_host)";
    else if (strstr(error, "cannot open shared object file") != NULL)
        advice = "; install that library, or build the plugin without it";
    snprintf(why, room, "cannot load the plugin \"%s\": %s%s", path, error, advice);
}

/* How many bytes the shared object has for the descriptor; 0: it is a function. */
static size_t symbol_size(const void *symbol)
{
#ifdef RTLD_DL_SYMENT
    const ElfW(Sym) *entry = NULL;
    Dl_info info;

    if (dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) == 0 || entry == NULL)
        return 0;
    return ELF64_ST_TYPE(entry->st_info) == STT_OBJECT ? entry->st_size : 0;
#else
    /* This C library does not say, so what the descriptor says is believed. */
    return ((const struct muster_plugin *)symbol)->size;
#endif
}

/* Copies the descriptor.  Returns 0, or -1 with an explanation in `why`. */
static int take_descriptor(struct plugin *plugin, const struct muster_plugin *found, char *why,
                           size_t room)
{
    const size_t head = offsetof(struct muster_plugin, abi_minor) + sizeof found->abi_minor;
    size_t has = symbol_size(found);

    if (has < head || (found->abi_major == MUSTER_ABI_MAJOR && found->size > has)) {
        snprintf(why, room,
                 "\"%s\": muster_plugin_v1 has %zu bytes, and is no struct muster_plugin",
                 plugin->path, has);
        return -1;
    }
    if (found->size < smallest_size || found->abi_major != MUSTER_ABI_MAJOR) {
        snprintf(
            why, room,
            "\"%s\" is built for another musterd: its descriptor is of %u bytes and ABI %u.%u; "
            "expected at least %zu bytes and ABI %d; rebuild it with the headers of this "
            "musterd (ABI %d.%d)",
            plugin->path, found->size, found->abi_major, found->abi_minor, smallest_size,
            MUSTER_ABI_MAJOR, MUSTER_ABI_MAJOR, MUSTER_ABI_MINOR);
        return -1;
    }
    memcpy(&plugin->api, found,
           found->size < sizeof plugin->api ? found->size : sizeof plugin->api);
    copy_roles(plugin);
    plugin->options.options = plugin->api.options;
    plugin->options.count = plugin->api.option_count;
    plugin->options.stride = plugin->api.option_size;
    return 0;
}

int plugin_load(struct plugin *plugin, const char *name, const char *const *directories, char *why,
                size_t room)
{
    const struct muster_plugin *found;
    char wrong[OPTION_ROOM];

    memset(plugin, 0, sizeof *plugin);
    plugin->path = plugin_find(name, directories, why, room);
    if (plugin->path == NULL || plugin_file_check(plugin->path, why, room) < 0)
        goto fail;
    note_enter_file(plugin->path);
    plugin->handle = dlopen(plugin->path, RTLD_NOW | RTLD_LOCAL);
    note_leave();
    if (plugin->handle == NULL) {
        explain_dlopen(plugin->path, dlerror(), why, room);
        goto fail;
    }
    found = dlsym(plugin->handle, "muster_plugin_v1");
    if (found == NULL) {
        snprintf(why, room,
                 "\"%s\" is no plugin for this version: it has no symbol muster_plugin_v1; rebuild "
                 "it with the headers of this musterd (ABI %d.%d)",
                 plugin->path, MUSTER_ABI_MAJOR, MUSTER_ABI_MINOR);
        goto fail;
    }
    if (take_descriptor(plugin, found, why, room) < 0)
        goto fail;
    if (!judge(plugin, wrong, sizeof wrong)) {
        snprintf(why, room, "\"%s\": %s", plugin->path, wrong);
        goto fail;
    }
    owner_add(plugin, found);
    return 0;

fail:
    plugin_unload(plugin);
    return -1;
}

void plugin_unload(struct plugin *plugin)
{
    owner_remove(plugin);
    if (plugin->handle != NULL && UNLOADS) {
        note_enter_file(plugin->path);
        dlclose(plugin->handle);
        note_leave();
    }
    note_forget();
    free(plugin->path);
    memset(plugin, 0, sizeof *plugin);
}

const char *plugin_role_name(const struct plugin *plugin)
{
    return plugin_is_filter(plugin) ? "filter" : "sink";
}
