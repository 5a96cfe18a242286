/* SPDX-License-Identifier: MIT
 *
 * A format is read, compiled and tried.
 */
#include "format_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/node_yaml.h"
#include "base/suggest.h"
#include "check.h"
#include "examples.h"
#include "formats.h"
#include "wire/plan.h"

#define ENDING ".yaml"

enum { INCLUDES_MOST = 100, PRESETS_MOST = 100 };

/* Compiles one that was read, and adds it.  Returns 0, or -1 if memory is short. */
static int add_format(struct catalog *catalog, const struct formats_one *one,
                      struct problems *problems)
{
    const struct format *format = &one->format;
    struct plan *plan;

    if (catalog_find_format(catalog, format->name) >= 0) {
        node_problem(format->at, problems, "format \"%s\" is there already; expected another name",
                     format->name);
        return 0;
    }
    if (catalog_format_count(catalog) == CATALOG_FORMATS_MOST) {
        node_problem(format->at, problems, "format \"%s\" is one too many; expected at most %d",
                     format->name, CATALOG_FORMATS_MOST);
        return 0;
    }
    errno = 0;
    plan = plan_compile(format, problems);
    if (plan == NULL)
        return errno == ENOMEM ? -1 : 0;
    if (one->examples != NULL)
        examples_check(plan, format, one->examples, problems);
    if (catalog_add_format(catalog, plan) > 0)
        return 0;
    plan_free(plan);
    return -1;
}

static int add_formats(struct catalog *catalog, struct node_tree *tree, const struct node *map,
                       struct problems *problems)
{
    struct formats formats;
    size_t i;

    if (formats_read(&formats, tree, map, problems) < 0)
        return -1;
    for (i = 0; i < formats.count; i++)
        if (add_format(catalog, &formats.list[i], problems) < 0)
            return -1;
    return 0;
}

/* ---- Files of formats ----------------------------------------------------------------- */

static int load_file(struct catalog *catalog, const char *path, struct problems *problems)
{
    static const char *const others[] = {"formats", NULL};
    static const struct option_table table = {.stride = sizeof(struct muster_option)};
    static const struct check check = {&table, others, "a file of formats"};
    struct node_tree tree = {0};
    struct option_value none[1];
    const struct node *formats;
    int result = 0;

    if (node_yaml_read(&tree, path, problems) < 0 || tree.root == NULL)
        goto done;
    if (!check_kind(tree.root, NODE_MAP, "a file of formats",
                    "a mapping: formats: { NAME: { header: ... } }", problems))
        goto done;
    if (check_map(&check, tree.root, none, problems) < 0) {
        result = -1;
        goto done;
    }
    formats = node_find(tree.root, "formats");
    catalog_mark_formats(catalog, node_mark(formats));
    if (formats != NULL)
        result = add_formats(catalog, &tree, formats, problems);

done:
    node_tree_free(&tree);
    return result;
}

/* The path of a file in a folder, with its ending or without; NULL if there is none, or memory is
 * short. */
static char *find_in(const char *folder, size_t length, const char *name)
{
    static const char *const endings[] = {"", ENDING};
    size_t i;

    for (i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *path;

        if (asprintf(&path, "%.*s%s%s", (int)length, folder, name, endings[i]) < 0)
            return NULL;
        if (access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

static char *find_file(const struct node *node)
{
    const char *slash = strrchr(node->file, '/');
    const char *formats = FORMATS_DIRECTORY "/";
    char *path;

    if (node->text[0] == '/')
        return find_in("", 0, node->text);
    path = find_in(node->file, slash != NULL ? (size_t)(slash + 1 - node->file) : 0, node->text);
    return path != NULL ? path : find_in(formats, strlen(formats), node->text);
}

static int is_preset(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name), ending = strlen(ENDING);

    return length > ending && strcmp(entry->d_name + length - ending, ENDING) == 0;
}

static void free_list(struct dirent **list, int count)
{
    while (count > 0)
        free(list[--count]);
    free(list);
}

/* " (those of Muster are assignment, ccsds)" */
static void list_presets(const char *const *names, size_t count, char *out, size_t room)
{
    size_t used = 0, i;

    out[0] = '\0';
    for (i = 0; i < count && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s%s",
                                 i == 0 ? " (those of Muster are " : ", ", names[i],
                                 i + 1 == count ? ")" : "");
}

void format_files_say_missing(const struct node *node, const char *folder,
                              struct problems *problems)
{
    const char *names[PRESETS_MOST], *near;
    struct dirent **list = NULL;
    int count = scandir(folder, &list, is_preset, alphasort), i;
    char presets[1024];
    size_t known = 0;

    for (i = 0; i < count && i < PRESETS_MOST; i++) {
        list[i]->d_name[strlen(list[i]->d_name) - strlen(ENDING)] = '\0';
        names[known++] = list[i]->d_name;
    }
    near = suggest(node->text, names, known);
    list_presets(names, known, presets, sizeof presets);
    if (near != NULL)
        node_problem(node, problems, "include_formats: no file \"%s\"; did you mean \"%s\"?%s",
                     node->text, near, presets);
    else
        node_problem(node, problems,
                     "include_formats: no file \"%s\" in the folder of the catalog or in %s; "
                     "expected one, perhaps without .yaml%s",
                     node->text, folder, presets);
    if (count >= 0)
        free_list(list, count);
}

static int include(struct catalog *catalog, const struct node *node, struct problems *problems)
{
    char *path;
    int result;

    if (node->kind == NODE_BAD)
        return 0;
    if ((node->kind != NODE_WORD && node->kind != NODE_TEXT) || node->text[0] == '\0') {
        node_problem(node, problems, "include_formats: an item is %s; expected the name of a file",
                     node->kind == NODE_TEXT ? "empty" : node_kind_name(node));
        return 0;
    }
    path = find_file(node);
    if (path == NULL) {
        format_files_say_missing(node, FORMATS_DIRECTORY, problems);
        return 0;
    }
    result = load_file(catalog, path, problems);
    free(path);
    return result;
}

int format_files_load(struct catalog *catalog, struct node_tree *tree, const struct node *root,
                      struct problems *problems)
{
    const struct node *formats = node_find(root, "formats"),
                      *includes = node_find(root, "include_formats");
    size_t i;

    if (formats != NULL && add_formats(catalog, tree, formats, problems) < 0)
        return -1;
    if (includes == NULL ||
        !check_kind(includes, NODE_LIST, "include_formats", "a list such as [ ruuvi5 ]", problems))
        return 0;
    if (includes->count > INCLUDES_MOST) {
        node_problem(includes, problems, "include_formats: there are %zu; expected at most %d",
                     includes->count, INCLUDES_MOST);
        return 0;
    }
    for (i = 0; i < includes->count; i++)
        if (include(catalog, includes->items[i].value, problems) < 0)
            return -1;
    return 0;
}

int format_files_presets(struct catalog *catalog, struct problems *problems)
{
    struct dirent **list = NULL;
    int count = scandir(FORMATS_DIRECTORY, &list, is_preset, alphasort), i, result = 0;

    for (i = 0; i < count && result == 0; i++) {
        char *path;

        if (asprintf(&path, "%s/%s", FORMATS_DIRECTORY, list[i]->d_name) < 0) {
            result = -1;
            break;
        }
        result = load_file(catalog, path, problems);
        free(path);
    }
    if (count >= 0)
        free_list(list, count);
    return result;
}
