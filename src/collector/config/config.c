/* SPDX-License-Identifier: MIT
 *
 * The daemon's settings are described by option tables, as a plugin's are, and
 * checked by the same code.
 */
#include "config.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/node.h"
#include "check.h"
#include "devices.h"
#include "after.h"
#include "node_conf.h"
#include "own_files.h"
#include "settings.h"

#define ENTRY_FORM "{ plugin = \"...\"; ... }"

/* What config_load works on. */
struct reader {
    const char *path;
    const char *const *directories;
    struct problems *problems;
    struct config *config;
    bool has_catalog; /* it could be read, or none is named */
};

/* ---- listen --------------------------------------------------------------------------- */

/* Two sockets cannot have the same address and port. */
static void check_clash(const struct reader *reader, const struct node *group)
{
    const struct config *config = reader->config;
    const struct listen *last = &config->listen[config->listen_count - 1], *other;
    char text[ADDRESS_TEXT];

    for (other = config->listen; other < last; other++) {
        if (!listen_clash(other, last))
            continue;
        node_problem(group, reader->problems, "listen: %s is listened on by another entry already",
                     address_text(address_get(&last->address), text));
        return;
    }
}

static int read_listeners(struct reader *reader, const struct node *list)
{
    size_t count = list != NULL ? list->count : 1, i;

    if (list != NULL &&
        !check_kind(list, NODE_LIST, "listen", "a list, ( " LISTEN_FORM " )", reader->problems))
        return 0;
    if (count == 0 || count > SETTINGS_LISTENERS_MOST) {
        node_problem(list, reader->problems,
                     count == 0 ? "listen: the list is empty; nothing could be received"
                                : "listen: too many listeners; expected %d at most",
                     SETTINGS_LISTENERS_MOST);
        return 0;
    }
    reader->config->listen = calloc(count, sizeof *reader->config->listen);
    if (reader->config->listen == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        const struct node *group = list != NULL ? list->items[i].value : NULL;

        if (listen_read(&reader->config->listen[reader->config->listen_count++], group,
                        reader->has_catalog ? reader->config->catalog : NULL, reader->problems) < 0)
            return -1;
        check_clash(reader, group);
    }
    return 0;
}

/* ---- chain ---------------------------------------------------------------------------- */

/* A name of its own: the one configured, else the plugin's, with a number from the second on. */
static char *name_instance(const struct reader *reader, const struct node *group,
                           const char *configured, const char *plugin)
{
    const struct config *config = reader->config;
    unsigned others = config->entry_count - 1, i, number = 1; /* the last is this one */
    char *name = strdup(configured != NULL ? configured : plugin);

    for (i = 0; name != NULL && i < others; i++) {
        if (strcmp(config->chain[i].name, name) != 0)
            continue;
        if (configured != NULL) {
            node_problem(group, reader->problems,
                         "name: \"%s\" is taken by the entry at line %u; expected another", name,
                         config->chain[i].line);
            break;
        }
        free(name);
        if (asprintf(&name, "%s%u", plugin, ++number) < 0)
            return NULL;
        i = (unsigned)-1; /* look from the start again */
    }
    return name;
}

static void check_name(const struct reader *reader, const struct node *group, const char *name)
{
    if (name != NULL &&
        (name[0] == '\0' ||
         name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] !=
             '\0' ||
         strcmp(name, "collector") == 0))
        node_problem(group, reader->problems,
                     "name: expected letters, digits, '-' and '_', and not \"collector\"");
}

/* What any entry may have, besides its plugin's own settings. */
static int read_common(struct reader *reader, const struct node *group, struct entry *entry)
{
    static const struct check check = {&settings_of_entry, NULL, "an entry of chain"};
    const struct node *queue = node_find(group, "queue"), *required = node_find(group, "required"),
                      *spill = node_find(group, "spill");
    struct option_value values[ENTRY_SETTINGS];
    int result = check_map(&check, group, values, reader->problems);

    if (result < 0)
        goto done;
    if (queue != NULL && entry_is_filter(entry))
        node_problem(queue, reader->problems,
                     "queue: a filter has none; expected in the entry of a sink");
    if (required != NULL && entry_is_filter(entry))
        node_problem(required, reader->problems,
                     "required: a filter always is; expected in the entry of a sink");
    if (spill != NULL && entry_is_filter(entry))
        node_problem(spill, reader->problems,
                     "spill: a filter has none; expected in the entry of a sink");
    entry->required = values[ENTRY_REQUIRED].number != 0;
    entry->spill = values[ENTRY_SPILL].text; /* taken over */
    values[ENTRY_SPILL].text = NULL;
    entry->spill_size = values[ENTRY_SPILL_SIZE].number;
    entry->spill_drop = values[ENTRY_SPILL_DROP].number;
    entry->queue = queue != NULL ? values[ENTRY_QUEUE].number : reader->config->queue;
    check_name(reader, group, values[ENTRY_NAME].text);
    entry->name = name_instance(reader, group, values[ENTRY_NAME].text, entry->plugin.api.name);
    if (entry->name == NULL)
        result = -1;

done:
    options_free(values, ENTRY_SETTINGS);
    return result;
}

static int read_options(struct reader *reader, const struct node *group, struct entry *entry)
{
    static const char *const common[] = {"plugin", "name",       "queue",      "required",
                                         "spill",  "spill_size", "spill_drop", NULL};
    char what[80];
    const struct check check = {&entry->plugin.options, common, what};
    int result;

    snprintf(what, sizeof what, "the plugin %s", entry->plugin.api.name);
    entry->values = calloc(entry->plugin.options.count + 1, sizeof *entry->values);
    if (entry->values == NULL)
        return -1;
    result = check_map(&check, group, entry->values, reader->problems);
    entry->incomplete = result > 0;
    return result < 0 ? -1 : 0;
}

/* The plugin that an entry names, loaded as the chain's next.  Returns false after adding to the
 * problems. */
static bool load_plugin(const struct reader *reader, const struct node *group,
                        struct plugin *plugin)
{
    const struct node *name;
    char why[1024];

    if (!check_kind(group, NODE_MAP, "an entry of chain", ENTRY_FORM, reader->problems))
        return false;
    name = node_find(group, "plugin");
    if (name == NULL || name->kind != NODE_TEXT) {
        node_problem(name != NULL ? name : group, reader->problems,
                     "chain: an entry needs plugin = \"NAME\"");
        return false;
    }
    if (plugin_load(plugin, name->text, reader->directories, why, sizeof why) < 0) {
        node_problem(name, reader->problems, "%s", why);
        return false;
    }
    return true;
}

static int read_entry(struct reader *reader, const struct node *group)
{
    struct config *config = reader->config;
    struct entry *entry = &config->chain[config->entry_count];

    if (!load_plugin(reader, group, &entry->plugin))
        return 0;
    config->entry_count++;
    entry->line = group->line;
    entry->file = strdup(group->file);
    if (entry->file == NULL || read_options(reader, group, entry) < 0 ||
        read_common(reader, group, entry) < 0)
        return -1;
    if (!entry_is_filter(entry))
        return 0;
    if (config->filter_count + 1 != config->entry_count)
        node_problem(group, reader->problems,
                     "chain: a filter stands behind a sink; filters come first, since "
                     "every sink gets what has passed all of them");
    config->filter_count++;
    return 0;
}

static int read_chain(struct reader *reader, const struct node *list)
{
    struct config *config = reader->config;
    size_t i;

    if (!check_kind(list, NODE_LIST, "chain", "a list, ( " ENTRY_FORM ", ... )", reader->problems))
        return 0;
    if (list->count > SETTINGS_CHAIN_MOST) {
        node_problem(list, reader->problems, "chain: too long; expected %d entries at most",
                     SETTINGS_CHAIN_MOST);
        return 0;
    }
    config->chain = calloc(list->count + 1, sizeof *config->chain);
    if (config->chain == NULL)
        return -1;
    for (i = 0; i < list->count; i++)
        if (read_entry(reader, list->items[i].value) < 0)
            return -1;
    if (list->count == 0)
        node_problem(list, reader->problems,
                     "chain: it is empty, so that every record would be forgotten; "
                     "expected at least one sink such as { plugin = \"csv\"; }");
    else if (config->entry_count == config->filter_count && problems_count(reader->problems) == 0)
        node_problem(list, reader->problems,
                     "chain: there is no sink, so that every record would be forgotten; "
                     "expected at least one such as { plugin = \"csv\"; }");
    return 0;
}

/* ---- state ---------------------------------------------------------------------------- */

/* Where the state is kept; the texts move from `values` to the configuration. */
static void read_state(const struct reader *reader, const struct node *root,
                       struct option_value *values)
{
    const struct node *home = node_find(root, "state_dir"),
                      *live = node_find(root, "state_live_dir");
    struct config *config = reader->config;

    config->state_directory = values[SETTING_STATE_DIR].text;
    config->state_live_directory = values[SETTING_STATE_LIVE_DIR].text;
    config->state_interval_ns = (uint64_t)values[SETTING_STATE_INTERVAL].number;
    values[SETTING_STATE_DIR].text = values[SETTING_STATE_LIVE_DIR].text = NULL;
    if (config->state_directory != NULL && config->state_directory[0] == '\0')
        node_problem(home, reader->problems, "state_dir: it is empty; expected a directory");
    if (config->state_live_directory != NULL && config->state_live_directory[0] == '\0')
        node_problem(live, reader->problems, "state_live_dir: it is empty; expected a directory");
    if (live != NULL && home == NULL)
        node_problem(live, reader->problems,
                     "state_live_dir: there is no state_dir, so that what is in it would "
                     "never be copied; expected both");
}

/* ---- privileges ----------------------------------------------------------------------- */

/* Who it is to become. */
static void read_privileges(const struct reader *reader, const struct node *root, const char *user,
                            const char *group)
{
    const struct node *user_node = node_find(root, "user"), *group_node = node_find(root, "group");
    enum privileges_outcome outcome;

    if (user == NULL && group != NULL)
        node_problem(group_node, reader->problems,
                     "group: there is no user to have it; expected both, or neither");
    if (user == NULL)
        return;
    outcome = privileges_find(&reader->config->privileges, user, group);
    if (outcome == PRIVILEGES_NO_USER)
        node_problem(user_node, reader->problems,
                     "user: there is no user \"%s\" here; expected a name or a number; to make "
                     "one: useradd --system %s",
                     user, user);
    else if (outcome == PRIVILEGES_NO_GROUP)
        node_problem(group_node, reader->problems,
                     "group: there is no group \"%s\" here; expected a name or a number", group);
    else if (outcome == PRIVILEGES_ROOT)
        node_problem(user_node, reader->problems,
                     "user: \"%s\" is root, who may do everything; expected another, or no user "
                     "to stay what it was started as",
                     user);
    else if (outcome == PRIVILEGES_NEEDS_GROUP)
        node_problem(user_node, reader->problems,
                     "user: the number %s is nobody's here, so it has no group; expected a group, "
                     "too",
                     user);
}

/* ---- control -------------------------------------------------------------------------- */

/* Where musterctl asks; the text moves from `values` to the configuration. */
static void read_control(const struct reader *reader, const struct node *root,
                         struct option_value *values)
{
    const size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    const struct node *node = node_find(root, "control");
    const char *path = reader->config->control = values[SETTING_CONTROL].text;

    values[SETTING_CONTROL].text = NULL;
    if (path != NULL && path[0] == '\0')
        node_problem(node, reader->problems,
                     "control: it is empty; expected the path of a socket, or \"none\"");
    else if (path != NULL && strlen(path) > most)
        node_problem(node, reader->problems,
                     "control: a path of %zu bytes is too long for a socket; expected %zu at most",
                     strlen(path), most);
}

/* ---- the whole ------------------------------------------------------------------------ */

static struct catalog *load_catalog(struct reader *reader, const struct node *root,
                                    const char *path)
{
    struct catalog *catalog = NULL;

    if (path != NULL && path[0] == '\0')
        node_problem(node_find(root, "catalog"), reader->problems,
                     "catalog: it is empty; expected a file");
    else if (path != NULL)
        catalog = devices_load(path, reader->problems);
    reader->has_catalog = path == NULL || catalog != NULL;
    /* Without one, or with errors in it: for the checks that are still to come. */
    return catalog != NULL ? catalog : catalog_default();
}

/* Those that this process may run on: sched_setaffinity(2), taskset(1). */
static unsigned count_cpus(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    return count < 1 ? 1 : count > SETTINGS_WORKERS_MOST ? SETTINGS_WORKERS_MOST : (unsigned)count;
}

/* Before anything of the values is moved.  Returns 0, or -1 if memory is short. */
static int keep_settings(struct config *config, const struct option_value *values)
{
    unsigned i;

    for (i = 0; i < SETTINGS; i++) {
        config->settings[i].line = values[i].line;
        config->settings[i].text = options_text(&values[i], 1);
        if (config->settings[i].text == NULL)
            return -1;
    }
    return 0;
}

static int read_settings(struct reader *reader, const struct node *root)
{
    static const char *const others[] = {"listen", "chain", NULL};
    static const struct check check = {&settings_table, others, "the configuration"};
    struct config *config = reader->config;
    struct option_value values[SETTINGS];
    int result = check_map(&check, root, values, reader->problems);

    if (result < 0)
        goto done;
    result = keep_settings(config, values);
    config->workers = (unsigned)values[SETTING_WORKERS].number;
    if (config->workers == 0)
        config->workers = count_cpus();
    config->receive_buffer = (int)values[SETTING_RECEIVE_BUFFER].number;
    config->largest = (uint32_t)values[SETTING_LARGEST_DATAGRAM].number;
    config->queue = values[SETTING_QUEUE].number;
    config->stop_ns = values[SETTING_STOP_TIMEOUT].number;
    config->log_level = (enum log_level)values[SETTING_LOG_LEVEL].number;
    config->source_rate = (uint32_t)values[SETTING_SOURCE_RATE].number;
    config->device_rate = (uint32_t)values[SETTING_DEVICE_RATE].number;
    config->unknown = (unsigned)values[SETTING_UNKNOWN].number;
    config->unknown_most = (uint32_t)values[SETTING_UNKNOWN_MOST].number;
    read_state(reader, root, values);
    read_privileges(reader, root, values[SETTING_USER].text, values[SETTING_GROUP].text);
    read_control(reader, root, values);
    config->catalog = load_catalog(reader, root, values[SETTING_CATALOG].text);
    config->lacks_catalog = !reader->has_catalog;
    if (config->catalog == NULL)
        result = -1;

done:
    options_free(values, SETTINGS);
    return result;
}

/* The chain of a file that has none. */
static int read_default_chain(struct reader *reader)
{
    static const char text[] = "chain = ( { plugin = \"sequence\"; }, { plugin = \"csv\"; },"
                               " { plugin = \"log\"; }, { plugin = \"stats\"; } );";
    struct node_tree tree = {0};
    int result = -1;

    if (node_conf_parse(&tree, text, reader->path, reader->problems) == 0)
        result = read_chain(reader, node_find(tree.root, "chain"));
    node_tree_free(&tree);
    return result;
}

static int read_root(struct reader *reader, const struct node *root)
{
    const struct node *chain = node_find(root, "chain");

    if (read_settings(reader, root) < 0 || read_listeners(reader, node_find(root, "listen")) < 0)
        return -1;
    if ((chain != NULL ? read_chain(reader, chain) : read_default_chain(reader)) < 0)
        return -1;
    if (reader->has_catalog)
        after_check(reader->config, reader->problems);
    own_files_check(reader->config, reader->problems);
    return 0;
}

struct config *config_load(const char *path, const char *const *directories,
                           struct problems *problems)
{
    struct reader reader = {.path = path,
                            .directories = directories,
                            .problems = problems,
                            .config = calloc(1, sizeof *reader.config)};
    struct node_tree tree = {0};

    if (reader.config == NULL)
        return NULL;
    if (node_conf_read(&tree, path, problems) == 0 && read_root(&reader, tree.root) < 0) {
        config_free(reader.config);
        reader.config = NULL;
    }
    node_tree_free(&tree);
    return reader.config;
}

char *config_catalog(const char *path, struct problems *problems)
{
    struct node_tree tree = {0};
    const struct node *node;
    char *catalog = NULL;

    if (node_conf_read(&tree, path, problems) < 0)
        goto done;
    node = node_find(tree.root, "catalog");
    if (node == NULL || !check_kind(node, NODE_TEXT, "catalog", "a file in quotes", problems))
        goto done;
    if (node->text[0] == '\0')
        node_problem(node, problems, "catalog: it is empty; expected a file");
    else if ((catalog = strdup(node->text)) == NULL)
        problems_add(problems, path, 0, 0, "cannot read: out of memory");

done:
    node_tree_free(&tree);
    return catalog;
}

void config_free(struct config *config)
{
    unsigned i;

    if (config == NULL)
        return;
    for (i = 0; i < config->entry_count; i++)
        entry_free(&config->chain[i]);
    free(config->chain);
    for (i = 0; i < config->listen_count; i++)
        listen_free(&config->listen[i]);
    free(config->listen);
    free(config->state_directory);
    free(config->state_live_directory);
    free(config->control);
    for (i = 0; i < SETTINGS; i++)
        free(config->settings[i].text);
    catalog_free(config->catalog);
    free(config);
}

void config_describe(FILE *out)
{
    settings_describe(out);
    fputc('\n', out);
    devices_describe(out);
}
