/* SPDX-License-Identifier: MIT
 *
 * The device catalog in memory.
 */
#include "catalog.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/plan.h"

struct class_info {
    char *name;
    uint64_t heartbeat_ns, data_ns;
};

struct device_info {
    char *name, *place;
    struct muster_tag *tags;
    struct network *sources;
    uint32_t tag_count, source_count;
    bool listed;
};

/* A device's id as text, the bytes of "65535" and zeros; 0: nobody has asked for it yet. */
union key {
    uint64_t word;
    char text[8];
};

struct catalog {
    uint8_t class_of[MUSTER_DEVICE_IDS];
    struct wire_class speech[CATALOG_CLASSES_MOST]; /* apart from the rest, to stay in the cache */
    struct class_info classes[CATALOG_CLASSES_MOST];
    struct device_info devices[MUSTER_DEVICE_IDS];
    size_t class_count, device_count;
    unsigned default_class;
    bool has_sources;    /* of a device */
    struct plan **plans; /* of the formats: number i + 1 is plans[i] */
    unsigned plan_count;
    union key *keys; /* one for each device */
};

_Static_assert(CATALOG_CLASSES_MOST - 1 <= UINT8_MAX, "a class's index fits class_of");

/* ---- Look-ups ------------------------------------------------------------------------- */

const struct wire_class *catalog_class(const struct catalog *catalog, uint16_t device_id)
{
    return &catalog->speech[catalog->class_of[device_id]];
}

/* Made when it is asked for, by whichever thread is first: few devices are, and none need memory
 * before. */
static const char *find_key(const struct catalog *catalog, uint16_t device_id)
{
    union key *key = &catalog->keys[device_id], made = {0};
    uint64_t nothing = 0;

    if (__atomic_load_n(&key->word, __ATOMIC_ACQUIRE) != 0)
        return key->text;
    snprintf(made.text, sizeof made.text, "%u", (unsigned)device_id);
    __atomic_compare_exchange_n(&key->word, &nothing, made.word, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    return key->text;
}

/* A plugin that is newer than this host reads 0 in the fields that it has more. */
static void show(const struct muster_device *full, struct muster_device *out)
{
    size_t size = out->size;

    if (size > sizeof *full)
        memset((char *)out + sizeof *full, 0, size - sizeof *full);
    memcpy(out, full, size < sizeof *full ? size : sizeof *full);
}

int catalog_device(const struct catalog *catalog, uint16_t device_id, struct muster_device *out)
{
    const struct device_info *device = &catalog->devices[device_id];
    const struct class_info *class = &catalog->classes[catalog->class_of[device_id]];
    const struct muster_device full = {
        .size = out->size,
        .number = device_id,
        .id = device_id,
        /* Who asks for less, asks for very many. */
        .key = out->size > offsetof(struct muster_device, key) ? find_key(catalog, device_id) : "",
        .name = device->name,
        .place = device->place,
        .class_name = class->name,
        .heartbeat_ns = class->heartbeat_ns,
        .data_ns = class->data_ns,
        .tags = device->tags,
        .tag_count = device->tag_count,
    };

    show(&full, out);
    return device->listed;
}

int catalog_no_device(const struct catalog *catalog, uint64_t device_id, struct muster_device *out)
{
    const struct class_info *class = &catalog->classes[catalog->default_class];
    const struct muster_device full = {
        .size = out->size,
        .number = UINT32_MAX,
        .id = device_id,
        .key = "",
        .class_name = class->name,
        .heartbeat_ns = class->heartbeat_ns,
        .data_ns = class->data_ns,
    };

    show(&full, out);
    return 0;
}

const char *catalog_place(const struct catalog *catalog, uint16_t device_id)
{
    return catalog->devices[device_id].place;
}

bool catalog_lists(const struct catalog *catalog, uint16_t device_id)
{
    return catalog->devices[device_id].listed;
}

unsigned catalog_sources(const struct catalog *catalog, uint16_t device_id,
                         const struct network **sources)
{
    *sources = catalog->devices[device_id].sources;
    return catalog->devices[device_id].source_count;
}

bool catalog_has_sources(const struct catalog *catalog)
{
    return catalog->has_sources;
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

int catalog_find_format(const struct catalog *catalog, const char *name)
{
    unsigned i;

    if (strcmp(name, CATALOG_FORMAT_BUILT_IN) == 0)
        return 0;
    for (i = 0; i < catalog->plan_count; i++)
        if (strcmp(plan_name(catalog->plans[i]), name) == 0)
            return (int)i + 1;
    return -1;
}

const struct plan *catalog_plan(const struct catalog *catalog, unsigned number)
{
    assert(number > 0 && number <= catalog->plan_count);
    return catalog->plans[number - 1];
}

struct wire_place catalog_formats_place(const struct catalog *catalog, const uint16_t numbers[],
                                        unsigned count)
{
    struct wire_place place = {0}, other = {0};
    unsigned i;

    for (i = 0; i < count; i++) {
        if (!plan_device_place(catalog_plan(catalog, numbers[i]), &other.offset, &other.width) ||
            (i > 0 && (other.offset != place.offset || other.width != place.width)))
            return (struct wire_place){0};
        place = other;
    }
    return place;
}

unsigned catalog_format_count(const struct catalog *catalog)
{
    return catalog->plan_count;
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
    catalog->default_class = index;
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

static void free_device(struct device_info *device)
{
    uint32_t i;

    for (i = 0; i < device->tag_count; i++) {
        free((char *)device->tags[i].key);
        free((char *)device->tags[i].value);
    }
    free(device->tags);
    free(device->sources);
    free(device->name);
    free(device->place);
}

/* The same of tags; what was copied counts even if it is not all. */
static int copy_tags(const struct catalog_device *device, struct device_info *info)
{
    uint32_t i;

    if (device->tag_count == 0)
        return 0;
    info->tags = calloc(device->tag_count, sizeof *info->tags);
    if (!info->tags)
        return -1;
    for (i = 0; i < device->tag_count; i++) {
        char *key = strdup(device->tags[i].key), *value = strdup(device->tags[i].value);

        info->tags[info->tag_count++] = (struct muster_tag){.key = key, .value = value};
        if (!key || !value)
            return -1;
    }
    return 0;
}

/* The same of where it sends from. */
static int copy_sources(const struct catalog_device *device, struct device_info *info)
{
    if (device->source_count == 0)
        return 0;
    info->sources = calloc(device->source_count, sizeof *info->sources);
    if (!info->sources)
        return -1;
    memcpy(info->sources, device->sources, device->source_count * sizeof *info->sources);
    info->source_count = device->source_count;
    return 0;
}

int catalog_add_device(struct catalog *catalog, uint16_t device_id,
                       const struct catalog_device *device)
{
    struct device_info info = {.listed = true};

    assert(device->class < catalog->class_count && !catalog->devices[device_id].listed);
    if (copy_text(device->name, &info.name) != 0 || copy_text(device->place, &info.place) != 0 ||
        copy_tags(device, &info) != 0 || copy_sources(device, &info) != 0) {
        free_device(&info);
        return -1;
    }
    catalog->devices[device_id] = info;
    catalog->has_sources |= info.source_count > 0;
    catalog->class_of[device_id] = (uint8_t)device->class;
    catalog->device_count++;
    return 0;
}

int catalog_add_format(struct catalog *catalog, struct plan *plan)
{
    struct plan **plans;

    assert(catalog->plan_count < CATALOG_FORMATS_MOST &&
           catalog_find_format(catalog, plan_name(plan)) < 0);
    plans = realloc(catalog->plans, (catalog->plan_count + 1) * sizeof *plans);
    if (!plans)
        return -1;
    plans[catalog->plan_count++] = plan;
    catalog->plans = plans;
    return (int)catalog->plan_count;
}

struct catalog *catalog_default(void)
{
    /* The table of devices is large; pages of it that nobody writes to cost no memory. */
    struct catalog *catalog = calloc(1, sizeof *catalog);

    if (!catalog)
        return NULL;
    catalog->keys = calloc(MUSTER_DEVICE_IDS, sizeof *catalog->keys);
    if (catalog->keys && catalog_add_class(catalog, CATALOG_BUILT_IN) >= 0)
        return catalog;
    catalog_free(catalog);
    return NULL;
}

void catalog_free(struct catalog *catalog)
{
    size_t i;

    if (!catalog)
        return;
    for (i = 0; i < catalog->class_count; i++)
        free(catalog->classes[i].name);
    /* Only a device that is listed has texts; without one the table stays untouched. */
    for (i = 0; catalog->device_count > 0 && i < MUSTER_DEVICE_IDS; i++)
        free_device(&catalog->devices[i]);
    for (i = 0; i < catalog->plan_count; i++)
        plan_free(catalog->plans[i]);
    free(catalog->plans);
    free(catalog->keys);
    free(catalog);
}
