/* SPDX-License-Identifier: MIT
 *
 * A plugin's callbacks, called as the host does.
 */
#ifndef TESTS_PLUGINS_FAKE_CALLS_H
#define TESTS_PLUGINS_FAKE_CALLS_H

#include <stdint.h>

#include <muster/test.h>

/* Opens, and connects if it is a sink.  Returns 0, or what the one that failed did; then nothing is
 * open. */
int fake_open(const struct muster_plugin *plugin, struct muster_instance *instance, void **state);

/* Disconnects if it is a sink, and closes; all for good. */
void fake_close(const struct muster_plugin *plugin, void *state);

int64_t fake_write(const struct muster_plugin *plugin, void *state,
                   const struct muster_record *records, uint32_t count);

/* `flags` are MUSTER_CALL_*; with FINAL the deadline is over. */
int64_t fake_flush(const struct muster_plugin *plugin, void *state, uint32_t flags);
int fake_connect(const struct muster_plugin *plugin, void *state);
void fake_disconnect(const struct muster_plugin *plugin, void *state);
int fake_rotate(const struct muster_plugin *plugin, void *state);
void fake_worker_close(const struct muster_plugin *plugin, void *worker_state,
                       struct muster_batch *batch);

/* A batch that has not been begun before; muster_test_batch_free frees it. */
void fake_batch_begin(struct muster_test_batch *batch, const struct muster_record *records,
                      uint32_t count);

/* Begin, the plugin's process, finish. */
void fake_process(const struct muster_plugin *plugin, void *worker_state,
                  struct muster_test_batch *batch, const struct muster_record *records,
                  uint32_t count);

#endif
