/* SPDX-License-Identifier: MIT
 *
 * What a file of rows holds, found by reading it.
 */
#include "figures.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A field as it lies there, without the quotes around it. */
struct text {
    const char *at;
    size_t size;
};

void figures_begin(struct figures *figures)
{
    memset(figures, 0, sizeof *figures);
    figures->first_ns = UINT64_MAX;
}

void figures_free(struct figures *figures)
{
    size_t i;

    for (i = 0; i < figures->device_count; i++) {
        free(figures->devices[i]->key);
        free(figures->devices[i]);
    }
    free(figures->devices);
    free(figures->table);
    free(figures->header);
    free(figures->line);
    memset(figures, 0, sizeof *figures);
}

/* ---- Devices -------------------------------------------------------------------------- */

static size_t hash(struct text key)
{
    uint64_t value = UINT64_C(14695981039346656037);
    size_t i;

    for (i = 0; i < key.size; i++)
        value = (value ^ (unsigned char)key.at[i]) * UINT64_C(1099511628211);
    return (size_t)(value ^ (value >> 32));
}

/* Where that key is in the table, or would be. */
static size_t *slot(const struct figures *figures, struct text key)
{
    size_t at = hash(key) & (figures->table_size - 1);

    while (figures->table[at] != 0) {
        const char *other = figures->devices[figures->table[at] - 1]->key;

        if (strlen(other) == key.size && memcmp(other, key.at, key.size) == 0)
            break;
        at = (at + 1) & (figures->table_size - 1);
    }
    return &figures->table[at];
}

/* Makes room for one more.  Returns 0, or -1 if memory is short. */
static int make_room(struct figures *figures)
{
    const size_t size = figures->table_size == 0 ? 256 : figures->table_size * 2;
    struct figures_device **devices;
    size_t i;

    if ((figures->device_count + 1) * 2 <= figures->table_size)
        return 0;
    devices = realloc(figures->devices, size / 2 * sizeof(struct figures_device *));
    if (devices == NULL)
        return -1;
    figures->devices = devices;
    free(figures->table);
    figures->table = calloc(size, sizeof *figures->table);
    figures->table_size = figures->table != NULL ? size : 0;
    if (figures->table == NULL)
        return -1;
    for (i = 0; i < figures->device_count; i++) {
        const char *key = devices[i]->key;

        *slot(figures, (struct text){key, strlen(key)}) = i + 1;
    }
    return 0;
}

static struct figures_device *find_or_add(struct figures *figures, struct text key)
{
    struct figures_device *device;
    size_t *at;

    if (make_room(figures) != 0)
        return NULL;
    at = slot(figures, key);
    if (*at != 0)
        return figures->devices[*at - 1];
    device = calloc(1, sizeof *device);
    if (device == NULL)
        return NULL;
    device->key = strndup(key.at, key.size);
    if (device->key == NULL) {
        free(device);
        return NULL;
    }
    figures->devices[figures->device_count++] = device;
    *at = figures->device_count;
    return device;
}

/* ---- Rows ----------------------------------------------------------------------------- */

/* Cuts the next field off the line.  Returns false at its end. */
static bool next_field(const char **at, const char *end, struct text *field)
{
    const char *stop = *at;

    if (*at == NULL)
        return false;
    if (stop < end && *stop == '"') {
        field->at = ++stop;
        while (stop < end && (*stop != '"' || (stop + 1 < end && stop[1] == '"')))
            stop += *stop == '"' ? 2 : 1;
        field->size = (size_t)(stop - field->at);
        stop += stop < end;
    } else {
        field->at = stop;
        stop = memchr(stop, ',', (size_t)(end - stop));
        stop = stop != NULL ? stop : end;
        field->size = (size_t)(stop - field->at);
    }
    *at = stop < end ? stop + 1 : NULL;
    return true;
}

/* Digits, of which a point is left out: "1762534152.983310" is 1762534152983310. */
static bool read_digits(struct text field, uint64_t *value)
{
    size_t i;

    *value = 0;
    for (i = 0; i < field.size; i++) {
        if (field.at[i] == '.')
            continue;
        if (field.at[i] < '0' || field.at[i] > '9' || *value > UINT64_MAX / 10 - 1)
            return false;
        *value = *value * 10 + (uint64_t)(field.at[i] - '0');
    }
    return field.size > 0;
}

static void note_arrival(struct figures *figures, struct text field, uint64_t unit)
{
    uint64_t value;

    if (!read_digits(field, &value) || value > UINT64_MAX / unit)
        return;
    value *= unit;
    if (value < figures->first_ns)
        figures->first_ns = value;
    if (value > figures->last_ns)
        figures->last_ns = value;
}

static void copy_number(char out[FIGURES_NUMBER], struct text field)
{
    if (field.size >= FIGURES_NUMBER)
        return;
    memcpy(out, field.at, field.size);
    out[field.size] = '\0';
}

static int add_row(struct figures *figures, const char *line, size_t size)
{
    const struct figures_columns *columns = &figures->columns;
    struct text device = {0}, first = {0}, last = {0}, field;
    const char *at = line;
    bool is_heartbeat = false;
    int i;

    figures->rows++;
    for (i = 0; next_field(&at, line + size, &field); i++) {
        if (i == columns->device)
            device = field;
        if (i == columns->type)
            is_heartbeat = field.size == 1 && field.at[0] == '0';
        if (i == columns->first)
            first = field;
        if (i == columns->last)
            last = field;
        if (i == columns->nanos)
            note_arrival(figures, field, 1);
        else if (i == columns->seconds && columns->nanos < 0)
            note_arrival(figures, field, 1000); /* six decimals */
    }
    if (device.size > 0) {
        struct figures_device *known = find_or_add(figures, device);

        if (known == NULL)
            return -1;
        known->rows++;
        if (is_heartbeat) /* it is not one of the numbers */
            return 0;
        if (first.size > 0 && known->first[0] == '\0')
            copy_number(known->first, first);
        if (last.size > 0)
            copy_number(known->last, last);
    }
    return 0;
}

static int find_column(const char *header, const char *name)
{
    const char *at = header, *end = header + strlen(header);
    struct text field;
    int i;

    for (i = 0; next_field(&at, end, &field); i++)
        if (field.size == strlen(name) && memcmp(field.at, name, field.size) == 0)
            return i;
    return -1;
}

static int find_either(const char *header, const char *name, const char *other)
{
    int found = find_column(header, name);

    return found >= 0 ? found : find_column(header, other);
}

static int take_header(struct figures *figures, const char *line, size_t size)
{
    struct figures_columns *columns = &figures->columns;

    figures->header = strndup(line, size);
    if (figures->header == NULL)
        return -1;
    columns->device = find_either(figures->header, "device_id", "device_name");
    columns->type = find_column(figures->header, "msg_type");
    columns->first = find_either(figures->header, "seq_num", "seq");
    columns->last = columns->first;
    if (columns->first < 0) { /* of gaps */
        columns->first = find_column(figures->header, "first");
        columns->last = find_column(figures->header, "last");
    }
    columns->nanos = find_column(figures->header, "arrival_ns");
    columns->seconds = find_either(figures->header, "arrival_time", "opened");
    if (columns->seconds < 0) /* of holes */
        columns->seconds = find_column(figures->header, "since");
    return 0;
}

static int add_line(struct figures *figures, const char *line, size_t size)
{
    return figures->header == NULL ? take_header(figures, line, size)
                                   : add_row(figures, line, size);
}

/* Keeps the beginning of a line. */
static int keep(struct figures *figures, const char *bytes, size_t size)
{
    if (figures->line_room - figures->line_size < size) {
        size_t room = figures->line_size + size + 4096;
        char *line = realloc(figures->line, room);

        if (line == NULL)
            return -1;
        figures->line = line;
        figures->line_room = room;
    }
    if (size > 0)
        memcpy(figures->line + figures->line_size, bytes, size);
    figures->line_size += size;
    return 0;
}

int figures_add(struct figures *figures, const char *bytes, size_t size)
{
    const char *end = bytes + size, *newline;

    while ((newline = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
        int result;

        if (figures->line_size == 0) {
            result = add_line(figures, bytes, (size_t)(newline - bytes));
        } else {
            result = keep(figures, bytes, (size_t)(newline - bytes));
            if (result == 0)
                result = add_line(figures, figures->line, figures->line_size);
            figures->line_size = 0;
        }
        if (result != 0)
            return result;
        bytes = newline + 1;
    }
    return keep(figures, bytes, (size_t)(end - bytes));
}
