/* SPDX-License-Identifier: MIT
 *
 * devices.yaml is checked against option tables, as collector.conf is; what is said of several
 * devices or classes together is checked here.
 */
#include "devices.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/node.h"
#include "base/node_yaml.h"
#include "base/suggest.h"
#include "collector/catalog/numbers.h"
#include "check.h"
#include "device_ids.h"
#include "format_files.h"
#include "formats.h"
#include "networks.h"

enum { TAGS_MOST = 16 }; /* of a device */

/* ---- What the file may say ------------------------------------------------------------ */

enum { CATALOG_DEFAULT, CATALOG_OPTIONS };

static const struct muster_option catalog_options[CATALOG_OPTIONS] = {
    [CATALOG_DEFAULT] = {.name = "default",
                         .type = MUSTER_OPTION_STRING,
                         .fallback = CATALOG_BUILT_IN,
                         .summary = "The class of a device that is not listed, or names none"},
};

enum { CLASS_PAYLOAD, CLASS_NUMBERS, CLASS_HEARTBEAT, CLASS_DATA, CLASS_OPTIONS };

/* In the order of enum wire_payload. */
static const char *const payloads[] = {"text", "u16", NULL};

static const char *const numbers[] = {"heartbeat", "data", "init", "all", NULL};
static const uint8_t number_bits[] = {
    1u << MUSTER_MSG_HEARTBEAT, 1u << MUSTER_MSG_DATA, 1u << MUSTER_MSG_INIT,
    1u << MUSTER_MSG_HEARTBEAT | 1u << MUSTER_MSG_DATA | 1u << MUSTER_MSG_INIT};

static const struct muster_option class_options[CLASS_OPTIONS] = {
    [CLASS_PAYLOAD] = {.name = "payload",
                       .type = MUSTER_OPTION_CHOICE,
                       .fallback = "text",
                       .choices = payloads,
                       .summary = "What a DATA message carries: a text, or readings of 16 bits"},
    [CLASS_NUMBERS] = {.name = "numbers",
                       .type = MUSTER_OPTION_LIST,
                       .fallback = "data",
                       .choices = numbers,
                       .summary = "The messages that count in the sequence"},
    [CLASS_HEARTBEAT] = {.name = "heartbeat",
                         .type = MUSTER_OPTION_DURATION,
                         .min = 1,
                         .max = INT64_MAX,
                         .summary = "How often to expect a heartbeat"},
    [CLASS_DATA] = {.name = "data",
                    .type = MUSTER_OPTION_DURATION,
                    .min = 1,
                    .max = INT64_MAX,
                    .summary = "How often to expect a DATA message"},
};

enum { DEVICE_ID, DEVICE_NAME, DEVICE_CLASS, DEVICE_PLACE, DEVICE_SOURCE, DEVICE_OPTIONS };

static const struct muster_option device_options[DEVICE_OPTIONS] = {
    [DEVICE_ID] = {.name = "id",
                   .type = MUSTER_OPTION_STRING,
                   .flags = MUSTER_OPTION_REQUIRED,
                   .summary = "What it calls itself in its datagrams: a number, or the key of a "
                              "declared format; each only once"},
    [DEVICE_NAME] = {.name = "name",
                     .type = MUSTER_OPTION_STRING,
                     .summary = "What it is called; no other device has that name"},
    [DEVICE_CLASS] = {.name = "class",
                      .type = MUSTER_OPTION_STRING,
                      .summary = "Its class; without it the default one"},
    [DEVICE_PLACE] = {.name = "place", .type = MUSTER_OPTION_STRING, .summary = "Where it is"},
    [DEVICE_SOURCE] = {.name = "source",
                       .type = MUSTER_OPTION_LIST,
                       .summary = "The only addresses that it sends from, such as 10.1.0.0/16"},
};

#define TABLE(array, n)                                                                            \
    {                                                                                              \
        .options = (array), .count = (n), .stride = sizeof(struct muster_option)                   \
    }
static const struct option_table catalog_table = TABLE(catalog_options, CATALOG_OPTIONS);
static const struct option_table class_table = TABLE(class_options, CLASS_OPTIONS);
static const struct option_table device_table = TABLE(device_options, DEVICE_OPTIONS);
#undef TABLE

static const char *const no_others[] = {NULL};
static const char *const others_of_device[] = {"tags", NULL};

void devices_describe(FILE *out)
{
    fputs("Keys of the catalog, a YAML file in which quotes may be left out, besides\n"
          "classes, devices, formats and include_formats, a list of files with formats:\n",
          out);
    options_describe(&catalog_table, out);
    fputs("\nOf each class, in classes: { NAME: { ... }, ... }:\n", out);
    options_describe(&class_table, out);
    fputs("\nOf each device, in devices: [ { ... }, ... ]:\n", out);
    options_describe(&device_table, out);
    fprintf(out,
            "  tags\n"
            "      What else is to be known of it, in keys of your own; plugins can show it.\n"
            "      a mapping of at most %d keys to texts, such as { floor: 2 }; default: none\n",
            TAGS_MOST);
    fputc('\n', out);
    formats_describe(out);
}

/* ---- Reading it ----------------------------------------------------------------------- */

/* A name in use, to find those that are used twice. */
struct name_use {
    const char *name;
    const struct node *node;
};

struct loader {
    struct catalog *catalog;
    struct problems *problems;
    unsigned default_class;
    unsigned class_line[CATALOG_CLASSES_MOST]; /* where it is defined; 0: it is not */
    unsigned device_line[MUSTER_DEVICE_IDS];
    struct name_use *names;
    size_t name_count;
    struct name_use *keys; /* of devices that are not their own numbers */
    size_t key_count;
};

/* Finds the index that a class of this name gets; -1 after adding a problem.  Returns 0, or -1 if
 * memory is short. */
static int name_class(struct loader *loader, const struct node *key, int *index)
{
    struct catalog *catalog = loader->catalog;
    int found;

    *index = -1;
    if (key->kind == NODE_BAD)
        return 0;
    if (key->text == NULL || key->text[0] == '\0') {
        node_problem(key, loader->problems, "the name of a class is %s; expected a text",
                     key->text == NULL ? node_kind_name(key) : "empty");
        return 0;
    }
    found = catalog_find_class(catalog, key->text);
    if (found >= 0 && loader->class_line[found] > 0) {
        node_problem(key, loader->problems, "class \"%s\" is defined again; it is first on line %u",
                     key->text, loader->class_line[found]);
        return 0;
    }
    if (found < 0 && catalog_class_count(catalog) == CATALOG_CLASSES_MOST) {
        node_problem(key, loader->problems, "class \"%s\" is one too many; expected at most %d",
                     key->text, CATALOG_CLASSES_MOST - 1);
        return 0;
    }
    if (found < 0)
        found = catalog_add_class(catalog, key->text);
    if (found < 0)
        return -1;
    loader->class_line[found] = key->line;
    *index = found;
    return 0;
}

static struct catalog_class make_class(const struct option_value *values)
{
    struct catalog_class class = {
        .speech.payload = (enum wire_payload)values[CLASS_PAYLOAD].number,
        .speech.says_numbers = values[CLASS_NUMBERS].line > 0,
        .heartbeat_ns = (uint64_t)values[CLASS_HEARTBEAT].number,
        .data_ns = (uint64_t)values[CLASS_DATA].number,
    };
    uint32_t i;
    size_t choice;

    for (i = 0; i < values[CLASS_NUMBERS].item_count; i++)
        for (choice = 0; numbers[choice] != NULL; choice++)
            if (strcmp(values[CLASS_NUMBERS].items[i], numbers[choice]) == 0)
                class.speech.numbers |= number_bits[choice];
    return class;
}

/* Returns 0, or -1 if memory is short.  A class that has no name to be kept under is still checked.
 */
static int load_class(struct loader *loader, const struct node *key, const struct node *map)
{
    static const struct check check = {&class_table, no_others, "a class"};
    struct option_value values[CLASS_OPTIONS];
    int index, result;

    if (name_class(loader, key, &index) < 0)
        return -1;
    if (map->kind == NODE_NULL)
        map = NULL; /* all defaults */
    else if (!check_kind(map, NODE_MAP, "a class", "a mapping", loader->problems))
        return 0;
    result = check_map(&check, map, values, loader->problems);
    if (result == 0 && index >= 0) {
        const struct catalog_class class = make_class(values);

        catalog_set_class(loader->catalog, (unsigned)index, &class);
    }
    options_free(values, CLASS_OPTIONS);
    return result;
}

static int load_classes(struct loader *loader, const struct node *classes)
{
    size_t i;

    if (!check_kind(classes, NODE_MAP, "classes", "a mapping of names to classes",
                    loader->problems))
        return 0;
    for (i = 0; i < classes->count; i++)
        if (load_class(loader, classes->items[i].key, classes->items[i].value) < 0)
            return -1;
    return 0;
}

/* The class that a text at `node` names; or adds a problem and returns the default class. */
static unsigned find_class(const struct loader *loader, const char *name, const struct node *node)
{
    const struct catalog *catalog = loader->catalog;
    int index = catalog_find_class(catalog, name);
    const char *known[CATALOG_CLASSES_MOST];
    const char *near;
    size_t i;

    if (index >= 0)
        return (unsigned)index;
    for (i = 0; i < catalog_class_count(catalog); i++)
        known[i] = catalog_class_name(catalog, (unsigned)i);
    near = suggest(name, known, catalog_class_count(catalog));
    if (near != NULL)
        node_problem(node, loader->problems, "unknown class \"%s\"; did you mean \"%s\"?", name,
                     near);
    else
        node_problem(node, loader->problems,
                     "unknown class \"%s\"; expected one that \"classes\" defines, or "
                     "\"" CATALOG_BUILT_IN "\"",
                     name);
    return loader->default_class;
}

static void check_not_empty(const struct loader *loader, const struct node *map, const char *key)
{
    const struct node *node = node_find(map, key);

    if (node != NULL && node->text != NULL && node->text[0] == '\0')
        node_problem(node, loader->problems, "%s: it is empty; expected a text", key);
}

/* Whether both are texts, and the key is not there already. */
static bool check_tag(const struct loader *loader, const struct node *tags, size_t index)
{
    const struct node *key = tags->items[index].key, *value = tags->items[index].value;
    size_t i;

    if (key->kind == NODE_BAD || value->kind == NODE_BAD)
        return false;
    if (key->text == NULL || key->text[0] == '\0') {
        node_problem(key, loader->problems, "tags: a key is %s; expected a text",
                     key->text == NULL ? node_kind_name(key) : "empty");
        return false;
    }
    if ((value->kind != NODE_WORD && value->kind != NODE_TEXT) || value->text[0] == '\0') {
        node_problem(value, loader->problems, "tags: %s is %s; expected a text", key->text,
                     value->kind != NODE_WORD && value->kind != NODE_TEXT ? node_kind_name(value)
                                                                          : "empty");
        return false;
    }
    for (i = 0; i < index; i++) {
        const struct node *other = tags->items[i].key;

        if (other->text == NULL || strcmp(other->text, key->text) != 0)
            continue;
        node_problem(key, loader->problems, "tags: \"%s\" is given again; it is first on line %u",
                     key->text, other->line);
        return false;
    }
    return true;
}

/* Fills in those that are fine.  Returns how many these are. */
static uint32_t read_tags(const struct loader *loader, const struct node *tags,
                          struct muster_tag list[TAGS_MOST])
{
    uint32_t count = 0;
    size_t i;

    if (tags == NULL ||
        !check_kind(tags, NODE_MAP, "tags", "a mapping such as { floor: 2 }", loader->problems))
        return 0;
    if (tags->count > TAGS_MOST) {
        node_problem(tags, loader->problems, "tags: there are %zu; expected at most %d",
                     tags->count, TAGS_MOST);
        return 0;
    }
    for (i = 0; i < tags->count; i++)
        if (check_tag(loader, tags, i))
            list[count++] = (struct muster_tag){.key = tags->items[i].key->text,
                                                .value = tags->items[i].value->text};
    return count;
}

/* Keeps the place of a name, which other devices must not have. */
static void use_name(struct loader *loader, const struct node *map, const char *name)
{
    if (name != NULL && name[0] != '\0') {
        const struct node *node = node_find(map, "name");

        loader->names[loader->name_count++] = (struct name_use){node->text, node};
    }
}

/* Returns 0, or -1 if memory is short. */
static int list_device(struct loader *loader, const struct node *node,
                       const struct catalog_device *device)
{
    uint64_t id;

    if (!device_ids_check(node, loader->problems))
        return 0;
    if (!numbers_is_whole(node->text, strlen(node->text), &id) || id >= MUSTER_DEVICE_IDS) {
        loader->keys[loader->key_count++] = (struct name_use){node->text, node};
        return catalog_add_device(loader->catalog, node->text, device);
    }
    if (loader->device_line[id] > 0) {
        node_problem(node, loader->problems, "device %s is listed again; it is first on line %u",
                     node->text, loader->device_line[id]);
        return 0;
    }
    loader->device_line[id] = node->line;
    return catalog_add_device(loader->catalog, node->text, device);
}

/* The same.  A device without an id is still checked. */
static int load_device(struct loader *loader, const struct node *map)
{
    static const struct check check = {&device_table, others_of_device, "a device"};
    struct option_value values[DEVICE_OPTIONS];
    struct muster_tag tags[TAGS_MOST];
    struct catalog_device device = {.class = loader->default_class};
    struct networks sources = {0};
    int result;

    if (!check_kind(map, NODE_MAP, "a device", "a mapping", loader->problems))
        return 0;
    result = check_map(&check, map, values, loader->problems);
    if (result < 0)
        goto done;
    device.name = values[DEVICE_NAME].text;
    device.place = values[DEVICE_PLACE].text;
    check_not_empty(loader, map, "name");
    check_not_empty(loader, map, "place");
    use_name(loader, map, device.name);
    if (networks_read(&sources, &values[DEVICE_SOURCE], "source", node_find(map, "source"),
                      loader->problems) < 0) {
        result = -1;
        goto done;
    }
    device.sources = sources.all;
    device.source_count = sources.count;
    device.tags = tags;
    device.tag_count = read_tags(loader, node_find(map, "tags"), tags);
    if (values[DEVICE_CLASS].text != NULL)
        device.class = find_class(loader, values[DEVICE_CLASS].text, node_find(map, "class"));
    result = result == 0 && values[DEVICE_ID].text != NULL
                 ? list_device(loader, node_find(map, "id"), &device)
                 : 0;

done:
    networks_free(&sources);
    options_free(values, DEVICE_OPTIONS);
    return result;
}

static int compare_uses(const void *left, const void *right)
{
    const struct name_use *a = left, *b = right;
    int order = strcmp(a->name, b->name);

    if (order != 0)
        return order;
    if (a->node->line != b->node->line)
        return a->node->line < b->node->line ? -1 : 1;
    return (a->node->column > b->node->column) - (a->node->column < b->node->column);
}

static void check_names(const struct loader *loader, struct name_use *uses, size_t count,
                        const char *what, const char *how)
{
    const struct name_use *first = uses;
    size_t i;

    qsort(uses, count, sizeof *uses, compare_uses);
    for (i = 1; i < count; i++) {
        const struct name_use *use = &uses[i];

        if (strcmp(use->name, first->name) == 0)
            node_problem(use->node, loader->problems,
                         "%s \"%s\" is %s again; it is first on line %u", what, use->name, how,
                         first->node->line);
        else
            first = use;
    }
}

static int load_devices(struct loader *loader, const struct node *devices)
{
    size_t i;

    if (!check_kind(devices, NODE_LIST, "devices", "a list of devices", loader->problems))
        return 0;
    loader->names = calloc(devices->count + 1, sizeof *loader->names);
    loader->keys = calloc(devices->count + 1, sizeof *loader->keys);
    if (loader->names == NULL || loader->keys == NULL)
        return -1;
    for (i = 0; i < devices->count; i++)
        if (load_device(loader, devices->items[i].value) < 0)
            return -1;
    check_names(loader, loader->names, loader->name_count, "name", "given");
    check_names(loader, loader->keys, loader->key_count, "device", "listed");
    return 0;
}

static int load_root(struct loader *loader, struct node_tree *tree)
{
    static const char *const others[] = {"classes", "devices", "formats", "include_formats", NULL};
    static const struct check check = {&catalog_table, others, "the catalog"};
    struct option_value values[CATALOG_OPTIONS];
    const struct node *root = tree->root;
    const struct node *classes, *devices;
    int result;
    size_t i;

    if (root->kind == NODE_NULL ||
        !check_kind(root, NODE_MAP, "the catalog", "a mapping", loader->problems))
        return 0;
    /* In this order, wherever they are in the file: each refers to the one before. */
    classes = node_find(root, "classes");
    devices = node_find(root, "devices");
    if (classes != NULL && load_classes(loader, classes) < 0)
        return -1;
    result = check_map(&check, root, values, loader->problems);
    if (result == 0) {
        loader->default_class =
            find_class(loader, values[CATALOG_DEFAULT].text, node_find(root, "default"));
        catalog_set_default(loader->catalog, loader->default_class);
        if (devices != NULL)
            result = load_devices(loader, devices);
        if (result == 0)
            result = format_files_load(loader->catalog, tree, root, loader->problems);
        for (i = 0; result == 0 && i < loader->key_count; i++)
            device_ids_match(loader->catalog, loader->keys[i].node, loader->problems);
    }
    options_free(values, CATALOG_OPTIONS);
    return result;
}

struct catalog *devices_load(const char *path, struct problems *problems)
{
    size_t before = problems_count(problems);
    struct catalog *catalog = catalog_default();
    struct loader *loader = calloc(1, sizeof *loader);
    struct node_tree tree = {0};

    if (catalog == NULL || loader == NULL) {
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
        goto done;
    }
    loader->catalog = catalog;
    loader->problems = problems;
    if (node_yaml_read(&tree, path, problems) == 0 && load_root(loader, &tree) < 0)
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
    catalog_mark(catalog, node_mark(tree.root));
    if (tree.root != NULL && tree.root->kind == NODE_MAP)
        catalog_mark_formats(catalog, node_mark(node_find(tree.root, "formats")));
    free(loader->names);
    free(loader->keys);
    node_tree_free(&tree);

done:
    free(loader);
    if (problems_count(problems) > before) {
        catalog_free(catalog);
        return NULL;
    }
    return catalog;
}
