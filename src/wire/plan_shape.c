/* SPDX-License-Identifier: MIT
 *
 * A small search: each field that some condition looks at has a domain, the values that conditions
 * name and one that none does.  `expect`, the type and the body's own `when` leave fewer of them;
 * then each body in front has to be ruled out by one of its conditions.
 */
#include "plan_shape.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MASKED_MOST = 64,   /* values in which bits are set, where some bits alone are compared */
    TRIES_MOST = 100000 /* of a search: longer than that nobody waits */
};

struct domain {
    const struct plan_field *field;
    uint64_t *values;
    size_t count, first; /* its flags are from there on */
};

struct search {
    const struct plan *plan;
    unsigned type;
    uint32_t readings; /* that are wanted */
    const struct plan_conditions *more;
    struct domain domains[FORMAT_FIELDS_MOST];
    size_t domain_count, flag_count;
    bool *alive; /* by depth and value: it is still possible */
    unsigned tries;
};

/* ---- Domains -------------------------------------------------------------------------- */

static bool has(const uint64_t *values, size_t count, uint64_t value)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (values[i] == value)
            return true;
    return false;
}

static struct domain *domain_of(struct search *search, const struct plan_field *field)
{
    size_t i;

    for (i = 0; i < search->domain_count; i++)
        if (search->domains[i].field == field)
            return &search->domains[i];
    return NULL;
}

/* As the field would have it. */
static uint64_t sized(const struct plan_field *field, uint64_t value)
{
    value &= field->mask;
    return field->type == FORMAT_SIGNED ? plan_sign_extend(value, field->bits) : value;
}

/* Returns false if memory is short. */
static bool add_value(struct domain *domain, uint64_t value)
{
    uint64_t *values;

    if (has(domain->values, domain->count, value))
        return true;
    values = realloc(domain->values, (domain->count + 1) * sizeof *values);
    if (values == NULL)
        return false;
    values[domain->count++] = value;
    domain->values = values;
    return true;
}

/* Each message has another number, time and sum, so a condition on one can neither be met nor be
 * ruled out. */
static bool is_free(const struct search *search, const struct plan_field *field)
{
    return field->role == PLAN_SEQUENCE || field->role == PLAN_TIME || field->role == PLAN_CHECK ||
           field == search->plan->role[PLAN_FRACTION];
}

static struct domain *add_domain(struct search *search, const struct plan_field *field)
{
    struct domain *domain = domain_of(search, field);

    if (domain != NULL)
        return domain;
    assert(search->domain_count < FORMAT_FIELDS_MOST);
    domain = &search->domains[search->domain_count++];
    *domain = (struct domain){.field = field};
    return domain;
}

/* The type's values are those that mean the message. */
static bool add_types(struct search *search)
{
    const struct plan *plan = search->plan;
    struct domain *domain;
    size_t i;

    if (!plan->has_types)
        return true;
    domain = add_domain(search, plan->role[PLAN_TYPE]);
    for (i = 0; i < sizeof plan->types; i++)
        if (plan->types[i] == search->type && !add_value(domain, i))
            return false;
    for (i = 0; i < plan->high_type_count; i++)
        if (plan->high_types[i].message == search->type &&
            !add_value(domain, plan->high_types[i].raw))
            return false;
    return true;
}

static bool is_type(const struct search *search, const struct plan_field *field)
{
    return search->plan->has_types && field == search->plan->role[PLAN_TYPE];
}

/* Where some bits alone are compared: each value so far with these bits as they are asked for, all
 * zero, and all one.  Returns false if memory is short. */
static bool add_masked(struct domain *domain, const struct plan_condition *condition)
{
    const struct plan_field *field = domain->field;
    const uint64_t mask = condition->mask & field->mask;
    size_t i, count;
    uint32_t j;

    if (!add_value(domain, 0))
        return false;
    count = domain->count;
    for (i = 0; i < count && count < MASKED_MOST; i++) {
        const uint64_t rest = domain->values[i] & ~mask;

        if (!add_value(domain, sized(field, rest)) || !add_value(domain, sized(field, rest | mask)))
            return false;
        for (j = 0; j < condition->count; j++)
            if (!add_value(domain, sized(field, rest | (condition->values[j] & mask))))
                return false;
    }
    return true;
}

static bool add_conditions(struct search *search, const struct plan_conditions *conditions)
{
    size_t i;
    uint32_t j;

    for (i = 0; i < conditions->count; i++) {
        const struct plan_condition *condition = &conditions->list[i];
        struct domain *domain;

        if (condition->field == NULL || is_type(search, condition->field) ||
            is_free(search, condition->field))
            continue;
        domain = add_domain(search, condition->field);
        if (condition->mask != UINT64_MAX && !add_masked(domain, condition))
            return false;
        if (condition->field->role == PLAN_COUNT && search->readings > 0 &&
            search->readings <= condition->field->mask && !add_value(domain, search->readings))
            return false;
        for (j = 0; j < condition->count && condition->mask == UINT64_MAX; j++)
            if (!add_value(domain, condition->values[j]))
                return false;
    }
    return true;
}

/* One that no condition names, if there is one. */
static bool add_other(struct search *search, struct domain *domain)
{
    const struct plan_field *field = domain->field;
    uint64_t most = field->type == FORMAT_SIGNED ? field->mask >> 1 : field->mask, value = 0;

    if (is_type(search, field))
        return true;
    while (has(domain->values, domain->count, value))
        if (value++ == most)
            return true;
    return add_value(domain, value);
}

/* Returns false if memory is short. */
static bool make_domains(struct search *search)
{
    const struct plan *plan = search->plan;
    size_t i;

    if (!add_types(search) || !add_conditions(search, &plan->expect) ||
        (search->more != NULL && !add_conditions(search, search->more)))
        return false;
    for (i = 0; i < plan->body_count; i++)
        if (!add_conditions(search, &plan->bodies[i].when))
            return false;
    for (i = 0; i < search->domain_count; i++) {
        if (!add_other(search, &search->domains[i]))
            return false;
        search->domains[i].first = search->flag_count;
        search->flag_count += search->domains[i].count;
    }
    search->alive = calloc(plan->body_count + 2, search->flag_count + 1);
    return search->alive != NULL;
}

/* ---- Search --------------------------------------------------------------------------- */

static bool *flags_at(const struct search *search, size_t depth)
{
    return search->alive + depth * search->flag_count;
}

/* Leaves those that are among the values, or that are not.  Returns whether any is left. */
static bool leave(const struct domain *domain, bool *alive, const struct plan_condition *condition,
                  bool among)
{
    bool any = false;
    size_t i;

    for (i = 0; i < domain->count; i++) {
        bool *flag = &alive[domain->first + i];

        *flag = *flag && has(condition->values, condition->count,
                             domain->values[i] & condition->mask) == among;
        any = any || *flag;
    }
    return any;
}

/* Returns whether all can hold. */
static bool meet(struct search *search, bool *alive, const struct plan_conditions *conditions)
{
    size_t i;

    for (i = 0; i < conditions->count; i++) {
        const struct plan_condition *condition = &conditions->list[i];
        const struct domain *domain;

        if (condition->field == NULL) {
            if (!has(condition->values, condition->count, search->type))
                return false;
            continue;
        }
        domain = domain_of(search, condition->field);
        if (domain == NULL || !leave(domain, alive, condition, true))
            return false;
    }
    return true;
}

/* Rules out bodies from that one up to `to`; what is left is at depth `to` then. */
static bool rule_out(struct search *search, size_t body, size_t to)
{
    const struct plan_conditions *when = &search->plan->bodies[body].when;
    const bool *alive = flags_at(search, body);
    bool *next = flags_at(search, body + 1);
    size_t i;

    if (body == to)
        return true;
    for (i = 0; i < when->count && search->tries < TRIES_MOST; i++) {
        const struct plan_condition *condition = &when->list[i];
        const struct domain *domain = NULL;

        search->tries++;
        memcpy(next, alive, search->flag_count);
        if (condition->field != NULL) {
            domain = domain_of(search, condition->field);
            if (domain == NULL || !leave(domain, next, condition, false))
                continue;
        } else if (has(condition->values, condition->count, search->type)) {
            continue;
        }
        if (rule_out(search, body + 1, to))
            return true;
        if (domain == NULL)
            return false; /* it is ruled out, and those behind it cannot be */
    }
    return false;
}

/* Whether the type can have that body: which values are left is at its depth. */
static bool can_have(struct search *search, size_t body)
{
    bool *alive = flags_at(search, 0);
    size_t i;

    for (i = 0; i < search->flag_count; i++)
        alive[i] = true;
    for (i = 0; i < search->domain_count; i++)
        if (search->domains[i].count == 0)
            return false;
    search->tries = 0;
    return meet(search, alive, &search->plan->expect) &&
           (search->more == NULL || meet(search, alive, search->more)) &&
           (body == search->plan->body_count ||
            meet(search, alive, &search->plan->bodies[body].when)) &&
           rule_out(search, 0, body);
}

/* The first value that is left of each domain. */
static void fix(struct shape *shape, const struct search *search, size_t body)
{
    const bool *alive = flags_at(search, body);
    size_t i, j;

    shape->fixed_count = 0;
    for (i = 0; i < search->domain_count; i++) {
        const struct domain *domain = &search->domains[i];

        for (j = 0; !alive[domain->first + j]; j++)
            assert(j + 1 < domain->count);
        shape->fixed[shape->fixed_count++] = (struct shape_fixed){domain->field, domain->values[j]};
    }
}

bool shape_is_fixed(const struct shape *shape, const struct plan_field *field, uint64_t *raw)
{
    size_t i;

    for (i = 0; i < shape->fixed_count; i++)
        if (shape->fixed[i].field == field) {
            *raw = shape->fixed[i].raw;
            return true;
        }
    return false;
}

/* ---- Readings ------------------------------------------------------------------------- */

/* How many readings the message has with that body; -1: not as many as are wanted. */
static int64_t count_readings(const struct shape *shape, unsigned type, uint32_t wanted)
{
    const struct plan_body *body = shape->body;
    int64_t count = type == MUSTER_MSG_DATA ? 1 : 0;
    uint64_t raw;

    if (body->reading.count == 0)
        return wanted > 1 ? -1 : 0;
    if (body->readings > 0)
        count = body->readings;
    else if (body->role[PLAN_COUNT] != NULL && shape_is_fixed(shape, body->role[PLAN_COUNT], &raw))
        count = raw <= UINT16_MAX ? (int64_t)raw : -1;
    else if (wanted > 0)
        count = wanted;
    return wanted == 0 || count == wanted ? count : -1;
}

static void count_numbers(struct shape *shape, const struct plan *plan)
{
    const struct plan_field *sequence = shape->body->role[PLAN_SEQUENCE];

    shape->records = shape->readings > 0 ? shape->readings : 1;
    shape->bits = sequence != NULL ? sequence->bits : 0;
    if (plan->counts_readings)
        shape->numbers = shape->readings;
    else
        shape->numbers = 1;
    if (shape->bits == 0)
        shape->numbers = 0;
    else if (shape->numbers == 0)
        shape->bits = 0;
}

/* ---- All of it ------------------------------------------------------------------------ */

static int find(struct shape *shape, struct search *search, bool with_readings, size_t *from)
{
    const struct plan *plan = search->plan;

    while (*from <= plan->body_count) {
        const size_t i = (*from)++;
        const struct plan_body *body = &plan->bodies[i];
        int64_t count;

        if ((with_readings && body->reading.count == 0) || !can_have(search, i))
            continue;
        shape->body = body;
        fix(shape, search, i);
        count = count_readings(shape, search->type, search->readings);
        if (count < 0 || (with_readings && count == 0))
            continue;
        shape->readings = (uint32_t)count;
        count_numbers(shape, plan);
        return 1;
    }
    shape->body = NULL;
    return 0;
}

int shape_find(struct shape *shape, const struct plan *plan, unsigned type, uint32_t readings,
               bool with_readings, const struct plan_conditions *more, size_t *from)
{
    struct search search = {.plan = plan,
                            .type = type,
                            .more = more,
                            .readings = type == MUSTER_MSG_DATA ? readings : 0};
    int result = -1;
    size_t i;

    shape->body = NULL;
    if (!plan->has_types && plan->message != type)
        return 0;
    if (make_domains(&search))
        result = find(shape, &search, with_readings, from);
    for (i = 0; i < search.domain_count; i++)
        free(search.domains[i].values);
    free(search.alive);
    return result;
}
