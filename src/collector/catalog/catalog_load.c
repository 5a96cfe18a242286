/* SPDX-License-Identifier: MIT
 *
 * The device catalog's file, devices.yaml: reads it, and finds all that is wrong with it.
 */
#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "catalog_data.h"
#include "base/suggest.h"
#include "base/units.h"
#include "collector/config/yaml_file.h"

#define NUMBERS_ALL (1u << MUSTER_MSG_HEARTBEAT | 1u << MUSTER_MSG_DATA | 1u << MUSTER_MSG_INIT)

/* A name in use, to find those that are used twice. */
struct name_use {
    const char *name;
    const yaml_node_t *node;
};

struct loader {
    struct yaml_file file;
    struct catalog *catalog;
    unsigned class_line[CATALOG_CLASSES_MOST]; /* where it is defined; 0: it is not */
    unsigned device_line[CATALOG_DEVICES];
    struct name_use *names;
    size_t name_count;
};

/* A copy of a text that is not empty; else adds a problem and returns NULL. */
static char *copy_text(struct loader *loader, const yaml_node_t *node, const char *what)
{
    const char *text = yaml_file_text(&loader->file, node, what);
    char *copy;

    if (!text)
        return NULL;
    if (*text == '\0') {
        yaml_file_problem(&loader->file, node, "%s is empty; expected a text", what);
        return NULL;
    }
    copy = strdup(text);
    if (!copy)
        problems_add(loader->file.problems, loader->file.path, 0, 0, "cannot read: out of memory");
    return copy;
}

/* The index of `word` in `names`; else adds a problem and returns -1. */
static int choose(struct loader *loader, const yaml_node_t *node, const char *what,
                  const char *const *names, size_t n)
{
    const char *word = yaml_file_text(&loader->file, node, what);
    char hint[SUGGEST_ROOM];
    size_t i;

    if (!word)
        return -1;
    for (i = 0; i < n; i++) {
        if (strcmp(word, names[i]) == 0)
            return (int)i;
    }
    yaml_file_problem(&loader->file, node, "%s is \"%s\"; %s", what, word,
                      suggest_hint(hint, sizeof hint, word, names, n));
    return -1;
}

static void load_payload(struct loader *loader, const yaml_node_t *node, struct wire_class *class)
{
    static const char *const names[] = {"text", "u16"};
    static const enum wire_payload payloads[] = {WIRE_PAYLOAD_TEXT, WIRE_PAYLOAD_U16};
    int choice = choose(loader, node, "payload", names, 2);

    if (choice >= 0)
        class->payload = payloads[choice];
}

static uint8_t load_number(struct loader *loader, const yaml_node_t *node)
{
    static const char *const names[] = {"heartbeat", "data", "init", "all"};
    static const uint8_t bits[] = {1u << MUSTER_MSG_HEARTBEAT, 1u << MUSTER_MSG_DATA,
                                   1u << MUSTER_MSG_INIT, NUMBERS_ALL};
    int choice = choose(loader, node, "numbers", names, 4);

    return choice >= 0 ? bits[choice] : 0;
}

static void load_numbers(struct loader *loader, yaml_node_t *node, struct wire_class *class)
{
    const yaml_node_item_t *item;

    class->numbers = 0;
    if (node->type == YAML_SCALAR_NODE) {
        class->numbers = load_number(loader, node);
    } else if (node->type == YAML_SEQUENCE_NODE) {
        for (item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
            class->numbers |= load_number(loader, yaml_file_item(&loader->file, *item));
    } else {
        yaml_file_problem(&loader->file, node,
                          "numbers is a mapping; expected a list of heartbeat, data and init, "
                          "or all");
    }
}

static uint64_t load_interval(struct loader *loader, const yaml_node_t *node, const char *what)
{
    const char *text = yaml_file_text(&loader->file, node, what);
    int64_t ns;

    if (!text)
        return 0;
    if (units_duration(text, &ns) != 0) {
        yaml_file_problem(&loader->file, node, "%s is \"%s\"; expected " UNITS_DURATION_FORM, what,
                          text);
        return 0;
    }
    if (ns == 0)
        yaml_file_problem(&loader->file, node, "%s is 0; expected an interval above 0, or no %s",
                          what, what);
    return (uint64_t)ns;
}

/* The index of a class, or -1. */
static int find_class(const struct catalog *catalog, const char *name)
{
    size_t i;

    for (i = 0; i < catalog->class_count; i++) {
        if (strcmp(catalog->classes[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* The index that a class of this name gets; or adds a problem and returns -1. */
static int name_class(struct loader *loader, const yaml_node_t *node)
{
    struct catalog *catalog = loader->catalog;
    char *name = copy_text(loader, node, "the name of a class");
    int index = name ? find_class(catalog, name) : -1;

    if (!name)
        return -1;
    if (index >= 0) {
        free(name);
        if (loader->class_line[index] > 0) {
            yaml_file_problem(&loader->file, node,
                              "class \"%s\" is defined again; it is first on line %u",
                              catalog->classes[index].name, loader->class_line[index]);
            return -1;
        }
    } else if (catalog->class_count == CATALOG_CLASSES_MOST) {
        yaml_file_problem(&loader->file, node, "class \"%s\" is one too many; expected at most %d",
                          name, CATALOG_CLASSES_MOST - 1);
        free(name);
        return -1;
    } else {
        index = (int)catalog->class_count++;
        catalog->classes[index].name = name;
    }
    loader->class_line[index] = yaml_file_line(node);
    return index;
}

static void load_class(struct loader *loader, const yaml_node_t *key, yaml_node_t *value)
{
    enum { PAYLOAD, NUMBERS, HEARTBEAT, DATA, KEYS };
    struct yaml_field fields[KEYS] = {
        {.key = "payload"}, {.key = "numbers"}, {.key = "heartbeat"}, {.key = "data"}};
    /* One that has no name to be stored under is still checked. */
    struct wire_class nowhere = {0};
    int index = name_class(loader, key);
    struct wire_class *class = index >= 0 ? &loader->catalog->speech[index] : &nowhere;
    uint64_t heartbeat_ns = 0;
    uint64_t data_ns = 0;

    class->payload = WIRE_PAYLOAD_TEXT;
    class->numbers = 1u << MUSTER_MSG_DATA;
    if (yaml_file_is_null(value) ||
        !yaml_file_fields(&loader->file, value, "a class", fields, KEYS))
        return;
    if (fields[PAYLOAD].value)
        load_payload(loader, fields[PAYLOAD].value, class);
    if (fields[NUMBERS].value)
        load_numbers(loader, fields[NUMBERS].value, class);
    if (fields[HEARTBEAT].value)
        heartbeat_ns = load_interval(loader, fields[HEARTBEAT].value, "heartbeat");
    if (fields[DATA].value)
        data_ns = load_interval(loader, fields[DATA].value, "data");
    if (index >= 0) {
        loader->catalog->classes[index].heartbeat_ns = heartbeat_ns;
        loader->catalog->classes[index].data_ns = data_ns;
    }
}

static void load_classes(struct loader *loader, const yaml_node_t *node)
{
    const yaml_node_pair_t *pair;

    if (node->type != YAML_MAPPING_NODE) {
        yaml_file_problem(&loader->file, node,
                          "classes is %s; expected a mapping of names to classes",
                          yaml_file_kind(node));
        return;
    }
    for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
        load_class(loader, yaml_file_item(&loader->file, pair->key),
                   yaml_file_item(&loader->file, pair->value));
}

/* The class that a text names; or adds a problem and returns the default class. */
static uint8_t load_class_name(struct loader *loader, const yaml_node_t *node, const char *what)
{
    const struct catalog *catalog = loader->catalog;
    const char *name = yaml_file_text(&loader->file, node, what);
    int index = name ? find_class(catalog, name) : -1;
    const char *known[CATALOG_CLASSES_MOST];
    const char *near;
    size_t i;

    if (index >= 0)
        return (uint8_t)index;
    if (!name)
        return catalog->default_class;
    for (i = 0; i < catalog->class_count; i++)
        known[i] = catalog->classes[i].name;
    near = suggest(name, known, catalog->class_count);
    if (near)
        yaml_file_problem(&loader->file, node, "unknown class \"%s\"; did you mean \"%s\"?", name,
                          near);
    else
        yaml_file_problem(&loader->file, node,
                          "unknown class \"%s\"; expected one that \"classes\" defines, or "
                          "\"" CATALOG_BUILT_IN "\"",
                          name);
    return catalog->default_class;
}

/* Decimal digits alone: YAML 1.1 reads 010 as 8, YAML 1.2 as 10. */
static int parse_id(const char *text)
{
    int id = 0;

    if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        id = id * 10 + (*text - '0');
        if (id >= CATALOG_DEVICES)
            return -1;
    }
    return id;
}

/* The id of a device; or adds a problem and returns -1. */
static int load_id(struct loader *loader, const yaml_node_t *device, const yaml_node_t *node)
{
    const char *text;
    int id;

    if (!node) {
        yaml_file_problem(&loader->file, device,
                          "a device has no id; expected a number from 0 to 65535");
        return -1;
    }
    text = yaml_file_text(&loader->file, node, "id");
    if (!text)
        return -1;
    id = parse_id(text);
    if (id < 0) {
        yaml_file_problem(&loader->file, node,
                          "id is \"%s\"; expected a decimal number from 0 to 65535", text);
        return -1;
    }
    if (loader->device_line[id] > 0) {
        yaml_file_problem(&loader->file, node, "device %d is listed again; it is first on line %u",
                          id, loader->device_line[id]);
        return -1;
    }
    loader->device_line[id] = yaml_file_line(node);
    return id;
}

static void load_device(struct loader *loader, yaml_node_t *node)
{
    enum { ID, NAME, CLASS, PLACE, KEYS };
    struct yaml_field fields[KEYS] = {
        {.key = "id"}, {.key = "name"}, {.key = "class"}, {.key = "place"}};
    struct catalog *catalog = loader->catalog;
    uint8_t class = catalog->default_class;
    struct device_info device = {.listed = true};
    int id;

    if (!yaml_file_fields(&loader->file, node, "a device", fields, KEYS))
        return;
    id = load_id(loader, node, fields[ID].value);
    if (fields[NAME].value)
        device.name = copy_text(loader, fields[NAME].value, "name");
    if (device.name)
        loader->names[loader->name_count++] = (struct name_use){
            (const char *)fields[NAME].value->data.scalar.value, fields[NAME].value};
    if (fields[CLASS].value)
        class = load_class_name(loader, fields[CLASS].value, "class");
    if (fields[PLACE].value)
        device.place = copy_text(loader, fields[PLACE].value, "place");

    if (id < 0) {
        free(device.name);
        free(device.place);
        return;
    }
    catalog->devices[id] = device;
    catalog->class_of[id] = class;
    catalog->device_count++;
}

static int compare_uses(const void *left, const void *right)
{
    const struct name_use *a = left;
    const struct name_use *b = right;
    int order = strcmp(a->name, b->name);

    if (order != 0)
        return order;
    return (a->node->start_mark.index > b->node->start_mark.index) -
           (a->node->start_mark.index < b->node->start_mark.index);
}

static void check_names(struct loader *loader)
{
    const struct name_use *first = loader->names;
    size_t i;

    qsort(loader->names, loader->name_count, sizeof *loader->names, compare_uses);
    for (i = 1; i < loader->name_count; i++) {
        const struct name_use *use = &loader->names[i];

        if (strcmp(use->name, first->name) == 0)
            yaml_file_problem(&loader->file, use->node,
                              "name \"%s\" is given again; it is first on line %u", use->name,
                              yaml_file_line(first->node));
        else
            first = use;
    }
}

static void load_devices(struct loader *loader, const yaml_node_t *node)
{
    const yaml_node_item_t *item;
    size_t count;

    if (node->type != YAML_SEQUENCE_NODE) {
        yaml_file_problem(&loader->file, node, "devices is %s; expected a list of devices",
                          yaml_file_kind(node));
        return;
    }
    count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count == 0)
        return;
    loader->names = calloc(count, sizeof *loader->names);
    if (!loader->names) {
        problems_add(loader->file.problems, loader->file.path, 0, 0, "cannot read: out of memory");
        return;
    }
    for (item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
        load_device(loader, yaml_file_item(&loader->file, *item));
    check_names(loader);
    free(loader->names);
}

static void load_root(struct loader *loader, yaml_node_t *root)
{
    enum { CLASSES, DEFAULT, LIST, KEYS };
    struct yaml_field fields[KEYS] = {{.key = "classes"}, {.key = "default"}, {.key = "devices"}};
    struct catalog *catalog = loader->catalog;

    if (!yaml_file_fields(&loader->file, root, "the catalog", fields, KEYS))
        return;
    /* In this order, wherever they are in the file: each refers to the one before. */
    if (fields[CLASSES].value)
        load_classes(loader, fields[CLASSES].value);
    if (fields[DEFAULT].value)
        catalog->default_class = load_class_name(loader, fields[DEFAULT].value, "default");
    memset(catalog->class_of, catalog->default_class, sizeof catalog->class_of);
    if (fields[LIST].value)
        load_devices(loader, fields[LIST].value);
}

struct catalog *catalog_load(const char *path, struct problems *problems)
{
    size_t before = problems_count(problems);
    struct catalog *catalog = catalog_default();
    struct loader *loader = calloc(1, sizeof *loader);
    yaml_node_t *root;

    if (!catalog || !loader) {
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
        goto out;
    }
    if (yaml_file_load(&loader->file, path, problems) != 0)
        goto out;
    loader->catalog = catalog;
    root = yaml_file_root(&loader->file);
    if (root)
        load_root(loader, root);
    yaml_file_free(&loader->file);
out:
    free(loader);
    if (problems_count(problems) > before) {
        catalog_free(catalog);
        return NULL;
    }
    return catalog;
}
