/* SPDX-License-Identifier: MIT */
#include "outputs.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One output while all of them are gone through; begins as zeroes. */
struct output {
    const struct entry *entry;
    struct muster_option option;
    struct option_value *value;
    char *from, *to;     /* while it is moved: both absolute, without "." and ".." */
    unsigned next_entry; /* where the search goes on */
    uint32_t next_option;
};

/* Goes on to the next output that has a value.  Returns whether there is one. */
static bool next(struct output *output, const struct entry *chain, unsigned count)
{
    for (; output->next_entry < count; output->next_entry++, output->next_option = 0) {
        const struct entry *entry = &chain[output->next_entry];

        while (entry->values != NULL && output->next_option < entry->plugin.options.count) {
            uint32_t i = output->next_option++;

            output->entry = entry;
            output->option = option_at(&entry->plugin.options, i);
            output->value = &entry->values[i];
            if (output->option.type == MUSTER_OPTION_PATH && output->value->text != NULL &&
                (output->option.flags & MUSTER_OPTION_INPUT) == 0)
                return true;
        }
    }
    return false;
}

__attribute__((format(printf, 3, 4))) static void
complain(const struct output *output, struct problems *problems, const char *format, ...)
{
    const struct entry *entry = output->entry;
    unsigned line = output->value->line != 0 ? output->value->line : entry->line;
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    problems_add(problems, entry->file, line, 0, "%s: %s: %s", entry->name, output->option.name,
                 text);
}

/* ---- Paths ---------------------------------------------------------------------------- */

/* Takes "//", "/./" and "/x/../" out of an absolute path, in place; "/" becomes "". */
static void simplify(char *path)
{
    const char *in = path;
    char *out = path;

    while (*in != '\0') {
        size_t length;

        in += strspn(in, "/");
        length = strcspn(in, "/");
        if (length == 2 && strncmp(in, "..", 2) == 0) {
            while (out > path && *--out != '/')
                ;
        } else if (length > 0 && !(length == 1 && *in == '.')) {
            *out++ = '/';
            memmove(out, in, length);
            out += length;
        }
        in += length;
    }
    *out = '\0';
}

/* A copy, absolute and simple; NULL if memory is short. */
static char *resolve(const char *directory, const char *path)
{
    char *whole;

    if (path[0] == '/')
        whole = strdup(path);
    else if (asprintf(&whole, "%s/%s", directory, path) < 0)
        whole = NULL;
    if (whole != NULL)
        simplify(whole);
    return whole;
}

/* Both simple.  The rest of `path` behind `directory`, "/a" or "", or NULL. */
static const char *below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    if (strncmp(path, directory, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return NULL;
    return path + length;
}

static bool is_one_file(const char *a, const char *b)
{
    struct stat of_a, of_b;

    return stat(a[0] != '\0' ? a : "/", &of_a) == 0 && stat(b[0] != '\0' ? b : "/", &of_b) == 0 &&
           of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/* Whether what is written to both is written to one file: by links, too, and when it is still to be
 * made.  Both simple, and changed for a moment. */
static bool is_one_place(char *a, char *b)
{
    char *name_of_a = strrchr(a, '/'), *name_of_b = strrchr(b, '/');
    bool is_one;

    if (strcmp(a, b) == 0 || is_one_file(a, b))
        return true;
    if (name_of_a == NULL || name_of_b == NULL || strcmp(name_of_a, name_of_b) != 0)
        return false;
    *name_of_a = *name_of_b = '\0';
    is_one = is_one_file(a, b);
    *name_of_a = *name_of_b = '/';
    return is_one;
}

/* ---- Moving --------------------------------------------------------------------------- */

/* Returns 0, or -1 if memory is short. */
static int plan(struct output *output, const char *current, const char *into)
{
    const char *rest;

    output->from = resolve(current, output->value->text);
    if (output->from == NULL)
        return -1;
    rest = below(output->from, current);
    if (asprintf(&output->to, "%s%s", into, rest != NULL ? rest : output->from) < 0)
        output->to = NULL;
    return output->to != NULL ? 0 : -1;
}

/* Whether no output is moved onto another, or onto what is an output without that. */
static bool is_apart(const struct output *outputs, unsigned count, unsigned at, const char *into,
                     struct problems *problems)
{
    const struct output *output = &outputs[at];
    unsigned i;

    for (i = 0; i < count; i++) {
        if (is_one_place(output->to, outputs[i].from)) {
            complain(output, problems,
                     "with --into \"%s\" it would still be \"%s\", an output of the collector; "
                     "name another directory",
                     into, outputs[i].from);
            return false;
        }
        if (i < at && is_one_place(output->to, outputs[i].to) &&
            !is_one_place(output->from, outputs[i].from)) {
            complain(output, problems,
                     "with --into it would be \"%s\", and so would %s of %s; change one of them",
                     output->to, outputs[i].option.name, outputs[i].entry->name);
            return false;
        }
    }
    return true;
}

/* All of them into `outputs`, of which there are `count`.  Returns 0, or -1 if memory is short. */
static int collect(struct output *outputs, struct entry *chain, unsigned entry_count,
                   const char *current, const char *into)
{
    struct output output = {0};
    unsigned count = 0;

    while (next(&output, chain, entry_count)) {
        outputs[count] = output;
        if (plan(&outputs[count++], current, into) < 0)
            return -1;
    }
    return 0;
}

static unsigned count_outputs(const struct entry *chain, unsigned entry_count)
{
    struct output output = {0};
    unsigned count = 0;

    while (next(&output, chain, entry_count))
        count++;
    return count;
}

/* The current directory, simple; NULL after a word. */
static char *current_directory(struct problems *problems)
{
    char *current = getcwd(NULL, 0);

    if (current == NULL)
        problems_add(problems, NULL, 0, 0, "the current directory is not known: %s",
                     strerror(errno));
    else
        simplify(current);
    return current;
}

int outputs_move(struct entry *chain, unsigned entry_count, const char *into,
                 struct problems *problems)
{
    const unsigned count = count_outputs(chain, entry_count);
    struct output *outputs = calloc(count + 1, sizeof *outputs);
    char *current = current_directory(problems);
    char *target = current != NULL ? resolve(current, into) : NULL;
    int result = 0;
    unsigned i;

    if (current == NULL) {
        result = -1;
    } else if (outputs == NULL || target == NULL ||
               collect(outputs, chain, entry_count, current, target) < 0) {
        problems_add(problems, NULL, 0, 0, "out of memory");
        result = -1;
    }
    for (i = 0; result == 0 && i < count; i++)
        if (!is_apart(outputs, count, i, into, problems))
            result = -1;
    for (i = 0; result == 0 && i < count; i++) {
        free(outputs[i].value->text);
        outputs[i].value->text = outputs[i].to;
        outputs[i].to = NULL;
    }
    for (i = 0; outputs != NULL && i < count; i++) {
        free(outputs[i].from);
        free(outputs[i].to);
    }
    free(outputs);
    free(target);
    free(current);
    return result;
}

/* ---- Room ----------------------------------------------------------------------------- */

static int make_directory(const char *path, struct problems *problems)
{
    struct stat found;

    if (mkdir(path, 0777) == 0 || (stat(path, &found) == 0 && S_ISDIR(found.st_mode)))
        return 0;
    problems_add(problems, NULL, 0, 0, "cannot make the directory \"%s\": %s", path,
                 errno == EEXIST ? "there is something else of that name" : strerror(errno));
    return -1;
}

/* Makes those that `path` is in; all of it, if it ends in "/". */
static int make_directories(const char *path, struct problems *problems)
{
    char *whole = strdup(path), *slash = whole;
    int result = 0;

    if (whole == NULL) {
        problems_add(problems, NULL, 0, 0, "out of memory");
        return -1;
    }
    while (result == 0 && (slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        result = make_directory(whole, problems);
        *slash = '/';
    }
    free(whole);
    return result;
}

int outputs_make_room(const struct entry *chain, unsigned count, const char *into,
                      struct problems *problems)
{
    struct output output = {0};
    char *directory = NULL;
    int result = -1;

    if (asprintf(&directory, "%s/", into) < 0)
        problems_add(problems, NULL, 0, 0, "out of memory");
    else
        result = make_directories(directory, problems);
    free(directory);
    while (result == 0 && next(&output, chain, count))
        result = make_directories(output.value->text, problems);
    return result;
}

int outputs_refuse(const struct entry *chain, unsigned count, struct problems *problems)
{
    struct output output = {0};
    struct stat found;
    int result = 0;

    while (next(&output, chain, count)) {
        if (stat(output.value->text, &found) != 0 || !S_ISREG(found.st_mode) || found.st_size == 0)
            continue;
        complain(&output, problems,
                 "\"%s\" exists, and a replay does not write into what may be the live "
                 "collector's; give its outputs a directory of their own with --into DIR",
                 output.value->text);
        result = -1;
    }
    return result;
}
