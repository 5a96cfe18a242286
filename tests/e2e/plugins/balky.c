/* SPDX-License-Identifier: MIT
 *
 * A sink that hangs or fails in one of its callbacks as long as a file is there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <muster/plugin.h>

enum where { CONNECT, WRITE, FLUSH, DISCONNECT, TICK, CLOSE };

static const char *const places[] = {"connect", "write", "flush", "disconnect",
                                     "tick",    "close", NULL};
static const char *const ways[] = {"hang", "fail", NULL};

static const struct muster_option options[] = {
    {.name = "in",
     .type = MUSTER_OPTION_CHOICE,
     .choices = places,
     .fallback = "write",
     .summary = "In which callback it balks"},
    {.name = "does",
     .type = MUSTER_OPTION_CHOICE,
     .choices = ways,
     .fallback = "hang",
     .summary = "What it does there"},
    {.name = "gate",
     .type = MUSTER_OPTION_PATH,
     .fallback = "shut",
     .flags = MUSTER_OPTION_INPUT,
     .summary = "The file as long as which is there it balks"},
    {.name = "path",
     .type = MUSTER_OPTION_PATH,
     .fallback = "balky.txt",
     .summary = "Where it writes what it takes"},
};

struct balky {
    const struct muster_host *host;
    struct muster_instance *instance;
    enum where where;
    int fails;
    const char *gate, *path;
    FILE *file;
};

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct balky *self = calloc(1, sizeof *self);

    if (self == NULL)
        return MUSTER_FAILED;
    self->host = host;
    self->instance = instance;
    self->where = (enum where)host->get_int(instance, "in");
    self->fails = host->get_int(instance, "does") != 0;
    self->gate = host->get_string(instance, "gate");
    self->path = host->get_string(instance, "path");
    *state = self;
    return 0;
}

/* Returns whether that callback is to fail; if it is to hang, it does not return before the gate is
 * open. */
static int balks(struct balky *self, enum where where)
{
    if (self->where != where || access(self->gate, F_OK) != 0)
        return 0;
    self->host->log(self->instance, MUSTER_LOG_ERROR, "the gate is shut; open it");
    while (!self->fails && access(self->gate, F_OK) == 0)
        usleep(10000);
    return self->fails;
}

static int connect_output(void *state, const struct muster_call *call)
{
    struct balky *self = state;

    (void)call;
    if (balks(self, CONNECT))
        return MUSTER_FAILED;
    self->file = fopen(self->path, "a");
    return self->file != NULL ? 0 : MUSTER_AGAIN;
}

static int64_t take(void *state, const struct muster_record *records, uint32_t count,
                    const struct muster_call *call)
{
    struct balky *self = state;
    uint32_t i;

    (void)call;
    if (balks(self, WRITE))
        return MUSTER_FAILED;
    for (i = 0; i < count; i++)
        fprintf(self->file, "%" PRIu64 "\n", records[i].seq);
    return count;
}

static int64_t flush(void *state, const struct muster_call *call)
{
    struct balky *self = state;

    (void)call;
    if (balks(self, FLUSH))
        return MUSTER_FAILED;
    fflush(self->file);
    return 0;
}

static void disconnect_output(void *state, const struct muster_call *call)
{
    struct balky *self = state;

    (void)call;
    balks(self, DISCONNECT);
    fclose(self->file);
    self->file = NULL;
}

static uint64_t tick(void *state, uint64_t now_ns)
{
    (void)now_ns;
    balks(state, TICK);
    return 0;
}

static void close_instance(void *state, const struct muster_call *call)
{
    struct balky *self = state;

    (void)call;
    balks(self, CLOSE);
    free(self);
}

static const struct muster_sink sink = {
    .size = sizeof sink,
    .takes = MUSTER_TAKES_MESSAGES,
    .hold = 1,
    .connect = connect_output,
    .write = take,
    .flush = flush,
    .disconnect = disconnect_output,
    .tick = tick,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "balky",
    .version = "1.0",
    .summary = "Hangs or fails where it is told to",
    .options = options,
    .open = open_instance,
    .close = close_instance,
    .sink = &sink,
};
