/* SPDX-License-Identifier: MIT
 *
 * Does what a plugin must not do, in the callback that it is told; a filter (FILTER is 1) or a
 * sink. What it does while it is loaded, the environment says: MISBEHAVE_LOAD.
 */
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <muster/plugin.h>

static const char *const deeds[] = {
    "nothing",     "crash", "divide",    "abort",     "overflow",       "exit", "hang",
    "thread_exit", "sleep", "setlocale", "call",      "call_elsewhere", "fail", "again",
    "odd_records", "nulls", "own_crash", "own_abort", "own_exit",       NULL};
static const char *const places[] = {
    "check", "open", "worker_open", "process", "worker_tick", "worker_close", "connect", "write",
    "flush", "tick", "disconnect",  "close",   NULL};

static const struct muster_option options[] = {
    {.name = "does",
     .type = MUSTER_OPTION_CHOICE,
     .choices = deeds,
     .fallback = "nothing",
     .summary = "What it does that it must not do"},
    {.name = "where",
     .type = MUSTER_OPTION_CHOICE,
     .choices = places,
     .fallback = "open",
     .summary = "In which callback"},
    {.name = "time",
     .type = MUSTER_OPTION_DURATION,
     .fallback = "5s",
     .summary = "How long it sleeps"},
};

/* One for all: nothing is configured twice. */
static const char *deed = "nothing", *place = "";
static int64_t sleep_ns;
static const struct muster_host *the_host;
static struct muster_instance *the_instance;
static struct muster_batch *the_batch; /* of the last callback that had one */

static volatile int zero;
static char *volatile nowhere;

/* Recursion that no compiler makes a loop of. */
static int overflow(int depth)
{
    volatile char room[4096];

    memset((char *)room, depth, sizeof room);
    return depth < 0 ? 0 : overflow(depth + 1) + room[depth % 4096];
}

/* Functions that are other callbacks', or other threads'. */
static void *call(void *unused)
{
    static const struct muster_record nothing;
    const struct muster_metric metric = {
        .size = sizeof metric, .name = "late", .unit = "records", .help = "is declared too late"};

    (void)unused;
    muster_cell_add(the_host->metric(the_instance, &metric), 1);
    the_host->get_int(the_instance, "time");
    if (the_batch != NULL && the_host->emit(the_batch, 0, &nothing) == 0)
        the_host->log(the_instance, MUSTER_LOG_ERROR, "it has emitted");
    return NULL;
}

static void call_elsewhere(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, call, NULL) == 0)
        pthread_join(thread, NULL);
}

/* Records that do not hold to the contract; the batch has one record, or none. */
static void odd_records(void)
{
    struct muster_record record = {.kind = MUSTER_KIND_EVENT};

    record.event.event = 200;
    the_host->emit(the_batch, 0, &record);
    record.event.event = 201;
    the_host->emit(the_batch, 0, &record);
    record.kind = MUSTER_KIND_REJECT;
    record.reject.reason = 202;
    the_host->emit(the_batch, 0, &record);
    record.reject.reason = 0;
    the_host->emit(the_batch, 4711, &record);
    record.kind = 9;
    if (the_host->emit(the_batch, 0, &record) != MUSTER_FAILED)
        the_host->log(the_instance, MUSTER_LOG_ERROR, "it has emitted");
}

static void nulls(void)
{
    static const struct muster_record nothing;

    the_host->log(NULL, MUSTER_LOG_INFO, "of nobody");
    the_host->log(the_instance, MUSTER_LOG_INFO, NULL);
    the_host->now(NULL, MUSTER_CLOCK_WALL);
    the_host->device_count(NULL);
    the_host->wake(NULL);
    if (the_host->emit(NULL, 0, &nothing) != MUSTER_FAILED ||
        the_host->drop(NULL, 0) != MUSTER_FAILED ||
        (the_batch != NULL && the_host->emit(the_batch, 0, NULL) != MUSTER_FAILED))
        the_host->log(the_instance, MUSTER_LOG_ERROR, "it has emitted");
}

static void *on_its_own(void *unused)
{
    (void)unused;
    if (strcmp(deed, "own_crash") == 0)
        *nowhere = 1;
    else if (strcmp(deed, "own_abort") == 0)
        abort();
    exit(0);
}

static void run_on_its_own(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, on_its_own, NULL) == 0)
        pthread_join(thread, NULL);
}

static void act(const char *what)
{
    struct timespec pause_time = {.tv_sec = sleep_ns / 1000000000,
                                  .tv_nsec = sleep_ns % 1000000000};

    if (strcmp(what, "crash") == 0)
        *nowhere = 1;
    else if (strcmp(what, "divide") == 0)
        zero = 4711 / zero + raise(SIGFPE); /* not every machine minds the division */
    else if (strcmp(what, "abort") == 0)
        abort();
    else if (strcmp(what, "overflow") == 0)
        zero = overflow(0);
    else if (strcmp(what, "exit") == 0)
        exit(0);
    else if (strcmp(what, "thread_exit") == 0)
        pthread_exit(NULL);
    else if (strcmp(what, "sleep") == 0)
        nanosleep(&pause_time, NULL);
    else if (strcmp(what, "setlocale") == 0)
        the_host->log(the_instance, MUSTER_LOG_INFO, setlocale(LC_ALL, "de_DE.UTF-8"));
    else if (strcmp(what, "call") == 0)
        call(NULL);
    else if (strcmp(what, "call_elsewhere") == 0)
        call_elsewhere();
    else if (strcmp(what, "odd_records") == 0)
        odd_records();
    else if (strcmp(what, "nulls") == 0)
        nulls();
    else if (strncmp(what, "own_", 4) == 0)
        run_on_its_own();
    while (strcmp(what, "hang") == 0)
        pause();
}

/* Returns what the callback is to return. */
static int visit(const char *here)
{
    if (strcmp(here, place) != 0)
        return 0;
    act(deed);
    if (strcmp(deed, "fail") == 0)
        return MUSTER_FAILED;
    return strcmp(deed, "again") == 0 ? MUSTER_AGAIN : 0;
}

static __attribute__((constructor)) void begin(void)
{
    const char *what = getenv("MISBEHAVE_LOAD");

    if (what != NULL)
        act(what);
}

static void read_options(const struct muster_host *host, struct muster_instance *instance)
{
    deed = host->get_string(instance, "does");
    place = host->get_string(instance, "where");
    sleep_ns = host->get_int(instance, "time");
    the_host = host;
    the_instance = instance;
}

static int check(const struct muster_host *host, struct muster_instance *instance)
{
    read_options(host, instance);
    return visit("check");
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    (void)state;
    read_options(host, instance);
    return visit("open");
}

static void close_instance(void *state, const struct muster_call *call)
{
    (void)state;
    (void)call;
    visit("close");
}

#if FILTER

static int worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state)
{
    (void)worker;
    (void)workers;
    *worker_state = state;
    return visit("worker_open");
}

static int process(void *worker_state, struct muster_batch *batch)
{
    (void)worker_state;
    the_batch = batch;
    return visit("process");
}

static uint64_t worker_tick(void *worker_state, struct muster_batch *batch, uint64_t now_ns)
{
    (void)worker_state;
    the_batch = batch;
    (void)now_ns;
    visit("worker_tick");
    return 0;
}

static void worker_close(void *worker_state, struct muster_batch *batch,
                         const struct muster_call *call)
{
    (void)call;
    (void)worker_state;
    (void)batch;
    visit("worker_close");
}

static const struct muster_filter filter = {
    .size = sizeof filter,
    .worker_open = worker_open,
    .process = process,
    .worker_tick = worker_tick,
    .worker_close = worker_close,
};

#else

static int64_t take(void *state, const struct muster_record *records, uint32_t count,
                    const struct muster_call *call)
{
    (void)call;
    (void)state;
    (void)records;
    return visit("write") == 0 ? (int64_t)count : MUSTER_FAILED;
}

static int connect_output(void *state, const struct muster_call *call)
{
    (void)state;
    (void)call;
    return visit("connect");
}

static void disconnect(void *state, const struct muster_call *call)
{
    (void)state;
    (void)call;
    visit("disconnect");
}

static int64_t flush(void *state, const struct muster_call *call)
{
    (void)state;
    (void)call;
    return visit("flush");
}

static uint64_t tick(void *state, uint64_t now_ns)
{
    (void)state;
    (void)now_ns;
    visit("tick");
    return 0;
}

static const struct muster_sink sink = {
    .size = sizeof sink,
    .connect = connect_output,
    .write = take,
    .flush = flush,
    .disconnect = disconnect,
    .tick = tick,
};

#endif

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = FILTER ? "misbehave_filter" : "misbehave_sink",
    .version = "1.0",
    .summary = "does what a plugin must not do",
    .options = options,
    .check = check,
    .open = open_instance,
    .close = close_instance,
#if FILTER
    .filter = &filter,
#else
    .sink = &sink,
#endif
};
