/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

/* ---- for people ----------------------------------------------------------------------- */

void table_begin(struct table *table, const struct column *columns)
{
    *table = (struct table){.columns = columns};
    while (columns[table->count].title != NULL)
        table->count++;
}

char *table_sums(const json_t *object)
{
    char *text = NULL, number[SHOW_ROOM];
    const char *name;
    size_t size = 0;
    json_t *value;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    json_object_foreach((json_t *)(uintptr_t)object, name,
                        value) if (json_integer_value(value) != 0)
        fprintf(out, "%s%s %s", ftell(out) > 0 ? " + " : "", name,
                show_count(number, json_integer_value(value)));
    if (ftell(out) == 0)
        fputc('-', out);
    fclose(out);
    return text;
}

static char *make_cell(const struct column *column, const json_t *value)
{
    char text[SHOW_ROOM];

    if (value == NULL || json_is_null(value))
        return strdup("-");
    switch (column->kind) {
    case COLUMN_TEXT:
        return json_is_string(value) ? show_text(json_string_value(value)) : strdup("-");
    case COLUMN_COUNT:
        return strdup(show_count(text, json_integer_value(value)));
    case COLUMN_SECONDS:
        return strdup(show_seconds(text, json_number_value(value)));
    case COLUMN_PERCENT:
        snprintf(text, sizeof text, "%.1f %%", json_number_value(value));
        return strdup(text);
    case COLUMN_SUMS:
        return table_sums(value);
    }
    return NULL;
}

int table_add(struct table *table, const json_t *line)
{
    unsigned i;

    if (table->rows == table->room) {
        size_t room = table->room * 2 + 64;
        char **grown = reallocarray(table->cells, room * table->count, sizeof *grown);

        if (grown == NULL)
            return -1;
        table->cells = grown;
        table->room = room;
    }
    for (i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];
        char *cell = make_cell(column, json_object_get(line, column->name));

        if (cell == NULL) {
            while (i-- > 0)
                free(table->cells[table->rows * table->count + i]);
            return -1;
        }
        table->cells[table->rows * table->count + i] = cell;
    }
    table->rows++;
    return 0;
}

static size_t width_of(const struct table *table, unsigned i)
{
    size_t width = show_width(table->columns[i].title), row;

    for (row = 0; row < table->rows; row++) {
        size_t cell = show_width(table->cells[row * table->count + i]);

        if (cell > width)
            width = cell;
    }
    return width;
}

static void pad(size_t columns, FILE *out)
{
    while (columns-- > 0)
        fputc(' ', out);
}

/* Numbers to the right. */
static void print_cell(const struct table *table, unsigned i, const char *text, size_t width,
                       FILE *out)
{
    enum column_kind kind = table->columns[i].kind;
    size_t spaces = width - show_width(text);
    bool is_number = kind != COLUMN_TEXT && kind != COLUMN_SUMS;

    if (i > 0)
        pad(2, out);
    if (is_number)
        pad(spaces, out);
    fputs(text, out);
    if (!is_number && i + 1 < table->count)
        pad(spaces, out);
}

static void print_rows(const struct table *table, const size_t *widths, FILE *out)
{
    size_t row;
    unsigned i;

    for (i = 0; i < table->count; i++)
        if (table->columns[i].title[0] != '\0')
            print_cell(table, i, table->columns[i].title, widths[i], out);
    fputc('\n', out);
    for (row = 0; row < table->rows; row++) {
        for (i = 0; i < table->count; i++)
            if (table->columns[i].title[0] != '\0')
                print_cell(table, i, table->cells[row * table->count + i], widths[i], out);
        fputc('\n', out);
    }
}

void table_end(struct table *table, FILE *out)
{
    size_t *widths = calloc(table->count, sizeof *widths), i;

    for (i = 0; widths != NULL && i < table->count; i++)
        widths[i] = width_of(table, (unsigned)i);
    if (widths != NULL)
        print_rows(table, widths, out);
    for (i = 0; i < table->rows * table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(widths);
    *table = (struct table){0};
}

/* ---- CSV ------------------------------------------------------------------------------ */

static void csv_text(const char *text, FILE *out)
{
    char *shown = show_text(text), *at = shown;

    if (shown == NULL || strpbrk(shown, ",\"") == NULL) {
        fputs(shown != NULL ? shown : "", out);
        free(shown);
        return;
    }
    fputc('"', out);
    for (; *at != '\0'; at++) {
        if (*at == '"')
            fputc('"', out);
        fputc(*at, out);
    }
    fputc('"', out);
    free(shown);
}

static void csv_value(const json_t *value, FILE *out)
{
    char *text;

    if (json_is_string(value))
        csv_text(json_string_value(value), out);
    else if (json_is_integer(value))
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        fprintf(out, "%.6g", json_real_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "true" : "false", out);
    else if (value != NULL && !json_is_null(value) &&
             (text = json_dumps(value, JSON_COMPACT)) != NULL) {
        csv_text(text, out);
        free(text);
    }
}

void table_csv_header(const struct column *columns, FILE *out)
{
    unsigned i;

    for (i = 0; columns[i].title != NULL; i++)
        fprintf(out, "%s%s", i > 0 ? "," : "", columns[i].name);
    fputc('\n', out);
}

void table_csv_row(const struct column *columns, const json_t *line, FILE *out)
{
    unsigned i;

    for (i = 0; columns[i].title != NULL; i++) {
        if (i > 0)
            fputc(',', out);
        csv_value(json_object_get(line, columns[i].name), out);
    }
    fputc('\n', out);
}

void table_csv_object(const char *prefix, const json_t *object, FILE *out)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        char path[256];

        snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", name);
        if (json_is_object(value)) {
            table_csv_object(path, value, out);
        } else {
            csv_text(path, out);
            fputc(',', out);
            csv_value(value, out);
            fputc('\n', out);
        }
    }
}
