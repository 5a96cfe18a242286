/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence" against its vectors, tests/vectors/sequence/: each datagram is decoded
 * and judged as a batch of its own, each second between is a tick, and what the filter says is
 * compared text by text.
 */
#include <check.h>
#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "common/wire_class.h"
#include "common/yaml.h"
#include "plugins/fake_host.h"
#include "memory.h"
#include "wire/datagram.h"

#define PLUGIN    (&muster_plugin_v1)
#define BEGINNING 1750000000u          /* s: the `at` of a step counts from here */
#define SECOND    UINT64_C(1000000000) /* ns */
#define LARGEST   256                  /* bytes of a datagram in the vectors */
#define TEXT_ROOM 1024                 /* bytes of a list, written as one text */
#define TIME_ROOM 32                   /* bytes of a time as text */
#define GAPS_MOST 32                   /* gaps of one case */

static const char *const verdict_names[] = {
    [MUSTER_VERDICT_NONE] = "none",
    [MUSTER_VERDICT_UNNUMBERED] = "unnumbered",
    [MUSTER_VERDICT_FIRST] = "first",
    [MUSTER_VERDICT_NEW] = "new",
    [MUSTER_VERDICT_GAP] = "gap",
    [MUSTER_VERDICT_LATE] = "late",
    [MUSTER_VERDICT_DUPLICATE] = "duplicate",
    [MUSTER_VERDICT_RESTART] = "restart",
    [MUSTER_VERDICT_OUTLIER] = "outlier",
};

static const char *const event_names[] = {
    [MUSTER_EVENT_GAP_OPENED] = "gap_opened",
    [MUSTER_EVENT_GAP_RECOVERED] = "gap_recovered",
    [MUSTER_EVENT_GAP_LOST] = "gap_lost",
    [MUSTER_EVENT_RESTART] = "restart",
    [MUSTER_EVENT_OUTLIER] = "outlier",
    [MUSTER_EVENT_DEVICE_NEW] = "device_new",
    [MUSTER_EVENT_DEVICE_LATE] = "late",
    [MUSTER_EVENT_DEVICE_SILENT] = "silent",
    [MUSTER_EVENT_DEVICE_BACK] = "back",
    [MUSTER_EVENT_TWO_SENDERS] = "two_senders",
    [MUSTER_EVENT_GAP_TAKEN_BACK] = "gap_taken_back",
};

/* The bits of MUSTER_CAUSE_*, from the lowest. */
static const char *const cause_names[] = {"network", "kernel",   "collector",     "collector-down",
                                          "restart", "checksum", "not-believable"};

/* The filter's counters: RECORDS of them count records, each in one. */
enum { RECORDS = 10 };
static const char *const count_names[] = {
    "first",    "in_order",   "gaps",    "late",         "duplicates", "restarts",
    "outliers", "unnumbered", "shared",  "doubted",      "missing",    "recovered",
    "lost",     "open",       "devices", "late_devices", "silent",
};

enum { FILES_MOST = 32, CASES_MOST = 512 };

static struct vectors files[FILES_MOST];
static struct {
    struct vectors *file;
    const yaml_node_t *node;
} cases[CASES_MOST];
static int case_count;
static struct vectors *vectors; /* the file of the case in progress */

/* A case in progress. */
struct run {
    const char *name;
    const yaml_node_t *node;
    struct wire_class class;
    struct muster_instance *instance;
    void *state, *worker;
    void *memory; /* the state that is kept, or NULL */
    uint64_t bytes;
    uint64_t now_ns;
    uint64_t kernel_drops;
    uint64_t records;
    struct {
        uint16_t device_id;
        uint64_t first, last;
        uint64_t opened_ns;
    } gaps[GAPS_MOST];
    size_t gap_count;
};

/* ---- texts ---------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void add(char *list, const char *format, ...)
{
    size_t used = strlen(list);
    va_list arguments;
    int length;

    if (used > 0 && list[used - 1] != ' ')
        used += (size_t)snprintf(list + used, TEXT_ROOM - used, ", ");
    ck_assert_uint_lt(used, TEXT_ROOM);
    va_start(arguments, format);
    length = vsnprintf(list + used, TEXT_ROOM - used, format, arguments);
    va_end(arguments);
    ck_assert(length >= 0 && (size_t)length < TEXT_ROOM - used);
}

static void write_list(char *out, const yaml_node_t *list)
{
    size_t i;

    *out = '\0';
    for (i = 0; i < vectors_length(vectors, list); i++)
        add(out, "%s", vectors_text(vectors, vectors_item(vectors, list, i)));
}

static void add_verdict(char *out, const struct muster_record *record)
{
    const char *more = (record->marks & MUSTER_MARK_AT_LEAST) != 0 ? "+" : "";

    ck_assert_uint_lt(record->verdict, sizeof verdict_names / sizeof verdict_names[0]);
    if (record->message.gap > 0) {
        ck_assert_int_eq(record->verdict, MUSTER_VERDICT_GAP);
        add(out, "gap %" PRIu64 "%s", record->message.gap, more);
        return;
    }
    add(out, "%s%s", verdict_names[record->verdict], more);
}

static void write_causes(char *out, size_t room, uint16_t cause)
{
    size_t i, used = 0;

    ck_assert_uint_lt(cause, 1u << sizeof cause_names / sizeof cause_names[0]);
    *out = '\0';
    for (i = 0; i < sizeof cause_names / sizeof cause_names[0]; i++)
        if (cause >> i & 1)
            used += (size_t)snprintf(out + used, room - used, "%s%s", used > 0 ? "+" : "",
                                     cause_names[i]);
    ck_assert_uint_lt(used, room);
}

/* Seconds after the beginning, with as many digits as there are. */
static const char *write_time(char out[TIME_ROOM], uint64_t ns)
{
    int length =
        snprintf(out, TIME_ROOM, "%" PRIu64 ".%09" PRIu64, ns / SECOND - BEGINNING, ns % SECOND);

    while (out[length - 1] == '0')
        out[--length] = '\0';
    if (out[length - 1] == '.')
        out[--length] = '\0';
    return out;
}

static void add_event(char *out, const struct muster_record *event)
{
    char causes[64], times[2][TIME_ROOM];
    const char *name;

    if (event->event.event == MUSTER_EVENT_GAP_OPENED &&
        event->event.was == MUSTER_EVENT_GAP_OPENED && event->event.was_cause == event->event.cause)
        return; /* it stands, and nothing is new */
    ck_assert_uint_lt(event->event.event, sizeof event_names / sizeof event_names[0]);
    name = event_names[event->event.event];
    ck_assert_ptr_nonnull(name);
    switch (event->event.event) {
    case MUSTER_EVENT_DEVICE_NEW:
        add(out, "%s", name);
        break;
    case MUSTER_EVENT_RESTART:
        add(out, "%s %" PRIu64, name, event->event.first);
        break;
    case MUSTER_EVENT_GAP_OPENED:
    case MUSTER_EVENT_GAP_LOST:
        write_causes(causes, sizeof causes, event->event.cause);
        if (event->event.event == MUSTER_EVENT_GAP_OPENED && event->event.was != MUSTER_EVENT_NONE)
            name = "gap_cause";
        /* What opens is the network's, unless more is known. */
        if (strcmp(name, "gap_opened") == 0 && event->event.cause == MUSTER_CAUSE_NETWORK)
            causes[0] = '\0';
        add(out, "%s %" PRIu64 "-%" PRIu64 "%s%s%s", name, event->event.first, event->event.last,
            (event->marks & MUSTER_MARK_AT_LEAST) != 0 ? "+" : "", causes[0] != '\0' ? " " : "",
            causes);
        break;
    case MUSTER_EVENT_DEVICE_LATE:
    case MUSTER_EVENT_DEVICE_SILENT:
        add(out, "%s %" PRIu64 " at %s since %s", name, event->device_id,
            write_time(times[0], event->arrival_ns), write_time(times[1], event->event.opened_ns));
        break;
    case MUSTER_EVENT_DEVICE_BACK:
        add(out, "%s %s-%s", name, write_time(times[0], event->event.opened_ns),
            write_time(times[1], event->event.closed_ns));
        break;
    default:
        add(out, "%s %" PRIu64 "-%" PRIu64, name, event->event.first, event->event.last);
        break;
    }
}

/* Seconds with a fraction, as nanoseconds after the beginning. */
static uint64_t read_time(const char *text)
{
    char *end;
    uint64_t ns = (BEGINNING + (uint64_t)strtoull(text, &end, 10)) * SECOND;
    uint64_t digit = SECOND / 10;

    ck_assert_msg(end != text, "at: \"%s\"", text);
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9'; end++, digit /= 10)
            ns += (uint64_t)(*end - '0') * digit;
    ck_assert_msg(*end == '\0', "at: \"%s\"", text);
    return ns;
}

/* ---- what the filter did -------------------------------------------------------------- */

/* The latest gap that holds the event's numbers: an earlier session had the same. */
static uint64_t opening_of(const struct run *run, const struct muster_record *event)
{
    size_t i = run->gap_count;

    const uint64_t mask = UINT64_MAX >> (64 - event->seq_bits);

    while (i > 0 && (run->gaps[i - 1].device_id != event->device_id ||
                     ((event->event.first - run->gaps[i - 1].first) & mask) >
                         ((run->gaps[i - 1].last - run->gaps[i - 1].first) & mask)))
        i--;
    ck_assert_msg(i > 0, "%s: %" PRIu64 " ends and did not open", run->name, event->event.first);
    return run->gaps[i - 1].opened_ns;
}

/* An event's times: that of the datagram or look, and when its gap opened and ended.  Those of
 * late, silent and back are in the vectors. */
static void check_times(struct run *run, const struct muster_record *event)
{
    uint64_t opened_ns = 0, closed_ns = 0;
    size_t i = run->gap_count;

    switch (event->event.event) {
    case MUSTER_EVENT_GAP_OPENED:
        if (event->event.was != MUSTER_EVENT_NONE) {
            opened_ns = opening_of(run, event);
            closed_ns = run->now_ns;
            break;
        }
        ck_assert_uint_lt(run->gap_count, GAPS_MOST);
        run->gaps[i].device_id = (uint16_t)event->device;
        run->gaps[i].first = event->event.first;
        run->gaps[i].last = event->event.last;
        run->gaps[i].opened_ns = opened_ns = closed_ns = run->now_ns;
        run->gap_count++;
        break;
    case MUSTER_EVENT_GAP_RECOVERED:
    case MUSTER_EVENT_GAP_LOST:
    case MUSTER_EVENT_GAP_TAKEN_BACK:
        opened_ns = opening_of(run, event);
        closed_ns = run->now_ns;
        break;
    case MUSTER_EVENT_DEVICE_LATE:
    case MUSTER_EVENT_DEVICE_SILENT:
        opened_ns = event->event.opened_ns;
        break;
    case MUSTER_EVENT_DEVICE_BACK:
        opened_ns = event->event.opened_ns;
        closed_ns = run->now_ns;
        break;
    default:
        break;
    }
    ck_assert_uint_eq(event->arrival_ns, run->now_ns);
    ck_assert_uint_eq(event->event.opened_ns, opened_ns);
    ck_assert_uint_eq(event->event.closed_ns, closed_ns);
}

/* Compares verdicts and events of a batch with the lists; `verdicts` may be NULL. */
static void compare(struct run *run, const char *where, const struct muster_test_batch *batch,
                    const yaml_node_t *verdicts, const yaml_node_t *events)
{
    char said[2][TEXT_ROOM] = {"", ""}, expected[2][TEXT_ROOM] = {"", ""};
    const struct muster_record *last = NULL;
    uint32_t i;

    for (i = 0; i < batch->out_count; i++) {
        const struct muster_record *record = &batch->out[i];

        if (record->kind == MUSTER_KIND_MESSAGE) {
            last = record;
            add_verdict(said[0], record);
            continue;
        }
        ck_assert_int_eq(record->kind, MUSTER_KIND_EVENT);
        if (verdicts) { /* an event comes behind the record that it follows from */
            ck_assert_ptr_nonnull(last);
            ck_assert_uint_eq(record->device_id, last->device_id);
        }
        add_event(said[1], record);
        check_times(run, record);
    }
    if (verdicts)
        write_list(expected[0], verdicts);
    write_list(expected[1], events);
    ck_assert_msg(strcmp(said[0], expected[0]) == 0, "%s, %s: verdicts [%s]; expected [%s]",
                  run->name, where, said[0], expected[0]);
    ck_assert_msg(strcmp(said[1], expected[1]) == 0, "%s, %s: events [%s]; expected [%s]",
                  run->name, where, said[1], expected[1]);
}

/* Every record is in one count, and every missing number, too. */
static void check_sums(const struct run *run)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < RECORDS; i++)
        sum += muster_test_counter(run->instance, count_names[i]);
    ck_assert_uint_eq(sum, run->records);
    ck_assert_uint_eq(muster_test_counter(run->instance, "missing"),
                      muster_test_counter(run->instance, "recovered") +
                          muster_test_counter(run->instance, "lost") +
                          muster_test_counter(run->instance, "open"));
    ck_assert_uint_eq(muster_test_counter(run->instance, "devices"),
                      muster_test_counter(run->instance, "online") +
                          muster_test_counter(run->instance, "late_devices") +
                          muster_test_counter(run->instance, "silent"));
}

static void check_counts(const struct run *run, const yaml_node_t *counts)
{
    size_t i, found = 0;

    for (i = 0; i < sizeof count_names / sizeof count_names[0]; i++) {
        const yaml_node_t *node = vectors_get(vectors, counts, count_names[i]);
        int64_t expected = node ? vectors_integer(vectors, node) : 0;
        uint64_t counted = muster_test_counter(run->instance, count_names[i]);

        ck_assert_msg(counted == (uint64_t)expected, "%s: %s is %" PRIu64 "; expected %" PRId64,
                      run->name, count_names[i], counted, expected);
        found += node != NULL;
    }
    ck_assert_msg(found ==
                      (size_t)(counts->data.mapping.pairs.top - counts->data.mapping.pairs.start),
                  "%s: there is no such count", run->name);
    ck_assert_uint_eq(muster_test_counter(run->instance, "events_not_reported"), 0);
}

/* ---- time, and the collector ---------------------------------------------------------- */

static void advance_to(struct run *run, uint64_t ns)
{
    ck_assert_msg(ns >= run->now_ns, "%s: time goes backwards", run->name);
    muster_test_advance(run->instance, ns - run->now_ns);
    run->now_ns = ns;
}

/* The looks at every whole second up to `until_ns`, that one included; and then until that. */
static void pass_time(struct run *run, const char *where, const yaml_node_t *looks,
                      uint64_t until_ns)
{
    char said[TEXT_ROOM] = "", expected[TEXT_ROOM] = "";
    uint32_t i;

    while (run->now_ns / SECOND < until_ns / SECOND) {
        struct muster_test_batch batch;

        advance_to(run, (run->now_ns / SECOND + 1) * SECOND);
        fake_batch_begin(&batch, NULL, 0);
        PLUGIN->filter->worker_tick(run->worker, batch.batch,
                                    muster_test_host.now(run->instance, MUSTER_CLOCK_MONOTONIC));
        muster_test_batch_finish(&batch);
        for (i = 0; i < batch.out_count; i++) {
            ck_assert_int_eq(batch.out[i].kind, MUSTER_KIND_EVENT);
            if (batch.out[i].event.event == MUSTER_EVENT_NEVER_HEARD)
                continue; /* a device that comes in a later step */
            add_event(said, &batch.out[i]);
            check_times(run, &batch.out[i]);
        }
        muster_test_batch_free(&batch);
        check_sums(run);
    }
    advance_to(run, until_ns);
    if (looks)
        write_list(expected, looks);
    ck_assert_msg(strcmp(said, expected) == 0, "%s, %s: looks [%s]; expected [%s]", run->name,
                  where, said, expected);
}

/* The catalog has every device of the case in its class. */
static void fill_catalog(const struct run *run)
{
    const yaml_node_t *steps = vectors_need(vectors, run->node, "steps");
    const yaml_node_t *class = vectors_need(vectors, run->node, "class");
    const yaml_node_t *heartbeat = vectors_get(vectors, class, "heartbeat");
    const yaml_node_t *data = vectors_get(vectors, class, "data");
    struct muster_device device = {.size = sizeof device, .class_name = "of the case"};
    uint16_t known[8];
    size_t count = 0, i, j;

    device.heartbeat_ns = heartbeat ? (uint64_t)vectors_integer(vectors, heartbeat) * SECOND : 0;
    device.data_ns = data ? (uint64_t)vectors_integer(vectors, data) * SECOND : 0;
    for (i = 0; i < vectors_length(vectors, steps); i++) {
        const yaml_node_t *step = vectors_item(vectors, steps, i);
        const yaml_node_t *node = vectors_get(vectors, step, "datagram");
        uint8_t datagram[LARGEST];
        uint16_t id;

        if (!node)
            continue;
        vectors_bytes(vectors, node, datagram, sizeof datagram);
        id = muster_get_u16(datagram);
        for (j = 0; j < count && known[j] != id; j++)
            ;
        if (j < count)
            continue;
        ck_assert_uint_lt(count, sizeof known / sizeof known[0]);
        known[count++] = id;
        fake_add_device(run->instance, id, &device);
    }
}

/* Starts the collector at run->now_ns. */
static void start(struct run *run, uint32_t age)
{
    const yaml_node_t *options = vectors_need(vectors, run->node, "options");
    const yaml_node_t *silent_after = vectors_get(vectors, options, "silent_after");

    run->instance = muster_test_new(
        PLUGIN, "window", vectors_text(vectors, vectors_need(vectors, options, "window")),
        "max_jump", vectors_text(vectors, vectors_need(vectors, options, "max_jump")),
        "silent_after", silent_after ? vectors_text(vectors, silent_after) : "3", NULL);
    muster_test_set_clock(run->instance, run->now_ns, SECOND);
    fake_set_metric(run->instance, "collector.kernel_drops", "datagrams", "help", 0);
    run->kernel_drops = 0;
    fill_catalog(run);
    if (run->memory)
        fake_set_state(run->instance, run->memory, run->bytes, age);
    ck_assert_int_eq(fake_open(PLUGIN, run->instance, &run->state), 0);
    ck_assert(!muster_test_state_set_aside(run->instance));
    ck_assert_int_eq(PLUGIN->filter->worker_open(run->state, 0, 1, &run->worker), 0);
}

/* Ends it in order; what this brings about is in the batch, which is the caller's. */
static void end(struct run *run, struct muster_test_batch *batch)
{
    fake_batch_begin(batch, NULL, 0);
    fake_worker_close(PLUGIN, run->worker, batch->batch);
    muster_test_batch_finish(batch);
}

static void release(struct run *run)
{
    fake_close(PLUGIN, run->state);
    muster_test_free(run->instance);
}

/* The collector does not run, or the machine sleeps. */
static void interrupt(struct run *run, const char *how, uint64_t until_ns)
{
    bool killed = strcmp(how, "killed") == 0;
    struct muster_test_batch batch;
    void *memory;

    if (strcmp(how, "asleep") == 0) {
        muster_test_sleep(run->instance, until_ns - run->now_ns);
        run->now_ns = until_ns;
        return;
    }
    ck_assert_msg(killed || strcmp(how, "stopped") == 0, "%s: collector: %s", run->name, how);
    ck_assert_msg(run->memory != NULL, "%s: no state is kept", run->name);
    memory = memory_new(run->bytes);
    if (killed)
        memcpy(memory, run->memory, run->bytes);
    end(run, &batch);
    ck_assert_uint_eq(batch.out_count, 0);
    muster_test_batch_free(&batch);
    release(run);
    if (killed) /* before the orderly end, which only spares a leak */
        memcpy(run->memory, memory, run->bytes);
    munmap(memory, run->bytes);
    run->now_ns = until_ns;
    start(run, killed ? MUSTER_STATE_KILLED : MUSTER_STATE_STOPPED);
}

/* ---- a case --------------------------------------------------------------------------- */

/* A number of another width, or one that all readings share. */
static void set_number(struct muster_record *record, const struct run *run, const yaml_node_t *step)
{
    const yaml_node_t *class = vectors_need(vectors, run->node, "class");
    const yaml_node_t *bits = vectors_get(vectors, step, "bits");
    const yaml_node_t *number = vectors_get(vectors, step, "number");

    if (number)
        record->seq = strtoull(vectors_text(vectors, number), NULL, 10) + record->reading;
    if (vectors_get(vectors, class, "shared") && record->readings > 1) {
        record->seq -= record->reading;
        record->marks |= MUSTER_MARK_SHARED_NUMBER;
    }
    if (!bits)
        bits = vectors_get(vectors, class, "bits");
    if (!bits || record->seq_bits == 0)
        return;
    record->seq_bits = (uint8_t)vectors_integer(vectors, bits);
    record->seq &= UINT64_MAX >> (64 - record->seq_bits);
}

static void receive(struct run *run, const char *where, const yaml_node_t *step)
{
    struct muster_record records[LARGEST];
    struct muster_header header;
    struct muster_test_batch batch;
    uint8_t datagram[LARGEST];
    size_t size =
        vectors_bytes(vectors, vectors_need(vectors, step, "datagram"), datagram, sizeof datagram);
    int count = wire_header(&header, datagram, size, LARGEST);
    int i;

    if (count == 0)
        count = wire_payload_check(&run->class, &header, size - MUSTER_HEADER_SIZE);
    ck_assert_msg(count > 0, "%s, %s: no good datagram", run->name, where);
    for (i = 0; i < count; i++) {
        wire_record(&records[i], &header, &run->class, datagram + MUSTER_HEADER_SIZE,
                    size - MUSTER_HEADER_SIZE, (uint32_t)i, (uint32_t)count);
        records[i].arrival_ns = run->now_ns;
        set_number(&records[i], run, step);
    }
    fake_process(PLUGIN, run->worker, &batch, records, (uint32_t)count);
    run->records += (uint64_t)count;
    compare(run, where, &batch, vectors_need(vectors, step, "verdicts"),
            vectors_need(vectors, step, "events"));
    muster_test_batch_free(&batch);
}

static void do_step(struct run *run, size_t index, const yaml_node_t *step)
{
    const yaml_node_t *collector = vectors_get(vectors, step, "collector");
    const yaml_node_t *drops = vectors_get(vectors, step, "kernel_drops");
    char where[32];

    snprintf(where, sizeof where, "step %zu", index + 1);
    pass_time(run, where, vectors_get(vectors, step, "looks"),
              read_time(vectors_text(vectors, vectors_need(vectors, step, "at"))));
    if (collector) {
        interrupt(run, vectors_text(vectors, collector),
                  read_time(vectors_text(vectors, vectors_need(vectors, step, "until"))));
    } else if (drops) {
        run->kernel_drops += (uint64_t)vectors_integer(vectors, drops);
        fake_set_metric(run->instance, "collector.kernel_drops", "datagrams", "help",
                        run->kernel_drops);
    } else if (vectors_get(vectors, step, "datagram")) {
        receive(run, where, step);
    }
    check_sums(run);
}

static void finish(struct run *run, const yaml_node_t *expected)
{
    struct muster_test_batch batch;

    end(run, &batch);
    compare(run, "finish", &batch, NULL, vectors_need(vectors, expected, "events"));
    muster_test_batch_free(&batch);
    check_sums(run);
    check_counts(run, vectors_need(vectors, expected, "counts"));
}

static const char *case_name(int i)
{
    return vectors_text(cases[i].file, vectors_need(cases[i].file, cases[i].node, "name"));
}

START_TEST(vector)
{
    const yaml_node_t *node = cases[_i].node, *options, *state, *steps;
    struct run run = {.name = case_name(_i), .node = node, .now_ns = BEGINNING * SECOND};
    size_t i;

    vectors = cases[_i].file;
    options = vectors_need(vectors, node, "options");
    state = vectors_get(vectors, options, "state");
    steps = vectors_need(vectors, node, "steps");
    ck_assert_str_ne(vectors_text(vectors, vectors_need(vectors, node, "why")), "");
    run.class = vectors_class(vectors, vectors_need(vectors, node, "class"));
    if (state) {
        ck_assert_str_eq(vectors_text(vectors, state), "kept");
        run.bytes = tables_bytes(
            MUSTER_DEVICE_IDS,
            (uint32_t)vectors_integer(vectors, vectors_need(vectors, options, "window")));
        run.memory = memory_new(run.bytes);
    }
    start(&run, MUSTER_STATE_NEW);
    ck_assert_uint_gt(vectors_length(vectors, steps), 0);
    for (i = 0; i < vectors_length(vectors, steps); i++)
        do_step(&run, i, vectors_item(vectors, steps, i));
    finish(&run, vectors_need(vectors, node, "finish"));
    release(&run);
    if (run.memory)
        munmap(run.memory, run.bytes);
}
END_TEST

START_TEST(names_are_unique)
{
    int i, j;

    for (i = 0; i < case_count; i++)
        for (j = 0; j < i; j++)
            ck_assert_str_ne(case_name(i), case_name(j));
}
END_TEST

/* Every file of the folder. */
static void read_files(void)
{
    static const char folder[] = "tests/vectors/sequence";
    char pattern[sizeof files[0].path], file[sizeof files[0].path];
    const yaml_node_t *list;
    glob_t found;
    size_t i, j;

    snprintf(file, sizeof file, "%s/*.yaml", folder);
    vectors_path(pattern, sizeof pattern, file);
    if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc > FILES_MOST) {
        fprintf(stderr, "%s: none, or more than %d\n", pattern, FILES_MOST);
        exit(EXIT_FAILURE);
    }
    for (i = 0; i < found.gl_pathc; i++) {
        snprintf(file, sizeof file, "%s/%s", folder, strrchr(found.gl_pathv[i], '/') + 1);
        vectors_open(&files[i], file);
        list = vectors_need(&files[i], NULL, "cases");
        for (j = 0; j < vectors_length(&files[i], list) && case_count < CASES_MOST; j++) {
            cases[case_count].file = &files[i];
            cases[case_count++].node = vectors_item(&files[i], list, j);
        }
    }
    globfree(&found);
}

Suite *test_suite(void)
{
    Suite *suite = suite_create("sequence vectors");
    TCase *tests = tcase_create("sequence vectors");

    read_files();
    if (case_count == 0 || case_count == CASES_MOST)
        exit(EXIT_FAILURE);
    tcase_add_loop_test(tests, vector, 0, case_count);
    tcase_add_test(tests, names_are_unique);
    suite_add_tcase(suite, tests);
    return suite;
}
