/* SPDX-License-Identifier: MIT
 *
 * A value as it stands in a row of CSV.
 */
#include "cell.h"

#include <stdbool.h>
#include <string.h>

#include <muster/plugin.h>

#include "../common/address.h"
#include "../common/number.h"
#include "../common/text.h"
#include "../common/unix_time.h"

#define QUOTES 2

const struct cell_max cell_max[FIELD_TYPES] = {
    [FIELD_TYPE_U8] = {NUMBER_U32_MAX, 0},
    [FIELD_TYPE_U16] = {NUMBER_U32_MAX, 0},
    [FIELD_TYPE_U64] = {NUMBER_U64_MAX, 0},
    [FIELD_TYPE_SECONDS] = {UNIX_TIME_SECONDS_MAX, 0},
    [FIELD_TYPE_TIME] = {UNIX_TIME_MICROS_MAX, 0},
    [FIELD_TYPE_UNSIGNED] = {NUMBER_U64_MAX, 0},
    [FIELD_TYPE_BOOL] = {1, 0},
    [FIELD_TYPE_DECIMAL] = {NUMBER_DECIMAL_MAX, 0},
    [FIELD_TYPE_WORD] = {WORDS_MAX, 0},
    [FIELD_TYPE_CAUSES] = {WORDS_CAUSES * (WORDS_MAX + 1), 0},
    [FIELD_TYPE_ADDRESS] = {ADDRESS_MAX, 0},
    [FIELD_TYPE_BYTES] = {0, 2},
    [FIELD_TYPE_TEXT] = {QUOTES, TEXT_ESCAPE_MAX},
    [FIELD_TYPE_VALUE] = {QUOTES + NUMBER_REAL_MAX, TEXT_ESCAPE_MAX},
    [FIELD_TYPE_DROPPED] = {NUMBER_U64_MAX, 0},
    [FIELD_TYPE_DEVICE] = {NUMBER_U64_MAX, 0},
    [FIELD_TYPE_NAME] = {QUOTES, 0},
    [FIELD_TYPE_ENTRY] = {QUOTES, 0},
    [FIELD_TYPE_FIELD] = {QUOTES, 0},
    [FIELD_TYPE_UNIT] = {QUOTES, 0},
    [FIELD_TYPE_NAMED] = {QUOTES + NUMBER_REAL_MAX, 0},
};

/* Alone in a line, without quotes, that is the end of all rows for PostgreSQL. */
static bool ends_data(const uint8_t *bytes, size_t size)
{
    return size == 2 && bytes[0] == '\\' && bytes[1] == '.';
}

char *cell_text(char *out, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return out;
    if (text_is_plain(bytes, size)) {
        memcpy(out, bytes, size);
        return out + size;
    }
    if (memchr(bytes, ',', size) == NULL && memchr(bytes, '"', size) == NULL &&
        !ends_data(bytes, size))
        return text_escape(out, bytes, size, TEXT_QUOTE_KEEP);
    *out++ = '"';
    out = text_escape(out, bytes, size, TEXT_QUOTE_DOUBLE);
    *out++ = '"';
    return out;
}

char *cell_key(char *out, const char *key)
{
    if (strchr(key, ',') == NULL && strchr(key, '"') == NULL)
        return text_copy(out, key);
    *out++ = '"';
    for (; *key != '\0'; key++) {
        if (*key == '"')
            *out++ = '"';
        *out++ = *key;
    }
    *out++ = '"';
    return out;
}

/* What a spreadsheet takes for the beginning of a formula; the wide forms, too. */
static bool begins_formula(const char *text, size_t size)
{
    static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};
    size_t i;

    if (size > 0 && text[0] != '\0' && strchr("=+-@", text[0]) != NULL)
        return true;
    for (i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (size >= 3 && memcmp(text, wide[i], 3) == 0)
            return true;
    return false;
}

static bool is_number(const char *text, size_t size)
{
    double number;

    return muster_text_number((const uint8_t *)text, size, &number) == 0 ||
           (size == 4 && (memcmp(text, "-inf", 4) == 0 || memcmp(text, "-nan", 4) == 0));
}

char *cell_guard(char *start, char *end)
{
    start += start < end && *start == '"';
    if (!begins_formula(start, (size_t)(end - start)) || is_number(start, (size_t)(end - start)))
        return end;
    memmove(start + 1, start, (size_t)(end - start));
    *start = '\'';
    return end + 1;
}

/* Causes of a later version are left out. */
static char *causes(char *out, uint64_t bits)
{
    const char *start = out;
    unsigned i;

    for (i = 0; i < WORDS_CAUSES; i++) {
        if ((bits >> i & 1) == 0)
            continue;
        if (out != start)
            *out++ = '+';
        out = words_copy(out, words_cause(i));
    }
    return out;
}

char *cell_value(char *out, const struct field_value *value)
{
    switch (value->type) {
    case FIELD_TYPE_BOOL:
        *out = value->number != 0 ? '1' : '0';
        return out + 1;
    case FIELD_TYPE_WORD:
        return words_copy(out, value->word);
    case FIELD_TYPE_CAUSES:
        return causes(out, value->number);
    case FIELD_TYPE_TEXT:
        return cell_text(out, value->bytes.start, value->bytes.size);
    case FIELD_TYPE_INTEGER:
        return number_i64(out, value->integer);
    case FIELD_TYPE_REAL:
        return number_real(out, value->real);
    case FIELD_TYPE_REAL32:
        return number_real32(out, value->real);
    case FIELD_TYPE_UNSIGNED:
        return number_u64(out, value->number);
    case FIELD_TYPE_DECIMAL:
        return number_decimal(out, value->integer, value->digits);
    case FIELD_TYPE_ADDRESS:
        return address_text(out, value->family, value->address);
    case FIELD_TYPE_BYTES:
        return text_hex(out, value->bytes.start, value->bytes.size);
    default:
        return out;
    }
}
