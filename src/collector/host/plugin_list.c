/* SPDX-License-Identifier: MIT
 *
 * Each is loaded, since only its descriptor says what it is.
 */
#include "plugin_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/wrap.h"
#include "plugin.h"

#define SUFFIX ".so"

static int is_shared_object(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > strlen(SUFFIX) && strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* The name of what is found in that directory is that of one found before: a configuration that
 * names it gets the other. */
static bool is_hidden(const char *const *directories, unsigned directory, const char *name)
{
    struct dirent **found;
    bool hidden = false;
    unsigned i;
    int count, k;

    for (i = 0; i < directory && !hidden; i++) {
        count = scandir(directories[i], &found, is_shared_object, alphasort);
        for (k = 0; k < count; k++) {
            hidden |= strcmp(found[k]->d_name, name) == 0;
            free(found[k]);
        }
        if (count >= 0)
            free(found);
    }
    return hidden;
}

static void print_plugin(const char *const *directories, unsigned directory, const char *name,
                         FILE *out)
{
    const bool hidden = is_hidden(directories, directory, name);
    const char *path_only[] = {NULL};
    struct plugin plugin;
    char why[1024], *path;

    if (asprintf(&path, "%s/%s", directories[directory], name) < 0)
        return;
    if (plugin_load(&plugin, path, path_only, why, sizeof why) == 0) {
        wrap_print(out, 0, 2, "%s %s, a %s: %s%s.", plugin.api.name, plugin.api.version,
                   plugin_role_name(&plugin), plugin.api.summary,
                   hidden ? "; not in use, one of that name comes before it" : "");
        plugin_unload(&plugin);
    } else {
        wrap_print(out, 0, 2, "%.*s, of no use: %s.", (int)(strlen(name) - strlen(SUFFIX)), name,
                   why);
    }
    fprintf(out, "  %s\n", path);
    free(path);
}

int plugin_list_print(const char *const *directories, FILE *out)
{
    unsigned i, number = 0;

    for (i = 0; directories[i] != NULL; i++) {
        struct dirent **found;
        int count = scandir(directories[i], &found, is_shared_object, alphasort), k;

        if (count < 0 && errno == ENOMEM)
            return -1;
        if (count < 0)
            fprintf(out, "none from \"%s\": %s\n", directories[i], strerror(errno));
        for (k = 0; k < count; k++) {
            print_plugin(directories, i, found[k]->d_name, out);
            free(found[k]);
            number++;
        }
        if (count >= 0)
            free(found);
    }
    if (number == 0)
        fprintf(out, "no plugins; --plugin-path DIR names the directory that they are in\n");
    return 0;
}
