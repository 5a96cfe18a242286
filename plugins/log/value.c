/* SPDX-License-Identifier: MIT
 *
 * The values of a message in a line for people to read.
 */
#include "value.h"

#include <string.h>

#include "../common/number.h"
#include "../common/text.h"

static char *show(char *out, const struct muster_value *value)
{
    const uint8_t *bytes = value->bytes;
    size_t size = value->bytes_size;

    switch (value->type) {
    case MUSTER_VALUE_INT:
        return number_i64(out, value->value.integer);
    case MUSTER_VALUE_REAL:
        return number_real(out, value->value.real);
    case MUSTER_VALUE_REAL32:
        return number_real32(out, value->value.real);
    case MUSTER_VALUE_UNSIGNED:
        return number_u64(out, value->value.natural);
    case MUSTER_VALUE_BOOL:
        return text_copy(out, value->value.natural != 0 ? "true" : "false");
    case MUSTER_VALUE_BYTES:
        return text_hex(out, bytes, size);
    default:
        break;
    }
    if (size > 0 && memchr(bytes, ' ', size) == NULL) {
        if (text_is_plain(bytes, size)) {
            memcpy(out, bytes, size);
            return out + size;
        }
        if (memchr(bytes, '"', size) == NULL)
            return text_escape(out, bytes, size, TEXT_QUOTE_KEEP);
    }
    /* So that a text of several words is not taken for what follows. */
    *out++ = '"';
    out = text_escape(out, bytes, size, TEXT_QUOTE_ESCAPE);
    *out++ = '"';
    return out;
}

static bool has_value(uint32_t type)
{
    return type >= MUSTER_VALUE_TEXT && type <= MUSTER_VALUE_REAL32;
}

char *value_own(char *out, const struct muster_record *record)
{
    const struct muster_value own = {.type = record->value_type,
                                     .bytes = record->payload.bytes,
                                     .bytes_size = record->payload_size,
                                     .value.natural = record->value.natural};

    if (!has_value(own.type))
        return out;
    return show(text_copy(out, " value="), &own);
}

/* Units as people write them, where that is not how SenML (RFC 8428) has them. */
static char *unit(char *out, const char *name)
{
    *out++ = ' ';
    if (strcmp(name, "Cel") == 0)
        return text_copy(out, "°C");
    return text_escape(out, (const uint8_t *)name, strlen(name), TEXT_QUOTE_KEEP);
}

char *value_named(char *out, const struct values *values)
{
    uint32_t i;

    for (i = 0; i < values->count; i++) {
        const struct muster_value *found = &values->found[i];

        if (!has_value(found->type))
            continue;
        *out++ = ' ';
        out = text_escape(out, (const uint8_t *)found->name, strlen(found->name), TEXT_QUOTE_KEEP);
        *out++ = '=';
        out = show(out, found);
        if (found->unit != NULL)
            out = unit(out, found->unit);
    }
    return out;
}

size_t value_bound(struct values *values, const struct muster_record *record)
{
    const size_t each = NUMBER_REAL_MAX + sizeof " =\"\" °C";
    size_t bound = 0;
    uint32_t i;

    values_get(values, record);
    for (i = 0; i < values->count; i++) {
        const struct muster_value *found = &values->found[i];

        bound += each + TEXT_ESCAPE_MAX * strlen(found->name);
        if (found->unit != NULL)
            bound += TEXT_ESCAPE_MAX * strlen(found->unit);
        if (found->type == MUSTER_VALUE_TEXT || found->type == MUSTER_VALUE_BYTES)
            bound += TEXT_ESCAPE_MAX * (size_t)found->bytes_size;
    }
    return bound;
}
