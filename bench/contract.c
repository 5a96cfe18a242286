/* SPDX-License-Identifier: MIT
 *
 * What the contract itself costs a record: filters and sinks that do nothing, on the real path,
 * without a front.  CPU time of the whole process; of each figure the difference between a path
 * that has some and one that has none, in turn.
 *
 *   contract                a table
 *   contract FILTERS SINKS  one path, for a profiler
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <muster/plugin.h>
#include <muster/wire.h>

#include "collector/flow/chain.h"

enum { BATCH = 256, ROUNDS = 9, MOST = 8, DEVICES = 1000, LARGEST = 1472 };

static unsigned long records = 2000000;

/* ---- plugins that do nothing ---------------------------------------------------------- */

static int process(void *state, struct muster_batch *batch)
{
    (void)state, (void)batch;
    return 0;
}

static int64_t take(void *state, const struct muster_record *list, uint32_t count,
                    const struct muster_call *call)
{
    (void)state, (void)list, (void)call;
    return count;
}

static int64_t flush(void *state, const struct muster_call *call)
{
    (void)state, (void)call;
    return 0;
}

static const struct muster_filter filter = {.size = sizeof filter, .process = process};
static const struct muster_sink sink = {
    .size = sizeof sink, .takes = MUSTER_TAKES_MESSAGES, .write = take, .flush = flush};

static struct entry make_entry(unsigned number, bool is_sink)
{
    static char names[2 * MOST][8];
    struct entry entry = {
        .name = names[number],
        .file = (char *)"contract",
        .queue = 65536,
        .plugin.path = (char *)"none",
        .plugin.api = {.name = "none", .version = "1", .summary = "does nothing"},
    };

    snprintf(names[number], sizeof names[number], "none%u", number);
    if (is_sink) {
        entry.plugin.api.sink = &sink;
        entry.plugin.sink = sink;
    } else {
        entry.plugin.api.filter = &filter;
        entry.plugin.filter = filter;
    }
    return entry;
}

/* ---- the path ------------------------------------------------------------------------- */

static void run_batches(struct pipeline *pipeline)
{
    const struct sockaddr_in source = {
        .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct muster_header header = {.timestamp = 1, .msg_type = MUSTER_MSG_DATA};
    uint8_t bytes[MUSTER_HEADER_SIZE + 4];
    struct datagram datagram = {
        .bytes = bytes, .arrival_ns = 1, .source = (const struct sockaddr *)&source};
    unsigned long i;

    for (i = 0; i < records; i++) {
        header.device_id = (uint16_t)(i % DEVICES);
        header.seq_num = (uint32_t)(i / DEVICES);
        datagram.size = datagram.stored =
            (uint32_t)muster_text_encode(bytes, sizeof bytes, &header, "26.6", 4);
        if (i % BATCH == 0) {
            pipeline_publish(pipeline);
            pipeline_begin(pipeline);
        }
        pipeline_take(pipeline, &datagram);
    }
    pipeline_publish(pipeline);
}

/* CPU time in ns a record. */
static double measure(struct host *host, unsigned filters, unsigned sinks)
{
    struct entry entries[2 * MOST];
    struct problems problems = {0};
    struct chain_settings settings = {
        .entries = entries,
        .entry_count = filters + sinks,
        .filter_count = filters,
        .pipelines = 1,
        .largest = LARGEST,
        .overflow = OVERFLOW_WAIT,
    };
    struct timespec from, to;
    struct chain chain;
    struct pollfd fd;
    unsigned i;

    for (i = 0; i < filters + sinks; i++)
        entries[i] = make_entry(i, i >= filters);
    if (chain_open(&chain, &settings, host, &problems) < 0 || chain_start(&chain, &problems) < 0) {
        problems_print(&problems, stderr);
        exit(1);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    run_batches(&chain.pipelines[0]);
    fanout_settle(&chain.pipelines[0].fanout);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    pipeline_close(&chain.pipelines[0]);
    chain_drain(&chain, clock_monotonic() + 60 * CLOCK_SECOND);
    fd = (struct pollfd){.fd = chain.drained_fd, .events = POLLIN};
    while (!chain_drained(&chain))
        poll(&fd, 1, 1000);
    chain_close(&chain);
    chain_free(&chain);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
           (double)records;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_median(const char *what, double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof values[0], compare);
    printf("%-36s %6.2f ns a record (%.2f to %.2f)\n", what, values[ROUNDS / 2], values[0],
           values[ROUNDS - 1]);
}

int main(int argc, char **argv)
{
    double floor[ROUNDS], filters[ROUNDS], sinks[ROUNDS];
    struct host host = {0};
    unsigned i;

    host_init(&host);
    host.log = log_open(LOG_ERROR);
    host.metrics = metrics_new();
    host.catalog = catalog_default();
    if (argc == 3) {
        measure(&host, (unsigned)atoi(argv[1]) % MOST, (unsigned)atoi(argv[2]) % MOST);
        return 0;
    }
    for (i = 0; i < ROUNDS; i++) {
        floor[i] = measure(&host, 0, 0);
        filters[i] = (measure(&host, MOST, 0) - floor[i]) / MOST;
        sinks[i] = measure(&host, 0, 1) - floor[i];
    }
    print_median("decode and publish, nobody listens", floor);
    print_median("an empty filter, batches of 256", filters);
    print_median("an empty sink, queue included", sinks);
    log_close(host.log);
    return 0;
}
