/* SPDX-License-Identifier: MIT
 *
 * The instance of the host for tests: what the test has set, and what the plugin has done.
 */
#ifndef TESTING_INSTANCE_H
#define TESTING_INSTANCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <muster/test.h>

#include "base/metrics.h"
#include "collector/host/options.h"
#include "collector/host/plugin.h"
#include "values.h"

#define TESTING_WORKERS 64
#define TESTING_ORIGINS 256
#define TESTING_NUMBERS 65536

struct testing_text {
    uint32_t level;     /* of a log line */
    const char *option; /* of an error; NULL: the whole entry */
    char *text;
};

struct testing_texts {
    struct testing_text *all;
    uint32_t count;
};

struct testing_metrics {
    struct muster_metric *all;
    uint32_t count;
};

struct testing_devices {
    struct muster_device *all;
    uint32_t count;
};

struct testing_entry {
    const char *name;
    const struct muster_plugin *plugin;
};

struct muster_instance {
    struct plugin plugin; /* `handle` and `path` are NULL if the test has it */
    struct option_value *values;
    pthread_mutex_t mutex; /* for what several threads may call */

    /* The life of it. */
    void *state;
    bool opened, connected;
    void *worker_states[TESTING_WORKERS];
    bool worker_opened[TESTING_WORKERS];
    uint32_t workers; /* how many the test has said there are */
    struct muster_call call;
    uint64_t held;
    bool follows; /* its callbacks are called by calls.c, so it is known which one runs */

    /* What the test has set. */
    uint64_t wall_ns, monotonic_ns, slept_ns;
    struct testing_devices devices;
    uint32_t device_index[TESTING_NUMBERS]; /* by number: 1 + where it is; 0: it is not listed */
    uint32_t device_count;
    struct testing_metrics others;
    struct testing_values formats;
    struct testing_entry entries[TESTING_ORIGINS];
    struct muster_state kept;
    uint32_t fail_in[MUSTER_TEST_FUNCTIONS]; /* 0: not at all; 1: the next call */

    /* What the plugin did. */
    uint32_t calls[MUSTER_TEST_FUNCTIONS];
    struct testing_texts log, errors;
    struct metrics *metrics;
    uint32_t takes, woken;
    bool stopped;
    void *own_state; /* mapped; NULL: none */
    size_t own_bytes;
    uint64_t state_bytes;
    bool state_set_aside;
};

/* Makes an instance of a plugin that is in instance->plugin.  Used by the programs that have loaded
 * one themselves: what is wrong with an option is in `why` then, not a misuse. */
struct muster_instance *testing_instance_new(void);
bool testing_instance_set(struct muster_instance *instance, const char *name, const char *text,
                          char why[OPTION_ROOM]);
/* What is not set gets its default. */
bool testing_instance_complete(struct muster_instance *instance, char why[OPTION_ROOM]);

void testing_instance_unmap_state(struct muster_instance *instance);

/* Whether the function is to fail now; counts the call. */
bool testing_instance_fails(struct muster_instance *instance, enum muster_test_function function);

#endif
