/* SPDX-License-Identifier: MIT
 *
 * The values that a format has, each name once, with their scales, units and words.
 */
#include <stdlib.h>

#include "base/suggest.h"
#include "plan_maker.h"

#define FACTOR_MOST ((__int128)1 << 62) /* so that times 64 bits, and a sum, fit into 128 */

/* ---- Which there are ------------------------------------------------------------------ */

/* Whether it gets a column. */
static bool is_value(const struct plan_field *field)
{
    if (field->name == NULL || field->type == FORMAT_SKIP)
        return false;
    return field->role == PLAN_NO_ROLE || field->role == PLAN_LENGTH ||
           (field->role == PLAN_FLAGS && field->bits > 8);
}

static bool is_numeric(unsigned type)
{
    return type == MUSTER_VALUE_INT || type == MUSTER_VALUE_UNSIGNED || type == MUSTER_VALUE_REAL ||
           type == MUSTER_VALUE_REAL32;
}

/* Of a field that has no scale and no words. */
static uint8_t plain_type(const struct plan_field *field)
{
    switch (field->type) {
    case FORMAT_UNSIGNED:
        return MUSTER_VALUE_UNSIGNED;
    case FORMAT_SIGNED:
        return MUSTER_VALUE_INT;
    case FORMAT_REAL:
        return field->width == 4 ? MUSTER_VALUE_REAL32 : MUSTER_VALUE_REAL;
    case FORMAT_NUMBER:
        return MUSTER_VALUE_REAL;
    case FORMAT_TEXT:
        return MUSTER_VALUE_TEXT;
    case FORMAT_BCD:
        return field->is_varying || field->length > 9 ? MUSTER_VALUE_BYTES : MUSTER_VALUE_UNSIGNED;
    default:
        return MUSTER_VALUE_BYTES;
    }
}

/* Of fields of one name, which bodies may have as different types. */
static uint8_t common_type(uint8_t a, uint8_t b)
{
    if (a == b)
        return a;
    return is_numeric(a) && is_numeric(b) ? MUSTER_VALUE_REAL : MUSTER_VALUE_TEXT;
}

static void add_value(struct plan_maker *maker, struct plan_field *field)
{
    struct plan *plan = maker->plan;
    size_t i;

    for (i = 0; i < plan->value_count; i++)
        if (strcmp(plan->values[i].shown.name, field->name) == 0)
            break;
    if (i == plan->value_count) {
        if (i == FORMAT_VALUES_MOST) {
            node_problem(field->at, maker->problems, "a format has %d values at most",
                         FORMAT_VALUES_MOST);
            return;
        }
        plan->values[i] = (struct plan_known){
            .shown = {.name = field->name, .type = plain_type(field)},
            .scale = {.factor = 1, .divisor = 1, .is_one = true},
        };
        plan->value_count++;
    } else {
        plan->values[i].shown.type = common_type(plan->values[i].shown.type, plain_type(field));
    }
    field->value = (int16_t)i;
}

static void add_section(struct plan_maker *maker, const struct plan_section *section)
{
    struct plan_field *fields = (struct plan_field *)section->fields;
    unsigned i;

    for (i = 0; i < section->count; i++)
        if (is_value(&fields[i]))
            add_value(maker, &fields[i]);
}

/* ---- What is said of them ------------------------------------------------------------- */

static unsigned __int128 greatest_divisor(unsigned __int128 a, unsigned __int128 b)
{
    while (b > 0) {
        unsigned __int128 rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static unsigned __int128 size_of(__int128 n)
{
    return n < 0 ? 0 - (unsigned __int128)n : (unsigned __int128)n;
}

/* Digits behind the point that a multiple of 1 / divisor has; 0 if there is no end to them. */
static uint8_t decimals_of(uint64_t divisor)
{
    unsigned __int128 power = 1;
    uint8_t digits;

    for (digits = 0; digits <= 19; digits++) {
        if (power % divisor == 0)
            return digits;
        power *= 10;
    }
    return 0;
}

static void set_scale(struct plan_maker *maker, const struct format_value *from,
                      struct plan_known *known)
{
    __int128 factor = from->scale_numerator, summand = from->offset_numerator, divisor;
    unsigned __int128 common;

    if (from->scale_denominator == 0 || from->offset_denominator == 0) {
        node_problem(from->at, maker->problems, "\"%s\" would be divided by 0", from->name);
        return;
    }
    if (from->scale_denominator > INT64_MAX || from->offset_denominator > INT64_MAX)
        goto too_long;
    divisor = (__int128)from->scale_denominator * (__int128)from->offset_denominator;
    factor *= (__int128)from->offset_denominator;
    summand *= (__int128)from->scale_denominator;
    common = greatest_divisor(greatest_divisor((unsigned __int128)divisor, size_of(factor)),
                              size_of(summand));
    factor /= (__int128)common;
    summand /= (__int128)common;
    divisor /= (__int128)common;
    if (size_of(factor) >= (unsigned __int128)FACTOR_MOST ||
        size_of(summand) >= (unsigned __int128)FACTOR_MOST || divisor > INT64_MAX)
        goto too_long;
    known->scale = (struct plan_scale){.factor = (int64_t)factor,
                                       .summand = (int64_t)summand,
                                       .divisor = (uint64_t)divisor,
                                       .is_one = factor == 1 && summand == 0 && divisor == 1};
    if (!known->scale.is_one)
        known->shown.type = divisor == 1 && known->shown.type != MUSTER_VALUE_REAL32 &&
                                    known->shown.type != MUSTER_VALUE_REAL
                                ? MUSTER_VALUE_INT
                                : MUSTER_VALUE_REAL;
    known->shown.decimals = decimals_of((uint64_t)divisor);
    return;

too_long:
    node_problem(from->at, maker->problems,
                 "scale and offset of \"%s\" have too many digits together", from->name);
}

static int compare_names(const void *a, const void *b)
{
    const struct plan_name *one = a, *other = b;

    return one->raw < other->raw ? -1 : one->raw > other->raw;
}

static void set_names(struct plan_maker *maker, const struct format_value *from,
                      struct plan_known *known)
{
    struct plan_name *names = maker_alloc(maker, from->name_count, sizeof *names);
    uint64_t *absent = maker_alloc(maker, from->absent_count, sizeof *absent);
    size_t i;

    if (names == NULL || absent == NULL)
        return;
    for (i = 0; i < from->absent_count; i++)
        absent[i] = from->absent[i];
    for (i = 0; i < from->name_count; i++) {
        const char *word = maker_copy(maker, from->names[i].word);

        if (word == NULL)
            return;
        names[i] = (struct plan_name){
            .raw = from->names[i].raw, .word = word, .length = (uint32_t)strlen(word)};
    }
    qsort(names, from->name_count, sizeof *names, compare_names);
    for (i = 1; i < from->name_count; i++)
        if (names[i].raw == names[i - 1].raw)
            node_problem(from->at, maker->problems, "\"%s\" has two words for %lld", from->name,
                         (long long)names[i].raw);
    known->absent = absent;
    known->absent_count = from->absent_count;
    known->names = names;
    known->name_count = from->name_count;
    if (from->name_count > 0)
        known->shown.type = MUSTER_VALUE_TEXT;
}

/* Whether some field of that name can have the value. */
static bool section_fits(const struct plan_section *section, const char *name, uint64_t value)
{
    unsigned i;

    for (i = 0; i < section->count; i++)
        if (section->fields[i].name != NULL && strcmp(section->fields[i].name, name) == 0 &&
            maker_fits(&section->fields[i], value))
            return true;
    return false;
}

static void check_fits(struct plan_maker *maker, const struct format_value *from, uint64_t value,
                       const char *what)
{
    const struct plan *plan = maker->plan;
    size_t i;

    if (section_fits(&plan->header, from->name, value) ||
        section_fits(&plan->trailer, from->name, value))
        return;
    for (i = 0; i < plan->body_count; i++)
        if (section_fits(&plan->bodies[i].header, from->name, value) ||
            section_fits(&plan->bodies[i].reading, from->name, value))
            return;
    node_problem(from->at, maker->problems, "%s: \"%s\" is never %lld", what, from->name,
                 (long long)value);
}

static void describe(struct plan_maker *maker, const struct format_value *from,
                     struct plan_known *known)
{
    uint8_t type = known->shown.type;
    size_t i;

    if (from->name_count > FORMAT_WORDS_MOST || from->absent_count > FORMAT_WORDS_MOST) {
        node_problem(from->at, maker->problems, "\"%s\": at most %d words are possible", from->name,
                     FORMAT_WORDS_MOST);
        return;
    }
    known->shown.unit = maker_copy(maker, from->unit);
    for (i = 0; i < from->absent_count; i++)
        check_fits(maker, from, from->absent[i], "absent");
    for (i = 0; i < from->name_count; i++)
        check_fits(maker, from, from->names[i].raw, "names");
    set_scale(maker, from, known);
    if (!is_numeric(type) && !known->scale.is_one)
        node_problem(from->at, maker->problems,
                     "\"%s\" is no number, so it has no scale and no offset", from->name);
    if (!is_numeric(type))
        known->shown.type = type;
    set_names(maker, from, known);
}

/* It may be the name of a role, or nearly the name of one. */
static void say_no_value(struct plan_maker *maker, const struct format_value *from,
                         const char *const *values, size_t count)
{
    const char *names[FORMAT_VALUES_MOST + PLAN_ROLES];
    char hint[SUGGEST_ROOM];
    size_t known = count, role;

    memcpy(names, values, count * sizeof *names);
    for (role = 0; role < PLAN_ROLES; role++) {
        const char *name = plan_role_name((unsigned)role);

        if (name == NULL || role == PLAN_LENGTH)
            continue;
        if (strcmp(name, from->name) == 0) {
            node_problem(from->at, maker->problems,
                         "values: \"%s\" is a role and not a value, so it has no scale, unit or "
                         "words; leave it out here",
                         name);
            return;
        }
        names[known++] = name;
    }
    if (suggest(from->name, names, known) == NULL)
        known = count;
    node_problem(from->at, maker->problems, "values: no field that is a value is named \"%s\"%s%s",
                 from->name, known > 0 ? "; " : "",
                 suggest_hint(hint, sizeof hint, from->name, names, known));
}

static void describe_all(struct plan_maker *maker)
{
    const struct format *format = maker->format;
    struct plan *plan = maker->plan;
    const char *names[FORMAT_VALUES_MOST] = {NULL};
    size_t i, j;

    for (j = 0; j < plan->value_count; j++)
        names[j] = plan->values[j].shown.name;
    for (i = 0; i < format->value_count; i++) {
        const struct format_value *from = &format->values[i];

        for (j = 0; j < plan->value_count; j++)
            if (strcmp(names[j], from->name) == 0)
                break;
        if (j < plan->value_count)
            describe(maker, from, &plan->values[j]);
        else
            say_no_value(maker, from, names, plan->value_count);
    }
}

void maker_values(struct plan_maker *maker)
{
    struct plan *plan = maker->plan;
    size_t i;

    plan->values = maker_alloc(maker, FORMAT_VALUES_MOST, sizeof *plan->values);
    if (plan->values == NULL)
        return;
    add_section(maker, &plan->header);
    for (i = 0; i < plan->body_count; i++) {
        add_section(maker, &plan->bodies[i].header);
        add_section(maker, &plan->bodies[i].reading);
    }
    add_section(maker, &plan->trailer);
    describe_all(maker);
}
