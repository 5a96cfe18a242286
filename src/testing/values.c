/* SPDX-License-Identifier: MIT
 *
 * Values of declared formats, as a test gives them.
 */
#include "values.h"

#include <stdlib.h>
#include <string.h>

#include "callback_note.h"
#include "instance.h"
#include "misuse.h"

static uint32_t find(const struct testing_values *all, const char *name)
{
    uint32_t i;

    for (i = 0; i < all->column_count; i++)
        if (strcmp(all->columns[i].name, name) == 0)
            break;
    return i;
}

/* Adds a column, or notes that another format has it, too. */
static void add_column(struct testing_values *all, const char *name, const char *unit,
                       uint32_t type)
{
    const uint32_t i = find(all, name);

    if (i == all->column_count) {
        all->columns = reallocarray(all->columns, i + 1u, sizeof *all->columns);
        if (all->columns == NULL)
            misuse_no_memory();
        all->columns[all->column_count++] = (struct muster_value_column){
            .size = sizeof *all->columns, .type = type, .name = name, .unit = unit};
        return;
    }
    if (all->columns[i].type != type)
        all->columns[i].type = MUSTER_VALUE_NONE;
    if (i > 0 &&
        (unit == NULL || all->columns[i].unit == NULL || strcmp(all->columns[i].unit, unit) != 0))
        all->columns[i].unit = NULL;
}

uint16_t muster_test_add_format(struct muster_instance *instance, const struct muster_value *values,
                                uint32_t count)
{
    struct testing_values *all = &instance->formats;
    uint32_t i;

    testing_values_begin(all);
    all->formats = reallocarray(all->formats, all->format_count + 1u, sizeof *all->formats);
    if (all->formats == NULL)
        misuse_no_memory();
    all->formats[all->format_count++] = (struct testing_format){values, count};
    for (i = 0; i < count; i++)
        add_column(all, values[i].name, values[i].unit, values[i].type);
    return (uint16_t)all->format_count;
}

void testing_values_begin(struct testing_values *all)
{
    if (all->column_count == 0)
        add_column(all, "value", NULL, MUSTER_VALUE_NONE);
}

void testing_values_free(struct testing_values *all)
{
    free(all->formats);
    free(all->columns);
}

/* Of a message that no declared format has decoded. */
static uint32_t own_value(const struct muster_record *record, struct muster_value *value)
{
    if (record->value_type == MUSTER_VALUE_NONE || record->value_type > MUSTER_VALUE_REAL32)
        return 0;
    *value = (struct muster_value){
        .name = "value", .type = record->value_type, .quality = record->quality};
    if (record->value_type == MUSTER_VALUE_TEXT || record->value_type == MUSTER_VALUE_BYTES) {
        value->bytes = record->payload.bytes;
        value->bytes_size = record->payload_size;
    } else {
        value->value.natural = record->value.natural;
    }
    return 1;
}

static void put(struct muster_value *out, uint32_t value_size, uint32_t index,
                const struct muster_value *value)
{
    char *place = (char *)out + (size_t)index * value_size;

    memset(place, 0, value_size);
    memcpy(place, value, value_size < sizeof *value ? value_size : sizeof *value);
}

uint32_t testing_values(struct muster_instance *instance, const struct muster_record *record,
                        struct muster_value *out, uint32_t value_size, uint32_t room)
{
    const struct testing_values *all = &instance->formats;
    const struct testing_format *format;
    struct muster_value value;
    uint32_t i, count;

    if (!callback_note_allows(instance, RULE_VALUES) || record->kind != MUSTER_KIND_MESSAGE)
        return 0;
    if (record->format == 0) {
        count = own_value(record, &value);
        if (count > 0 && room > 0)
            put(out, value_size, 0, &value);
        return count;
    }
    if (record->format > all->format_count) {
        misuse("a record is of format %u, and the test has declared %u", record->format,
               all->format_count);
        return 0;
    }
    format = &all->formats[record->format - 1];
    for (i = 0; i < format->count && i < room; i++) {
        value = format->values[i];
        value.column = find(all, value.name);
        put(out, value_size, i, &value);
    }
    return format->count;
}

int testing_value_column(struct muster_instance *instance, uint32_t index,
                         struct muster_value_column *column)
{
    const struct testing_values *all = &instance->formats;
    const uint32_t size = column->size;

    if (!callback_note_allows(instance, RULE_VALUE_COLUMN))
        return 0;
    if (size < sizeof *column) {
        misuse("the plugin calls value_column() without the size of its struct "
               "muster_value_column");
        return 0;
    }
    testing_values_begin(&instance->formats);
    if (index >= all->column_count)
        return 0;
    *column = all->columns[index];
    column->size = size;
    return 1;
}
