/* SPDX-License-Identifier: MIT
 *
 * What our tests of plugins add to libmuster-test: they are programs of Check, and call many of the
 * plugin's callbacks themselves.
 */
#ifndef TESTS_PLUGINS_FAKE_HOST_H
#define TESTS_PLUGINS_FAKE_HOST_H

#include <stdint.h>

#include <muster/test.h>

#include "fake_calls.h"

/* What an earlier run left, of the format that the plugin wants. */
void fake_set_state(struct muster_instance *instance, void *memory, uint64_t bytes, uint32_t age);

/* Puts a device of the built-in format into the catalog. */
void fake_add_device(struct muster_instance *instance, uint16_t device_id,
                     const struct muster_device *device);

/* A metric of the daemon's, of type U64. */
void fake_set_metric(struct muster_instance *instance, const char *name, const char *unit,
                     const char *help, uint64_t value);

#endif
