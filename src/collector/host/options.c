/* SPDX-License-Identifier: MIT
 *
 * Settings against their table: names, types, ranges, choices, defaults.
 */
#include "options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/config/literal.h"
#include "base/suggest.h"
#include "base/units.h"
#include "base/wrap.h"

enum { MAX_NAMES = 64 }; /* candidates for "did you mean" */

/* Where a message about a setting points to. */
struct place {
    const char *file;
    unsigned line;
    const char *name;
    struct problems *problems;
};

struct muster_option option_at(const struct option_table *table, uint32_t index)
{
    struct muster_option option;

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

const char *setting_file(const config_setting_t *setting, const char *fallback)
{
    const char *file = setting != NULL ? config_setting_source_file(setting) : NULL;

    return file != NULL ? file : fallback;
}

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
        return "a list of texts such as ( \"a\", \"b\" )";
    default:
        return NULL;
    }
}

static void format_number(const struct muster_option *option, int64_t value, char out[UNITS_ROOM])
{
    if (option->type == MUSTER_OPTION_SIZE)
        units_format_size(out, value);
    else if (option->type == MUSTER_OPTION_DURATION)
        units_format_duration(out, value);
    else
        snprintf(out, UNITS_ROOM, "%" PRId64, value);
}

static void join_choices(const struct muster_option *option, char *out, size_t room)
{
    size_t length = 0, i;

    out[0] = '\0';
    for (i = 0; option->choices[i] != NULL && length < room; i++)
        length += (size_t)snprintf(out + length, room - length, "%s\"%s\"", i > 0 ? ", " : "",
                                   option->choices[i]);
}

static int find_choice(const struct muster_option *option, const char *text)
{
    int i;

    for (i = 0; option->choices[i] != NULL; i++)
        if (strcmp(option->choices[i], text) == 0)
            return i;
    return -1;
}

static void unknown_choice(const struct place *place, const struct muster_option *option,
                           const char *text)
{
    char choices[512];
    const char *near;
    size_t count = 0;

    while (option->choices[count] != NULL)
        count++;
    join_choices(option, choices, sizeof choices);
    near = suggest(text, option->choices, count);
    if (near != NULL)
        problems_add(place->problems, place->file, place->line, 0,
                     "%s: unknown \"%s\"; did you mean \"%s\"? (one of %s)", place->name, text,
                     near, choices);
    else
        problems_add(place->problems, place->file, place->line, 0,
                     "%s: unknown \"%s\"; expected one of %s", place->name, text, choices);
}

static void check_range(const struct place *place, const struct muster_option *option,
                        int64_t value)
{
    int64_t max = option->min == 0 && option->max == 0 ? INT64_MAX : option->max;
    char is[UNITS_ROOM], low[UNITS_ROOM], high[UNITS_ROOM];

    if (value >= option->min && value <= max)
        return;
    format_number(option, value, is);
    format_number(option, option->min, low);
    format_number(option, max, high);
    if (max == INT64_MAX)
        problems_add(place->problems, place->file, place->line, 0,
                     "%s: %s is too small; expected at least %s", place->name, is, low);
    else
        problems_add(place->problems, place->file, place->line, 0,
                     "%s: %s is out of range; expected %s to %s", place->name, is, low, high);
}

/* A number written as text, with or without a unit.  False: it is none. */
static bool parse_number(const struct muster_option *option, const char *text, int64_t *value)
{
    char *end;

    switch (option->type) {
    case MUSTER_OPTION_BOOL:
        *value = strcmp(text, "true") == 0;
        return *value || strcmp(text, "false") == 0;
    case MUSTER_OPTION_SIZE:
        return units_size(text, value) == 0;
    case MUSTER_OPTION_DURATION:
        return units_duration(text, value) == 0;
    default:
        *value = strtoll(text, &end, 10);
        return *text != '\0' && *end == '\0';
    }
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

/* The default.  options_valid has seen to it that it can be read. */
static int read_fallback(const struct muster_option *option, struct option_value *value)
{
    const char *text = option->fallback;

    if (text == NULL)
        return 0;
    switch (option->type) {
    case MUSTER_OPTION_LIST:
        while (*text != '\0') {
            size_t length = strcspn(text, ",");

            if (add_item(value, text, length) < 0)
                return -1;
            text += length + (text[length] == ',');
        }
        return 0;
    case MUSTER_OPTION_CHOICE:
        value->number = find_choice(option, text);
        /* fall through */
    case MUSTER_OPTION_STRING:
        value->text = strdup(text);
        return value->text != NULL ? 0 : -1;
    default:
        parse_number(option, text, &value->number);
        return 0;
    }
}

static void wrong_type(const struct place *place, const struct muster_option *option)
{
    char choices[512] = "";

    if (option->type == MUSTER_OPTION_CHOICE)
        join_choices(option, choices, sizeof choices);
    problems_add(place->problems, place->file, place->line, 0, "%s: expected %s%s%s", place->name,
                 type_name(option->type), choices[0] != '\0' ? " " : "", choices);
}

static void read_number(const struct place *place, const struct muster_option *option,
                        const config_setting_t *setting, struct option_value *value)
{
    int type = config_setting_type(setting);
    bool has_units = option->type == MUSTER_OPTION_SIZE || option->type == MUSTER_OPTION_DURATION;
    char written[64];
    int64_t number;

    if (option->type == MUSTER_OPTION_BOOL && type == CONFIG_TYPE_BOOL) {
        value->number = config_setting_get_bool(setting) != 0;
        return;
    }
    if (option->type != MUSTER_OPTION_BOOL &&
        (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64)) {
        number = config_setting_get_int64(setting);
        if (type == CONFIG_TYPE_INT && literal_differs(place->file, place->line, place->name,
                                                       number, written, sizeof written)) {
            problems_add(place->problems, place->file, place->line, 0,
                         "%s: %s is too large; expected at most 2147483647, or more with an L "
                         "behind it if the option has room for that",
                         place->name, written);
            return;
        }
        if (option->type == MUSTER_OPTION_DURATION) /* seconds */
            number = number > INT64_MAX / 1000000000   ? INT64_MAX
                     : number < INT64_MIN / 1000000000 ? INT64_MIN
                                                       : number * 1000000000;
    } else if (has_units && type == CONFIG_TYPE_STRING) {
        if (!parse_number(option, config_setting_get_string(setting), &number)) {
            problems_add(place->problems, place->file, place->line, 0,
                         "%s: cannot read \"%s\"; expected %s", place->name,
                         config_setting_get_string(setting), type_name(option->type));
            return;
        }
    } else {
        wrong_type(place, option);
        return;
    }
    check_range(place, option, number);
    value->number = number;
}

static int read_list(const struct place *place, const struct muster_option *option,
                     const config_setting_t *setting, struct option_value *value)
{
    int i, length = config_setting_length(setting);

    if (!config_setting_is_array(setting) && !config_setting_is_list(setting)) {
        wrong_type(place, option);
        return 0;
    }
    for (i = 0; i < length; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        const char *text = config_setting_get_string(item);

        if (config_setting_type(item) != CONFIG_TYPE_STRING) {
            wrong_type(place, option);
            return 0;
        }
        if (option->choices != NULL && find_choice(option, text) < 0)
            unknown_choice(place, option, text);
        if (add_item(value, text, strlen(text)) < 0)
            return -1;
    }
    return 0;
}

static int read_text(const struct place *place, const struct muster_option *option,
                     const config_setting_t *setting, struct option_value *value)
{
    const char *text;

    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        wrong_type(place, option);
        return 0;
    }
    text = config_setting_get_string(setting);
    if (option->type == MUSTER_OPTION_CHOICE) {
        value->number = find_choice(option, text);
        if (value->number < 0)
            unknown_choice(place, option, text);
    }
    value->text = strdup(text);
    return value->text != NULL ? 0 : -1;
}

static int read_one(const struct muster_option *option, const config_setting_t *setting,
                    const char *file, struct option_value *value, struct problems *problems)
{
    struct place place = {.file = setting_file(setting, file),
                          .name = option->name,
                          .line = config_setting_source_line(setting),
                          .problems = problems};

    value->line = place.line;
    switch (option->type) {
    case MUSTER_OPTION_LIST:
        return read_list(&place, option, setting, value);
    case MUSTER_OPTION_STRING:
    case MUSTER_OPTION_CHOICE:
        return read_text(&place, option, setting, value);
    default:
        read_number(&place, option, setting, value);
        return 0;
    }
}

static void report_unknown(const struct option_table *table, const config_setting_t *setting,
                           const char *const *others, const char *what, const char *file,
                           struct problems *problems)
{
    const char *name = config_setting_name(setting);
    const char *names[MAX_NAMES], *near;
    size_t count = 0, i;

    for (i = 0; others[i] != NULL && count < MAX_NAMES; i++)
        names[count++] = others[i];
    for (i = 0; i < table->count && count < MAX_NAMES; i++)
        names[count++] = option_at(table, (uint32_t)i).name;
    for (i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return;
    near = suggest(name, names, count);
    if (near != NULL)
        problems_add(problems, setting_file(setting, file), config_setting_source_line(setting), 0,
                     "%s has no setting \"%s\"; did you mean \"%s\"?", what, name, near);
    else
        problems_add(problems, setting_file(setting, file), config_setting_source_line(setting), 0,
                     "%s has no setting \"%s\"", what, name);
}

/* Frees what a value holds; it keeps its line. */
static void clear(struct option_value *value)
{
    uint32_t i;

    for (i = 0; i < value->item_count; i++)
        free(value->items[i]);
    free(value->items);
    free(value->text);
    value->items = NULL;
    value->text = NULL;
    value->item_count = 0;
    value->number = 0;
}

void options_free(struct option_value *values, uint32_t count)
{
    uint32_t i;

    for (i = 0; values != NULL && i < count; i++)
        clear(&values[i]);
}

int options_read(const struct option_table *table, const config_setting_t *group,
                 const char *const *others, const char *what, const char *file, unsigned line,
                 struct option_value *values, struct problems *problems)
{
    uint32_t i;
    int result = 0, j, length = group != NULL ? config_setting_length(group) : 0;

    memset(values, 0, table->count * sizeof *values);
    for (j = 0; others != NULL && j < length; j++)
        report_unknown(table, config_setting_get_elem(group, (unsigned)j), others, what, file,
                       problems);
    for (i = 0; i < table->count; i++) {
        const struct muster_option option = option_at(table, i);
        const config_setting_t *setting =
            group != NULL ? config_setting_get_member(group, option.name) : NULL;
        size_t problems_before = problems_count(problems);

        if (setting != NULL && read_one(&option, setting, file, &values[i], problems) < 0)
            return -1;
        if (setting == NULL || problems_count(problems) > problems_before) {
            /* After an error the other checks go on with the default. */
            clear(&values[i]);
            if (read_fallback(&option, &values[i]) < 0)
                return -1;
        }
        if (setting == NULL && (option.flags & MUSTER_OPTION_REQUIRED))
            problems_add(problems, setting_file(group, file), line, 0,
                         "%s needs the setting \"%s\": %s", what, option.name, option.summary);
        if ((option.flags & MUSTER_OPTION_REQUIRED) && problems_count(problems) > problems_before)
            result = 1;
    }
    return result;
}

bool options_valid(const struct option_table *table, char *why, size_t room)
{
    uint32_t i;

    for (i = 0; i < table->count; i++) {
        const struct muster_option option = option_at(table, i);
        int64_t number;

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
        if (option.fallback == NULL || option.type == MUSTER_OPTION_STRING ||
            option.type == MUSTER_OPTION_LIST)
            continue;
        if (option.type == MUSTER_OPTION_CHOICE
                ? find_choice(&option, option.fallback) < 0
                : !parse_number(&option, option.fallback, &number)) {
            snprintf(why, room, "option %s has an unreadable default \"%s\"", option.name,
                     option.fallback);
            return false;
        }
    }
    return true;
}

/* What values an option takes, and which it has by default. */
static void describe_values(const struct muster_option *option, FILE *out)
{
    char choices[512], low[UNITS_ROOM], high[UNITS_ROOM];

    fputs(type_name(option->type), out);
    if (option->choices != NULL) {
        join_choices(option, choices, sizeof choices);
        fprintf(out, "%s%s", option->type == MUSTER_OPTION_LIST ? ", each one of " : " ", choices);
    }
    if (option->min != 0 || option->max != 0) {
        format_number(option, option->min, low);
        format_number(option, option->max, high);
        fprintf(out, ", %s to %s", low, high);
    }
    if (option->flags & MUSTER_OPTION_REQUIRED)
        fputs("; required", out);
    else if (option->fallback != NULL)
        fprintf(out, "; default: %s", option->fallback[0] != '\0' ? option->fallback : "empty");
    else
        fputs("; default: none", out);
}

void options_describe(const struct option_table *table, FILE *out)
{
    uint32_t i;

    for (i = 0; i < table->count; i++) {
        const struct muster_option option = option_at(table, i);
        char *values = NULL;
        size_t size = 0;
        FILE *memory = open_memstream(&values, &size);

        fprintf(out, "  %s\n", option.name);
        wrap_print(out, 6, 6, "%s.", option.summary);
        if (memory == NULL)
            continue;
        describe_values(&option, memory);
        fclose(memory);
        wrap_print(out, 6, 6, "%s", values);
        free(values);
    }
}
