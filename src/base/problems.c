/* SPDX-License-Identifier: MIT
 *
 * The errors of a configuration, collected so that all of them can be shown at once.
 */
#include "problems.h"

#include <stdlib.h>
#include <string.h>

struct problem {
    char *file; /* or NULL */
    char *text;
    unsigned line, column;
};

static int compare(const struct problem *a, const struct problem *b)
{
    int order = strcmp(a->file ? a->file : "", b->file ? b->file : "");

    if (order != 0)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return 0;
}

/* Makes room for one more.  Returns 0, or -1. */
static int grow(struct problems *problems)
{
    size_t room = problems->room > 0 ? problems->room * 2 : 16;
    struct problem *list;

    if (problems->kept < problems->room)
        return 0;
    list = reallocarray(problems->list, room, sizeof *list);
    if (!list)
        return -1;
    problems->list = list;
    problems->room = room;
    return 0;
}

/* So that a message is one line, whatever a file is called. */
static void replace_controls(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
    }
}

void problems_vadd(struct problems *problems, const char *file, unsigned line, unsigned column,
                   const char *format, va_list arguments)
{
    struct problem new = {.line = line, .column = column};
    size_t place;

    problems->count++;
    if (problems->kept >= PROBLEMS_KEPT || grow(problems) != 0)
        return;
    if (file && !(new.file = strdup(file)))
        return;
    if (vasprintf(&new.text, format, arguments) < 0) {
        free(new.file);
        return;
    }
    replace_controls(new.text);
    if (new.file)
        replace_controls(new.file);
    for (place = problems->kept; place > 0; place--) {
        if (compare(&problems->list[place - 1], &new) <= 0)
            break;
        problems->list[place] = problems->list[place - 1];
    }
    problems->list[place] = new;
    problems->kept++;
}

void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
                  const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    problems_vadd(problems, file, line, column, format, arguments);
    va_end(arguments);
}

size_t problems_count(const struct problems *problems)
{
    return problems->count;
}

void problems_print(const struct problems *problems, FILE *out)
{
    size_t i;

    for (i = 0; i < problems->kept; i++) {
        const struct problem *problem = &problems->list[i];

        if (problem->file)
            fprintf(out, "%s:", problem->file);
        if (problem->file && problem->line > 0)
            fprintf(out, "%u:", problem->line);
        if (problem->file && problem->line > 0 && problem->column > 0)
            fprintf(out, "%u:", problem->column);
        fprintf(out, "%s%s\n", problem->file ? " " : "", problem->text);
    }
    if (problems->count > problems->kept)
        fprintf(out, "and %zu more problems that are not shown\n",
                problems->count - problems->kept);
}

void problems_free(struct problems *problems)
{
    size_t i;

    for (i = 0; i < problems->kept; i++) {
        free(problems->list[i].file);
        free(problems->list[i].text);
    }
    free(problems->list);
    *problems = (struct problems){0};
}
