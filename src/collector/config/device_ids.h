/* SPDX-License-Identifier: MIT
 *
 * What a device may be called in the catalog's list.
 */
#ifndef COLLECTOR_CONFIG_DEVICE_IDS_H
#define COLLECTOR_CONFIG_DEVICE_IDS_H

#include <stdbool.h>

#include "base/problems.h"
#include "collector/catalog/catalog.h"

struct node;

/* Whether the text can be a device's key, as keys are shown; else adds a problem. */
bool device_ids_check(const struct node *node, struct problems *problems);

/* Adds a problem if the device is not its own number, and no format of the catalog has one that
 * calls itself so. */
void device_ids_match(const struct catalog *catalog, const struct node *node,
                      struct problems *problems);

#endif
