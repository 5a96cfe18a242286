/* SPDX-License-Identifier: MIT
 *
 * A filter that breaks the contract as its option says; muster-plugin check must find it.
 */
#include <stdlib.h>

#include <muster/plugin.h>

static const char *const ways[] = {"not",   "payload", "bytes", "keeps",  "meddles", "foreign",
                                   "drops", "metrics", "late",  "result", NULL};

enum way { NOT, PAYLOAD, BYTES, KEEPS, MEDDLES, FOREIGN, DROPS, METRICS, LATE, RESULT };

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
};

static volatile unsigned seen;

static const struct muster_metric metric = {
    .size = sizeof metric, .name = "seen", .unit = "records", .help = "Records that it saw"};

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct broken *self = calloc(1, sizeof *self);
    struct muster_metric other = metric;

    if (self == NULL)
        abort();
    self->host = host;
    self->instance = instance;
    self->how = (enum way)host->get_int(instance, "how");
    if (self->how == METRICS) {
        other.type = MUSTER_METRIC_DOUBLE;
        host->metric(instance, &other);
        host->metric(instance, &metric);
    }
    *state = self;
    return 0;
}

static int worker_open(void *state, uint32_t worker, uint32_t workers, void **worker_state)
{
    struct broken *self = malloc(sizeof *self);

    (void)worker;
    (void)workers;
    if (self == NULL)
        abort();
    *self = *(struct broken *)state;
    *worker_state = self;
    return 0;
}

/* Emits a record of the next device, which is another worker's. */
static void emit_foreign(const struct broken *self, struct muster_batch *batch)
{
    struct muster_record record;

    muster_record_derive(&record, &batch->records[0]);
    record.marks = MUSTER_MARK_DEVICE;
    record.device = batch->records[0].device + 1;
    self->host->emit(batch, 0, &record);
}

static int process(void *worker_state, struct muster_batch *batch)
{
    struct broken *self = worker_state;
    struct muster_record *first = &batch->records[0];

    switch (self->how) {
    case PAYLOAD:
        first->payload_size = 0;
        break;
    case BYTES:
        if (first->payload_size > 0)
            ((uint8_t *)first->payload.bytes)[0] = 'x'; /* NOLINT: that is the point */
        break;
    case KEEPS:
        seen += self->kept != NULL ? self->kept->kind : 0;
        self->kept = first;
        break;
    case MEDDLES:
        batch->count = 0;
        break;
    case FOREIGN:
        emit_foreign(self, batch);
        break;
    case DROPS:
        self->host->drop(batch, 0);
        self->host->drop(batch, 0);
        break;
    case LATE:
        self->host->metric(self->instance, &metric);
        break;
    case RESULT:
        return (int)batch->count;
    default:
        break;
    }
    return 0;
}

static void worker_close(void *worker_state, struct muster_batch *batch,
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

static const struct muster_filter filter = {
    .size = sizeof filter,
    .worker_open = worker_open,
    .process = process,
    .worker_close = worker_close,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "broken-filter",
    .version = "0",
    .summary = "breaks the contract",
    .options = options,
    .open = open_instance,
    .close = close_instance,
    .filter = &filter,
};
