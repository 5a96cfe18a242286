/* SPDX-License-Identifier: MIT
 *
 * musterd: the command line, and the life of the daemon from start to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "base/clock.h"
#include "collector.h"
#include "ledger.h"
#include "collector/host/plugin.h"
#include "base/log.h"
#include "collector/replay/replay.h"
#include "collector/state/state.h"
#include "base/suggest.h"

enum { EXIT_START = 1, EXIT_CONFIGURATION = 2, EXIT_LEDGER = 3 }; /* exit statuses: musterd(8) */
enum { MAX_DIRECTORIES = 16 };

struct arguments {
    const char *config;
    const char *plugin; /* to describe; NULL: the daemon's own settings */
    const char *replay;
    bool check, describe;
    const char *directories[MAX_DIRECTORIES + 2]; /* where plugins are; ends with NULL */
    unsigned directory_count;
};

static const char usage[] =
    "usage: musterd -c FILE [--check | --replay CAPTURE] [--plugin-path DIR]...\n"
    "       musterd --describe [PLUGIN] [--plugin-path DIR]...\n"
    "       musterd --version | --help\n"
    "\n"
    "Receives datagrams from devices, as the configuration FILE says, in the foreground.\n"
    "\n"
    "  -c, --config FILE      the configuration; see collector.conf(5)\n"
    "      --check            check the configuration and all that it names, and stop\n"
    "      --replay CAPTURE   replay a packet capture (pcap, pcapng; \"-\": standard input),\n"
    "                         with its time as the clock, and stop\n"
    "      --plugin-path DIR  look for plugins here first; may be given several times\n"
    "      --describe [PLUGIN]  print a plugin's options, or the daemon's own settings, and stop\n"
    "      --version          print the version, and stop\n"
    "  -h, --help             print this, and stop\n"
    "\n"
    "SIGTERM and SIGINT stop it in order, SIGHUP makes every sink reopen its output.\n"
    "Exit status: 0 stopped in order, 1 could not start or read the capture, 2 wrong\n"
    "configuration or usage, 3 the ledger does not add up, which is a bug.\n";

/* Fills in the arguments.  Returns -1 to go on, else the exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},   {"check", no_argument, NULL, 'k'},
        {"replay", required_argument, NULL, 'r'},   {"plugin-path", required_argument, NULL, 'p'},
        {"describe", optional_argument, NULL, 'd'}, {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
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
        case 'r':
            arguments->replay = optarg;
#ifndef HAVE_LIBPCAP
            fputs("musterd: this musterd cannot replay: it was built without libpcap; install "
                  "libpcap-dev, and build it again\n",
                  stderr);
            return EXIT_CONFIGURATION;
#endif
            break;
        case 'p':
            if (arguments->directory_count == MAX_DIRECTORIES) {
                fprintf(stderr, "musterd: too many --plugin-path; expected %d at most\n",
                        MAX_DIRECTORIES);
                return EXIT_CONFIGURATION;
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
        case 'V':
            printf("musterd %s (plugin ABI %d.%d)\n", PACKAGE_VERSION, MUSTER_ABI_MAJOR,
                   MUSTER_ABI_MINOR);
            return EXIT_SUCCESS;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            fputs("try: musterd --help\n", stderr);
            return EXIT_CONFIGURATION;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "musterd: what to do with \"%s\"? try: musterd --help\n", argv[optind]);
        return EXIT_CONFIGURATION;
    }
    if (arguments->config == NULL && !arguments->describe) {
        fputs("musterd: no configuration; expected -c FILE, such as -c " CONFIG_PATH "\n", stderr);
        return EXIT_CONFIGURATION;
    }
    arguments->directories[arguments->directory_count] = PLUGIN_DIRECTORY;
    return -1;
}

static int describe(const struct arguments *arguments)
{
    struct plugin plugin;
    char why[1024];

    if (arguments->plugin == NULL) {
        config_describe(stdout);
        return EXIT_SUCCESS;
    }
    if (plugin_load(&plugin, arguments->plugin, arguments->directories, why, sizeof why) < 0) {
        fprintf(stderr, "musterd: %s\n", why);
        return EXIT_CONFIGURATION;
    }
    printf("%s %s, a %s: %s.\n%s\nABI %u.%u\n\n", plugin.api.name, plugin.api.version,
           plugin_role_name(&plugin), plugin.api.summary, plugin.path, plugin.api.abi_major,
           plugin.api.abi_minor);
    printf("Options:\n");
    options_describe(&plugin.options, stdout);
    if (plugin.options.count == 0)
        printf("  none\n");
    printf("\nAny entry of the chain also has name%s.\n",
           plugin.api.role == MUSTER_SINK ? " and queue" : "");
    plugin_unload(&plugin);
    return EXIT_SUCCESS;
}

/* Loads the configuration, or says all that is wrong with it.  NULL: it is of no use. */
static struct config *load(const struct arguments *arguments, struct host *host)
{
    struct problems problems = {0};
    struct config *config = config_load(arguments->config, arguments->directories, &problems);
    unsigned i;

    if (config != NULL)
        host->catalog = config->catalog;
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
    }
    problems_free(&problems);
    return config;
}

/* Without standard input, output or error, the first files that are opened would
 * get their numbers, and the log would go into a file of data. */
static int open_standard_files(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
    return fd < 0 ? -1 : 0;
}

/* The signals that the main thread waits for; blocked in all threads. */
static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a broken pipe is an error of that write */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that must not grow */
}

/* Waits for a signal until that time on the monotonic clock; 0: for ever.  Returns 0
 * if none came. */
static int wait_for_signal(const sigset_t *set, uint64_t until_ns)
{
    uint64_t now = clock_monotonic();
    struct timespec left = clock_to_timespec(until_ns > now ? until_ns - now : 0);
    int got = until_ns == 0 ? sigwaitinfo(set, NULL) : sigtimedwait(set, NULL, &left);

    return got > 0 ? got : 0;
}

static void wait_for_end(struct collector *collector, const sigset_t *set)
{
    struct log *log = collector->host->log;
    struct state_store *states = collector->host->states;
    int got = 0;

    while (got != SIGTERM && got != SIGINT) {
        got = wait_for_signal(set, state_store_copy(states, clock_monotonic()));
        if (got == SIGHUP) {
            log_line(log, LOG_INFO, NULL, "SIGHUP: reopening every output");
            collector_rotate(collector);
        }
    }
    log_format(log, LOG_INFO, NULL, "%s: stopping", got == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* Stops, and prints the ledger if the collector has run.  `status` is the exit status
 * if all goes well; returns what it is. */
static int finish(struct collector *collector, const sigset_t *signals, bool has_run, int status)
{
    collector_stop(collector, signals);
    log_settle(collector->host->log);
    if (has_run && !ledger_print(collector, stderr))
        status = EXIT_LEDGER;
    if (collector->stuck) {
        /* The thread that does not come back would use what exit() takes away, and
         * may hold the lock of a stream. */
        _exit(status);
    }
    collector_destroy(collector);
    return status;
}

/* From start to stop.  Returns the exit status. */
static int run(struct config *config, const struct host *host, const sigset_t *signals)
{
    struct collector collector;
    bool started = collector_start(&collector, config, host, true) == 0;

    if (started)
        wait_for_end(&collector, signals);
    return finish(&collector, signals, started, started ? EXIT_SUCCESS : EXIT_START);
}

#ifdef HAVE_LIBPCAP
/* The same for a capture. */
static int run_replay(const char *path, struct config *config, struct host *host,
                      const sigset_t *signals)
{
    struct collector collector;
    struct replay replay;
    bool started;
    int status;

    if (replay_open(&replay, path, signals, host) == 0) {
        started = collector_start(&collector, config, host, false) == 0;
        if (started)
            replay_run(&replay, &collector);
        status = started && !replay.broken ? EXIT_SUCCESS : EXIT_START;
        status = finish(&collector, signals, started, status);
    } else {
        status = replay.stopped ? EXIT_SUCCESS : EXIT_START; /* a signal while a pipe was awaited */
    }
    replay_close(&replay);
    return status;
}
#endif

/* The plugins' state: in a replay nothing is kept, and nothing that is kept is touched. */
static struct state_store *open_states(const struct config *config, bool is_replay, struct log *log)
{
    struct state_settings settings = {
        .directory = config->state_directory,
        .live_directory = config->state_live_directory,
        .interval_ns = config->state_interval_ns,
        .is_replay = is_replay,
    };

    return state_store_open(&settings, log);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct host host = {0};
    struct config *config = NULL;
    sigset_t signals;
    int status = parse_arguments(argc, argv, &arguments);

    if (status >= 0)
        return status;
    if (arguments.describe)
        return describe(&arguments);
    status = EXIT_START;
    if (open_standard_files() < 0)
        return status;
    host.log = log_open(LOG_INFO);
    host.metrics = metrics_new();
    if (host.log == NULL || host.metrics == NULL) {
        fprintf(stderr, "musterd: out of memory\n");
        goto done;
    }
    config = load(&arguments, &host);
    if (config == NULL) {
        status = EXIT_CONFIGURATION;
        goto done;
    }
    if (arguments.check) {
        printf("%s: fine\n", arguments.config);
        status = EXIT_SUCCESS;
        goto done;
    }
    log_threshold(host.log, config->log_level);
    host.states = open_states(config, arguments.replay != NULL, host.log);
    if (host.states == NULL)
        goto done;
    block_signals(
        &signals); /* from here on all threads inherit this; before, a signal just ends us */
#ifdef HAVE_LIBPCAP
    if (arguments.replay != NULL)
        status = run_replay(arguments.replay, config, &host, &signals);
    else
#endif
        status = run(config, &host, &signals);

done:
    state_store_close(host.states);
    config_free(config);
    metrics_free(host.metrics);
    log_close(host.log);
    return status;
}
