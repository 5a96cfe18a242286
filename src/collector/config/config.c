/* SPDX-License-Identifier: MIT
 *
 * The daemon's settings are described by option tables, as a plugin's are, and
 * checked by the same code.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/flow/queue.h"

#define WORKERS_MOST   256
#define QUEUE_MOST     (1 << 24)
#define LISTENERS_MOST 64
#define CHAIN_MOST     64

static const char *const levels[] = {"error", "warning", "info", "debug", NULL};

enum setting {
    SETTING_WORKERS,
    SETTING_RECEIVE_BUFFER,
    SETTING_LARGEST_DATAGRAM,
    SETTING_QUEUE,
    SETTING_CATALOG,
    SETTING_LOG_LEVEL,
    SETTING_STOP_TIMEOUT,
    SETTING_STATE_DIR,
    SETTING_STATE_LIVE_DIR,
    SETTING_STATE_INTERVAL,
    SETTINGS
};

static const struct muster_option settings[SETTINGS] = {
    [SETTING_WORKERS] = {.name = "workers",
                         .type = MUSTER_OPTION_INT,
                         .fallback = "1",
                         .max = WORKERS_MOST,
                         .summary = "Threads that receive; 0: one for each CPU"},
    [SETTING_RECEIVE_BUFFER] = {.name = "receive_buffer",
                                .type = MUSTER_OPTION_SIZE,
                                .fallback = "4MiB",
                                .min = 4096,
                                .max = INT32_MAX / 2,
                                .summary = "What the kernel may hold for each socket"},
    [SETTING_LARGEST_DATAGRAM] = {.name = "largest_datagram",
                                  .type = MUSTER_OPTION_SIZE,
                                  .fallback = "1472",
                                  .min = MUSTER_HEADER_SIZE,
                                  .max = MUSTER_DATAGRAM_MAX,
                                  .summary = "A longer datagram is rejected"},
    [SETTING_QUEUE] = {.name = "queue",
                       .type = MUSTER_OPTION_INT,
                       .fallback = "65536",
                       .min = QUEUE_LEAST,
                       .max = QUEUE_MOST,
                       .summary = "Records that may wait for a sink"},
    [SETTING_CATALOG] = {.name = "catalog",
                         .type = MUSTER_OPTION_STRING,
                         .summary = "The file that describes the devices"},
    [SETTING_LOG_LEVEL] = {.name = "log_level",
                           .type = MUSTER_OPTION_CHOICE,
                           .fallback = "info",
                           .choices = levels,
                           .summary = "The least urgent lines that are logged"},
    [SETTING_STOP_TIMEOUT] = {.name = "stop_timeout",
                              .type = MUSTER_OPTION_DURATION,
                              .fallback = "10s",
                              .max = INT64_C(3600000000000),
                              .summary = "How long sinks may take to write what is queued when the "
                                         "daemon stops"},
    [SETTING_STATE_DIR] = {.name = "state_dir",
                           .type = MUSTER_OPTION_STRING,
                           .summary = "The directory for what is known of the devices, so that it "
                                      "outlives the daemon"},
    [SETTING_STATE_LIVE_DIR] = {.name = "state_live_dir",
                                .type = MUSTER_OPTION_STRING,
                                .summary =
                                    "The directory for it while the daemon runs, such as one "
                                    "in memory"},
    [SETTING_STATE_INTERVAL] = {.name = "state_interval",
                                .type = MUSTER_OPTION_DURATION,
                                .fallback = "10m",
                                .max = INT64_C(604800000000000),
                                .summary =
                                    "How often state_dir gets a copy from state_live_dir; 0: "
                                    "when the daemon stops"},
};

enum { LISTEN_ADDRESS, LISTEN_PORT, LISTEN_SETTINGS };

static const struct muster_option listen_settings[LISTEN_SETTINGS] = {
    [LISTEN_ADDRESS] = {.name = "address",
                        .type = MUSTER_OPTION_STRING,
                        .fallback = "127.0.0.1",
                        .summary = "IPv4 or IPv6 address; \"0.0.0.0\" or \"::\" for all"},
    [LISTEN_PORT] = {.name = "port",
                     .type = MUSTER_OPTION_INT,
                     .fallback = "8888",
                     .max = 65535,
                     .summary = "UDP port; 0: a free one"},
};

enum { ENTRY_NAME, ENTRY_QUEUE, ENTRY_SETTINGS };

/* What any entry of the chain may have besides its plugin's own options. */
static const struct muster_option entry_settings[ENTRY_SETTINGS] = {
    [ENTRY_NAME] = {.name = "name",
                    .type = MUSTER_OPTION_STRING,
                    .summary = "What the entry is called in logs and metrics"},
    [ENTRY_QUEUE] = {.name = "queue",
                     .type = MUSTER_OPTION_INT,
                     .min = QUEUE_LEAST,
                     .max = QUEUE_MOST,
                     .summary = "Records that may wait for this sink"},
};

#define TABLE(array, n)                                                                            \
    {                                                                                              \
        .options = (array), .count = (n), .stride = sizeof(struct muster_option)                   \
    }
static const struct option_table setting_table = TABLE(settings, SETTINGS);
static const struct option_table listen_table = TABLE(listen_settings, LISTEN_SETTINGS);
static const struct option_table entry_table = TABLE(entry_settings, ENTRY_SETTINGS);
#undef TABLE

static const char *const no_others[] = {NULL}; /* every other name is unknown */

/* What config_load works on. */
struct reader {
    const char *path;
    const char *const *directories;
    struct problems *problems;
    struct config *config;
};

static void problem(struct reader *reader, const config_setting_t *setting, const char *text)
{
    problems_add(reader->problems, setting_file(setting, reader->path),
                 setting != NULL ? config_setting_source_line(setting) : 0, 0, "%s", text);
}

/* ---- listen --------------------------------------------------------------------------- */

/* Two sockets cannot have the same address and port. */
static void check_clash(struct reader *reader, const config_setting_t *group)
{
    const struct config *config = reader->config;
    const struct address *last = &config->listen[config->listen_count - 1], *other;
    char text[ADDRESS_TEXT];

    for (other = config->listen; other < last; other++) {
        if (!address_clash(other, last))
            continue;
        problems_add(reader->problems, setting_file(group, reader->path),
                     group != NULL ? config_setting_source_line(group) : 0, 0,
                     "listen: %s is listened on by another entry already",
                     address_text(address_get(last), text));
        return;
    }
}

static int read_listener(struct reader *reader, const config_setting_t *group)
{
    struct config *config = reader->config;
    struct option_value values[LISTEN_SETTINGS];
    unsigned line = group != NULL ? config_setting_source_line(group) : 0;
    const char *address;
    int result;

    if (group != NULL && !config_setting_is_group(group)) {
        problem(reader, group, "listen: expected { address = \"...\"; port = ...; }");
        return 0;
    }
    result = options_read(&listen_table, group, no_others, "a listener", reader->path, line, values,
                          reader->problems);
    address = values[LISTEN_ADDRESS].text;
    if (result == 0 && address != NULL) {
        struct address *listen = &config->listen[config->listen_count++];

        if (address_parse(listen, address, (uint16_t)values[LISTEN_PORT].number) < 0)
            problems_add(reader->problems, setting_file(group, reader->path),
                         values[LISTEN_ADDRESS].line, 0,
                         "address: \"%s\" is not an IPv4 or IPv6 address; expected one such as "
                         "\"127.0.0.1\" or \"::1\", not a name",
                         address);
        else
            check_clash(reader, group);
    }
    options_free(values, LISTEN_SETTINGS);
    return result;
}

static int read_listeners(struct reader *reader, const config_setting_t *list)
{
    int i, count = list != NULL ? config_setting_length(list) : 1;

    if (list != NULL && !config_setting_is_list(list)) {
        problem(reader, list, "listen: expected a list, ( { address = \"...\"; port = ...; } )");
        return 0;
    }
    if (count == 0 || count > LISTENERS_MOST) {
        problem(reader, list,
                count == 0 ? "listen: the list is empty; nothing could be received"
                           : "listen: too many listeners; expected 64 at most");
        return 0;
    }
    reader->config->listen = calloc((size_t)count, sizeof *reader->config->listen);
    if (reader->config->listen == NULL)
        return -1;
    for (i = 0; i < count; i++)
        if (read_listener(reader,
                          list != NULL ? config_setting_get_elem(list, (unsigned)i) : NULL) < 0)
            return -1;
    return 0;
}

/* ---- chain ---------------------------------------------------------------------------- */

/* A name of its own: the one configured, else the plugin's, with a number from the second on. */
static char *name_instance(struct reader *reader, const config_setting_t *group,
                           const char *configured, const char *plugin)
{
    const struct config *config = reader->config;
    unsigned others = config->entry_count - 1, i, number = 1; /* the last is this one */
    char *name = configured != NULL ? strdup(configured) : strdup(plugin);

    for (i = 0; name != NULL && i < others; i++) {
        if (strcmp(config->chain[i].name, name) != 0)
            continue;
        if (configured != NULL) {
            problems_add(reader->problems, setting_file(group, reader->path),
                         config_setting_source_line(group), 0,
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

static void check_name(struct reader *reader, const config_setting_t *group, const char *name)
{
    if (name != NULL &&
        (name[0] == '\0' ||
         name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] !=
             '\0' ||
         strcmp(name, "collector") == 0))
        problem(reader, group,
                "name: expected letters, digits, '-' and '_', and not \"collector\"");
}

/* The settings of an entry: its plugin's own, and those that every entry may have. */
static int read_entry_settings(struct reader *reader, const config_setting_t *group,
                               struct entry *entry)
{
    static const char *const common_names[] = {"plugin", "name", "queue", NULL};
    struct option_value common[ENTRY_SETTINGS];
    const config_setting_t *queue = config_setting_get_member(group, "queue");
    char what[80];
    int result = 0;

    snprintf(what, sizeof what, "the plugin %s", entry->plugin.api.name);
    entry->values = calloc(entry->plugin.options.count + 1, sizeof *entry->values);
    if (entry->values == NULL)
        return -1;
    result = options_read(&entry->plugin.options, group, common_names, what, reader->path,
                          entry->line, entry->values, reader->problems);
    if (result < 0)
        return -1;
    entry->incomplete = result > 0;
    result = 0;
    if (options_read(&entry_table, group, NULL, what, reader->path, entry->line, common,
                     reader->problems) < 0) {
        result = -1;
        goto done;
    }
    if (queue != NULL && entry_is_filter(entry))
        problem(reader, queue, "queue: a filter has none; expected in the entry of a sink");
    entry->queue = queue != NULL ? common[ENTRY_QUEUE].number : reader->config->queue;
    check_name(reader, group, common[ENTRY_NAME].text);
    entry->name = name_instance(reader, group, common[ENTRY_NAME].text, entry->plugin.api.name);
    if (entry->name == NULL)
        result = -1;

done:
    options_free(common, ENTRY_SETTINGS);
    return result;
}

static int read_entry(struct reader *reader, const config_setting_t *group)
{
    struct config *config = reader->config;
    struct entry *entry = &config->chain[config->entry_count];
    const char *plugin, *file = setting_file(group, reader->path);
    config_setting_t *setting;
    char why[1024];

    if (!config_setting_is_group(group)) {
        problem(reader, group, "chain: expected { plugin = \"...\"; ... }");
        return 0;
    }
    setting = config_setting_get_member(group, "plugin");
    if (setting == NULL || (plugin = config_setting_get_string(setting)) == NULL) {
        problem(reader, setting != NULL ? setting : group,
                "chain: an entry needs plugin = \"NAME\"");
        return 0;
    }
    if (plugin_load(&entry->plugin, plugin, reader->directories, why, sizeof why) < 0) {
        problem(reader, setting, why);
        return 0;
    }
    config->entry_count++;
    entry->line = config_setting_source_line(group);
    entry->file = strdup(file);
    if (entry->file == NULL)
        return -1;
    if (read_entry_settings(reader, group, entry) < 0)
        return -1;
    if (!entry_is_filter(entry))
        return 0;
    if (config->filter_count + 1 != config->entry_count)
        problem(reader, group,
                "chain: a filter stands behind a sink; filters come first, since "
                "every sink gets what has passed all of them");
    config->filter_count++;
    return 0;
}

static int read_chain(struct reader *reader, const config_setting_t *list)
{
    int i, count = config_setting_length(list);

    if (!config_setting_is_list(list)) {
        problem(reader, list, "chain: expected a list, ( { plugin = \"...\"; }, ... )");
        return 0;
    }
    if (count > CHAIN_MOST) {
        problem(reader, list, "chain: too long; expected 64 entries at most");
        return 0;
    }
    reader->config->chain = calloc((size_t)count + 1, sizeof *reader->config->chain);
    if (reader->config->chain == NULL)
        return -1;
    for (i = 0; i < count; i++)
        if (read_entry(reader, config_setting_get_elem(list, (unsigned)i)) < 0)
            return -1;
    if (reader->config->entry_count == reader->config->filter_count && count > 0 &&
        problems_count(reader->problems) == 0)
        problem(reader, list,
                "chain: there is no sink, so that every record would be forgotten; "
                "expected at least one such as { plugin = \"csv\"; }");
    if (count == 0)
        problem(reader, list,
                "chain: it is empty, so that every record would be forgotten; "
                "expected at least one sink such as { plugin = \"csv\"; }");
    return 0;
}

/* ---- state ---------------------------------------------------------------------------- */

/* Where the state is kept; the texts move from `values` to the configuration. */
static void read_state(struct reader *reader, const config_setting_t *root,
                       struct option_value *values)
{
    const config_setting_t *home = config_setting_get_member(root, "state_dir"),
                           *live = config_setting_get_member(root, "state_live_dir");
    struct config *config = reader->config;

    config->state_directory = values[SETTING_STATE_DIR].text;
    config->state_live_directory = values[SETTING_STATE_LIVE_DIR].text;
    config->state_interval_ns = (uint64_t)values[SETTING_STATE_INTERVAL].number;
    values[SETTING_STATE_DIR].text = values[SETTING_STATE_LIVE_DIR].text = NULL;
    if (config->state_directory != NULL && config->state_directory[0] == '\0')
        problem(reader, home, "state_dir: it is empty; expected a directory");
    if (config->state_live_directory != NULL && config->state_live_directory[0] == '\0')
        problem(reader, live, "state_live_dir: it is empty; expected a directory");
    if (live != NULL && home == NULL)
        problem(reader, live,
                "state_live_dir: there is no state_dir, so that what is in it would "
                "never be copied; expected both");
}

/* ---- the whole ------------------------------------------------------------------------ */

static int read_settings(struct reader *reader, const config_setting_t *root)
{
    static const char *const others[] = {"listen", "chain", NULL};
    struct config *config = reader->config;
    struct option_value values[SETTINGS];
    int result = options_read(&setting_table, root, others, "the configuration", reader->path, 1,
                              values, reader->problems);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    config->workers = (unsigned)values[SETTING_WORKERS].number;
    if (config->workers == 0)
        config->workers = cpus < 1 ? 1 : cpus > WORKERS_MOST ? WORKERS_MOST : (unsigned)cpus;
    config->receive_buffer = (int)values[SETTING_RECEIVE_BUFFER].number;
    config->largest = (uint32_t)values[SETTING_LARGEST_DATAGRAM].number;
    config->queue = values[SETTING_QUEUE].number;
    config->stop_ns = values[SETTING_STOP_TIMEOUT].number;
    config->log_level = (enum log_level)values[SETTING_LOG_LEVEL].number;
    read_state(reader, root, values);
    if (result == 0) {
        config->catalog = values[SETTING_CATALOG].text != NULL
                              ? catalog_load(values[SETTING_CATALOG].text, reader->problems)
                              : catalog_default();
        if (config->catalog == NULL && problems_count(reader->problems) > 0)
            config->catalog = catalog_default(); /* for the checks that are still to come */
        if (config->catalog == NULL)
            result = -1;
    }
    options_free(values, SETTINGS);
    return result;
}

static int read_file(struct reader *reader, config_t *file, config_t *defaults)
{
    static const char default_chain[] =
        "chain = ( { plugin = \"sequence\"; }, { plugin = \"csv\"; },"
        " { plugin = \"log\"; }, { plugin = \"stats\"; } );";
    const config_setting_t *root, *chain;

    errno = 0;
    if (config_read_file(file, reader->path) != CONFIG_TRUE) {
        if (config_error_type(file) == CONFIG_ERR_FILE_IO)
            problems_add(reader->problems, NULL, 0, 0, "cannot read the configuration \"%s\": %s",
                         reader->path, strerror(errno != 0 ? errno : EIO));
        else
            problems_add(reader->problems,
                         config_error_file(file) != NULL ? config_error_file(file) : reader->path,
                         (unsigned)config_error_line(file), 0, "%s%s", config_error_text(file),
                         strcmp(config_error_text(file), "syntax error") == 0
                             ? "; what is before this line may lack a ';' or a closing ')' or '}'"
                             : "");
        return 0;
    }
    root = config_root_setting(file);
    chain = config_setting_get_member(root, "chain");
    if (chain == NULL && config_read_string(defaults, default_chain) == CONFIG_TRUE)
        chain = config_lookup(defaults, "chain");
    if (chain == NULL || read_settings(reader, root) < 0 ||
        read_listeners(reader, config_setting_get_member(root, "listen")) < 0)
        return -1;
    return read_chain(reader, chain);
}

struct config *config_load(const char *path, const char *const *directories,
                           struct problems *problems)
{
    struct reader reader = {.path = path,
                            .directories = directories,
                            .problems = problems,
                            .config = calloc(1, sizeof *reader.config)};
    config_t file, defaults;

    if (reader.config == NULL)
        return NULL;
    config_init(&file);
    config_init(&defaults);
    if (read_file(&reader, &file, &defaults) < 0) {
        config_free(reader.config);
        reader.config = NULL;
    }
    config_destroy(&defaults);
    config_destroy(&file);
    return reader.config;
}

void config_free(struct config *config)
{
    unsigned i;

    if (config == NULL)
        return;
    for (i = 0; i < config->entry_count; i++)
        entry_free(&config->chain[i]);
    free(config->chain);
    free(config->listen);
    free(config->state_directory);
    free(config->state_live_directory);
    catalog_free(config->catalog);
    free(config);
}

void config_describe(FILE *out)
{
    fputs("Settings of the configuration file:\n", out);
    options_describe(&setting_table, out);
    fputs("\nOf each entry of listen = ( { ... }, ... ):\n", out);
    options_describe(&listen_table, out);
    fputs("\nOf each entry of chain = ( { plugin = \"...\"; ... }, ... ), beside its\n"
          "plugin's own (musterd --describe PLUGIN):\n",
          out);
    options_describe(&entry_table, out);
}
