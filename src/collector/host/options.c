/* SPDX-License-Identifier: MIT
 *
 * Tables of options: whether they make sense, and what they look like.
 */
#include "options.h"

#include <inttypes.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

void options_free(struct option_value *values, uint32_t count)
{
    uint32_t i;

    for (i = 0; values != NULL && i < count; i++)
        option_clear(&values[i]);
}

/* ---- Tables --------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Whether the range of a number has something in it; NaN is in none. */
static bool is_range_valid(const struct muster_option *option)
{
    if (option->type == MUSTER_OPTION_REAL)
        return option->real_min <= option->real_max;
    return option->min <= option->max;
}

#define FLAGS_KNOWN (MUSTER_OPTION_REQUIRED | MUSTER_OPTION_INPUT | MUSTER_OPTION_VALUES)

/* NULL, or what is wrong with one option by itself; `room` is for what takes some words. */
static const char *judge(const struct muster_option *option, char room[OPTION_ROOM])
{
    char why[OPTION_ROOM];

    if (!option_is_known(option->type))
        snprintf(room, OPTION_ROOM, "is of type %u, which this version does not know",
                 option->type);
    else if ((option->flags & ~FLAGS_KNOWN) != 0)
        snprintf(room, OPTION_ROOM, "has the flags 0x%x, which this version does not know",
                 option->flags & ~FLAGS_KNOWN);
    else if ((option->flags & MUSTER_OPTION_INPUT) != 0 && option->type != MUSTER_OPTION_PATH)
        snprintf(room, OPTION_ROOM, "is marked as an input, and is %s; only a path can be one",
                 option_noun(option->type));
    else if ((option->flags & MUSTER_OPTION_VALUES) != 0 &&
             (option->type != MUSTER_OPTION_LIST || option->choices == NULL))
        return "has values as choices, too, and is no list with choices";
    else if (option->type == MUSTER_OPTION_CHOICE && option->choices == NULL)
        return "has no choices";
    else if (!is_range_valid(option))
        return "has a smallest value that is larger than its largest";
    else if ((option->flags & MUSTER_OPTION_REQUIRED) != 0 && option->fallback != NULL)
        return "is required, and has a default, which would never be used; take one of them out";
    else if (!option_is_fallback_valid(option, why))
        snprintf(room, OPTION_ROOM, "has a default \"%.100s\" that is no value of it: %.800s",
                 option->type == MUSTER_OPTION_SECRET ? "(secret)" : option->fallback, why);
    else
        return NULL;
    return room;
}

/* Whether one of the first `end` options has that name, or had it once. */
static bool is_used(const struct option_table *table, uint32_t end, const char *name)
{
    uint32_t i;

    for (i = 0; i < end; i++) {
        const struct muster_option option = option_at(table, i);

        if (strcmp(option.name, name) == 0 ||
            (option.alias != NULL && strcmp(option.alias, name) == 0))
            return true;
    }
    return false;
}

bool options_has(const struct option_table *table, const char *name)
{
    return is_used(table, table->count, name);
}

bool options_valid(const struct option_table *table, char *why, size_t room)
{
    char text[OPTION_ROOM];
    uint32_t i;

    for (i = 0; i < table->count; i++) {
        const struct muster_option option = option_at(table, i);
        const char *wrong;

        if (option.name == NULL || option.name[0] == '\0') {
            snprintf(why, room, "option %u has no name", i);
            return false;
        }
        if (option.summary == NULL) {
            snprintf(why, room, "option %.100s has no summary", option.name);
            return false;
        }
        if (!is_name(option.name) || (option.alias != NULL && !is_name(option.alias))) {
            snprintf(why, room,
                     "option %u, \"%.100s\", is not called as one: expected lower case, "
                     "digits and underscores",
                     i, is_name(option.name) ? option.alias : option.name);
            return false;
        }
        if (is_used(table, i, option.name)) {
            snprintf(why, room, "option %s is there twice", option.name);
            return false;
        }
        if (option.alias != NULL &&
            (is_used(table, i, option.alias) || strcmp(option.alias, option.name) == 0)) {
            snprintf(why, room,
                     "option %s has the alias \"%s\", which is another option's name or "
                     "its own",
                     option.name, option.alias);
            return false;
        }
        wrong = judge(&option, text);
        if (wrong != NULL) {
            snprintf(why, room, "option %s %s", option.name, wrong);
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

        if (option.alias != NULL)
            fprintf(out, "  %s (once called %s)\n", option.name, option.alias);
        else
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

char *options_text(const struct option_value *values, uint32_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    uint32_t i, k;

    if (out == NULL)
        return NULL;
    for (i = 0; i < count; i++) {
        const struct option_value *value = &values[i];

        fprintf(out, "%" PRId64 " %a %s%s (", value->number, value->real,
                value->text != NULL ? "=" : "", value->text != NULL ? value->text : "");
        for (k = 0; k < value->item_count; k++)
            fprintf(out, "%s, ", value->items[k]);
        fputs(")\n", out);
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool options_same(const struct option_value *a, const struct option_value *b)
{
    bool same = a->number == b->number && !(a->real < b->real || a->real > b->real) &&
                same_text(a->text, b->text) && a->item_count == b->item_count;
    uint32_t i;

    for (i = 0; same && i < a->item_count; i++)
        same = same_text(a->items[i], b->items[i]);
    return same;
}
