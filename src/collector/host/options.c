/* SPDX-License-Identifier: MIT
 *
 * Values of options: types, ranges, choices, defaults.
 */
#include "options.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "base/units.h"
#include "base/wrap.h"

struct muster_option option_at(const struct option_table *table, uint32_t index)
{
    struct muster_option option;

    assert(index < table->count);
    memset(&option, 0, sizeof option);
    memcpy(&option, (const char *)table->options + (size_t)index * table->stride,
           table->stride < sizeof option ? table->stride : sizeof option);
    return option;
}

int option_find(const struct option_table *table, const char *name)
{
    uint32_t i;

    for (i = 0; i < table->count; i++)
        if (strcmp(option_at(table, i).name, name) == 0)
            return (int)i;
    return -1;
}

/* ---- What it may be ------------------------------------------------------------------- */

/* Examples are such that they are right in each syntax that a file may have. */
static const char *type_name(uint32_t type)
{
    switch (type) {
    case MUSTER_OPTION_BOOL:
        return "true or false";
    case MUSTER_OPTION_INT:
        return "a whole number";
    case MUSTER_OPTION_SIZE:
        return "a size such as \"64KiB\" or \"2MiB\"";
    case MUSTER_OPTION_DURATION:
        return "a duration such as \"250ms\" or \"10s\"";
    case MUSTER_OPTION_STRING:
        return "a text in quotes";
    case MUSTER_OPTION_CHOICE:
        return "one of";
    case MUSTER_OPTION_LIST:
        return "a list of texts such as [ \"a\", \"b\" ]";
    default:
        return NULL;
    }
}

/* The largest value: 0 and 0 say that there is no limit. */
static int64_t highest(const struct muster_option *option)
{
    return option->min == 0 && option->max == 0 ? INT64_MAX : option->max;
}

static const char *format_number(const struct muster_option *option, int64_t value,
                                 char out[UNITS_ROOM])
{
    if (option->type == MUSTER_OPTION_SIZE)
        return units_format_size(out, value);
    if (option->type == MUSTER_OPTION_DURATION)
        return units_format_duration(out, value);
    snprintf(out, UNITS_ROOM, "%" PRId64, value);
    return out;
}

/* Appends to what `out` has; what has no room is left out. */
static void append(char out[OPTION_ROOM], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void append(char out[OPTION_ROOM], const char *format, ...)
{
    size_t length = strlen(out);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(out + length, OPTION_ROOM - length, format, arguments);
    va_end(arguments);
}

static void append_choices(const struct muster_option *option, char out[OPTION_ROOM])
{
    size_t i;

    for (i = 0; option->choices[i] != NULL; i++)
        append(out, "%s\"%s\"", i > 0 ? ", " : " ", option->choices[i]);
}

const char *option_form(const struct muster_option *option, char out[OPTION_ROOM])
{
    char low[UNITS_ROOM], high[UNITS_ROOM];

    assert(type_name(option->type) != NULL);
    snprintf(out, OPTION_ROOM, "%s", type_name(option->type));
    if (option->choices != NULL) {
        append(out, "%s", option->type == MUSTER_OPTION_LIST ? ", each one of" : "");
        append_choices(option, out);
    }
    if (option->min == 0 && option->max == 0)
        return out;
    format_number(option, option->min, low);
    if (option->max == INT64_MAX)
        append(out, ", at least %s", low);
    else
        append(out, ", %s to %s", low, format_number(option, option->max, high));
    return out;
}

const char *option_text(const struct muster_option *option, const struct option_value *value,
                        char out[OPTION_ROOM])
{
    char number[UNITS_ROOM];
    uint32_t i;

    out[0] = '\0';
    switch (option->type) {
    case MUSTER_OPTION_BOOL:
        append(out, "%s", value->number != 0 ? "true" : "false");
        break;
    case MUSTER_OPTION_STRING:
    case MUSTER_OPTION_CHOICE:
        if (value->text != NULL)
            append(out, "\"%s\"", value->text);
        else
            append(out, "none");
        break;
    case MUSTER_OPTION_LIST:
        append(out, "(");
        for (i = 0; i < value->item_count; i++)
            append(out, "%s \"%s\"", i > 0 ? "," : "", value->items[i]);
        append(out, " )");
        break;
    default:
        append(out, "%s", format_number(option, value->number, number));
    }
    return out;
}

/* ---- Numbers -------------------------------------------------------------------------- */

enum number { NUMBER_READ, NUMBER_UNREADABLE, NUMBER_TOO_LARGE };

/* Decimal digits alone, without a zero in front: YAML 1.1 reads 010 as 8, YAML 1.2 as 10. */
static enum number parse_integer(const char *text, int64_t *value)
{
    const char *digits = text + (*text == '-');

    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0' ||
        (digits[0] == '0' && digits[1] != '\0'))
        return NUMBER_UNREADABLE;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return errno == ERANGE ? NUMBER_TOO_LARGE : NUMBER_READ;
}

/* A number with or without a unit.  Nothing with a unit may be negative, but it is read, so that
 * its range can be told. */
static enum number parse_quantity(const struct muster_option *option, const char *text,
                                  int64_t *value)
{
    int (*const parse)(const char *, int64_t *) =
        option->type == MUSTER_OPTION_SIZE ? units_size : units_duration;
    const char *digits = text + (*text == '-');
    const char *unit = digits + strspn(digits, "0123456789");
    char one[8];
    int64_t factor;

    if (parse(digits, value) == 0) {
        if (*text == '-')
            *value = -*value;
        return NUMBER_READ;
    }
    snprintf(one, sizeof one, "1%s", unit);
    return unit > digits && strlen(unit) < sizeof one - 1 && parse(one, &factor) == 0
               ? NUMBER_TOO_LARGE
               : NUMBER_UNREADABLE;
}

static enum number parse_number(const struct muster_option *option, const char *text,
                                int64_t *value)
{
    switch (option->type) {
    case MUSTER_OPTION_BOOL:
        *value = strcmp(text, "true") == 0;
        return *value || strcmp(text, "false") == 0 ? NUMBER_READ : NUMBER_UNREADABLE;
    case MUSTER_OPTION_SIZE:
    case MUSTER_OPTION_DURATION:
        return parse_quantity(option, text, value);
    default:
        return parse_integer(text, value);
    }
}

static void say_unreadable(const struct muster_option *option, const char *text,
                           char why[OPTION_ROOM])
{
    char form[OPTION_ROOM];

    snprintf(why, OPTION_ROOM, "cannot read \"%.*s\"; expected ", UNITS_ROOM, text);
    if (option->type == MUSTER_OPTION_DURATION)
        append(why, "%s", UNITS_DURATION_FORM);
    else if (option->type == MUSTER_OPTION_SIZE)
        append(why, "%s", UNITS_SIZE_FORM);
    else
        append(why, "%s%s", option_form(option, form),
               option->type == MUSTER_OPTION_INT ? ", in decimal" : "");
}

/* `text` is what the number is written as. */
static void say_out_of_range(const struct muster_option *option, const char *text, bool too_small,
                             char why[OPTION_ROOM])
{
    const int64_t max = highest(option);
    char low[UNITS_ROOM], high[UNITS_ROOM];

    format_number(option, option->min, low);
    format_number(option, max, high);
    snprintf(why, OPTION_ROOM, "%.*s is ", UNITS_ROOM, text);
    if (max != INT64_MAX)
        append(why, "out of range; expected %s to %s", low, high);
    else if (too_small)
        append(why, "too small; expected at least %s%s", low,
               option->fallback == NULL && (option->flags & MUSTER_OPTION_REQUIRED) == 0
                   ? ", or leave it out"
                   : "");
    else
        append(why, "too large; expected at most %s", high);
}

static int read_number(const struct muster_option *option, const char *text, int64_t *value,
                       char why[OPTION_ROOM])
{
    int64_t number = 0;

    switch (parse_number(option, text, &number)) {
    case NUMBER_UNREADABLE:
        say_unreadable(option, text, why);
        return 1;
    case NUMBER_TOO_LARGE:
        say_out_of_range(option, text, *text == '-', why);
        return 1;
    default:
        break;
    }
    if (option->type != MUSTER_OPTION_BOOL && (number < option->min || number > highest(option))) {
        say_out_of_range(option, text, number < option->min, why);
        return 1;
    }
    *value = number;
    return 0;
}

/* ---- Choices and lists ---------------------------------------------------------------- */

static int find_choice(const struct muster_option *option, const char *text)
{
    int i;

    for (i = 0; option->choices[i] != NULL; i++)
        if (strcmp(option->choices[i], text) == 0)
            return i;
    return -1;
}

static void say_unknown(const struct muster_option *option, const char *text, char why[OPTION_ROOM])
{
    const char *near;
    size_t count = 0;

    while (option->choices[count] != NULL)
        count++;
    near = suggest(text, option->choices, count);
    snprintf(why, OPTION_ROOM, "unknown \"%s\"; ", text);
    if (near != NULL)
        append(why, "did you mean \"%s\"? (one of", near);
    else
        append(why, "expected one of");
    append_choices(option, why);
    append(why, "%s", near != NULL ? ")" : "");
}

static int add_item(struct option_value *value, const char *text, size_t length)
{
    char **items = reallocarray(value->items, (size_t)value->item_count + 1, sizeof *items);

    if (items == NULL)
        return -1;
    value->items = items;
    items[value->item_count] = strndup(text, length);
    if (items[value->item_count] == NULL)
        return -1;
    value->item_count++;
    return 0;
}

int option_read_item(const struct muster_option *option, const char *text,
                     struct option_value *value, char why[OPTION_ROOM])
{
    assert(option->type == MUSTER_OPTION_LIST);
    if (option->choices != NULL && find_choice(option, text) < 0) {
        say_unknown(option, text, why);
        return 1;
    }
    return add_item(value, text, strlen(text));
}

/* Items with commas between them, and spaces around these.  They need not be among the choices. */
static int split_items(const char *text, struct option_value *value)
{
    text += strspn(text, " ");
    while (*text != '\0') {
        size_t whole = strcspn(text, ","), length = whole;

        while (length > 0 && text[length - 1] == ' ')
            length--;
        if (add_item(value, text, length) < 0)
            return -1;
        text += whole + (text[whole] == ',');
        text += strspn(text, " ");
    }
    return 0;
}

static int read_items(const struct muster_option *option, const char *text,
                      struct option_value *value, char why[OPTION_ROOM])
{
    uint32_t i;

    if (split_items(text, value) < 0)
        return -1;
    for (i = 0; option->choices != NULL && i < value->item_count; i++) {
        if (find_choice(option, value->items[i]) < 0) {
            say_unknown(option, value->items[i], why);
            return 1;
        }
    }
    return 0;
}

/* ---- Values --------------------------------------------------------------------------- */

int option_read(const struct muster_option *option, const char *text, struct option_value *value,
                char why[OPTION_ROOM])
{
    int result = 0;

    assert(type_name(option->type) != NULL);
    assert(value->text == NULL && value->items == NULL);
    switch (option->type) {
    case MUSTER_OPTION_LIST:
        result = read_items(option, text, value, why);
        break;
    case MUSTER_OPTION_CHOICE:
        value->number = find_choice(option, text);
        if (value->number < 0) {
            say_unknown(option, text, why);
            result = 1;
            break;
        }
        /* fall through */
    case MUSTER_OPTION_STRING:
        value->text = strdup(text);
        result = value->text != NULL ? 0 : -1;
        break;
    default:
        result = read_number(option, text, &value->number, why);
    }
    if (result != 0)
        option_clear(value);
    return result;
}

int option_read_fallback(const struct muster_option *option, struct option_value *value)
{
    const char *text = option->fallback;

    assert(value->text == NULL && value->items == NULL);
    if (text == NULL)
        return 0;
    switch (option->type) {
    case MUSTER_OPTION_LIST:
        return split_items(text, value);
    case MUSTER_OPTION_CHOICE:
        value->number = find_choice(option, text);
        /* fall through */
    case MUSTER_OPTION_STRING:
        value->text = strdup(text);
        return value->text != NULL ? 0 : -1;
    default:
        parse_number(option, text, &value->number); /* its range is not looked at */
        return 0;
    }
}

void option_clear(struct option_value *value)
{
    uint32_t i;

    for (i = 0; i < value->item_count; i++)
        free(value->items[i]);
    free(value->items);
    free(value->text);
    *value = (struct option_value){.line = value->line};
}

void options_free(struct option_value *values, uint32_t count)
{
    uint32_t i;

    for (i = 0; values != NULL && i < count; i++)
        option_clear(&values[i]);
}

/* ---- Tables --------------------------------------------------------------------------- */

/* Whether the default can be read.  It may be out of range: "0" for never. */
static bool fallback_valid(const struct muster_option *option)
{
    int64_t number;

    if (option->fallback == NULL || option->type == MUSTER_OPTION_STRING ||
        option->type == MUSTER_OPTION_LIST)
        return true;
    if (option->type == MUSTER_OPTION_CHOICE)
        return find_choice(option, option->fallback) >= 0;
    return parse_number(option, option->fallback, &number) == NUMBER_READ;
}

bool options_valid(const struct option_table *table, char *why, size_t room)
{
    uint32_t i;

    for (i = 0; i < table->count; i++) {
        const struct muster_option option = option_at(table, i);

        if (option.name == NULL || option.name[0] == '\0' || option.summary == NULL) {
            snprintf(why, room, "option %u has no name or no summary", i);
            return false;
        }
        if (type_name(option.type) == NULL) {
            snprintf(why, room, "option %s is of type %u, which this version does not know",
                     option.name, option.type);
            return false;
        }
        if (option.type == MUSTER_OPTION_CHOICE && option.choices == NULL) {
            snprintf(why, room, "option %s has no choices", option.name);
            return false;
        }
        if (option_find(table, option.name) != (int)i) {
            snprintf(why, room, "option %s is there twice", option.name);
            return false;
        }
        if (!fallback_valid(&option)) {
            snprintf(why, room, "option %s has an unreadable default \"%s\"", option.name,
                     option.fallback);
            return false;
        }
    }
    return true;
}

/* ---- Descriptions --------------------------------------------------------------------- */

void options_describe(const struct option_table *table, FILE *out)
{
    uint32_t i;

    for (i = 0; i < table->count; i++) {
        const struct muster_option option = option_at(table, i);
        const char *fallback = option.fallback != NULL ? option.fallback : "none";
        char form[OPTION_ROOM];

        fprintf(out, "  %s\n", option.name);
        wrap_print(out, 6, 6, "%s.", option.summary);
        option_form(&option, form);
        if (option.flags & MUSTER_OPTION_REQUIRED)
            wrap_print(out, 6, 6, "%s; required", form);
        else
            wrap_print(out, 6, 6, "%s; default: %s", form,
                       fallback[0] != '\0' ? fallback : "empty");
    }
}
