/* SPDX-License-Identifier: MIT
 *
 * Values of an option: types, ranges, choices, defaults.
 */
#include "option.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/real.h"
#include "base/suggest.h"
#include "base/units.h"
#include "secret.h"

/* ---- What it may be ------------------------------------------------------------------- */

/* Examples are such that they are right in each syntax that a file may have. */
static const struct {
    const char *form, *noun;
} types[] = {
    [MUSTER_OPTION_BOOL] = {"true or false", "a boolean"},
    [MUSTER_OPTION_INT] = {"a whole number", "a whole number"},
    [MUSTER_OPTION_SIZE] = {"a size such as \"64KiB\" or \"2MiB\"", "a size"},
    [MUSTER_OPTION_DURATION] = {"a duration such as \"250ms\" or \"10s\"", "a duration"},
    [MUSTER_OPTION_STRING] = {"a text in quotes", "a text"},
    [MUSTER_OPTION_CHOICE] = {"one of", "a choice"},
    [MUSTER_OPTION_LIST] = {"a list of texts such as [ \"a\", \"b\" ]", "a list"},
    [MUSTER_OPTION_REAL] = {"a number such as 0.5", "a real number"},
    [MUSTER_OPTION_PATH] = {"a path in quotes", "a path"},
    [MUSTER_OPTION_SECRET] = {"a secret in quotes, \"file:PATH\" or \"env:NAME\"", "a secret"},
};

bool option_is_known(uint32_t type)
{
    return type < sizeof types / sizeof types[0] && types[type].form != NULL;
}

const char *option_noun(uint32_t type)
{
    assert(option_is_known(type));
    return types[type].noun;
}

/* Whether `min` and `max` are about values of that type. */
static bool has_range(uint32_t type)
{
    return type == MUSTER_OPTION_INT || type == MUSTER_OPTION_SIZE ||
           type == MUSTER_OPTION_DURATION;
}

static bool is_number(uint32_t type)
{
    return type == MUSTER_OPTION_REAL || has_range(type);
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

/* Whether a REAL has a least and a largest value. */
static bool has_low(const struct muster_option *option)
{
    return (option->real_min != 0 || option->real_max != 0) && option->real_min >= -DBL_MAX;
}

static bool has_high(const struct muster_option *option)
{
    return (option->real_min != 0 || option->real_max != 0) && option->real_max <= DBL_MAX;
}

/* "0.5 to 3", "at least 0", or "at most 0"; nothing if there is no limit. */
static const char *real_range(const struct muster_option *option, char out[OPTION_ROOM])
{
    char number[REAL_ROOM];

    out[0] = '\0';
    if (has_low(option))
        append(out, "%s%s", has_high(option) ? "" : "at least ",
               real_format(number, option->real_min));
    if (has_high(option))
        append(out, "%s%s", has_low(option) ? " to " : "at most ",
               real_format(number, option->real_max));
    return out;
}

const char *option_form(const struct muster_option *option, char out[OPTION_ROOM])
{
    char low[UNITS_ROOM], high[UNITS_ROOM], range[OPTION_ROOM];

    assert(option_is_known(option->type));
    snprintf(out, OPTION_ROOM, "%s", types[option->type].form);
    if (option->choices != NULL) {
        append(out, "%s", option->type == MUSTER_OPTION_LIST ? ", each one of" : "");
        append_choices(option, out);
        append(out, "%s",
               (option->flags & MUSTER_OPTION_VALUES) != 0 ? ", or the name of a value" : "");
    }
    if (option->type == MUSTER_OPTION_REAL && real_range(option, range)[0] != '\0')
        append(out, ", %s", range);
    if (!has_range(option->type) || (option->min == 0 && option->max == 0))
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
    char number[UNITS_ROOM], real[REAL_ROOM];
    uint32_t i;

    out[0] = '\0';
    switch (option->type) {
    case MUSTER_OPTION_BOOL:
        append(out, "%s", value->number != 0 ? "true" : "false");
        break;
    case MUSTER_OPTION_REAL:
        append(out, "%s", real_format(real, value->real));
        break;
    case MUSTER_OPTION_SECRET:
        append(out, "%s", value->text != NULL ? "(secret)" : "none");
        break;
    case MUSTER_OPTION_STRING:
    case MUSTER_OPTION_CHOICE:
    case MUSTER_OPTION_PATH:
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

/* Without blanks around it, unlike a value that a device sends. */
static bool parse_real(const char *text, double *value)
{
    const size_t length = strlen(text);

    if (strspn(text, "0123456789+-.eE") != length)
        return false;
    return muster_text_number((const uint8_t *)text, length, value) == 0;
}

static bool is_in_real_range(const struct muster_option *option, double value)
{
    return (!has_low(option) || value >= option->real_min) &&
           (!has_high(option) || value <= option->real_max);
}

static int read_real(const struct muster_option *option, const char *text, double *value,
                     char why[OPTION_ROOM])
{
    char range[OPTION_ROOM];
    double number = 0;

    if (!parse_real(text, &number)) {
        say_unreadable(option, text, why);
        return 1;
    }
    if (!is_in_real_range(option, number)) {
        snprintf(why, OPTION_ROOM, "%.*s is out of range; expected ", UNITS_ROOM, text);
        append(why, "%s", real_range(option, range));
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

bool option_is_choice(const struct muster_option *option, const char *text, char why[OPTION_ROOM])
{
    if (find_choice(option, text) >= 0)
        return true;
    say_unknown(option, text, why);
    return false;
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

/* Whether the list has only its choices; else what more there may be is not known here. */
static bool is_closed(const struct muster_option *option)
{
    return option->choices != NULL && (option->flags & MUSTER_OPTION_VALUES) == 0;
}

int option_read_item(const struct muster_option *option, const char *text,
                     struct option_value *value, char why[OPTION_ROOM])
{
    assert(option->type == MUSTER_OPTION_LIST);
    if (is_closed(option) && find_choice(option, text) < 0) {
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
    for (i = 0; is_closed(option) && i < value->item_count; i++) {
        if (find_choice(option, value->items[i]) < 0) {
            say_unknown(option, value->items[i], why);
            return 1;
        }
    }
    return 0;
}

/* ---- Paths ---------------------------------------------------------------------------- */

/* Makes it absolute.  Returns as option_read. */
static int read_path(const char *text, char **path, char why[OPTION_ROOM])
{
    char *directory;

    if (text[0] == '\0') {
        snprintf(why, OPTION_ROOM, "it is empty; expected the name of a file or directory");
        return 1;
    }
    if (text[0] == '/') {
        *path = strdup(text);
        return *path != NULL ? 0 : -1;
    }
    directory = getcwd(NULL, 0);
    if (directory == NULL) {
        snprintf(why, OPTION_ROOM,
                 "it is relative, and the current directory is not known: %s; expected a path that "
                 "begins with \"/\"",
                 strerror(errno));
        return 1;
    }
    if (asprintf(path, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, text) < 0)
        *path = NULL;
    free(directory);
    return *path != NULL ? 0 : -1;
}

/* ---- Values --------------------------------------------------------------------------- */

int option_read(const struct muster_option *option, const char *text, struct option_value *value,
                char why[OPTION_ROOM])
{
    int result = 0;

    assert(option_is_known(option->type));
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
    case MUSTER_OPTION_REAL:
        result = read_real(option, text, &value->real, why);
        break;
    case MUSTER_OPTION_PATH:
        result = read_path(text, &value->text, why);
        break;
    case MUSTER_OPTION_SECRET:
        value->is_secret = true;
        result = secret_read(text, &value->text, why, OPTION_ROOM);
        break;
    default:
        result = read_number(option, text, &value->number, why);
    }
    if (result != 0)
        option_clear(value);
    return result;
}

int option_read_fallback(const struct muster_option *option, struct option_value *value,
                         char why[OPTION_ROOM])
{
    const char *text = option->fallback;

    assert(value->text == NULL && value->items == NULL);
    if (text == NULL)
        return 0;
    if (option->type == MUSTER_OPTION_LIST)
        return split_items(text, value);
    if (strcmp(text, "0") == 0 && is_number(option->type)) { /* it may be out of the range */
        value->number = 0;
        value->real = 0;
        return 0;
    }
    return option_read(option, text, value, why);
}

bool option_is_fallback_valid(const struct muster_option *option, char why[OPTION_ROOM])
{
    struct option_value value = {0};
    bool is_valid;

    if (option->fallback == NULL || option->type == MUSTER_OPTION_LIST)
        return true;
    if (option->type == MUSTER_OPTION_SECRET) {
        snprintf(why, OPTION_ROOM, "a secret has none");
        return false;
    }
    if (option->type == MUSTER_OPTION_PATH) { /* where it begins is not the table's matter */
        snprintf(why, OPTION_ROOM, "it is empty");
        return option->fallback[0] != '\0';
    }
    is_valid = option_read_fallback(option, &value, why) == 0;
    option_clear(&value);
    return is_valid;
}

void option_clear(struct option_value *value)
{
    uint32_t i;

    for (i = 0; i < value->item_count; i++)
        free(value->items[i]);
    free(value->items);
    if (value->is_secret)
        secret_free(value->text);
    else
        free(value->text);
    *value = (struct option_value){.line = value->line};
}
