/* SPDX-License-Identifier: MIT
 *
 * The values that messages can have.
 */
#include "columns.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

/* A declared format: its plan, and which column each of its values is. */
struct source {
    const struct plan *plan; /* NULL: it has no values here */
    uint32_t *columns;
    uint32_t count;
};

struct columns {
    struct muster_value_column *list;
    const char **formats; /* for each column, the format that has it first */
    uint32_t count;
    struct source *sources; /* by number; that of the built-in format is empty */
    uint32_t source_count;
};

static const struct muster_value_column built_in = {.size = sizeof built_in, .name = "value"};

struct columns *columns_new(void)
{
    return calloc(1, sizeof(struct columns));
}

void columns_free(struct columns *columns)
{
    uint32_t i;

    if (columns == NULL)
        return;
    for (i = 0; i < columns->source_count; i++)
        free(columns->sources[i].columns);
    free(columns->sources);
    free(columns->formats);
    free(columns->list);
    free(columns);
}

/* ---- building ------------------------------------------------------------------------- */

/* Room for one more column.  Returns 0, or -1. */
static int grow(struct columns *columns)
{
    const size_t count = (size_t)columns->count + 1;
    struct muster_value_column *list = reallocarray(columns->list, count, sizeof *list);
    const char **formats;

    if (list == NULL)
        return -1;
    columns->list = list;
    formats = reallocarray(columns->formats, count, sizeof *formats);
    if (formats == NULL)
        return -1;
    columns->formats = formats;
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Another format has a value of this name, too. */
static void share(struct columns *columns, uint32_t index, const struct plan_value *value,
                  const char *format, struct problems *problems)
{
    struct muster_value_column *column = &columns->list[index];
    const bool is_built_in = index == 0 && columns->formats[0] == NULL;

    if (column->type != value->type)
        column->type = MUSTER_VALUE_NONE;
    if (is_built_in) {
        column->unit = value->unit;
        columns->formats[0] = format;
    } else if (!same_text(column->unit, value->unit)) {
        problems_note(
            problems, LOG_WARNING, NULL,
            "the value \"%s\" is in %s in the format \"%s\", and in %s in \"%s\"; a column "
            "of an output has both: give one of them another name",
            column->name, column->unit != NULL ? column->unit : "no unit", columns->formats[index],
            value->unit != NULL ? value->unit : "no unit", format);
        column->unit = NULL;
    }
}

static int add_value(struct columns *columns, const struct plan_value *value, const char *format,
                     uint32_t *index, struct problems *problems)
{
    int64_t found = columns->count > 0 ? columns_find(columns, value->name) : -1;

    if (found < 0) {
        if (grow(columns) < 0)
            return -1;
        columns->formats[columns->count] = format;
        columns->list[columns->count] = (struct muster_value_column){.size = sizeof *columns->list,
                                                                     .type = value->type,
                                                                     .name = value->name,
                                                                     .unit = value->unit};
        *index = columns->count++;
        return 0;
    }
    *index = (uint32_t)found;
    share(columns, *index, value, format, problems);
    return 0;
}

/* Column 0, which is always there. */
static int begin(struct columns *columns)
{
    if (columns->count > 0)
        return 0;
    if (grow(columns) < 0)
        return -1;
    columns->list[0] = built_in;
    columns->formats[0] = NULL;
    columns->count = 1;
    return 0;
}

static struct source *source_of(struct columns *columns, uint16_t format)
{
    struct source *sources = columns->sources;

    if (format >= columns->source_count) {
        sources = reallocarray(sources, format + 1u, sizeof *sources);
        if (sources == NULL)
            return NULL;
        memset(sources + columns->source_count, 0,
               (format + 1u - columns->source_count) * sizeof *sources);
        columns->sources = sources;
        columns->source_count = format + 1u;
    }
    return &sources[format];
}

int columns_add(struct columns *columns, uint16_t format, const struct plan *plan,
                struct problems *problems)
{
    struct source *source = source_of(columns, format);
    const struct plan_value *value;
    uint32_t count = 0, i;

    assert(format > 0);
    /* Those that are constant are the last, and have no column. */
    while ((value = plan_value(plan, count)) != NULL && !value->is_constant)
        count++;
    if (source == NULL || begin(columns) < 0)
        return -1;
    assert(source->plan == NULL);
    source->columns = calloc(count + 1u, sizeof *source->columns);
    if (source->columns == NULL)
        return -1;
    for (i = 0; i < count; i++)
        if (add_value(columns, plan_value(plan, i), plan_name(plan), &source->columns[i],
                      problems) < 0)
            return -1;
    source->plan = plan;
    source->count = count;
    return 0;
}

/* ---- look-ups ------------------------------------------------------------------------- */

static const struct muster_value_column *at(const struct columns *columns, uint32_t index)
{
    if (columns == NULL || columns->count == 0)
        return index == 0 ? &built_in : NULL;
    return index < columns->count ? &columns->list[index] : NULL;
}

int64_t columns_find(const struct columns *columns, const char *name)
{
    const struct muster_value_column *column;
    uint32_t i;

    for (i = 0; (column = at(columns, i)) != NULL; i++)
        if (strcmp(column->name, name) == 0)
            return i;
    return -1;
}

const char *columns_suggest(const struct columns *columns, const char *word)
{
    const uint32_t count = columns != NULL ? columns->count : 0;
    const char **names = calloc(count + 1u, sizeof *names), *near = NULL;
    uint32_t i;

    for (i = 0; names != NULL && i < count; i++)
        names[i] = columns->list[i].name;
    if (names != NULL)
        near = suggest(word, names, count);
    free(names);
    return near;
}

int columns_show(const struct columns *columns, uint32_t index, struct muster_value_column *out)
{
    const struct muster_value_column *column = at(columns, index);
    const uint32_t size = out->size;

    if (column == NULL)
        return 0;
    /* A plugin that is newer than this host reads 0 in the fields that it has more. */
    if (size > sizeof *column)
        memset((char *)out + sizeof *column, 0, size - sizeof *column);
    memcpy(out, column, size < sizeof *column ? size : sizeof *column);
    out->size = size;
    return 1;
}

uint32_t columns_values(const struct columns *columns, const struct muster_record *record,
                        struct muster_value *out, uint32_t value_size, uint32_t room)
{
    const size_t end = offsetof(struct muster_value, column) + sizeof out->column;
    const uint8_t *datagram = muster_record_datagram(record);
    const struct source *source;
    uint32_t i;

    if (datagram == NULL || columns == NULL || record->format >= columns->source_count)
        return 0;
    source = &columns->sources[record->format];
    if (source->plan == NULL)
        return 0;
    if (room > source->count)
        room = source->count;
    plan_values(source->plan, datagram, record->via.arrival->datagram_size, record->payload_at, out,
                value_size, room);
    for (i = 0; i < room && value_size >= end; i++)
        ((struct muster_value *)((char *)out + (size_t)i * value_size))->column =
            source->columns[i];
    return source->count;
}
