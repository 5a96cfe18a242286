/* SPDX-License-Identifier: MIT
 *
 * What our tests of plugins add to libmuster-test.
 */
#include "fake_host.h"

void fake_set_state(struct muster_instance *instance, void *memory, uint64_t bytes, uint32_t age)
{
    const struct muster_state kept = {
        .size = sizeof kept, .bytes = bytes, .memory = memory, .age = age};

    muster_test_keep_state(instance, &kept);
}

void fake_add_device(struct muster_instance *instance, uint16_t device_id,
                     const struct muster_device *device)
{
    struct muster_device listed = *device;

    listed.number = device_id;
    listed.id = device_id;
    muster_test_add_device(instance, &listed);
}

void fake_set_metric(struct muster_instance *instance, const char *name, const char *unit,
                     const char *help, uint64_t value)
{
    const struct muster_metric metric = {
        .size = sizeof metric, .name = name, .unit = unit, .help = help, .value.u64 = value};

    muster_test_set_metric(instance, &metric);
}
