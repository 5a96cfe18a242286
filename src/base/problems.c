/* SPDX-License-Identifier: MIT
 *
 * A sorted list of texts.
 */
#include "problems.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { PLACE_BYTES = PATH_MAX + 32 };

struct problem {
    char *file;   /* or NULL */
    char *origin; /* or NULL */
    char *text;
    unsigned line, column;
    enum log_level level;
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

/* So that a message is one line, and does nothing but show, whatever a file is called.  To be
 * freed, as the text is that it is made of; or NULL. */
static char *make_fit(char *text)
{
    const size_t length = text != NULL ? strlen(text) : 0, room = TEXT_ESCAPE_MAX * length + 1;
    char *fit = text != NULL ? malloc(room) : NULL;

    if (fit != NULL)
        text_fit(fit, room, text, length, TEXT_QUOTE_NOTHING);
    free(text);
    return fit;
}

static void free_problem(struct problem *problem)
{
    free(problem->file);
    free(problem->origin);
    free(problem->text);
}

/* Puts it in its place in the list, with copies of the three texts. */
static void insert(struct problems *problems, struct problem new, const char *file,
                   const char *origin, const char *format, va_list arguments)
{
    size_t place;

    problems->added++;
    problems->errors += new.level == LOG_ERROR;
    if (problems->kept >= PROBLEMS_KEPT || grow(problems) != 0)
        return;
    if (vasprintf(&new.text, format, arguments) < 0)
        new.text = NULL;
    new.text = make_fit(new.text);
    new.file = make_fit(file ? strdup(file) : NULL);
    new.origin = origin ? strdup(origin) : NULL;
    if (!new.text || (file && !new.file) || (origin && !new.origin)) {
        free_problem(&new);
        return;
    }
    for (place = problems->kept; place > 0; place--) {
        if (compare(&problems->list[place - 1], &new) <= 0)
            break;
        problems->list[place] = problems->list[place - 1];
    }
    problems->list[place] = new;
    problems->kept++;
}

void problems_vadd(struct problems *problems, const char *file, unsigned line, unsigned column,
                   const char *format, va_list arguments)
{
    const struct problem new = {.line = line, .column = column, .level = LOG_ERROR};

    insert(problems, new, file, NULL, format, arguments);
}

void problems_note(struct problems *problems, enum log_level level, const char *origin,
                   const char *format, ...)
{
    const struct problem new = {.level = level};
    va_list arguments;

    va_start(arguments, format);
    insert(problems, new, NULL, origin, format, arguments);
    va_end(arguments);
}

void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
                  const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    problems_vadd(problems, file, line, column, format, arguments);
    va_end(arguments);
}

void problems_warn(struct problems *problems, const char *file, unsigned line, unsigned column,
                   const char *format, ...)
{
    const struct problem new = {.line = line, .column = column, .level = LOG_WARNING};
    va_list arguments;

    va_start(arguments, format);
    insert(problems, new, file, NULL, format, arguments);
    va_end(arguments);
}

size_t problems_count(const struct problems *problems)
{
    return problems->errors;
}

/* "FILE:LINE:COLUMN: ", as much of it as is known. */
static const char *place_text(const struct problem *problem, char *out, size_t room)
{
    if (!problem->file)
        out[0] = '\0';
    else if (problem->line == 0)
        snprintf(out, room, "%s: ", problem->file);
    else if (problem->column == 0)
        snprintf(out, room, "%s:%u: ", problem->file, problem->line);
    else
        snprintf(out, room, "%s:%u:%u: ", problem->file, problem->line, problem->column);
    return out;
}

void problems_print(const struct problems *problems, FILE *out)
{
    char place[PLACE_BYTES];
    size_t i;

    for (i = 0; i < problems->kept; i++) {
        const struct problem *problem = &problems->list[i];

        fprintf(out, "%s%s%s%s%s\n", place_text(problem, place, sizeof place),
                problem->file && problem->level == LOG_WARNING ? "warning: " : "",
                problem->origin ? problem->origin : "", problem->origin ? ": " : "", problem->text);
    }
    if (problems->added > problems->kept)
        fprintf(out, "and %zu more problems that are not shown\n",
                problems->added - problems->kept);
}

void problems_log(struct problems *problems, struct log *log)
{
    char place[PLACE_BYTES];
    size_t i;

    for (i = 0; i < problems->kept; i++) {
        const struct problem *problem = &problems->list[i];

        log_format(log, problem->level, problem->origin, "%s%s",
                   place_text(problem, place, sizeof place), problem->text);
    }
    if (problems->added > problems->kept)
        log_format(log, LOG_ERROR, NULL, "and %zu more problems that are not shown",
                   problems->added - problems->kept);
    problems_free(problems);
}

void problems_free(struct problems *problems)
{
    size_t i;

    for (i = 0; i < problems->kept; i++)
        free_problem(&problems->list[i]);
    free(problems->list);
    *problems = (struct problems){0};
}
