/* SPDX-License-Identifier: MIT
 *
 * The values of messages, for outputs.
 */
#include "values.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"

/* How many there can be; a host of version 1.0 may not say, and has that of the built-in format. */
static uint32_t count_columns(const struct values *values)
{
    struct muster_value_column column = {.size = sizeof column};
    uint32_t count = 0;

    if (!MUSTER_HOST_HAS(values->host, value_column))
        return 1;
    while (values->host->value_column(values->instance, count, &column))
        count++;
    return count > 0 ? count : 1; /* that of the built-in format is always there */
}

int values_open(struct values *values, const struct muster_host *host,
                struct muster_instance *instance)
{
    uint32_t i;

    *values = (struct values){.host = host, .instance = instance};
    values->column_count = count_columns(values);
    values->columns = calloc(values->column_count, sizeof *values->columns);
    values->found = calloc(values->column_count, sizeof *values->found);
    if (values->columns == NULL || values->found == NULL)
        return -1;
    for (i = 0; i < values->column_count; i++)
        values->columns[i].size = sizeof *values->columns;
    values->columns[0].name = "value";
    for (i = 0; i < values->column_count && MUSTER_HOST_HAS(host, value_column); i++)
        host->value_column(instance, i, &values->columns[i]);
    return 0;
}

void values_close(struct values *values)
{
    free(values->columns);
    free(values->found);
    values->columns = NULL;
    values->found = NULL;
    values->column_count = 0;
}

int64_t values_find(const struct values *values, const char *name)
{
    uint32_t i;

    for (i = 0; i < values->column_count; i++)
        if (strcmp(values->columns[i].name, name) == 0)
            return i;
    return -1;
}

void values_show(const struct muster_value *value, struct field_value *out)
{
    static const uint8_t types[] = {
        [MUSTER_VALUE_NONE] = FIELD_TYPE_NONE,         [MUSTER_VALUE_TEXT] = FIELD_TYPE_TEXT,
        [MUSTER_VALUE_INT] = FIELD_TYPE_INTEGER,       [MUSTER_VALUE_REAL] = FIELD_TYPE_REAL,
        [MUSTER_VALUE_UNSIGNED] = FIELD_TYPE_UNSIGNED, [MUSTER_VALUE_BOOL] = FIELD_TYPE_BOOL,
        [MUSTER_VALUE_BYTES] = FIELD_TYPE_BYTES,       [MUSTER_VALUE_REAL32] = FIELD_TYPE_REAL32,
    };

    out->type = value->type < sizeof types ? types[value->type] : (uint8_t)FIELD_TYPE_NONE;
    if (out->type == FIELD_TYPE_TEXT || out->type == FIELD_TYPE_BYTES) {
        out->bytes.start = value->bytes;
        out->bytes.size = value->bytes_size;
    } else {
        out->number = value->value.natural;
    }
    if (out->type == FIELD_TYPE_BOOL)
        out->number = value->value.natural != 0;
}
