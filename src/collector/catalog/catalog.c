/* SPDX-License-Identifier: MIT
 *
 * The device catalog in memory.
 */
#include "catalog.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct class_info {
    char *name;
    uint64_t heartbeat_ns, data_ns;
};

struct device_info {
    char *name, *place;
    bool listed;
};

struct catalog {
    uint8_t class_of[MUSTER_DEVICE_IDS];
    struct wire_class speech[CATALOG_CLASSES_MOST]; /* apart from the rest, to stay in the cache */
    struct class_info classes[CATALOG_CLASSES_MOST];
    struct device_info devices[MUSTER_DEVICE_IDS];
    size_t class_count, device_count;
};

_Static_assert(CATALOG_CLASSES_MOST - 1 <= UINT8_MAX, "a class's index fits class_of");

/* ---- Look-ups ------------------------------------------------------------------------- */

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

int catalog_find_class(const struct catalog *catalog, const char *name)
{
    size_t i;

    for (i = 0; i < catalog->class_count; i++)
        if (strcmp(catalog->classes[i].name, name) == 0)
            return (int)i;
    return -1;
}

const char *catalog_class_name(const struct catalog *catalog, unsigned index)
{
    assert(index < catalog->class_count);
    return catalog->classes[index].name;
}

/* ---- Building ------------------------------------------------------------------------- */

int catalog_add_class(struct catalog *catalog, const char *name)
{
    const size_t index = catalog->class_count;
    char *copy;

    assert(index < CATALOG_CLASSES_MOST && catalog_find_class(catalog, name) < 0);
    copy = strdup(name);
    if (!copy)
        return -1;
    catalog->classes[index].name = copy;
    catalog->speech[index].payload = WIRE_PAYLOAD_TEXT;
    catalog->speech[index].numbers = 1u << MUSTER_MSG_DATA;
    catalog->class_count++;
    return (int)index;
}

void catalog_set_class(struct catalog *catalog, unsigned index, const struct catalog_class *class)
{
    assert(index < catalog->class_count);
    catalog->speech[index] = class->speech;
    catalog->classes[index].heartbeat_ns = class->heartbeat_ns;
    catalog->classes[index].data_ns = class->data_ns;
}

void catalog_set_default(struct catalog *catalog, unsigned index)
{
    size_t i;

    assert(index < catalog->class_count);
    for (i = 0; i < MUSTER_DEVICE_IDS; i++)
        if (catalog->device_count == 0 || !catalog->devices[i].listed)
            catalog->class_of[i] = (uint8_t)index;
}

/* A copy of a text that may be NULL.  Returns 0, or -1 if memory is short. */
static int copy_text(const char *text, char **copy)
{
    *copy = text ? strdup(text) : NULL;
    return *copy || !text ? 0 : -1;
}

int catalog_add_device(struct catalog *catalog, uint16_t device_id,
                       const struct catalog_device *device)
{
    struct device_info info = {.listed = true};

    assert(device->class < catalog->class_count && !catalog->devices[device_id].listed);
    if (copy_text(device->name, &info.name) != 0)
        return -1;
    if (copy_text(device->place, &info.place) != 0) {
        free(info.name);
        return -1;
    }
    catalog->devices[device_id] = info;
    catalog->class_of[device_id] = (uint8_t)device->class;
    catalog->device_count++;
    return 0;
}

struct catalog *catalog_default(void)
{
    /* The table of devices is large; pages of it that nobody writes to cost no memory. */
    struct catalog *catalog = calloc(1, sizeof *catalog);

    if (catalog && catalog_add_class(catalog, CATALOG_BUILT_IN) < 0) {
        free(catalog);
        return NULL;
    }
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
    for (i = 0; catalog->device_count > 0 && i < MUSTER_DEVICE_IDS; i++) {
        free(catalog->devices[i].name);
        free(catalog->devices[i].place);
    }
    free(catalog);
}
