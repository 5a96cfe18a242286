/* SPDX-License-Identifier: MIT
 *
 * For unit tests of plugins: a host that a test makes, moves and asks, without a daemon, a socket
 * or a configuration file.  In libmuster-test.a:
 *
 *     cc $(pkg-config --cflags muster-test) test.c plugin.c $(pkg-config --libs muster-test)
 *
 * A test makes an instance with the plugin's options, has the plugin's callbacks called as musterd
 * calls them, and looks at what the plugin did:
 *
 *     struct muster_instance *instance = muster_test_new(&muster_plugin_v1, "path", path, NULL);
 *     assert(muster_test_open(instance) == 0 && muster_test_connect(instance) == 0);
 *     assert(muster_test_write(instance, &record, 1) == 1);
 *     assert(muster_test_flush(instance) == 0);
 *     muster_test_disconnect(instance);
 *     muster_test_close(instance);
 *     muster_test_free(instance);
 *
 * What a plugin must not do, such as asking for an option that it has not declared, and what a test
 * must not, such as writing before it connects, ends the program with a line on standard error and
 * abort(); or see muster_test_on_misuse.
 */
#ifndef MUSTER_TEST_H
#define MUSTER_TEST_H

#include <stdint.h>

#include <muster/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Is told, on the thread that did it, instead of the end of the program.  If it returns, the call
 * that was wrong does nothing, as in musterd.  NULL: as before. */
void muster_test_on_misuse(void (*handler)(void *context, const char *text), void *context);

/* ---- An instance and its surroundings --------------------------------------------------- */

/* Makes an instance.  Pairs of option and value follow, as texts, and a NULL.  A value is written
 * as in an option table's fallback: "10s", "64KiB", "true", and a LIST with commas between its
 * items.  What musterd refuses before it calls the plugin (an unknown option, a bad value, one that
 * is required and missing) is a misuse, and gives NULL. */
#ifdef __GNUC__
__attribute__((sentinel))
#endif
struct muster_instance *
muster_test_new(const struct muster_plugin *plugin, ...);

/* The same of the plugin in that file, which is loaded as musterd loads it; "./x.so" for one in the
 * present directory. */
#ifdef __GNUC__
__attribute__((sentinel))
#endif
struct muster_instance *
muster_test_load(const char *file, ...);

/* Unloads the plugin, too, if it was loaded.  NULL is ignored. */
void muster_test_free(struct muster_instance *instance);

/* The plugin's descriptor, and its state: what open has set. */
const struct muster_plugin *muster_test_plugin(const struct muster_instance *instance);
void *muster_test_state(const struct muster_instance *instance);

/* Whether musterd would accept this value for the option. */
int muster_test_accepts(const struct muster_plugin *plugin, const char *option, const char *value);

/* Changes an option: for reload. */
void muster_test_set_option(struct muster_instance *instance, const char *option,
                            const char *value);

/* The clocks.  An instance begins at 1,762,534,152 s (wall) and 1,000 s (the others, which go on
 * together). */
void muster_test_set_clock(struct muster_instance *instance, uint64_t wall_ns,
                           uint64_t monotonic_ns);
void muster_test_advance(struct muster_instance *instance, uint64_t ns);
/* The machine sleeps: the wall and the boot clock go on alone. */
void muster_test_sleep(struct muster_instance *instance, uint64_t ns);

/* Adds a device to the catalog.  What it points to must live as long as the instance.  Any other
 * device is unknown: "default" is its class. */
void muster_test_add_device(struct muster_instance *instance, const struct muster_device *device);
/* Every device's number is below this; at first 65,536. */
void muster_test_set_device_count(struct muster_instance *instance, uint32_t count);

/* Declares a format: messages whose muster_record.format is the number that it returns, from 1 on,
 * have these values, whatever their bytes are.  The values, their columns excepted, are the test's:
 * they must live as long as the instance, and may be changed between two callbacks.  Before open,
 * since a plugin may ask there which values there are. */
uint16_t muster_test_add_format(struct muster_instance *instance, const struct muster_value *values,
                                uint32_t count);

/* Adds a metric for read_metric and find_metric, or gives it another value.  What it points to
 * must live as long as the instance. */
void muster_test_set_metric(struct muster_instance *instance, const struct muster_metric *metric);

/* What entry_name says of that origin, and own_name of its events and rejects. */
void muster_test_set_entry(struct muster_instance *instance, uint32_t origin, const char *name,
                           const struct muster_plugin *plugin);

/* What an earlier run left: memory, bytes, format and age of *kept; the memory is the test's, and
 * is handed out itself if the plugin takes it as it is.  Format 0: the plugin's own. */
void muster_test_keep_state(struct muster_instance *instance, const struct muster_state *kept);

/* Host functions that can fail. */
enum muster_test_function {
    MUSTER_TEST_METRIC = 0, /* the cell is one that nobody reads */
    MUSTER_TEST_EMIT = 1,
    MUSTER_TEST_DROP = 2,
    MUSTER_TEST_STATE = 3,
    MUSTER_TEST_HOLD = 4,
    MUSTER_TEST_RELEASE = 5,
    MUSTER_TEST_FUNCTIONS = 6 /* how many there are */
};

/* Has that function fail in its next call but `calls`; once. */
void muster_test_fail(struct muster_instance *instance, enum muster_test_function function,
                      uint32_t calls);
/* How often it was called. */
uint32_t muster_test_calls(struct muster_instance *instance, enum muster_test_function function);

/* ---- Callbacks --------------------------------------------------------------------------- */

/* Each calls the plugin's callback of that name and returns what it returned; a callback that is
 * absent is not called, and gives what the host takes it for.  What is neither a count nor a code
 * of that callback is a misuse, and gives MUSTER_FAILED. */

/* MUSTER_CALL_* and the deadline of the calls that follow; at first 0. */
void muster_test_set_call(struct muster_instance *instance, uint32_t flags, uint64_t deadline_ns);

int muster_test_check(struct muster_instance *instance);
int muster_test_open(struct muster_instance *instance);
int muster_test_reload(struct muster_instance *instance);
void muster_test_close(struct muster_instance *instance);

/* Sinks. */
int muster_test_connect(struct muster_instance *instance);
int64_t muster_test_write(struct muster_instance *instance, const struct muster_record *records,
                          uint32_t count);
int64_t muster_test_flush(struct muster_instance *instance);
void muster_test_disconnect(struct muster_instance *instance);
int muster_test_rotate(struct muster_instance *instance);
uint64_t muster_test_tick(struct muster_instance *instance);

/* A batch for a filter, and what is left of it.  All zeros before its first use. */
struct muster_test_batch {
    struct muster_batch *batch; /* what the callback gets */
    struct muster_record *out;  /* afterwards: the records that the next filter sees */
    uint32_t out_count;
    uint32_t dropped, emitted;
    void *own; /* the host's */
    uint32_t held, released;
};

/* Filters.  A batch has a copy of the records, but not of what they point to.  `out` and what it
 * points to stay until the next callback with that batch. */
int muster_test_worker_open(struct muster_instance *instance, uint32_t worker, uint32_t workers);
int muster_test_process(struct muster_instance *instance, uint32_t worker,
                        struct muster_test_batch *batch, const struct muster_record *records,
                        uint32_t count);
uint64_t muster_test_worker_tick(struct muster_instance *instance, uint32_t worker,
                                 struct muster_test_batch *batch);
void muster_test_worker_close(struct muster_instance *instance, uint32_t worker,
                              struct muster_test_batch *batch);
void muster_test_batch_free(struct muster_test_batch *batch);

/* For tests that call the plugin themselves: the table of the host, what worker_open has set, and
 * the two halves around a callback of a filter. */
extern const struct muster_host muster_test_host;
void *muster_test_worker_state(const struct muster_instance *instance, uint32_t worker);
void muster_test_batch_begin(struct muster_test_batch *batch, const struct muster_record *records,
                             uint32_t count);
void muster_test_batch_finish(struct muster_test_batch *batch);

/* ---- What the plugin did ----------------------------------------------------------------- */

/* How many log lines of that level contain `part`; level -1: of any. */
uint32_t muster_test_logged(struct muster_instance *instance, int level, const char *part);
/* Line number `index` from 0, or NULL past the last. */
const char *muster_test_log_line(struct muster_instance *instance, uint32_t index);
void muster_test_forget_log(struct muster_instance *instance);

/* How many errors about `option` contain `part`; NULL: about the whole entry, or a file. */
uint32_t muster_test_errors(struct muster_instance *instance, const char *option, const char *part);
uint32_t muster_test_error_count(struct muster_instance *instance);

/* The plugin's own metric of that name and that value of its label (NULL: the sum), into *found.
 * Returns 1, or 0 if it has not declared it. */
int muster_test_metric(struct muster_instance *instance, const char *name, const char *label_value,
                       struct muster_metric *found);
/* The same of a metric of type U64; one that is not declared is a misuse. */
uint64_t muster_test_counter(struct muster_instance *instance, const char *name);

uint32_t muster_test_takes(struct muster_instance *instance); /* a sum of MUSTER_TAKES_* */
uint64_t muster_test_held(struct muster_instance *instance);  /* records taken and not settled */
uint32_t muster_test_woken(struct muster_instance *instance); /* calls of wake */
int muster_test_stopped(struct muster_instance *instance);    /* it has called stop */
uint64_t muster_test_state_bytes(struct muster_instance *instance); /* 0: it has not asked */
int muster_test_state_set_aside(struct muster_instance *instance);  /* what was kept is not used */

#ifdef __cplusplus
}
#endif

#endif
