/* SPDX-License-Identifier: MIT
 *
 * Reading values of a scenario, and saying what is wrong with them.
 */
#include "fields.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/suggest.h"
#include "base/units.h"
#include "values.h"

#define EXPECTED_ROOM 256

bool fields_is_map(const struct node *node, const char *what, struct problems *problems)
{
    if (node->kind == NODE_MAP)
        return true;
    if (node->kind != NODE_BAD)
        node_problem(node, problems, "%s is %s; expected a mapping", what, node_kind_name(node));
    return false;
}

/* ---- Values --------------------------------------------------------------------------- */

static bool read_choice(const char *text, const char *const *choices, int *value)
{
    int i;

    for (i = 0; choices[i] != NULL; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}

static bool read_value(const struct field *field, const char *text, void *out)
{
    static const char *const truths[] = {"false", "true", NULL};
    struct address address;
    int truth;

    switch (field->kind) {
    case FIELD_WHOLE:
        return value_whole(text, field->min, field->max, out);
    case FIELD_DURATION:
        return value_duration(text, field->min, field->max, out);
    case FIELD_OFFSET:
        return value_offset(text, field->max, out);
    case FIELD_SHARE:
        return value_share(text, out);
    case FIELD_CHOICE:
        return read_choice(text, field->choices, out);
    case FIELD_TRUTH:
        if (!read_choice(text, truths, &truth))
            return false;
        *(bool *)out = truth == 1;
        return true;
    case FIELD_TEXT:
        *(const char **)out = text;
        return text[0] != '\0';
    default:
        if (address_parse(&address, text, 0) != 0)
            return false;
        *(const char **)out = text;
        return true;
    }
}

static const char *expected(const struct field *field, const char *text, char *out)
{
    char min[UNITS_ROOM], max[UNITS_ROOM];
    size_t count = 0;

    units_format_duration(min, (int64_t)field->min);
    units_format_duration(max, (int64_t)field->max);
    switch (field->kind) {
    case FIELD_WHOLE:
        snprintf(out, EXPECTED_ROOM, "expected a whole number from %" PRIu64 " to %" PRIu64,
                 field->min, field->max);
        break;
    case FIELD_DURATION:
        snprintf(out, EXPECTED_ROOM, "expected a duration from %s to %s, such as 200ms or 10s", min,
                 max);
        break;
    case FIELD_OFFSET:
        snprintf(out, EXPECTED_ROOM, "expected a duration of %s at most, such as 1h or -1h", max);
        break;
    case FIELD_SHARE:
        snprintf(out, EXPECTED_ROOM, "expected a share from 0%% to 100%%, written as 5%% or 0.05");
        break;
    case FIELD_TRUTH:
        snprintf(out, EXPECTED_ROOM, "expected true or false");
        break;
    case FIELD_CHOICE:
        while (field->choices[count] != NULL)
            count++;
        suggest_hint(out, EXPECTED_ROOM, text, field->choices, count);
        break;
    case FIELD_TEXT:
        snprintf(out, EXPECTED_ROOM, "expected a text");
        break;
    default:
        snprintf(out, EXPECTED_ROOM, "expected an IP address, such as 127.0.0.2");
    }
    return out;
}

bool fields_read_value(const struct field *field, const struct node *node, void *out,
                       struct problems *problems)
{
    char hint[EXPECTED_ROOM];

    if (node->kind == NODE_BAD)
        return false;
    if (node->kind != NODE_WORD && node->kind != NODE_TEXT) {
        node_problem(node, problems, "%s is %s; %s", field->name, node_kind_name(node),
                     expected(field, "", hint));
        return false;
    }
    if (read_value(field, node->text, out))
        return true;
    node_problem(node, problems, "%s: \"%s\" cannot be; %s", field->name, node->text,
                 expected(field, node->text, hint));
    return false;
}

/* ---- Mappings ------------------------------------------------------------------------- */

static void say_unknown(const struct node *key, const char *what, const struct field *const *fields,
                        size_t count, struct problems *problems)
{
    const char *names[FIELDS_MOST];
    char hint[SUGGEST_ROOM];
    size_t i;

    for (i = 0; i < count; i++)
        names[i] = fields[i]->name;
    node_problem(key, problems, "%s has no \"%s\"; %s", what, key->text,
                 suggest_hint(hint, sizeof hint, key->text, names, count));
}

static size_t find(const struct field *const *fields, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(fields[i]->name, name) != 0)
        i++;
    return i;
}

void fields_read(const struct node *map, const char *what, const struct field_table *tables,
                 size_t count, void *out, struct problems *problems)
{
    const struct field *fields[FIELDS_MOST];
    const struct node *firsts[FIELDS_MOST] = {NULL};
    size_t known = 0, i, j;

    for (i = 0; i < count; i++) {
        for (j = 0; j < tables[i].count; j++) {
            assert(known < FIELDS_MOST);
            fields[known++] = &tables[i].fields[j];
        }
    }
    for (i = 0; i < map->count; i++) {
        const struct node *key = map->items[i].key;
        size_t at = key->text != NULL ? find(fields, known, key->text) : known;

        if (key->text == NULL) {
            if (key->kind != NODE_BAD)
                node_problem(key, problems, "a key is %s; expected a text", node_kind_name(key));
        } else if (at == known) {
            say_unknown(key, what, fields, known, problems);
        } else if (firsts[at] != NULL) {
            node_problem(key, problems, "\"%s\" is given again; it is first on line %u", key->text,
                         firsts[at]->line);
        } else {
            firsts[at] = key;
            if (fields[at]->kind != FIELD_OTHER)
                fields_read_value(fields[at], map->items[i].value, (char *)out + fields[at]->offset,
                                  problems);
        }
    }
    for (i = 0; i < known; i++) {
        if (fields[i]->required && firsts[i] == NULL)
            node_problem(map, problems, "%s needs \"%s\"", what, fields[i]->name);
    }
}
