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

#include "numbers.h"
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

/* A device that is listed and is not its own number. */
struct keyed_device {
    char *key;
    uint8_t class;
    struct device_info info;
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
    union key *keys; /* one for each device that is its own number */
    struct keyed_device *keyed;
    size_t keyed_count, keyed_room;
    const struct numbers *numbers; /* or NULL */
    uint64_t mark, formats_mark;   /* 0: not known */
    uint32_t *rows;                /* of each of those: which of the keyed ones, + 1; 0: none */
};

_Static_assert(CATALOG_CLASSES_MOST - 1 <= UINT8_MAX, "a class's index fits class_of");

/* ---- Look-ups ------------------------------------------------------------------------- */

/* Of a device that is not its own number; NULL: it is not listed. */
static const struct keyed_device *find_keyed(const struct catalog *catalog, uint32_t number)
{
    uint32_t row;

    assert(number < numbers_end(catalog->numbers));
    row = catalog->rows[number - MUSTER_DEVICE_IDS];
    return row > 0 ? &catalog->keyed[row - 1] : NULL;
}

static unsigned class_of(const struct catalog *catalog, uint32_t number)
{
    const struct keyed_device *keyed;

    if (number < MUSTER_DEVICE_IDS)
        return catalog->class_of[number];
    keyed = find_keyed(catalog, number);
    return keyed != NULL ? keyed->class : catalog->default_class;
}

static const struct device_info *info_of(const struct catalog *catalog, uint32_t number)
{
    static const struct device_info unlisted = {0};
    const struct keyed_device *keyed;

    if (number < MUSTER_DEVICE_IDS)
        return &catalog->devices[number];
    keyed = find_keyed(catalog, number);
    return keyed != NULL ? &keyed->info : &unlisted;
}

const struct wire_class *catalog_class(const struct catalog *catalog, uint32_t number)
{
    return &catalog->speech[class_of(catalog, number)];
}

/* Made when it is asked for, by whichever thread is first: few devices are, and none need memory
 * before. */
static const char *find_key(const struct catalog *catalog, uint32_t number)
{
    union key *key, made = {0};
    uint64_t nothing = 0;

    if (number >= MUSTER_DEVICE_IDS)
        return numbers_key(catalog->numbers, number);
    key = &catalog->keys[number];
    if (__atomic_load_n(&key->word, __ATOMIC_ACQUIRE) != 0)
        return key->text;
    snprintf(made.text, sizeof made.text, "%u", (unsigned)number % MUSTER_DEVICE_IDS);
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

int catalog_device(const struct catalog *catalog, uint32_t number, struct muster_device *out)
{
    const struct device_info *device = info_of(catalog, number);
    const struct class_info *class = &catalog->classes[class_of(catalog, number)];
    struct muster_record record = {0};
    struct muster_device full = {
        .size = out->size,
        .number = number,
        /* Who asks for less, asks for very many. */
        .key = out->size > offsetof(struct muster_device, key) ? find_key(catalog, number) : "",
        .name = device->name,
        .place = device->place,
        .class_name = class->name,
        .heartbeat_ns = class->heartbeat_ns,
        .data_ns = class->data_ns,
        .tags = device->tags,
        .tag_count = device->tag_count,
    };

    numbers_name(catalog->numbers, &record, number);
    full.id = record.device_id;
    if (full.key == NULL)
        full.key = ""; /* nobody has the number yet */
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

const char *catalog_place(const struct catalog *catalog, uint32_t number)
{
    return info_of(catalog, number)->place;
}

bool catalog_lists(const struct catalog *catalog, uint32_t number)
{
    return info_of(catalog, number)->listed;
}

unsigned catalog_sources(const struct catalog *catalog, uint32_t number,
                         const struct network **sources)
{
    const struct device_info *device = info_of(catalog, number);

    *sources = device->sources;
    return device->source_count;
}

bool catalog_has_sources(const struct catalog *catalog)
{
    return catalog->has_sources;
}

size_t catalog_device_count(const struct catalog *catalog)
{
    return catalog->device_count;
}

size_t catalog_key_count(const struct catalog *catalog)
{
    return catalog->keyed_count;
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
    struct wire_place place = plan_device_place(catalog_plan(catalog, numbers[0]));
    unsigned i;

    for (i = 1; i < count; i++) {
        struct wire_place other = plan_device_place(catalog_plan(catalog, numbers[i]));

        if (other.offset != place.offset || other.width != place.width)
            return (struct wire_place){0};
        place.is_number &= other.is_number;
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

/* Returns 0, or -1 if memory is short. */
static int add_keyed(struct catalog *catalog, const char *key, const struct keyed_device *device)
{
    struct keyed_device *keyed = catalog->keyed;
    size_t room = catalog->keyed_room;

    if (catalog->keyed_count == room) {
        room = room > 0 ? 2 * room : 64;
        keyed = realloc(keyed, room * sizeof *keyed);
        if (keyed == NULL)
            return -1;
        catalog->keyed = keyed;
        catalog->keyed_room = room;
    }
    keyed = &keyed[catalog->keyed_count];
    *keyed = *device;
    keyed->key = strdup(key);
    if (keyed->key == NULL)
        return -1;
    catalog->keyed_count++;
    return 0;
}

int catalog_add_device(struct catalog *catalog, const char *key,
                       const struct catalog_device *device)
{
    struct device_info info = {.listed = true};
    uint64_t id;

    assert(device->class < catalog->class_count && catalog->numbers == NULL);
    if (copy_text(device->name, &info.name) != 0 || copy_text(device->place, &info.place) != 0 ||
        copy_tags(device, &info) != 0 || copy_sources(device, &info) != 0) {
        free_device(&info);
        return -1;
    }
    if (numbers_is_whole(key, strlen(key), &id) && id < MUSTER_DEVICE_IDS) {
        assert(!catalog->devices[id].listed);
        catalog->devices[id] = info;
        catalog->class_of[id] = (uint8_t)device->class;
    } else {
        const struct keyed_device keyed = {.class = (uint8_t)device->class, .info = info};

        if (add_keyed(catalog, key, &keyed) != 0) {
            free_device(&info);
            return -1;
        }
    }
    catalog->has_sources |= info.source_count > 0;
    catalog->device_count++;
    return 0;
}

int catalog_give_numbers(struct catalog *catalog, struct numbers *numbers, unsigned workers,
                         size_t *missing)
{
    size_t i;

    *missing = 0;
    free(catalog->rows);
    catalog->rows = calloc(numbers_end(numbers) - MUSTER_DEVICE_IDS, sizeof *catalog->rows);
    if (catalog->rows == NULL)
        return -1;
    for (i = 0; i < catalog->keyed_count; i++) {
        const char *key = catalog->keyed[i].key;
        uint64_t id = i;
        uint32_t number;

        (void)numbers_is_whole(key, strlen(key), &id);
        number = numbers_give(numbers, key, strlen(key),
                              numbers_worker(numbers, wire_worker_of((uint32_t)id, workers)));
        if (number == NUMBERS_NONE) {
            (*missing)++;
            continue;
        }
        numbers_keep(numbers, number);
        catalog->rows[number - MUSTER_DEVICE_IDS] = (uint32_t)i + 1;
    }
    catalog->numbers = numbers;
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
    catalog->mark = catalog->formats_mark = 1;
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
    for (i = 0; i < catalog->keyed_count; i++) {
        free_device(&catalog->keyed[i].info);
        free(catalog->keyed[i].key);
    }
    free(catalog->keyed);
    free(catalog->rows);
    free(catalog->plans);
    free(catalog->keys);
    free(catalog);
}

void catalog_mark(struct catalog *catalog, uint64_t mark)
{
    catalog->mark = mark;
}

void catalog_mark_formats(struct catalog *catalog, uint64_t mark)
{
    if (catalog->formats_mark != 0)
        catalog->formats_mark = mark == 0 ? 0 : (catalog->formats_mark * 31 + mark) | 1;
}

bool catalog_same(const struct catalog *a, const struct catalog *b)
{
    return a->mark == b->mark && a->mark != 0 && catalog_same_formats(a, b);
}

bool catalog_same_formats(const struct catalog *a, const struct catalog *b)
{
    return a->formats_mark == b->formats_mark && a->formats_mark != 0;
}
