/* SPDX-License-Identifier: MIT
 *
 * A look into the directories, and a suggestion if that finds nothing.
 */
#include "plugin_find.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/suggest.h"
#include "plugin_file.h"

enum { MAX_SUGGESTIONS = 256 };

/* "; did you mean "X"?" from the plugins that are there, or where else to look. */
static void suggest_plugin(const char *name, const char *const *directories, char *out, size_t room)
{
    char *names[MAX_SUGGESTIONS];
    const char *near;
    size_t count = 0, i;

    for (i = 0; directories[i] != NULL; i++) {
        DIR *dir = opendir(directories[i]);
        const struct dirent *entry;

        /* cppcheck-suppress readdirCalled; readdir_r is deprecated, see its manual page */
        while (dir != NULL && count < MAX_SUGGESTIONS && (entry = readdir(dir)) != NULL) {
            size_t length = strlen(entry->d_name);

            if (length <= 3 || strcmp(entry->d_name + length - 3, ".so") != 0)
                continue;
            names[count] = strndup(entry->d_name, length - 3);
            if (names[count] != NULL)
                count++;
        }
        if (dir != NULL)
            closedir(dir);
    }
    near = suggest(name, (const char *const *)names, count);
    if (near != NULL)
        snprintf(out, room, "; did you mean \"%s\"?", near);
    else
        snprintf(out, room,
                 "; --plugin-path DIR names another directory, --list shows what there is");
    for (i = 0; i < count; i++)
        free(names[i]);
}

static char *find_in(const char *name, const char *const *directories, char *why, size_t room)
{
    char near[128], searched[512] = "";
    size_t i, length = 0;

    for (i = 0; directories[i] != NULL; i++) {
        struct stat status;
        char *path;

        if (asprintf(&path, "%s/%s.so", directories[i], name) < 0)
            return NULL;
        if (stat(path, &status) == 0)
            return path;
        if (errno != ENOENT && errno != ENOTDIR) {
            plugin_file_explain(path, errno, why, room);
            free(path);
            return NULL;
        }
        free(path);
        if (length < sizeof searched)
            length += (size_t)snprintf(searched + length, sizeof searched - length, "%s\"%s\"",
                                       i > 0 ? ", " : "", directories[i]);
    }
    suggest_plugin(name, directories, near, sizeof near);
    snprintf(why, room, "there is no plugin \"%s\" (no %s.so in %s)%s", name, name, searched, near);
    return NULL;
}

char *plugin_find(const char *name, const char *const *directories, char *why, size_t room)
{
    struct stat status;

    snprintf(why, room, "out of memory");
    if (strchr(name, '/') == NULL)
        return find_in(name, directories, why, room);
    if (stat(name, &status) == 0)
        return strdup(name);
    plugin_file_explain(name, errno, why, room);
    return NULL;
}
