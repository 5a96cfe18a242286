/* SPDX-License-Identifier: MIT
 *
 * What a catalog is made of.  Only its loader and its look-ups include this.
 */
#ifndef COLLECTOR_CATALOG_CATALOG_DATA_H
#define COLLECTOR_CATALOG_CATALOG_DATA_H

#include <stdbool.h>

#include "catalog.h"

#define CATALOG_DEVICES  65536
#define CATALOG_BUILT_IN "text" /* the class that is there without a file; at index 0 */

struct class_info {
    char *name;
    uint64_t heartbeat_ns, data_ns; /* 0: not configured */
};

struct device_info {
    char *name, *place; /* NULL: not given */
    bool listed;
};

struct catalog {
    uint8_t class_of[CATALOG_DEVICES];
    struct wire_class speech[CATALOG_CLASSES_MOST]; /* apart from the rest, to stay in the cache */
    struct class_info classes[CATALOG_CLASSES_MOST];
    struct device_info devices[CATALOG_DEVICES];
    size_t class_count, device_count;
    uint8_t default_class;
};

#endif
