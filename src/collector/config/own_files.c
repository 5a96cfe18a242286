/* SPDX-License-Identifier: MIT */
#include "own_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/destination.h"

/* A path that an entry writes to. */
struct own_file {
    const struct entry *entry;
    const char *option, *path;
    unsigned line;
    int error; /* why it is not known where it leads; 0: it is */
    struct destination destination;
};

/* Puts them into `files`, unless that is NULL.  Returns how many there are. */
static size_t list_files(const struct config *config, struct own_file *files)
{
    size_t count = 0;
    unsigned e;
    uint32_t i;

    for (e = 0; e < config->entry_count; e++) {
        const struct entry *entry = &config->chain[e];

        for (i = 0; entry->values != NULL && i < entry->plugin.options.count; i++) {
            const struct muster_option option = option_at(&entry->plugin.options, i);
            const struct option_value *value = &entry->values[i];

            if (option.type != MUSTER_OPTION_PATH || (option.flags & MUSTER_OPTION_INPUT) != 0 ||
                value->text == NULL)
                continue;
            if (files != NULL)
                files[count] =
                    (struct own_file){.entry = entry,
                                      .option = option.name,
                                      .path = value->text,
                                      .line = value->line != 0 ? value->line : entry->line};
            count++;
        }
    }
    return count;
}

/* The next name of a path; "." is none.  Returns its length, 0 at the end. */
static size_t next_name(const char **path)
{
    size_t length;

    do {
        *path += strspn(*path, "/");
        length = strcspn(*path, "/");
        if (length != 1 || **path != '.')
            return length;
        *path += length;
    } while (true);
}

/* Of paths into a directory that is not there yet. */
static bool is_one_spelling(const char *a, const char *b)
{
    if ((a[0] == '/') != (b[0] == '/'))
        return false;
    for (;;) {
        const size_t length = next_name(&a);

        if (next_name(&b) != length || strncmp(a, b, length) != 0)
            return false;
        if (length == 0)
            return true;
        a += length;
        b += length;
    }
}

static bool is_one(const struct own_file *a, const struct own_file *b)
{
    if (a->error == 0 && b->error == 0)
        return destination_is_same(&a->destination, &b->destination) &&
               (!a->destination.is_there || !S_ISCHR(a->destination.status.st_mode));
    return a->error == b->error && a->error != EISDIR && is_one_spelling(a->path, b->path);
}

void own_files_check(const struct config *config, struct problems *problems)
{
    const size_t count = list_files(config, NULL);
    struct own_file *files = calloc(count + 1, sizeof *files);
    char why[DESTINATION_WHY];
    size_t i, k;

    if (files == NULL) {
        problems_add(problems, NULL, 0, 0, "out of memory");
        return;
    }
    list_files(config, files);
    for (i = 0; i < count; i++) {
        files[i].error = destination_find(&files[i].destination, files[i].path, why);
        for (k = 0; k < i && !is_one(&files[k], &files[i]); k++)
            ;
        if (k < i)
            problems_add(problems, files[i].entry->file, files[i].line, 0,
                         "%s: %s: \"%s\" is the file that %s of %s in line %u writes; give each a "
                         "file of its own",
                         files[i].entry->name, files[i].option, files[i].path, files[k].option,
                         files[k].entry->name, files[k].line);
    }
    for (i = 0; i < count; i++)
        destination_close(&files[i].destination);
    free(files);
}
