/* SPDX-License-Identifier: MIT
 *
 * A sink that breaks the contract as its option says; muster-plugin check must find it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <muster/plugin.h>

static const char *const ways[] = {"not",      "keeps",  "writes", "behind", "much",
                                   "gives-up", "twice",  "leaks",  "exits",  "hangs",
                                   "aborts",   "silent", "result", "asks",   "asks-late",
                                   "thread",   "opened", "check",  "never",  NULL};

enum way {
    NOT,
    KEEPS,
    WRITES,
    BEHIND,
    MUCH,
    GIVES_UP,
    TWICE,
    LEAKS,
    EXITS,
    HANGS,
    ABORTS,
    SILENT,
    RESULT,
    ASKS,
    ASKS_LATE,
    THREAD,
    OPENED,
    CHECK,
    NEVER
};

static const struct muster_option options[] = {
    {.name = "how",
     .type = MUSTER_OPTION_CHOICE,
     .fallback = "not",
     .choices = ways,
     .summary = "What it does wrong"},
};

struct broken {
    const struct muster_host *host;
    struct muster_instance *instance;
    const struct muster_record *kept;
    enum way how;
    int fd;
};

static volatile unsigned seen;

static int check(const struct muster_host *host, struct muster_instance *instance)
{
    return host->get_int(instance, "how") == CHECK ? MUSTER_FAILED : 0;
}

static void *sleep_on(void *context)
{
    pause();
    return context;
}

static void open_wrongly(struct broken *self)
{
    struct muster_state state = {.size = sizeof state, .format = 1, .bytes = 8};
    pthread_t thread;

    switch (self->how) {
    case TWICE:
        self->host->state(self->instance, &state);
        self->host->state(self->instance, &state);
        break;
    case ASKS:
        self->host->get_int(self->instance, "other");
        break;
    case EXITS:
        exit(3);
    case THREAD:
        pthread_create(&thread, NULL, sleep_on, NULL);
        break;
    case OPENED:
        self->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        break;
    default:
        break;
    }
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct broken *self = calloc(1, sizeof *self);

    if (self == NULL)
        abort();
    self->host = host;
    self->instance = instance;
    self->how = (enum way)host->get_int(instance, "how");
    self->fd = -1;
    *state = self;
    open_wrongly(self);
    return 0;
}

static int connect_output(void *state, const struct muster_call *call)
{
    struct broken *self = state;

    (void)call;
    switch (self->how) {
    case LEAKS:
        return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : MUSTER_AGAIN;
    case SILENT:
        return MUSTER_FAILED;
    case RESULT:
        return 7;
    case NEVER:
        self->host->log(self->instance, MUSTER_LOG_ERROR, "nobody is there");
        return MUSTER_AGAIN;
    default:
        return 0;
    }
}

static int64_t write_records(void *state, const struct muster_record *records, uint32_t count,
                             const struct muster_call *call)
{
    struct broken *self = state;
    const struct muster_record *last = &records[count - 1];

    (void)call;
    switch (self->how) {
    case KEEPS:
        self->kept = records;
        break;
    case WRITES:
        ((struct muster_record *)last)->quality = 1; /* NOLINT: that is the point */
        break;
    case BEHIND:
        seen += records[0].payload_size > 0 ? records[0].payload.bytes[records[0].payload_size + 20]
                                            : 0;
        break;
    case MUCH:
        return count + 1;
    case HANGS:
        pause();
        break;
    case ABORTS:
        abort();
    case ASKS_LATE:
        self->host->get_int(self->instance, "how");
        break;
    default:
        break;
    }
    return count;
}

static int64_t flush(void *state, const struct muster_call *call)
{
    struct broken *self = state;

    (void)call;
    if (self->kept != NULL)
        seen += self->kept->kind;
    return self->how == GIVES_UP ? 1000000 : 0;
}

static void close_instance(void *state, const struct muster_call *call)
{
    struct broken *self = state;

    (void)call;
    if (self->fd >= 0)
        close(self->fd);
    free(self);
}

static const struct muster_sink sink = {
    .size = sizeof sink,
    .connect = connect_output,
    .write = write_records,
    .flush = flush,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "broken-sink",
    .version = "0",
    .summary = "breaks the contract",
    .options = options,
    .check = check,
    .open = open_instance,
    .close = close_instance,
    .sink = &sink,
};
