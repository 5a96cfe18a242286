/* SPDX-License-Identifier: MIT
 *
 * What the filter "sequence" adds to a record: CPU time through its process callback,
 * beside a filter that does nothing, in turn and on the same records.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <muster/plugin.h>
#include <muster/wire.h>

enum { BATCH = 64, ROUNDS = 7, RECORDS = 4000000 };

/* ---- a host with nothing behind it ---------------------------------------------------- */

static int64_t get_int(struct muster_instance *instance, const char *option)
{
    (void)instance;
    return strcmp(option, "window") == 0         ? 1024
           : strcmp(option, "max_jump") == 0     ? 3000
           : strcmp(option, "silent_after") == 0 ? 3
                                                 : strcmp(option, "events") == 0;
}

static struct muster_cell *metric(struct muster_instance *instance,
                                  const struct muster_metric *declared)
{
    static struct muster_cell cells[64];
    static unsigned used;

    (void)instance, (void)declared;
    return &cells[used++ % 64];
}

static int read_metric(struct muster_instance *instance, uint32_t index, struct muster_metric *out)
{
    (void)instance, (void)index, (void)out;
    return 0;
}

static int find_metric(struct muster_instance *instance, const char *name, const char *label_value,
                       struct muster_metric *out)
{
    (void)instance, (void)name, (void)label_value, (void)out;
    return 0;
}

static uint64_t now(struct muster_instance *instance, uint32_t clock)
{
    (void)instance, (void)clock;
    return 1;
}

static int emit(struct muster_batch *batch, uint32_t after, const struct muster_record *record)
{
    (void)batch, (void)after, (void)record;
    return 0;
}

static int device(struct muster_instance *instance, uint32_t number, struct muster_device *out)
{
    (void)instance, (void)number;
    out->key = "";
    return 0;
}

static uint32_t device_count(struct muster_instance *instance)
{
    (void)instance;
    return MUSTER_DEVICE_IDS;
}

/* As with a state_dir: shared memory, and every change such that a kill does no harm. */
static int state(struct muster_instance *instance, struct muster_state *out)
{
    (void)instance;
    out->memory = mmap(NULL, out->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    out->age = MUSTER_STATE_NEW;
    out->is_kept = 1;
    return out->memory == MAP_FAILED ? MUSTER_FAILED : 0;
}

static void say(struct muster_instance *instance, uint32_t level, const char *text)
{
    (void)instance, (void)level;
    fprintf(stderr, "%s\n", text);
}

static const struct muster_host host = {
    .size = sizeof host,
    .log = say,
    .now = now,
    .get_int = get_int,
    .metric = metric,
    .read_metric = read_metric,
    .find_metric = find_metric,
    .emit = emit,
    .device_count = device_count,
    .device = device,
    .state = state,
};

/* ---- measuring ------------------------------------------------------------------------ */

static int empty_process(void *state, struct muster_batch *batch)
{
    (void)state, (void)batch;
    return 0;
}

static double cpu_seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct fleet {
    uint32_t devices;
    bool in_turn; /* else in random order */
    uint32_t next[MUSTER_DEVICE_IDS];
    uint64_t random;
    uint32_t turn;
    uint64_t clock_ns;
};

static uint32_t pick(struct fleet *fleet)
{
    if (fleet->in_turn)
        return fleet->turn++ % fleet->devices;
    fleet->random ^= fleet->random << 13;
    fleet->random ^= fleet->random >> 7;
    fleet->random ^= fleet->random << 17;
    return (uint32_t)(fleet->random >> 33) % fleet->devices;
}

/* CPU seconds of RECORDS records through `process`, the making of the records included. */
static double run(struct fleet *fleet, int (*process)(void *, struct muster_batch *), void *state)
{
    static _Alignas(64) struct muster_record records[BATCH];
    struct muster_batch batch = {.records = records, .count = BATCH};
    double begin = cpu_seconds();
    uint32_t i, j;

    for (i = 0; i < RECORDS; i += BATCH) {
        for (j = 0; j < BATCH; j++) {
            uint32_t id = pick(fleet);

            records[j].device_id = records[j].device = id;
            records[j].seq = ++fleet->next[id];
            records[j].device_time_ns = (int64_t)(fleet->clock_ns / 1000000000) * 1000000000;
            records[j].arrival_ns = fleet->clock_ns += 1000; /* a million datagrams a second */
            records[j].msg_type = MUSTER_MSG_DATA;
            records[j].seq_bits = 32;
            records[j].marks = MUSTER_MARK_DEVICE;
            records[j].verdict = MUSTER_VERDICT_NONE;
            records[j].readings = 1;
        }
        process(state, &batch);
        /* As a sink would: the compiler must not drop the verdicts. */
        __asm__ volatile("" : : "r"(records) : "memory");
    }
    return cpu_seconds() - begin;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void measure(const char *what, uint32_t devices, bool in_turn)
{
    static struct fleet fleet;
    const struct muster_filter *filter = muster_plugin_v1.filter;
    double added[ROUNDS], floor[ROUNDS];
    void *state, *worker;
    int i;

    memset(&fleet, 0, sizeof fleet);
    fleet.devices = devices;
    fleet.in_turn = in_turn;
    fleet.random = 88172645463325252;
    fleet.clock_ns = UINT64_C(1762534152000000000);
    if (muster_plugin_v1.open(&host, NULL, &state) != 0 ||
        filter->worker_open(state, 0, 1, &worker) != 0)
        exit(EXIT_FAILURE);
    for (i = 0; i < (int)(devices * 1100.0 / RECORDS) + 1; i++)
        run(&fleet, filter->process, worker); /* touches the memory, and fills the windows */
    for (i = 0; i < ROUNDS; i++) {
        /* The numbers must go on for the tracker, so what the empty filter saw is taken back. */
        struct fleet before = fleet;

        floor[i] = run(&fleet, empty_process, NULL);
        fleet = before;
        added[i] = run(&fleet, filter->process, worker) - floor[i];
    }
    qsort(floor, ROUNDS, sizeof floor[0], compare);
    qsort(added, ROUNDS, sizeof added[0], compare);
    printf("%-40s %6.1f ns a record, the rest %.1f ns\n", what, added[ROUNDS / 2] / RECORDS * 1e9,
           floor[ROUNDS / 2] / RECORDS * 1e9);
}

int main(void)
{
    printf("CPU time that the filter sequence adds, median of %d runs of %d records:\n", ROUNDS,
           RECORDS);
    measure("1,000 devices in turn", 1000, true);
    measure("65,536 devices in random order", MUSTER_DEVICE_IDS, false);
    return 0;
}
