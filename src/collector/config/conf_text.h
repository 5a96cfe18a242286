/* SPDX-License-Identifier: MIT
 *
 * The text of a configuration, with the files that it includes in their places, so that libconfig
 * opens nothing itself: it ends the process at a directory, and cuts off numbers without a word.
 */
#ifndef COLLECTOR_CONFIG_CONF_TEXT_H
#define COLLECTOR_CONFIG_CONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problems.h"

#define CONF_TEXT_LARGEST  (1u << 20) /* bytes, of all files together */
#define CONF_TEXT_DEEPEST  10         /* files within each other */
#define CONF_TEXT_INCLUDES 1000       /* in all */
#define CONF_TEXT_NAMES    10000      /* libconfig compares each with each of its group */

/* Where a line of the text is from. */
struct conf_line {
    const char *file;
    unsigned number; /* from 1 */
};

/* A number that libconfig does not read as what it is. */
struct conf_cut {
    unsigned line; /* of the text, from 1: where its setting's name is */
    char name[64]; /* of the setting */
};

struct conf_text {
    char *bytes; /* ends with a newline and a 0 */
    size_t size, room;
    struct conf_line *lines;
    size_t line_count, line_room;
    struct conf_cut *cuts;
    size_t cut_count;
    char **files; /* their names */
    size_t file_count;
    size_t read; /* bytes of all files */
    unsigned name_count;
};

/* Reads the file and those that it includes.  Returns 0, also if a number is refused; or -1, after
 * adding a problem in both cases.  After either, conf_text_free. */
int conf_text_read(struct conf_text *text, const char *path, struct problems *problems);
/* The same with a text that is at hand; it includes nothing. */
int conf_text_take(struct conf_text *text, const char *bytes, const char *file,
                   struct problems *problems);
void conf_text_free(struct conf_text *text);

/* Where a line of the text is from; of one that is behind it, the last. */
struct conf_line conf_text_place(const struct conf_text *text, unsigned line);

/* Whether the setting of that name at that line has a number that was refused. */
bool conf_text_is_cut(const struct conf_text *text, unsigned line, const char *name);

#endif
