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
    uint32_t count, room;
    uint32_t *by_name; /* where a column is found: its index + 1, at a place that its name gives, or
                          behind it; 0: none */
    uint32_t places;   /* a power of two, at least twice as many as columns */
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
    free(columns->by_name);
    free(columns->formats);
    free(columns->list);
    free(columns);
}

/* ---- building ------------------------------------------------------------------------- */

static uint32_t hash(const char *name)
{
    uint32_t sum = 2166136261;

    for (; *name != '\0'; name++)
        sum = (sum ^ (uint8_t)*name) * 16777619;
    return sum;
}

/* The place of the column of that name, or the one where it would be. */
static uint32_t find_place(const struct columns *columns, const char *name)
{
    uint32_t at = hash(name) & (columns->places - 1);

    while (columns->by_name[at] != 0 &&
           strcmp(columns->list[columns->by_name[at] - 1].name, name) != 0)
        at = (at + 1) & (columns->places - 1);
    return at;
}

/* Room for one more column.  Returns 0, or -1. */
static int grow(struct columns *columns)
{
    const uint32_t room = columns->room > 0 ? 2 * columns->room : 64;
    struct muster_value_column *list;
    const char **formats;
    uint32_t *by_name, i;

    if (columns->count < columns->room)
        return 0;
    list = reallocarray(columns->list, room, sizeof *list);
    if (list == NULL)
        return -1;
    columns->list = list;
    formats = reallocarray(columns->formats, room, sizeof *formats);
    if (formats == NULL)
        return -1;
    columns->formats = formats;
    by_name = calloc(2 * (size_t)room, sizeof *by_name);
    if (by_name == NULL)
        return -1;
    free(columns->by_name);
    columns->by_name = by_name;
    columns->places = 2 * room;
    columns->room = room;
    for (i = 0; i < columns->count; i++)
        by_name[find_place(columns, columns->list[i].name)] = i + 1;
    return 0;
}

/* There is room, and no column of that name. */
static uint32_t append(struct columns *columns, const struct muster_value_column *column,
                       const char *format)
{
    columns->by_name[find_place(columns, column->name)] = columns->count + 1;
    columns->list[columns->count] = *column;
    columns->formats[columns->count] = format;
    return columns->count++;
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
        *index = append(columns,
                        &(const struct muster_value_column){.size = sizeof *columns->list,
                                                            .type = value->type,
                                                            .name = value->name,
                                                            .unit = value->unit},
                        format);
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
    append(columns, &built_in, NULL);
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
    uint32_t count = 0, i;

    assert(format > 0);
    while (plan_value(plan, count) != NULL)
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
    if (columns == NULL || columns->count == 0)
        return strcmp(built_in.name, name) == 0 ? 0 : -1;
    return (int64_t)columns->by_name[find_place(columns, name)] - 1;
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
