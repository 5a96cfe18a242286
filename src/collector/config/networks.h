/* SPDX-License-Identifier: MIT
 *
 * A list of blocks of addresses, as a configuration or catalog has it.
 */
#ifndef COLLECTOR_CONFIG_NETWORKS_H
#define COLLECTOR_CONFIG_NETWORKS_H

#include "base/network.h"
#include "base/node.h"
#include "base/problems.h"
#include "collector/host/options.h"

struct networks {
    struct network *all;
    unsigned count;
};

/* Reads the items of the setting `key` at `place`.  What is wrong with them goes to `problems`.
 * Returns 0, or -1 if memory is short; after either, networks_free. */
int networks_read(struct networks *networks, const struct option_value *value, const char *key,
                  const struct node *place, struct problems *problems);
void networks_free(struct networks *networks);

#endif
