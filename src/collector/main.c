/* SPDX-License-Identifier: MIT
 *
 * musterd: the command line.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "build.h"
#include "commit.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/standard.h"
#include "base/wrap.h"
#include "collector.h"
#include "collector/config/config.h"
#include "collector/control/control.h"
#include "collector/config/devices.h"
#include "collector/config/format_files.h"
#include "collector/host/columns.h"
#include "collector/host/instance.h"
#include "collector/host/note.h"
#include "collector/host/plugin_list.h"
#include "collector/replay/outputs.h"
#include "crash.h"
#include "decode.h"
#include "ending.h"
#include "environment.h"
#include "loop.h"
#include "watchdog.h"

enum { MAX_DIRECTORIES = 16 };

struct arguments {
    const char *config;
    const char *plugin; /* to describe; NULL: the daemon's own settings */
    const char *replay, *into;
    const char *decode, *catalog; /* the format of a datagram, and the file that has it */
    char **hex;                   /* its bytes, `hex_count` texts */
    unsigned hex_count;
    bool check, describe, list;
    bool no_environment;                          /* of what to check */
    const char *directories[MAX_DIRECTORIES + 2]; /* where plugins are; ends with NULL */
    unsigned directory_count;
};

static const char usage[] =
    "usage: musterd -c FILE [--check [--no-environment]] [--plugin-path DIR]...\n"
    "       musterd -c FILE --replay CAPTURE [--into DIR] [--plugin-path DIR]...\n"
    "       musterd --decode FORMAT [-c FILE | --catalog FILE] HEX...\n"
    "       musterd --describe [PLUGIN] [--plugin-path DIR]...\n"
    "       musterd --list [--plugin-path DIR]...\n"
    "       musterd --version | --help\n"
    "\n"
    "Receives datagrams from devices, in the foreground, as the configuration FILE\n"
    "says.\n"
    "\n"
    "  -c, --config FILE      the configuration; see collector.conf(5)\n"
    "      --check            check the configuration, and whether it could start\n"
    "                         here and now; and stop\n"
    "      --no-environment   with --check: the configuration and the catalog alone\n"
    "      --replay CAPTURE   replay a packet capture (pcap, pcapng; \"-\": standard\n"
    "                         input), with its time as the clock, and stop\n"
    "      --into DIR         write the outputs of the replay below this directory,\n"
    "                         which is made, and touch no other\n"
    "      --decode FORMAT    show what becomes of a datagram of this format; its\n"
    "                         bytes are HEX (\"-\": standard input); and stop\n"
    "      --catalog FILE     the catalog that has the format; else the one of -c, or\n"
    "                         the formats that come with Muster\n"
    "      --plugin-path DIR  look for plugins here first; may be given several times\n"
    "      --describe [PLUGIN]\n"
    "                         print a plugin's options, or the daemon's own settings,\n"
    "                         and stop\n"
    "      --list             print which plugins there are, and stop\n"
    "      --version          print the version, and stop\n"
    "  -h, --help             print this, and stop\n"
    "\n"
    "SIGTERM, SIGINT and SIGQUIT stop it in order, SIGHUP makes every sink reopen its\n"
    "output, and has the configuration read again, SIGUSR2 restarts without loss.\n"
    "Exit status: 0 stopped in order, 1 could not start or read the capture, or the\n"
    "datagram to decode is refused, 2 wrong configuration or usage, 3 the ledger does\n"
    "not add up, which is a bug, 70 a plugin ended it.\n";

/* Whether they go together.  Returns as parse_arguments does. */
static int check_arguments(const struct arguments *arguments)
{
    const char *why = NULL;

    if (arguments->decode != NULL && arguments->hex_count == 0)
        why = "--decode needs the bytes of a datagram; expected them as hexadecimal digits, or "
              "\"-\" for standard input";
    else if (arguments->decode != NULL && arguments->config != NULL && arguments->catalog != NULL)
        why = "both -c and --catalog name a catalog; expected one of them";
    else if (arguments->decode == NULL && arguments->catalog != NULL)
        why = "--catalog is for --decode; expected --decode FORMAT, too";
    else if (arguments->into != NULL && arguments->replay == NULL)
        why = "--into is for the outputs of a replay; expected --replay CAPTURE, too";
    else if (arguments->no_environment && !arguments->check)
        why = "--no-environment says what not to check; expected --check, too";
    else if (arguments->into != NULL && arguments->into[0] == '\0')
        why = "--into names no directory; expected --into DIR";
    else if (arguments->config == NULL && !arguments->describe && !arguments->list &&
             arguments->decode == NULL)
        why = "no configuration; expected -c FILE, such as -c " CONFIG_PATH;
    if (arguments->decode == NULL && arguments->hex_count > 0) {
        fprintf(stderr, "musterd: what to do with \"%s\"? try: musterd --help\n",
                arguments->hex[0]);
        return COLLECTOR_CONFIGURATION;
    }
    if (why == NULL)
        return -1;
    fprintf(stderr, "musterd: %s\n", why);
    return COLLECTOR_CONFIGURATION;
}

/* Fills in the arguments.  Returns -1 to go on, else the exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'},
        {"no-environment", no_argument, NULL, 'n'},
        {"replay", required_argument, NULL, 'r'},
        {"into", required_argument, NULL, 'i'},
        {"plugin-path", required_argument, NULL, 'p'},
        {"describe", optional_argument, NULL, 'd'},
        {"decode", required_argument, NULL, 'D'},
        {"catalog", required_argument, NULL, 'C'},
        {"list", no_argument, NULL, 'l'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    memset(arguments, 0, sizeof *arguments);
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 'k':
            arguments->check = true;
            break;
        case 'n':
            arguments->no_environment = true;
            break;
        case 'r':
            arguments->replay = optarg;
            break;
        case 'i':
            arguments->into = optarg;
            break;
        case 'p':
            if (arguments->directory_count == MAX_DIRECTORIES) {
                fprintf(stderr, "musterd: too many --plugin-path; expected %d at most\n",
                        MAX_DIRECTORIES);
                return COLLECTOR_CONFIGURATION;
            }
            arguments->directories[arguments->directory_count++] = optarg;
            break;
        case 'd':
            arguments->describe = true;
            arguments->plugin = optarg;
            /* getopt_long takes only --describe=PLUGIN for one that may be left out */
            if (optarg == NULL && optind < argc && argv[optind][0] != '-')
                arguments->plugin = argv[optind++];
            break;
        case 'l':
            arguments->list = true;
            break;
        case 'D':
            arguments->decode = optarg;
            break;
        case 'C':
            arguments->catalog = optarg;
            break;
        case 'V':
            printf("musterd %s (plugin ABI %d.%d)\n", PACKAGE_VERSION, MUSTER_ABI_MAJOR,
                   MUSTER_ABI_MINOR);
            return COLLECTOR_FINE;
        case 'h':
            fputs(usage, stdout);
            return COLLECTOR_FINE;
        default:
            fputs("try: musterd --help\n", stderr);
            return COLLECTOR_CONFIGURATION;
        }
    }
    arguments->hex = argv + optind;
    arguments->hex_count = (unsigned)(argc - optind);
    arguments->directories[arguments->directory_count] = PLUGIN_DIRECTORY;
    return check_arguments(arguments);
}

static int describe(const struct arguments *arguments)
{
    struct plugin plugin;
    char why[1024];

    if (arguments->plugin == NULL) {
        config_describe(stdout);
        return COLLECTOR_FINE;
    }
    if (plugin_load(&plugin, arguments->plugin, arguments->directories, why, sizeof why) < 0) {
        fprintf(stderr, "musterd: %s\n", why);
        return COLLECTOR_CONFIGURATION;
    }
    wrap_print(stdout, 0, 0, "%s %s, a %s: %s.", plugin.api.name, plugin.api.version,
               plugin_role_name(&plugin), plugin.api.summary);
    printf("%s\nABI %u.%u\n\nOptions:\n", plugin.path, plugin.api.abi_major, plugin.api.abi_minor);
    options_describe(&plugin.options, stdout);
    if (plugin.options.count == 0)
        printf("  none\n");
    printf("\nAny entry of the chain also has name%s.\n",
           plugin_is_filter(&plugin) ? "" : ", queue and required");
    plugin_unload(&plugin);
    return COLLECTOR_FINE;
}

static int list(const struct arguments *arguments)
{
    if (plugin_list_print(arguments->directories, stdout) == 0)
        return COLLECTOR_FINE;
    fprintf(stderr, "musterd: out of memory\n");
    return COLLECTOR_START;
}

/* The formats that come with Muster. */
static struct catalog *presets_catalog(struct problems *problems)
{
    struct catalog *catalog = catalog_default();

    if (catalog == NULL || format_files_presets(catalog, problems) == 0)
        return catalog;
    catalog_free(catalog);
    return NULL;
}

/* The catalog that has the format to decode by.  Of a configuration nothing else is read, so its
 * plugins need not be there.  NULL after saying why. */
static struct catalog *decode_catalog(const struct arguments *arguments)
{
    struct problems problems = {0};
    struct catalog *catalog = NULL;
    char *configured = NULL;
    const char *path = arguments->catalog;

    if (arguments->config != NULL)
        path = configured = config_catalog(arguments->config, &problems);
    if (problems_count(&problems) == 0)
        catalog = path != NULL ? devices_load(path, &problems) : presets_catalog(&problems);
    free(configured);
    problems_print(&problems, stderr);
    if (catalog == NULL && problems_count(&problems) == 0)
        fprintf(stderr, "musterd: out of memory\n");
    if (problems_count(&problems) > 0) {
        fprintf(stderr, "musterd: %zu error%s; nothing was decoded\n", problems_count(&problems),
                problems_count(&problems) == 1 ? "" : "s");
        catalog_free(catalog);
        catalog = NULL;
    }
    problems_free(&problems);
    return catalog;
}

static int decode(const struct arguments *arguments)
{
    struct catalog *catalog = decode_catalog(arguments);
    int status = COLLECTOR_CONFIGURATION;

    if (catalog != NULL)
        status = decode_print(catalog, arguments->decode, arguments->hex, arguments->hex_count);
    catalog_free(catalog);
    return status;
}

/* What is to be said before anything starts, but does not keep it from starting. */
static void warn(struct problems *problems, bool is_check, struct log *log)
{
    if (is_check)
        problems_print(problems, stderr);
    else
        problems_log(problems, log);
}

static bool is_used(const struct config *config, unsigned format)
{
    unsigned i, k;

    for (i = 0; i < config->listen_count; i++)
        for (k = 0; k < config->listen[i].format_count; k++)
            if (config->listen[i].formats[k] == format)
                return true;
    return false;
}

/* The values that messages can have: those of the formats that some listener takes.  A
 * configuration that could not be read has no catalog.  NULL if memory is short. */
static struct columns *list_values(const struct config *config, struct problems *problems)
{
    const unsigned count = config->catalog != NULL ? catalog_format_count(config->catalog) : 0;
    struct columns *columns = columns_new();
    unsigned i;

    for (i = 1; columns != NULL && i <= count; i++) {
        if (!is_used(config, i) ||
            columns_add(columns, (uint16_t)i, catalog_plan(config->catalog, i), problems) == 0)
            continue;
        columns_free(columns);
        columns = NULL;
    }
    return columns;
}

/* Loads the configuration, or says all that is wrong with it.  NULL: it is of no use. */
static struct config *load(const struct arguments *arguments, struct host *host)
{
    struct problems problems = {0};
    struct config *config = config_load(arguments->config, arguments->directories, &problems);
    unsigned i;

    if (config != NULL) {
        host->catalog = config->catalog;
        host->lacks_values = config->lacks_catalog;
    }
    if (config != NULL)
        host->columns = list_values(config, &problems);
    if (config != NULL && host->columns == NULL) {
        config_free(config);
        config = NULL;
    }
    if (config != NULL && arguments->into != NULL)
        outputs_move(config->chain, config->entry_count, arguments->into, &problems);
    host->is_checking = arguments->check && !arguments->no_environment;
    for (i = 0; config != NULL && i < config->entry_count; i++)
        instance_check(&config->chain[i], host, &problems);
    if (config == NULL)
        fprintf(stderr, "musterd: out of memory\n");
    if (problems_count(&problems) > 0) {
        problems_print(&problems, stderr);
        fprintf(stderr, "musterd: %zu error%s in the configuration; nothing was started\n",
                problems_count(&problems), problems_count(&problems) == 1 ? "" : "s");
        config_free(config);
        config = NULL;
    } else {
        warn(&problems, arguments->check, host->log);
    }
    problems_free(&problems);
    return config;
}

/* The configuration is fine; is what is there, too?  Returns the exit status. */
static int check(const struct arguments *arguments, const struct config *config)
{
    struct problems problems = {0};
    size_t errors;

    if (!arguments->no_environment)
        environment_check(config, &problems);
    problems_print(&problems, stderr);
    errors = problems_count(&problems);
    problems_free(&problems);
    if (errors > 0) {
        fprintf(stderr,
                "musterd: the configuration is fine, but would not start here: %zu error%s\n",
                errors, errors == 1 ? "" : "s");
        return COLLECTOR_START;
    }
    printf("%s: fine\n", arguments->config);
    return COLLECTOR_FINE;
}

/* The soft limit for open files is for programs that use select(2): getrlimit(2). */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit); /* else it stays, and is met when it matters */
    }
}

/* The exit status of what printed all that it had to say, which `status` is if that went out. */
static int printed(int status)
{
    return standard_finish("musterd") == 0 || status != COLLECTOR_FINE ? status : COLLECTOR_START;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct host host = {0};
    struct config *config = NULL;
    struct control *control = NULL;
    struct collector_attendant attendant;
    struct restart restart;
    int status;

    restart_remember(&restart, argv);
    loop_block_signals();
    note_begin();
    crash_watch();
    ending_watch(NULL);
    standard_append();
    status = parse_arguments(argc, argv, &arguments);
    if (status < 0 && arguments.describe)
        status = describe(&arguments);
    else if (status < 0 && arguments.list)
        status = list(&arguments);
    else if (status < 0 && arguments.decode != NULL)
        status = decode(&arguments);
    if (status >= 0)
        return printed(status);
    status = COLLECTOR_START;
    if (standard_open(true) < 0)
        return status;
    raise_file_limit();
    host_init(&host);
    host.log = log_open(LOG_INFO);
    host.metrics = metrics_new();
    if (host.log == NULL || host.metrics == NULL) {
        fprintf(stderr, "musterd: out of memory\n");
        goto done;
    }
    ending_watch(host.log);
    watchdog_start(host.log); /* without it plugins that hang are not named */
    config = load(&arguments, &host);
    ending_watch(host.log); /* behind what plugins have registered */
    if (config == NULL) {
        status = COLLECTOR_CONFIGURATION;
        goto done;
    }
    if (arguments.check) {
        status = printed(check(&arguments, config));
        goto done;
    }
    log_threshold(host.log, config->log_level);
    log_format(host.log, LOG_INFO, NULL, "musterd %s%s, plugin ABI %d.%d, pid %d, configuration %s",
               PACKAGE_VERSION, BUILD_COMMIT, MUSTER_ABI_MAJOR, MUSTER_ABI_MINOR, (int)getpid(),
               arguments.config);
    watchdog_allow((uint64_t)config->stop_ns);
    control = control_new(BUILD_COMMIT);
    if (control == NULL) {
        fprintf(stderr, "musterd: out of memory\n");
        goto done;
    }
    attendant = control_attendant(control);
    status = collector_run(config, &host,
                           &(const struct collector_arguments){.config = arguments.config,
                                                               .directories = arguments.directories,
                                                               .capture = arguments.replay,
                                                               .into = arguments.into,
                                                               .restart = &restart,
                                                               .attendant = &attendant});

done:
    control_free(control);
    columns_free(host.columns);
    config_free(config);
    metrics_free(host.metrics);
    watchdog_end();
    ending_watch(NULL);
    log_close(host.log);
    if (restart.is_wanted && (status == COLLECTOR_FINE || status == COLLECTOR_LEDGER)) {
        restart_now(&restart);
        fprintf(stderr, "musterd: cannot become \"%s\": %s\n", restart.path, strerror(errno));
        status = COLLECTOR_START;
    }
    return status;
}
