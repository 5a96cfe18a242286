/* SPDX-License-Identifier: MIT
 *
 * A sink that misbehaves on request, to see that nobody else suffers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <muster/plugin.h>

enum does { STUCK, FAIL, FEW, GREEDY, CLOSED, EVENTS, LAZY, UNDECLARED };

static const char *const choices[] = {"stuck",  "fail", "few",        "greedy", "closed",
                                      "events", "lazy", "undeclared", NULL};

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
     .type = MUSTER_OPTION_STRING,
     .fallback = "trouble.txt",
     .summary = "Where it writes what it takes"},
};

struct trouble {
    enum does does;
    int64_t after, taken;
    unsigned calls;
    FILE *file;
};

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct trouble *self = calloc(1, sizeof *self);

    if (self == NULL)
        return MUSTER_FAILED;
    self->does = (enum does)host->get_int(instance, "does");
    self->after = host->get_int(instance, "after");
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

static void close_instance(void *state)
{
    struct trouble *self = state;

    fprintf(self->file, "closed\n");
    fclose(self->file);
    free(self);
}

static int64_t take(void *state, const struct muster_record *records, uint32_t count)
{
    struct trouble *self = state;
    uint32_t i;

    switch (self->does) {
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
        break;
    }
    for (i = 0; i < count; i++)
        fprintf(self->file, "%u %u %u %.*s\n", records[i].kind, records[i].device_id,
                records[i].seq_num, (int)records[i].payload_size,
                records[i].payload_size > 0 ? (const char *)records[i].payload.bytes : "");
    if (self->does != LAZY)
        fflush(self->file);
    self->taken += count;
    return count;
}

/* The lazy one delivers at the third time of asking only. */
static int64_t flush(void *state, uint64_t deadline_ns)
{
    struct trouble *self = state;

    (void)deadline_ns;
    if (self->does == LAZY && ++self->calls % 3 != 0)
        return MUSTER_AGAIN;
    return fflush(self->file) != 0;
}

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .role = MUSTER_SINK,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "trouble",
    .version = "1.0",
    .summary = "misbehaves on request",
    .options = options,
    .open = open_instance,
    .close = close_instance,
    .write = take,
    .flush = flush,
};
