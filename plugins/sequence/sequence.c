/* SPDX-License-Identifier: MIT
 *
 * The filter "sequence": the tracker as a plugin, with one tracker a worker, over tables that
 * all share and that may outlive the process.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "gaps_rebuild.h"
#include "recovery.h"
#include "resize.h"
#include "sequence.h"
#include "worker.h"

static const char *const modes[] = {"session", "reference", NULL};
static const char *const duplicates[] = {"keep", "drop", NULL};

static const struct muster_option options[] = {
    {.name = "mode",
     .type = MUSTER_OPTION_CHOICE,
     .fallback = "session",
     .choices = modes,
     .summary = "How messages are judged: by session and window, or as the reference server does"},
    {.name = "window",
     .type = MUSTER_OPTION_INT,
     .fallback = "1024",
     .min = TABLES_WINDOW_LEAST,
     .max = TABLES_WINDOW_MOST,
     .summary = "How many numbers back a late one is recognised, a power of two"},
    {.name = "max_jump",
     .type = MUSTER_OPTION_INT,
     .fallback = "3000",
     .min = 1,
     .max = 1 << 30,
     .summary = "A step farther ahead is believed when a second datagram confirms it"},
    {.name = "events",
     .type = MUSTER_OPTION_BOOL,
     .fallback = "true",
     .summary = "Whether gaps, restarts, silence and the like become records of their own"},
    {.name = "silent_after",
     .type = MUSTER_OPTION_INT,
     .fallback = "3",
     .min = 2,
     .max = 1000,
     .summary = "How many heartbeats a device misses before it is silent"},
    {.name = "forget_after",
     .type = MUSTER_OPTION_DURATION,
     .fallback = "0",
     .max = INT64_MAX,
     .summary = "After how long a device that the catalog does not list is forgotten; 0: never"},
    {.name = "lost_after",
     .type = MUSTER_OPTION_DURATION,
     .fallback = "10m",
     .max = INT64_C(30) * 86400 * 1000000000,
     .summary = "How long a number is missing before it is lost; 0: until the window has left it"},
    {.name = "duplicates",
     .type = MUSTER_OPTION_CHOICE,
     .fallback = "keep",
     .choices = duplicates,
     .summary = "What becomes of a duplicate that was judged and counted: it goes on, or not"},
};

static int check(const struct muster_host *host, struct muster_instance *instance)
{
    int64_t window = host->get_int(instance, "window");

    if ((window & (window - 1)) == 0)
        return 0;
    host->config_error(instance, "window", "expected a power of two, such as 512 or 1024");
    return MUSTER_FAILED;
}

/* ---- the tables ----------------------------------------------------------------------- */

#define WINDOW_BITS 0x1ffffu /* of muster_state.format; the rest is TABLES_FORMAT */

static int is_sound(const struct muster_state *region)
{
    const struct sequence *sequence = region->context;
    struct tables tables;

    if (region->age == MUSTER_STATE_STALE)
        return 1; /* little of it is believed */
    tables_lay_out(&tables, region->memory, sequence->devices, region->format & WINDOW_BITS);
    return recovery_is_sound(&tables);
}

static bool is_window(uint32_t window)
{
    return window >= TABLES_WINDOW_LEAST && window <= TABLES_WINDOW_MOST &&
           (window & (window - 1)) == 0;
}

static void tell_resized(const struct sequence *sequence, uint32_t before,
                         const struct resize_losses *losses)
{
    char text[160];

    snprintf(text, sizeof text,
             "the window was of %" PRIu32 " numbers and is of %" PRIu32
             "; missing numbers that have "
             "no place in it, and are lost: %" PRIu64,
             before, sequence->options.window, losses->numbers);
    if (before != sequence->options.window)
        sequence->host->log(sequence->instance, MUSTER_LOG_INFO, text);
    snprintf(text, sizeof text,
             "there can be fewer devices, %" PRIu32 "; that are forgotten: %" PRIu32,
             sequence->devices, losses->devices);
    if (losses->devices > 0)
        sequence->host->log(sequence->instance, MUSTER_LOG_WARNING, text);
}

/* What is kept is of another window, or of another number of devices. */
static int convert(const struct muster_state *old, const struct muster_state *region)
{
    const uint32_t window = old->format & WINDOW_BITS;
    const bool is_stale = old->age == MUSTER_STATE_STALE;
    struct sequence *sequence = region->context;
    struct resize_losses losses;
    struct tables from, to;

    if (old->format >> 20 != TABLES_FORMAT || !is_window(window) ||
        tables_devices_of(old->bytes, window) == 0)
        return 0;
    tables_lay_out(&from, old->memory, tables_devices_of(old->bytes, window), window);
    if (!is_stale && !recovery_is_sound(&from))
        return 0;
    tables_lay_out(&to, region->memory, sequence->devices, sequence->options.window);
    losses = resize_tables(&to, &from, is_stale);
    sequence->gaps_gone = losses.gaps;
    tell_resized(sequence, window, &losses);
    return 1;
}

/* In the reference mode nothing outlives the process: the reference forgets, too. */
static int map_private(struct sequence *sequence)
{
    void *memory = mmap(NULL, sequence->bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED) {
        sequence->host->log(sequence->instance, MUSTER_LOG_ERROR,
                            "no memory for the table of devices");
        return -1;
    }
    sequence->own_memory = memory;
    tables_lay_out(&sequence->tables, memory, sequence->devices, sequence->options.window);
    causes_resume(&sequence->tables.shared->causes, false);
    return 0;
}

uint32_t sequence_key(const struct sequence *sequence, uint32_t device)
{
    struct muster_device about = {.size = sizeof about};
    uint32_t hash = UINT32_C(2166136261); /* FNV-1a */
    const char *c;

    sequence->host->device(sequence->instance, device, &about);
    for (c = about.key; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * UINT32_C(16777619);
    return hash | 1;
}

/* A number may be another device's now, if the host did not keep which had it. */
static void forget_others(struct sequence *sequence)
{
    struct tables *tables = &sequence->tables;
    uint32_t id;

    for (id = tables_next_known(tables, 0); id < tables->devices;
         id = tables_next_known(tables, id + 1)) {
        uint32_t key = tables_read_device(tables, id)->key;

        if (key != 0 && key != sequence_key(sequence, id))
            recovery_forget(tables, id);
    }
}

/* Takes up what the last run left. */
static int resume(struct sequence *sequence, uint32_t age)
{
    struct tables *tables = &sequence->tables;
    uint64_t now = sequence->host->now(sequence->instance, MUSTER_CLOCK_WALL);

    if (age == MUSTER_STATE_STALE) {
        recovery_forget_sessions(tables);
        sequence->host->log(sequence->instance, MUSTER_LOG_WARNING,
                            "the state is older than the end of the last run, so what came last "
                            "is not known: every device's session begins anew, without a gap");
    } else if (age != MUSTER_STATE_NEW) {
        recovery_take_back(tables);
    }
    forget_others(sequence);
    if (tables->shared->since_ns == 0)
        tables->shared->since_ns = now;
    causes_resume(&tables->shared->causes, age != MUSTER_STATE_NEW);
    if (gaps_rebuild(tables, now, worker_at(now - (uint64_t)tables->shared->listening.set_ns)) !=
        0) {
        sequence->host->log(sequence->instance, MUSTER_LOG_ERROR, "out of memory for the gaps");
        return -1;
    }
    return 0;
}

static int map_persistent(struct sequence *sequence)
{
    struct muster_state region = {
        .size = sizeof region,
        .format = TABLES_FORMAT << 20 | sequence->options.window,
        .bytes = sequence->bytes,
        .is_sound = is_sound,
        .convert = convert,
        .context = sequence,
    };

    if (sequence->host->state(sequence->instance, &region) != 0)
        return -1;
    sequence->options.persistent = region.is_kept != 0;
    tables_lay_out(&sequence->tables, region.memory, sequence->devices, sequence->options.window);
    return resume(sequence, region.age);
}

static void free_instance(struct sequence *sequence)
{
    if (sequence->own_memory != NULL)
        munmap(sequence->own_memory, sequence->bytes);
    free(sequence);
}

static void close_instance(void *state, const struct muster_call *call)
{
    (void)call;
    free_instance(state);
}

/* At least one, if it is not 0. */
static uint32_t units_of(uint64_t ns)
{
    uint32_t units = listening_units(ns);

    return ns > 0 && units == 0 ? 1 : units;
}

static int open_instance(const struct muster_host *host, struct muster_instance *instance,
                         void **state)
{
    struct sequence *sequence = calloc(1, sizeof *sequence);

    if (sequence == NULL) {
        host->log(instance, MUSTER_LOG_ERROR, "out of memory");
        return MUSTER_FAILED;
    }
    sequence->host = host;
    sequence->instance = instance;
    sequence->options.reference = host->get_int(instance, "mode") == 1;
    sequence->events = host->get_int(instance, "events") != 0 && !sequence->options.reference;
    sequence->options.window = (uint32_t)host->get_int(instance, "window");
    sequence->options.max_jump = (uint32_t)host->get_int(instance, "max_jump");
    sequence->lost_after = units_of((uint64_t)host->get_int(instance, "lost_after"));
    sequence->silent_after = (uint32_t)host->get_int(instance, "silent_after");
    sequence->drop_duplicates = host->get_int(instance, "duplicates") == 1;
    sequence->forget_after_ns = (uint64_t)host->get_int(instance, "forget_after");
    sequence->devices = host->device_count(instance);
    if (sequence->devices > TABLES_DEVICES_MOST) {
        host->log(instance, MUSTER_LOG_ERROR, "there can be too many devices, more than 4,194,304");
        free_instance(sequence);
        return MUSTER_FAILED;
    }
    sequence->bytes = tables_bytes(sequence->devices, sequence->options.window);
    if ((sequence->options.reference ? map_private(sequence) : map_persistent(sequence)) != 0) {
        free_instance(sequence);
        return MUSTER_FAILED;
    }
    *state = sequence;
    return 0;
}

static const struct muster_filter filter = {
    .size = sizeof filter,
    .takes = MUSTER_TAKES_REJECTS,
    .worker_open = worker_open,
    .process = worker_process,
    .worker_tick = worker_tick,
    .worker_close = worker_close,
    .devices = worker_devices,
    .gaps = worker_gaps,
    .forget = worker_forget,
};

const struct muster_plugin muster_plugin_v1 = {
    .size = sizeof muster_plugin_v1,
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .option_size = sizeof options[0],
    .option_count = sizeof options / sizeof options[0],
    .name = "sequence",
    .version = "1.0",
    .summary = "tells per device what is new, duplicate, late or missing",
    .options = options,
    .check = check,
    .open = open_instance,
    .close = close_instance,
    .filter = &filter,
};
