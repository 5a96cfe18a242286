/* SPDX-License-Identifier: MIT
 *
 * Names of fields: which are roles, and what refers to them.
 */
#include "base/suggest.h"
#include "plan_maker.h"

static const char *const role_names[PLAN_ROLES] = {
    [PLAN_DEVICE] = "device", [PLAN_SEQUENCE] = "sequence", [PLAN_TIME] = "time",
    [PLAN_TYPE] = "type",     [PLAN_FLAGS] = "flags",       [PLAN_COUNT] = "count",
    [PLAN_CHECK] = "check",   [PLAN_LENGTH] = "length",
};

const char *plan_role_name(unsigned role)
{
    return role < PLAN_ROLES ? role_names[role] : NULL;
}

/* ---- Names ---------------------------------------------------------------------------- */

enum { SECTIONS_MOST = 4, NAMES_MOST = SECTIONS_MOST * FORMAT_FIELDS_MOST };

/* The sections of a datagram with this body; returns how many. */
static size_t sections_of(const struct plan *plan, const struct plan_body *body,
                          const struct plan_section *out[SECTIONS_MOST])
{
    size_t count = 0;

    out[count++] = &plan->header;
    out[count++] = &plan->trailer;
    if (body != NULL) {
        out[count++] = &body->header;
        out[count++] = &body->reading;
    }
    return count;
}

static size_t names_of(const struct plan *plan, const struct plan_body *body,
                       const struct plan_field *out[NAMES_MOST])
{
    const struct plan_section *sections[SECTIONS_MOST];
    size_t count = sections_of(plan, body, sections), i, names = 0;
    unsigned j;

    for (i = 0; i < count; i++)
        for (j = 0; j < sections[i]->count; j++)
            if (sections[i]->fields[j].name != NULL && sections[i]->fields[j].type != FORMAT_SKIP)
                out[names++] = &sections[i]->fields[j];
    return names;
}

void maker_names(struct plan_maker *maker, const struct plan_body *body)
{
    const struct plan_field *fields[NAMES_MOST];
    size_t count = names_of(maker->plan, body, fields), i, j;

    for (i = 0; i < count; i++) {
        /* What both have in common was looked at before. */
        bool is_old =
            body != NULL && fields[i]->where != PLAN_BODY && fields[i]->where != PLAN_READING;

        for (j = 0; j < i && !is_old; j++)
            if (strcmp(fields[i]->name, fields[j]->name) == 0)
                break;
        if (is_old || j == i)
            continue;
        node_problem(fields[i]->at, maker->problems,
                     "a datagram would have \"%s\" twice, the other one is of line %u; name one "
                     "of them otherwise, or '-' if it does not matter",
                     fields[i]->name, fields[j]->at->line);
    }
}

static const struct plan_field *find_in(const struct plan_section *section, const char *name)
{
    unsigned i;

    for (i = 0; i < section->count; i++)
        if (section->fields[i].name != NULL && strcmp(section->fields[i].name, name) == 0 &&
            section->fields[i].type != FORMAT_SKIP)
            return &section->fields[i];
    return NULL;
}

const struct plan_field *maker_find(struct plan_maker *maker, const struct node *at,
                                    const char *what, const char *name, const char *other)
{
    const struct plan *plan = maker->plan;
    const struct plan_field *fields[NAMES_MOST], *found = find_in(&plan->header, name);
    const char *names[NAMES_MOST + 1] = {NULL};
    char hint[SUGGEST_ROOM];
    size_t count, i;

    if (found == NULL)
        found = find_in(&plan->trailer, name);
    if (found != NULL)
        return found;
    count = names_of(plan, NULL, fields);
    for (i = 0; i < count; i++)
        names[i] = fields[i]->name;
    if (other != NULL)
        names[count++] = other;
    node_problem(at, maker->problems, "%s: header and trailer have no field \"%s\"%s%s", what, name,
                 count > 0 ? "; " : "", suggest_hint(hint, sizeof hint, name, names, count));
    return NULL;
}

/* ---- Roles ---------------------------------------------------------------------------- */

static bool is_listed(const struct format *format, const char *name)
{
    size_t i;

    for (i = 0; i < format->device_count; i++)
        if (strcmp(format->device[i], name) == 0)
            return true;
    return false;
}

/* The role that a field has by its name. */
static unsigned role_of(const struct format *format, const struct plan_field *field)
{
    unsigned role;

    if (field->name == NULL || field->type == FORMAT_SKIP)
        return PLAN_NO_ROLE;
    for (role = 0; role < PLAN_ROLES; role++)
        if (role_names[role] != NULL && strcmp(field->name, role_names[role]) == 0)
            break;
    if (role == PLAN_DEVICE && (format->device_is_source || format->device_count > 0) &&
        !is_listed(format, field->name))
        return PLAN_NO_ROLE; /* others are the device */
    return role;
}

/* What a role must be; NULL: it is that. */
static const char *wrong_type(const struct plan_maker *maker, const struct plan_field *field)
{
    bool is_whole = plan_is_integer(field), is_text = field->type == FORMAT_NUMBER;
    unsigned bits = plan_check_bits(maker->format->checksum.is);

    switch (field->role) {
    case PLAN_DEVICE:
        return field->type == FORMAT_REAL ? "an integer, text, hex, bcd or number" : NULL;
    case PLAN_SEQUENCE:
        return is_whole || is_text ? NULL : "an integer, whose width is the number's, or number";
    case PLAN_TIME:
        return is_whole || is_text || field->type == FORMAT_REAL ? NULL : "a number";
    case PLAN_TYPE:
    case PLAN_COUNT:
        return is_whole || is_text || field->type == FORMAT_BCD ? NULL : "a whole number";
    case PLAN_FLAGS:
        return field->type == FORMAT_UNSIGNED ? NULL : "an integer without a sign";
    case PLAN_CHECK:
        if (bits == 0 || (field->type == FORMAT_UNSIGNED && !field->is_part && field->bits == bits))
            return NULL;
        return bits == 8    ? "u8, as the sum is"
               : bits == 16 ? "u16, as the sum is"
                            : "u32, as the sum is";
    default:
        return NULL;
    }
}

static void section_roles(struct plan_maker *maker, const struct plan_section *section,
                          const struct plan_field *roles[PLAN_ROLES])
{
    struct plan_field *fields = (struct plan_field *)section->fields;
    unsigned i;

    for (i = 0; i < section->count; i++) {
        struct plan_field *field = &fields[i];
        const char *wanted;

        field->role = (uint8_t)role_of(maker->format, field);
        if (field->role == PLAN_NO_ROLE || field->role == PLAN_LENGTH)
            continue;
        if (field->where == PLAN_READING ||
            (field->where == PLAN_BODY &&
             (field->role == PLAN_DEVICE || field->role == PLAN_TYPE))) {
            node_problem(field->at, maker->problems,
                         "\"%s\" is of the whole datagram, so its place is in `header`%s; if it is "
                         "a value, name it otherwise",
                         field->name, field->where == PLAN_READING ? ", or that of the body" : "");
            continue;
        }
        wanted = wrong_type(maker, field);
        if (wanted != NULL)
            node_problem(field->at, maker->problems, "\"%s\" must be %s", field->name, wanted);
        roles[field->role] = field;
    }
}

void maker_roles(struct plan_maker *maker, struct plan_body *body)
{
    struct plan *plan = maker->plan;
    const char *fraction = maker->format->clock.fraction;
    const struct plan_field *found = NULL;

    if (body == NULL) {
        section_roles(maker, &plan->header, plan->role);
        section_roles(maker, &plan->trailer, plan->role);
        if (fraction != NULL) {
            found = find_in(&plan->header, fraction);
            plan->role[PLAN_FRACTION] = found != NULL ? found : find_in(&plan->trailer, fraction);
        }
        return;
    }
    memcpy(body->role, plan->role, sizeof body->role);
    section_roles(maker, &body->header, body->role);
    section_roles(maker, &body->reading, body->role);
    if (fraction != NULL && body->role[PLAN_FRACTION] == NULL)
        body->role[PLAN_FRACTION] = find_in(&body->header, fraction);
}

/* ---- Conditions ----------------------------------------------------------------------- */

bool maker_fits(const struct plan_field *field, uint64_t value)
{
    if (field->type == FORMAT_SIGNED)
        return plan_sign_extend(value & field->mask, field->bits) == value;
    if (field->type == FORMAT_UNSIGNED)
        return (value & ~field->mask) == 0;
    return field->type == FORMAT_BCD || field->type == FORMAT_NUMBER;
}

static void check_condition(struct plan_maker *maker, const struct format_condition *from,
                            const struct plan_field *field, const char *what)
{
    size_t i;

    if (!plan_is_integer(field)) {
        node_problem(from->at, maker->problems,
                     "%s: \"%s\" is no integer, and only those are "
                     "compared",
                     what, from->name);
        return;
    }
    for (i = 0; i < from->value_count; i++)
        if (!maker_fits(field, from->values[i]))
            node_problem(from->at, maker->problems,
                         field->type == FORMAT_SIGNED
                             ? "%s: \"%s\" is never %lld: it has %u bits, and a sign"
                             : "%s: \"%s\" is never %llu: it has %u bits",
                         what, from->name, (unsigned long long)from->values[i], field->bits);
}

void maker_conditions(struct plan_maker *maker, const struct format_conditions *conditions,
                      const char *what, struct plan_conditions *out)
{
    struct plan_condition *list =
        maker_alloc(maker, conditions->count, sizeof(struct plan_condition));
    size_t i;

    for (i = 0; i < conditions->count && !maker->no_memory; i++) {
        const struct format_condition *from = &conditions->list[i];
        const struct plan_field *field = NULL;
        uint64_t *values;

        if (from->value_count == 0 || from->value_count > FORMAT_WORDS_MOST) {
            node_problem(from->at, maker->problems, "%s: \"%s\" needs 1 to %d values", what,
                         from->name, FORMAT_WORDS_MOST);
            return;
        }
        if (from->is_type && out == &maker->plan->expect) {
            node_problem(from->at, maker->problems,
                         "expect: what types there are is said by `type`; leave it out here");
            return;
        }
        if (!from->is_type) {
            field = maker_find(maker, from->at, what, from->name, NULL);
            if (field == NULL)
                return;
            check_condition(maker, from, field, what);
        }
        values = maker_alloc(maker, from->value_count, sizeof *values);
        if (values == NULL)
            return;
        memcpy(values, from->values, from->value_count * sizeof *values);
        list[i] = (struct plan_condition){.field = field,
                                          .first = values[0],
                                          .values = values,
                                          .mask = from->mask != 0 ? from->mask : UINT64_MAX,
                                          .count = (uint32_t)from->value_count};
    }
    *out = (struct plan_conditions){list, conditions->count};
}
