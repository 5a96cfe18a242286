/* SPDX-License-Identifier: MIT
 *
 * Plugins without files.
 */
#include "path.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <muster/wire.h>

struct path_seen path_seen;

/* ---- the filter ----------------------------------------------------------------------- */

static int open_one(const struct muster_host *host, struct muster_instance *instance, void **state)
{
    (void)host;
    *state = instance;
    atomic_fetch_add(&path_seen.opened, 1);
    return 0;
}

static void close_one(void *state, const struct muster_call *call)
{
    (void)state;
    (void)call;
    atomic_fetch_add(&path_seen.closed, 1);
}

static int process(void *state, struct muster_batch *batch)
{
    struct muster_record event = {.kind = MUSTER_KIND_EVENT, .event.event = MUSTER_EVENT_OWN};
    uint32_t i;

    (void)state;
    for (i = 0; i < batch->count; i++) {
        uint64_t number = batch->records[i].seq;

        if (path_seen.emit_via) {
            event.via = batch->records[i].via;
            event.seq = number;
        }
        if (path_seen.drop_every > 0 && number % path_seen.drop_every == 0)
            host_functions.drop(batch, i);
        if (path_seen.hold_every > 0 && number % path_seen.hold_every == 0)
            host_functions.hold(batch, i);
        if (path_seen.emit_every > 0 && number % path_seen.emit_every == 0)
            host_functions.emit(batch, i, &event);
    }
    return 0;
}

static uint64_t worker_tick(void *state, struct muster_batch *batch, uint64_t now_ns)
{
    static const struct muster_record event = {.kind = MUSTER_KIND_EVENT,
                                               .event.event = MUSTER_EVENT_OWN};

    uint32_t i;

    (void)state;
    path_seen.ticks++;
    for (i = 0; i < path_seen.tick_emits || i == 0; i++)
        host_functions.emit(batch, 0, &event);
    return now_ns + 10 * CLOCK_MILLISECOND;
}

/* ---- the sink ------------------------------------------------------------------------- */

static int64_t write_records(void *state, const struct muster_record *records, uint32_t count,
                             const struct muster_call *call)
{
    uint32_t i;

    (void)state;
    (void)call;
    if (atomic_load(&path_seen.held))
        return 0;
    if (path_seen.look != NULL)
        path_seen.look(records, count);
    for (i = 0; i < count; i++)
        atomic_fetch_add(
            records[i].kind == MUSTER_KIND_MESSAGE ? &path_seen.messages : &path_seen.events, 1);
    return count;
}

static const struct muster_filter filter = {
    .size = sizeof filter,
    .process = process,
    .worker_tick = worker_tick,
};

static const struct muster_sink sink = {
    .size = sizeof sink,
    .takes = MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS,
    .write = write_records,
};

/* ---- the path ------------------------------------------------------------------------- */

void path_open(struct path *path, unsigned pipelines, enum overflow overflow)
{
    memset(path, 0, sizeof *path);
    memset(&path_seen, 0, sizeof path_seen);
    host_init(&path->host);
    path->host.log = log_open(LOG_ERROR);
    path->host.metrics = metrics_new();
    path->host.catalog = catalog_default();
    path->entries[0] = (struct entry){
        .name = (char *)"filter",
        .file = (char *)"test",
        .plugin.path = (char *)"here",
        .plugin.api = {.name = "filter",
                       .version = "1",
                       .open = open_one,
                       .close = close_one,
                       .filter = &filter},
        .plugin.filter = filter,
    };
    path->entries[1] = (struct entry){
        .name = (char *)"sink",
        .file = (char *)"test",
        .queue = QUEUE_LEAST,
        .plugin.path = (char *)"here",
        .plugin.api =
            {.name = "sink", .version = "1", .open = open_one, .close = close_one, .sink = &sink},
        .plugin.sink = sink,
    };
    path_open_chain(path, &path->chain, pipelines, overflow);
}

void path_open_chain(struct path *path, struct chain *chain, unsigned pipelines,
                     enum overflow overflow)
{
    const struct chain_settings settings = {
        .entries = path->entries,
        .entry_count = 2,
        .filter_count = 1,
        .pipelines = pipelines,
        .largest = PATH_LARGEST,
        .overflow = overflow,
    };

    ck_assert_int_eq(chain_open(chain, &settings, &path->host, &path->problems), 0);
    ck_assert_uint_eq(problems_count(&path->problems), 0);
}

void path_take(struct chain *chain, uint16_t device, uint32_t number)
{
    const struct sockaddr_in source = {
        .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pipeline *pipeline = &chain->pipelines[device % chain->pipeline_count];
    const struct muster_header header = {
        .device_id = device, .seq_num = number, .timestamp = 1, .msg_type = MUSTER_MSG_DATA};
    uint8_t bytes[MUSTER_HEADER_SIZE + 4];
    const uint32_t size = (uint32_t)muster_text_encode(bytes, sizeof bytes, &header, "26.6", 4);
    const struct datagram datagram = {
        .bytes = bytes,
        .size = size,
        .stored = size,
        .arrival_ns = 1,
        .source = (const struct sockaddr *)&source,
    };

    pipeline_begin(pipeline);
    pipeline_take(pipeline, &datagram);
    pipeline_publish(pipeline);
}

void path_close_chain(struct chain *chain)
{
    struct pollfd fd = {.fd = chain->drained_fd, .events = POLLIN};
    unsigned i;

    for (i = 0; i < chain->pipeline_count; i++)
        pipeline_close(&chain->pipelines[i]);
    chain_drain(chain, clock_monotonic() + 60 * CLOCK_SECOND);
    while (!chain_drained(chain))
        ck_assert_int_eq(poll(&fd, 1, 60000), 1);
    chain_close(chain);
    ck_assert(!chain->stuck && chain_adds_up(chain));
}

void path_close(struct path *path)
{
    catalog_free((struct catalog *)path->host.catalog);
    metrics_free(path->host.metrics);
    log_close(path->host.log);
    problems_free(&path->problems);
}
