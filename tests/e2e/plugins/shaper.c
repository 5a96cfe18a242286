/* SPDX-License-Identifier: MIT
 *
 * A filter that drops and adds records, to see that the host puts them where they
 * belong and counts them.  It has no state, so it does without open.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <muster/plugin.h>

/* Set once, before the worker runs. */
static const struct muster_host *the_host;

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    the_host = host;
    *state = instance;
    return 0;
}

static void add(struct muster_batch *batch, uint32_t after, uint64_t seq, const char *what)
{
    struct muster_record event;
    char text[32];

    memset(&event, 0, sizeof event);
    snprintf(text, sizeof text, "%s-%" PRIu64, what, seq);
    event.kind = MUSTER_KIND_EVENT;
    event.seq = seq;
    event.seq_bits = 32;
    event.payload.bytes = (const uint8_t *)text;
    event.payload_size = (uint32_t)strlen(text);
    the_host->emit(batch, after, &event);
}

/* Drops even numbers.  Puts two events behind each odd one, with texts that are gone when
 * this returns, and four thousand more behind number 1001. */
static int process(void *worker_state, struct muster_batch *batch)
{
    uint32_t i, j;

    (void)worker_state;
    for (i = 0; i < batch->count; i++) {
        const struct muster_record *record = &batch->records[i];

        if (record->kind != MUSTER_KIND_MESSAGE)
            continue;
        if (record->seq % 2 == 0) {
            the_host->drop(batch, i);
            the_host->drop(batch, i); /* counts once */
            continue;
        }
        add(batch, i, record->seq, "a");
        add(batch, i, record->seq, "b");
        for (j = 0; record->seq == 1001 && j < 4000; j++)
            add(batch, i, j, "many");
    }
    return 0;
}

static void worker_close(void *worker_state, struct muster_batch *batch,
                         const struct muster_call *call)
{
    (void)worker_state;
    (void)call;
    add(batch, 0, 0, "end");
}

static const struct muster_filter filter = {
    .size = sizeof filter,
    .process = process,
    .worker_close = worker_close,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .name = "shaper",
    .version = "1.0",
    .summary = "drops even numbers and adds events",
    .open = open_instance,
    .filter = &filter,
};
