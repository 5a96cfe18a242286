/* SPDX-License-Identifier: MIT */
#include "format_values.h"

#include <string.h>

#include "base/suggest.h"
#include "check.h"
#include "decimal.h"

static const char *const messages[] = {"heartbeat", "data", "init", "other", "ignore"};
enum { MESSAGES = sizeof messages / sizeof *messages };

_Static_assert(FORMAT_HEARTBEAT == 0 && FORMAT_DATA == 1 && FORMAT_INIT == 2 && FORMAT_OTHER == 3 &&
                   FORMAT_IGNORE == 4,
               "in the order of the words");

/* ---- Lists of raw values -------------------------------------------------------------- */

/* Fills in the numbers of a list, or one alone.  Returns 0, or -1 if memory is short. */
static int read_numbers(const struct format_reader *reader, const struct node *node,
                        const char *what, const uint64_t **out, size_t *count)
{
    uint64_t *numbers;
    size_t all = format_reader_count(node), i;

    *count = 0;
    if (node->kind == NODE_LIST && !format_reader_most(reader, node, FORMAT_WORDS_MOST, what))
        return 0;
    numbers = format_reader_room(reader, all, sizeof *numbers);
    if (numbers == NULL)
        return -1;
    for (i = 0; i < all; i++)
        if (format_reader_integer(reader, format_reader_item(node, i), what, &numbers[*count]))
            ++*count;
    *out = numbers;
    return 0;
}

/* ---- Conditions ----------------------------------------------------------------------- */

static bool is_word(const struct node *node)
{
    const struct node *first = format_reader_count(node) > 0 ? format_reader_item(node, 0) : NULL;
    uint64_t number;

    return first != NULL && (first->kind == NODE_WORD || first->kind == NODE_TEXT) &&
           !decimal_integer(first->text, &number);
}

static int read_messages(const struct format_reader *reader, const struct node *node,
                         struct format_condition *condition)
{
    const size_t all = format_reader_count(node);
    uint64_t *values;
    size_t i;

    if (node->kind == NODE_LIST && !format_reader_most(reader, node, FORMAT_WORDS_MOST, "type"))
        return 0;
    values = format_reader_room(reader, all, sizeof *values);
    if (values == NULL)
        return -1;
    for (i = 0; i < all; i++) {
        const struct node *item = format_reader_item(node, i);
        const char *text = format_reader_text(reader, item, "type", "a word such as data");
        int message =
            text == NULL ? -1 : format_reader_word(reader, item, text, messages, MESSAGES, "type");

        if (message >= 0)
            values[condition->value_count++] = (uint64_t)message;
    }
    condition->is_type = true;
    condition->values = values;
    return 0;
}

/* { has: 1 }: all bits of that number are set. */
static int read_bits(const struct format_reader *reader, const struct node *map,
                     struct format_condition *condition)
{
    static const char *const words[] = {"has"};
    const struct node *has = node_find(map, "has");
    int result;

    if (map->count != 1 || has == NULL) {
        if (map->count == 1 && map->items[0].key->text != NULL)
            format_reader_word(reader, map->items[0].key, map->items[0].key->text, words, 1,
                               "property of a condition");
        else
            node_problem(map, reader->problems, "%s: expected a value, or { has: BITS }",
                         condition->name);
        return 0;
    }
    if (!check_kind(has, NODE_WORD, "has", "a whole number such as 1 or 0x80", reader->problems))
        return 0;
    result = read_numbers(reader, has, "has", &condition->values, &condition->value_count);
    if (condition->value_count == 0)
        return result;
    condition->mask = condition->values[0];
    if (condition->mask == 0) {
        node_problem(has, reader->problems,
                     "has: 0 has no bit; expected a number such as 1 or 0x80");
        condition->value_count = 0;
    }
    return result;
}

static int read_condition(const struct format_reader *reader, const struct node_item *item,
                          struct format_condition *condition)
{
    static const char *const type = "type";
    const char *name = item->key->text;

    condition->at = item->key;
    condition->name = name;
    if (item->value->kind == NODE_LIST && item->value->count == 0) {
        node_problem(item->value, reader->problems, "%s: the list is empty; expected a value",
                     name);
        return 0;
    }
    if (item->value->kind == NODE_MAP)
        return read_bits(reader, item->value, condition);
    if (strcmp(name, "type") == 0 && is_word(item->value))
        return read_messages(reader, item->value, condition);
    if (is_word(item->value) && suggest(name, &type, 1) != NULL) {
        node_problem(item->key, reader->problems,
                     "\"%s\" has numbers, only \"type\" has words; did you mean \"type\"?", name);
        return 0;
    }
    return read_numbers(reader, item->value, name, &condition->values, &condition->value_count);
}

int format_values_on(const struct format_reader *reader, const struct node *node, unsigned *on)
{
    struct format_condition condition = {0};
    size_t i;

    if (read_messages(reader, node, &condition) < 0)
        return -1;
    for (i = 0; i < condition.value_count; i++)
        *on |= 1U << condition.values[i];
    return 0;
}

int format_values_conditions(const struct format_reader *reader, const struct node *map,
                             const char *what, struct format_conditions *out)
{
    struct format_condition *list;
    size_t i;

    *out = (struct format_conditions){0};
    if (!check_kind(map, NODE_MAP, what, "a mapping such as { version: 1 }", reader->problems) ||
        !format_reader_most(reader, map, FORMAT_FIELDS_MOST, what))
        return 0;
    list = format_reader_room(reader, map->count, sizeof *list);
    if (list == NULL)
        return -1;
    for (i = 0; i < map->count; i++) {
        if (!format_reader_key(reader, map, i, "a field's name"))
            continue;
        if (read_condition(reader, &map->items[i], &list[out->count]) < 0)
            return -1;
        if (list[out->count].value_count > 0)
            out->count++;
        else
            list[out->count] = (struct format_condition){0};
    }
    out->list = list;
    return 0;
}

/* ---- Types ---------------------------------------------------------------------------- */

static bool read_message(const struct format_reader *reader, const struct node *node,
                         enum format_message *message)
{
    const char *text = format_reader_text(reader, node, "type", "a word such as data");
    int found =
        text != NULL ? format_reader_word(reader, node, text, messages, MESSAGES, "type") : -1;

    if (found >= 0)
        *message = (enum format_message)found;
    return found >= 0;
}

int format_values_types(const struct format_reader *reader, const struct node *node,
                        struct format *format)
{
    struct format_type_word *types;
    size_t i;

    if (node->kind == NODE_WORD || node->kind == NODE_TEXT) {
        read_message(reader, node, &format->message);
        return 0;
    }
    if (!check_kind(node, NODE_MAP, "type", "a mapping such as { 0: heartbeat, 1: data }",
                    reader->problems) ||
        !format_reader_most(reader, node, FORMAT_WORDS_MOST, "type"))
        return 0;
    types = format_reader_room(reader, node->count, sizeof *types);
    if (types == NULL)
        return -1;
    format->has_types = true;
    format->types = types;
    for (i = 0; i < node->count; i++) {
        struct format_type_word *type = &types[format->type_count];

        if (format_reader_key(reader, node, i, "a type") &&
            format_reader_integer(reader, node->items[i].key, "type", &type->raw) &&
            read_message(reader, node->items[i].value, &type->message))
            format->type_count++;
    }
    return 0;
}

/* ---- Values --------------------------------------------------------------------------- */

enum { KEY_SCALE, KEY_OFFSET, KEY_UNIT, KEY_ABSENT, KEY_NAMES, KEY_MAP, KEYS };

static const char *const keys[KEYS] = {"scale", "offset", "unit", "absent", "names", "map"};

static void read_scale(const struct format_reader *reader, const struct node *node,
                       struct format_value *value)
{
    const char *text = format_reader_text(reader, node, "scale", "a number");
    struct decimal scale;

    if (text == NULL)
        return;
    if (!decimal_ratio(text, &scale)) {
        node_problem(node, reader->problems,
                     "scale: cannot read \"%s\"; expected a number such as 0.005, 1e-7 or 1/200",
                     text);
        return;
    }
    if (scale.numerator == 0)
        node_problem(node, reader->problems,
                     "scale: it is 0, so that every value would be the same; expected another");
    value->scale_numerator = scale.numerator;
    value->scale_denominator = scale.denominator;
}

static void read_offset(const struct format_reader *reader, const struct node *node,
                        struct format_value *value)
{
    const char *text = format_reader_text(reader, node, "offset", "a number");
    struct decimal offset;

    if (text == NULL)
        return;
    if (!decimal_read(text, &offset)) {
        node_problem(node, reader->problems,
                     "offset: cannot read \"%s\"; expected a number such as -40 or 1.6", text);
        return;
    }
    value->offset_numerator = offset.numerator;
    value->offset_denominator = offset.denominator;
}

static int read_names(const struct format_reader *reader, const struct node *map,
                      struct format_value *value)
{
    struct format_name *names;
    size_t i;

    if (value->names != NULL) {
        node_problem(map, reader->problems, "\"map\" is another word for \"names\"; expected one");
        return 0;
    }
    if (!check_kind(map, NODE_MAP, "names", "a mapping such as { 0: off, 1: on }",
                    reader->problems) ||
        !format_reader_most(reader, map, FORMAT_WORDS_MOST, "names"))
        return 0;
    names = format_reader_room(reader, map->count, sizeof *names);
    if (names == NULL)
        return -1;
    value->names = names;
    for (i = 0; i < map->count; i++) {
        struct format_name *name = &names[value->name_count];

        if (!format_reader_key(reader, map, i, "a raw value") ||
            !format_reader_integer(reader, map->items[i].key, "names", &name->raw))
            continue;
        name->word = format_reader_text(reader, map->items[i].value, "names: a word", "a text");
        if (name->word != NULL)
            value->name_count++;
    }
    return 0;
}

static int read_property(const struct format_reader *reader, const struct node_item *item,
                         struct format_value *value)
{
    const struct node *node = item->value;
    const int key =
        format_reader_word(reader, item->key, item->key->text, keys, KEYS, "property of a value");

    if (key < 0 || node->kind == NODE_NULL)
        return 0;
    switch (key) {
    case KEY_SCALE:
        read_scale(reader, node, value);
        return 0;
    case KEY_OFFSET:
        read_offset(reader, node, value);
        return 0;
    case KEY_UNIT:
        value->unit = format_reader_text(reader, node, "unit", "a text such as Cel or \"%RH\"");
        return 0;
    case KEY_ABSENT:
        return read_numbers(reader, node, "absent", &value->absent, &value->absent_count);
    default:
        return read_names(reader, node, value);
    }
}

static int read_value(const struct format_reader *reader, const struct node_item *item,
                      struct format_value *value)
{
    const struct node *map = item->value;
    size_t i;

    *value = (struct format_value){.at = item->key,
                                   .name = item->key->text,
                                   .scale_numerator = 1,
                                   .scale_denominator = 1,
                                   .offset_denominator = 1};
    if (map->kind == NODE_NULL ||
        !check_kind(map, NODE_MAP, value->name, "a mapping such as { scale: 0.1, unit: Cel }",
                    reader->problems))
        return 0;
    for (i = 0; i < map->count; i++)
        if (format_reader_key(reader, map, i, "a property of a value") &&
            read_property(reader, &map->items[i], value) < 0)
            return -1;
    return 0;
}

int format_values_read(const struct format_reader *reader, const struct node *map,
                       struct format *format)
{
    struct format_value *values;
    size_t i;

    if (!check_kind(map, NODE_MAP, "values", "a mapping of names to { scale: 0.1, unit: Cel }",
                    reader->problems) ||
        !format_reader_most(reader, map, FORMAT_VALUES_MOST, "values"))
        return 0;
    values = format_reader_room(reader, map->count, sizeof *values);
    if (values == NULL)
        return -1;
    format->values = values;
    for (i = 0; i < map->count; i++) {
        if (!format_reader_key(reader, map, i, "a value's name"))
            continue;
        if (read_value(reader, &map->items[i], &values[format->value_count]) < 0)
            return -1;
        format->value_count++;
    }
    return 0;
}
