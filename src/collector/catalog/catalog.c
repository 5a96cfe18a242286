/* SPDX-License-Identifier: MIT
 *
 * The device catalog in memory: look-ups, and the catalog without a file.
 */
#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "catalog_data.h"

const struct wire_class *catalog_class(const struct catalog *catalog, uint16_t device_id)
{
    return &catalog->speech[catalog->class_of[device_id]];
}

int catalog_device(const struct catalog *catalog, uint16_t device_id, struct muster_device *out)
{
    const struct device_info *device = &catalog->devices[device_id];
    const struct class_info *class = &catalog->classes[catalog->class_of[device_id]];
    struct muster_device full = {
        .size = out->size,
        .name = device->name,
        .class_name = class->name,
        .heartbeat_ns = class->heartbeat_ns,
        .data_ns = class->data_ns,
    };
    size_t size = out->size;

    /* A plugin that is newer than this host reads 0 in the fields that it has more. */
    if (size > sizeof full)
        memset((char *)out + sizeof full, 0, size - sizeof full);
    memcpy(out, &full, size < sizeof full ? size : sizeof full);
    return device->listed;
}

const char *catalog_place(const struct catalog *catalog, uint16_t device_id)
{
    return catalog->devices[device_id].place;
}

size_t catalog_device_count(const struct catalog *catalog)
{
    return catalog->device_count;
}

size_t catalog_class_count(const struct catalog *catalog)
{
    return catalog->class_count;
}

struct catalog *catalog_default(void)
{
    /* The table of devices is large; pages of it that nobody writes to cost no memory. */
    struct catalog *catalog = calloc(1, sizeof *catalog);

    if (!catalog)
        return NULL;
    catalog->classes[0].name = strdup(CATALOG_BUILT_IN);
    if (!catalog->classes[0].name) {
        free(catalog);
        return NULL;
    }
    catalog->speech[0].payload = WIRE_PAYLOAD_TEXT;
    catalog->speech[0].numbers = 1u << MUSTER_MSG_DATA;
    catalog->class_count = 1;
    return catalog;
}

void catalog_free(struct catalog *catalog)
{
    size_t i;

    if (!catalog)
        return;
    for (i = 0; i < catalog->class_count; i++)
        free(catalog->classes[i].name);
    /* Only a device that is listed has texts; without one the table stays untouched. */
    for (i = 0; catalog->device_count > 0 && i < CATALOG_DEVICES; i++) {
        free(catalog->devices[i].name);
        free(catalog->devices[i].place);
    }
    free(catalog);
}
