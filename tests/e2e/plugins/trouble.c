/* SPDX-License-Identifier: MIT
 *
 * A sink that misbehaves on request, to see that nobody else suffers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <muster/plugin.h>

enum does { STUCK, FAIL, FEW, GREEDY, CLOSED, EVENTS, LAZY, UNDECLARED, LOSSY, GENEROUS, KEEPING };

static const char *const choices[] = {"stuck",  "fail",     "few",     "greedy",
                                      "closed", "events",   "lazy",    "undeclared",
                                      "lossy",  "generous", "keeping", NULL};

static const struct muster_option options[] = {
    {.name = "does",
     .type = MUSTER_OPTION_CHOICE,
     .choices = choices,
     .fallback = "stuck",
     .summary = "What is wrong with it"},
    {.name = "after",
     .type = MUSTER_OPTION_INT,
     .fallback = "0",
     .summary = "How many records it takes before it fails"},
    {.name = "path",
     .type = MUSTER_OPTION_PATH,
     .fallback = "trouble.txt",
     .summary = "Where it writes what it takes"},
    {.name = "gate",
     .type = MUSTER_OPTION_STRING,
     .fallback = "",
     .summary = "A file without which it cannot be connected"},
};

struct trouble {
    enum does does;
    int64_t after, taken;
    const char *path;
    unsigned calls;
    FILE *file;
    const struct muster_host *host;
    struct muster_instance *instance;
    char *held; /* the lossy one's: what is not in the file yet */
    size_t held_size;
    FILE *holding; /* writes it */
};

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct trouble *self = calloc(1, sizeof *self);

    if (self == NULL)
        return MUSTER_FAILED;
    self->does = (enum does)host->get_int(instance, "does");
    self->after = host->get_int(instance, "after");
    self->path = host->get_string(instance, "path");
    self->host = host;
    self->instance = instance;
    if (self->does == UNDECLARED)
        host->get_int(instance, "no_such_option");
    if (self->does == CLOSED) {
        host->log(instance, MUSTER_LOG_ERROR, "this sink never opens");
        free(self);
        return MUSTER_FAILED;
    }
    self->file = fopen(host->get_string(instance, "path"), "w");
    if (self->file == NULL) {
        free(self);
        return MUSTER_FAILED;
    }
    host->take(instance, self->does == EVENTS ? MUSTER_TAKES_EVENTS
                                              : MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS);
    *state = self;
    return 0;
}

static void close_instance(void *state, const struct muster_call *call)
{
    struct trouble *self = state;

    (void)call;
    fprintf(self->file, "closed\n");
    fclose(self->file);
    free(self);
}

static void hold_nothing(struct trouble *self)
{
    if (self->holding != NULL)
        fclose(self->holding);
    free(self->held);
    self->held = NULL;
    self->holding = NULL;
}

/* What the lossy one takes is in the file when flush says so, all or nothing; each third flush, and
 * each seventh write, the output is lost. */
static int64_t take_lossily(struct trouble *self, const struct muster_record *records,
                            uint32_t count)
{
    uint32_t i;

    if (++self->calls % 7 == 0)
        return MUSTER_LOST;
    if (self->holding == NULL)
        self->holding = open_memstream(&self->held, &self->held_size);
    if (self->holding == NULL)
        return MUSTER_FAILED;
    for (i = 0; i < count; i++)
        fprintf(self->holding, "%.*s\n", (int)records[i].payload_size,
                (const char *)records[i].payload.bytes);
    return count;
}

static int64_t flush_lossily(struct trouble *self)
{
    if (++self->calls % 3 == 0)
        return MUSTER_LOST;
    if (self->holding != NULL && fflush(self->holding) == 0)
        fwrite(self->held, 1, self->held_size, self->file);
    hold_nothing(self);
    return 0;
}

static int64_t take(void *state, const struct muster_record *records, uint32_t count,
                    const struct muster_call *call)
{
    struct trouble *self = state;
    uint32_t i;

    (void)call;
    switch (self->does) {
    case LOSSY:
        return take_lossily(self, records, count);
    case STUCK:
        for (;;)
            pause();
    case FAIL:
        if (self->taken >= self->after)
            return MUSTER_FAILED;
        break;
    case FEW: /* nothing, then one, then nothing, ... */
        if (self->calls++ % 2 == 0)
            return 0;
        count = 1;
        break;
    case GREEDY:
        return (int64_t)count + 1;
    case LAZY:
    case EVENTS:
    case CLOSED:
    case UNDECLARED:
    case GENEROUS:
    case KEEPING:
        break;
    }
    for (i = 0; i < count; i++)
        fprintf(self->file, "%u %" PRIu64 " %" PRIu64 " %.*s\n", records[i].kind,
                records[i].device_id, records[i].seq, (int)records[i].payload_size,
                records[i].payload_size > 0 ? (const char *)records[i].payload.bytes : "");
    if (self->does != LAZY)
        fflush(self->file);
    self->taken += count;
    return count;
}

/* Without its gate there is no output. */
static int connect_output(void *state, const struct muster_call *call)
{
    struct trouble *self = state;
    const char *gate = self->host->get_string(self->instance, "gate");

    (void)call;
    if (gate[0] != '\0' && access(gate, F_OK) != 0) {
        self->host->log(self->instance, MUSTER_LOG_ERROR, "the gate is shut");
        return MUSTER_AGAIN;
    }
    self->host->log(self->instance, MUSTER_LOG_INFO, "connected");
    return 0;
}

static void disconnect_output(void *state, const struct muster_call *call)
{
    struct trouble *self = state;

    (void)call;
    hold_nothing(self);
    self->host->log(self->instance, MUSTER_LOG_INFO, "disconnected");
}

/* The lazy one delivers at the third time of asking only. */
static int64_t flush(void *state, const struct muster_call *call)
{
    struct trouble *self = state;

    (void)call;
    if (self->does == LOSSY)
        return flush_lossily(self);
    if (self->does == GENEROUS)
        return self->taken + 1000000;
    if (self->does == KEEPING)
        return MUSTER_AGAIN;
    if (self->does == LAZY && ++self->calls % 3 != 0)
        return MUSTER_AGAIN;
    return fflush(self->file) != 0;
}

/* Adopts `after`, but no other path; and none if it is to fail. */
static int reload(void *state, const struct muster_call *call)
{
    struct trouble *self = state;
    char text[64];

    (void)call;
    self->after = self->host->get_int(self->instance, "after");
    snprintf(text, sizeof text, "after is %lld now", (long long)self->after);
    self->host->log(self->instance, MUSTER_LOG_INFO, text);
    if (self->after == 13)
        return MUSTER_FAILED;
    return strcmp(self->host->get_string(self->instance, "path"), self->path) == 0 ? 0
                                                                                   : MUSTER_RENEW;
}

static const struct muster_sink sink = {
    .size = sizeof sink,
    .takes = MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS,
    .connect = connect_output,
    .write = take,
    .flush = flush,
    .disconnect = disconnect_output,
    .reload = reload,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "trouble",
    .version = "1.0",
    .summary = "misbehaves on request",
    .options = options,
    .open = open_instance,
    .close = close_instance,
    .sink = &sink,
};
