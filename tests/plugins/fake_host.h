/* SPDX-License-Identifier: MIT
 *
 * A host for tests: drives a plugin without a daemon, a socket or a
 * configuration file, and remembers what the plugin says and does.
 *
 * A test makes an instance with the plugin's options, calls the plugin's callbacks
 * itself, and looks at the instance.  What the real host would refuse before
 * the plugin is called (an unknown option, a bad value) fails the test.
 *
 *     struct muster_instance *instance = fake_new(&muster_plugin_v1, "path", path, NULL);
 *     ck_assert_int_eq(fake_open(&muster_plugin_v1, instance, &state), 0);
 *     ...
 *     fake_free(instance);
 */
#ifndef TESTS_PLUGINS_FAKE_HOST_H
#define TESTS_PLUGINS_FAKE_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "fake_batch.h"
#include "fake_calls.h"

/* The table that the callbacks get. */
extern const struct muster_host fake_host;

/* Makes an instance.  Pairs of option name and value follow, as texts, and a NULL.
 * A value is written as in an option table's fallback: "10s", "64KiB",
 * "true", and a LIST with commas between its items ("" is the empty list). */
__attribute__((sentinel)) struct muster_instance *fake_new(const struct muster_plugin *plugin, ...);
void fake_free(struct muster_instance *instance);

/* Whether the real host would accept this value for the option: type, range, choices. */
bool fake_accepts(const struct muster_plugin *plugin, const char *option, const char *value);

/* Sets the clocks; an instance begins at 1,762,534,152 s (wall), 1,000 s (monotonic) and
 * 1,000 s (boot).  The boot clock goes on with the monotonic one. */
void fake_set_clock(struct muster_instance *instance, uint64_t wall_ns, uint64_t monotonic_ns);
void fake_advance(struct muster_instance *instance, uint64_t ns);
/* The machine sleeps: wall and boot clock go on, the monotonic one does not. */
void fake_sleep(struct muster_instance *instance, uint64_t ns);

/* What host->state hands out: this memory, which is the caller's, as kept and of that
 * age (enum muster_state_age); unless the plugin's is_sound says that it is damaged.  If
 * the plugin wants another size the test fails.  Without this call, and for what is
 * damaged: zeros of the instance's own, new, not kept. */
void fake_set_state(struct muster_instance *instance, void *memory, uint64_t bytes, uint32_t age);

/* Puts a device into the catalog.  The strings must live as long as the instance. */
void fake_add_device(struct muster_instance *instance, uint16_t device_id,
                     const struct muster_device *device);

/* Every device's number is below this; at first 65,536. */
void fake_set_device_count(struct muster_instance *instance, uint32_t count);

/* The chain has an entry of this number, which is called "maker", and calls MUSTER_EVENT_OWN and
 * MUSTER_REJECT_OWN "own-name". */
enum { FAKE_ORIGIN = 1 };

/* What host->read_metric and find_metric show: these, in order of their first setting.  The strings
 * must live as long as the instance. */
void fake_set_metric(struct muster_instance *instance, const char *name, const char *unit,
                     const char *help, uint64_t value);
void fake_set_whole_metric(struct muster_instance *instance, const struct muster_metric *metric);

/* ---- What the plugin did -------------------------------------------------------------- */

/* How many log lines of this level contain `part`; level -1: any. */
uint32_t fake_logged(struct muster_instance *instance, int level, const char *part);
void fake_forget_log(struct muster_instance *instance);
/* Line number `index` from 0, or NULL past the last. */
const char *fake_log_line(struct muster_instance *instance, uint32_t index);

/* How many config errors about `option` (NULL: the whole entry) contain `part`. */
uint32_t fake_config_errors(struct muster_instance *instance, const char *option, const char *part);
uint32_t fake_config_error_count(struct muster_instance *instance);

/* What a metric of type U64 shows, summed over its labels; a name that was not declared fails the
 * test. */
uint64_t fake_counter(struct muster_instance *instance, const char *name);

/* A sum of MUSTER_TAKES_*. */
uint32_t fake_takes(struct muster_instance *instance);

/* How many times it asked for a tick, and whether for the daemon's end. */
uint32_t fake_woken(struct muster_instance *instance);
bool fake_stopped(struct muster_instance *instance);

/* How many bytes of state it asked for; 0: it did not. */
uint64_t fake_state_bytes(struct muster_instance *instance);
/* Whether it said of its state that it is damaged. */
bool fake_state_set_aside(struct muster_instance *instance);

#endif
