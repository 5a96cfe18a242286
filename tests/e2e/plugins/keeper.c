/* SPDX-License-Identifier: MIT
 *
 * A filter that counts messages in memory that outlives the daemon, and says at its start how old
 * that is and how far it has come.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <muster/plugin.h>

enum { WORKERS_MOST = 256, FORMAT = 1 };

/* What is kept. */
struct counts {
    uint64_t messages[WORKERS_MOST]; /* one for each worker */
};

static const struct muster_option options[] = {
    {.name = "fail",
     .type = MUSTER_OPTION_BOOL,
     .fallback = "false",
     .summary = "Fail to open, after the state is there"},
    {.name = "often",
     .type = MUSTER_OPTION_INT,
     .fallback = "1",
     .min = 0,
     .max = 2,
     .summary = "How many times to ask for the state"},
    {.name = "late",
     .type = MUSTER_OPTION_BOOL,
     .fallback = "false",
     .summary = "Ask for the state when a worker opens, which is too late"},
};

struct keeper {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct counts *counts;
};

struct worker {
    uint64_t *messages;
};

static uint64_t sum(const struct counts *counts)
{
    uint64_t all = 0;
    uint32_t i;

    for (i = 0; i < WORKERS_MOST; i++)
        all += counts->messages[i];
    return all;
}

static int is_sound(const struct muster_state *state)
{
    return sum(state->memory) < 1000000;
}

static int ask(struct keeper *self)
{
    static const char *const ages[] = {"new", "stopped", "killed", "stale"};
    struct muster_state state = {.size = sizeof state,
                                 .format = FORMAT,
                                 .bytes = sizeof(struct counts),
                                 .is_sound = is_sound};
    char text[100];

    if (!MUSTER_HOST_HAS(self->host, state) || self->host->state(self->instance, &state) != 0)
        return -1;
    self->counts = state.memory;
    snprintf(text, sizeof text, "the state is %s, %s: %" PRIu64 " messages", ages[state.age],
             state.is_kept ? "kept" : "not kept", sum(self->counts));
    self->host->log(self->instance, MUSTER_LOG_INFO, text);
    return 0;
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct keeper *self = calloc(1, sizeof *self);
    int64_t i;

    if (self == NULL)
        return MUSTER_FAILED;
    self->host = host;
    self->instance = instance;
    for (i = 0; i < host->get_int(instance, "often"); i++)
        if (ask(self) < 0)
            goto failed;
    if (host->get_int(instance, "fail")) {
        host->log(instance, MUSTER_LOG_ERROR, "failing, as told");
        goto failed;
    }
    *state = self;
    return 0;

failed:
    free(self);
    return MUSTER_FAILED;
}

static int open_worker(void *state, uint32_t number, uint32_t workers, void **worker_state)
{
    struct keeper *self = state;
    struct worker *worker = calloc(1, sizeof *worker);

    (void)workers;
    if (worker == NULL || number >= WORKERS_MOST ||
        (self->host->get_int(self->instance, "late") && ask(self) < 0) || self->counts == NULL) {
        free(worker);
        return MUSTER_FAILED;
    }
    worker->messages = &self->counts->messages[number];
    *worker_state = worker;
    return 0;
}

static int process(void *worker_state, struct muster_batch *batch)
{
    struct worker *worker = worker_state;
    uint32_t i;

    for (i = 0; i < batch->count; i++)
        *worker->messages += batch->records[i].kind == MUSTER_KIND_MESSAGE;
    return 0;
}

static void close_worker(void *worker_state, struct muster_batch *batch,
                         const struct muster_call *call)
{
    (void)batch;
    (void)call;
    free(worker_state);
}

static void close_instance(void *state, const struct muster_call *call)
{
    (void)call;
    free(state);
}

/* No worker is in process meanwhile, so that the sum is exact. */
static int reload(void *state, const struct muster_call *call)
{
    const struct keeper *self = state;
    char text[64];

    (void)call;
    snprintf(text, sizeof text, "reloaded at %" PRIu64 " messages", sum(self->counts));
    self->host->log(self->instance, MUSTER_LOG_INFO, text);
    return 0;
}

static const struct muster_filter filter = {
    .size = sizeof filter,
    .reload = reload,
    .worker_open = open_worker,
    .process = process,
    .worker_close = close_worker,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "keeper",
    .version = "1.0",
    .summary = "counts messages, and does not forget",
    .options = options,
    .open = open_instance,
    .close = close_instance,
    .filter = &filter,
};
