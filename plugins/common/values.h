/* SPDX-License-Identifier: MIT
 *
 * The values of messages, for outputs: which there can be, and those of one message.
 */
#ifndef PLUGINS_COMMON_VALUES_H
#define PLUGINS_COMMON_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

struct field_value;

struct values {
    const struct muster_host *host;
    struct muster_instance *instance;
    struct muster_value_column *columns; /* as the host lists them: the first is "value" */
    uint32_t column_count;
    struct muster_value *found; /* of the message at hand: `count` of them; some may be NONE */
    uint32_t count;
};

/* Finds out which there can be.  Returns 0, or -1 if memory is short; values_close in any case. */
int values_open(struct values *values, const struct muster_host *host,
                struct muster_instance *instance);
void values_close(struct values *values);

/* Whether messages can have others than "value". */
static inline bool values_are_declared(const struct values *values)
{
    return values->column_count > 1;
}

/* Finds those of a message. */
static inline void values_get(struct values *values, const struct muster_record *record)
{
    uint32_t count = values->host->values(values->instance, record, values->found,
                                          sizeof *values->found, values->column_count);

    values->count = count < values->column_count ? count : values->column_count;
}

/* The index of the column of that name, or -1. */
int64_t values_find(const struct values *values, const char *name);

/* A value as what fields_get finds: see fields.h. */
void values_show(const struct muster_value *value, struct field_value *out);

#endif
