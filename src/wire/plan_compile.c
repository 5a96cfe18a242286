/* SPDX-License-Identifier: MIT
 *
 * A description becomes a plan, if it makes sense.
 */
#include <errno.h>
#include <stdlib.h>

#include "plan_maker.h"

#define LARGEST_UDP  65507 /* bytes of a datagram, over IPv4 */
#define LONGEST_TURN INT64_MAX

/* ---- Memory --------------------------------------------------------------------------- */

struct plan_block {
    struct plan_block *next;
    max_align_t bytes[];
};

void *maker_alloc(struct plan_maker *maker, size_t count, size_t size)
{
    struct plan_block *block = NULL;

    if (size == 0 || count <= (SIZE_MAX - sizeof *block) / size)
        block = calloc(1, sizeof *block + count * size);
    if (block == NULL) {
        maker->no_memory = true;
        return NULL;
    }
    block->next = maker->plan->blocks;
    maker->plan->blocks = block;
    return block->bytes;
}

const char *maker_copy(struct plan_maker *maker, const char *text)
{
    size_t size = text != NULL ? strlen(text) + 1 : 0;
    char *copy = text != NULL ? maker_alloc(maker, size, 1) : NULL;

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void plan_free(struct plan *plan)
{
    struct plan_block *block, *next;

    if (plan == NULL)
        return;
    for (block = plan->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(plan);
}

/* ---- Header and trailer --------------------------------------------------------------- */

static void make_types(struct plan_maker *maker)
{
    const struct format *format = maker->format;
    struct plan *plan = maker->plan;
    const struct plan_field *field = plan->role[PLAN_TYPE];
    struct format_type_word *high;
    size_t i, j;

    plan->has_types = format->has_types;
    plan->message = (uint8_t)format->message;
    memset(plan->types, PLAN_NO_TYPE, sizeof plan->types);
    if (!format->has_types)
        return;
    if (field == NULL) {
        node_problem(format->at, maker->problems,
                     "`type` says what types mean, but header and trailer have no field \"type\"");
        return;
    }
    if (format->type_count == 0 || format->type_count > FORMAT_WORDS_MOST) {
        node_problem(format->at, maker->problems, "`type` needs 1 to %d values", FORMAT_WORDS_MOST);
        return;
    }
    high = maker_alloc(maker, format->type_count, sizeof *high);
    if (high == NULL)
        return;
    plan->high_types = high;
    for (i = 0; i < format->type_count; i++) {
        const struct format_type_word *word = &format->types[i];

        for (j = 0; j < i; j++)
            if (format->types[j].raw == word->raw)
                node_problem(format->at, maker->problems, "`type` has %llu twice",
                             (unsigned long long)word->raw);
        if (!maker_fits(field, word->raw))
            node_problem(format->at, maker->problems,
                         "`type` is never %llu: the field \"type\" has %u bits",
                         (unsigned long long)word->raw, field->bits);
        if (word->raw < sizeof plan->types)
            plan->types[word->raw] = (uint8_t)word->message;
        else
            high[plan->high_type_count++] = *word;
    }
}

/* What a field makes of a key, at least, in characters. */
static uint32_t key_size(const struct plan_field *field)
{
    if (plan_is_integer(field) || field->is_varying || field->type == FORMAT_TEXT ||
        field->type == FORMAT_BCD)
        return 1;
    return 2 * field->length;
}

static void make_device(struct plan_maker *maker)
{
    static const char *const role = "device";
    const struct format *format = maker->format;
    struct plan *plan = maker->plan;
    const char *const *names = format->device_count > 0 ? format->device : &role;
    size_t i, count = format->device_count > 0 ? format->device_count : 1;
    uint32_t size = (uint32_t)count - 1;

    plan->device_is_source = format->device_is_source;
    if (format->device_is_source)
        return;
    if (format->device_count == 0 && plan->role[PLAN_DEVICE] == NULL) {
        node_problem(format->at, maker->problems,
                     "nothing says which device a datagram is of: name a field of the header "
                     "\"device\", or write `device: NAME` or `device: source`");
        return;
    }
    if (count > FORMAT_FIELDS_MOST) {
        node_problem(format->at, maker->problems, "a device is of %d fields at most",
                     FORMAT_FIELDS_MOST);
        return;
    }
    plan->device = maker_alloc(maker, count, sizeof(struct plan_field *));
    if (plan->device == NULL)
        return;
    for (i = 0; i < count; i++) {
        const struct plan_field *field =
            maker_find(maker, format->device_at != NULL ? format->device_at : format->at, "device",
                       names[i], "source");

        if (field == NULL)
            return;
        if (field->type == FORMAT_REAL)
            node_problem(field->at, maker->problems,
                         "\"%s\" is the device, so it must be an "
                         "integer, text, hex, bcd or number",
                         field->name);
        size += key_size(field);
        plan->device[i] = field;
    }
    if (size > FORMAT_KEY_MOST)
        node_problem(plan->device[0]->at, maker->problems,
                     "the device would have %u characters or more; at most %d are possible", size,
                     FORMAT_KEY_MOST);
    plan->device_count = count;
    plan->device_is_number = count == 1 && plan->device[0]->type == FORMAT_UNSIGNED;
}

static const struct node *clock_node(const struct plan_maker *maker)
{
    return maker->format->clock.at != NULL ? maker->format->clock.at : maker->format->at;
}

/* Of each body, and of what none describes. */
static void check_clock(struct plan_maker *maker, const struct plan_field *const *role)
{
    const struct format_clock *clock = &maker->plan->clock;
    const struct plan_field *time = role[PLAN_TIME];

    if (time == NULL || !clock->wraps)
        return;
    if (!plan_is_integer(time) || time->type == FORMAT_SIGNED)
        node_problem(clock_node(maker), maker->problems,
                     "wraps: only an integer without a sign does");
    else if (((unsigned __int128)clock->unit_ns << time->bits) > (unsigned __int128)LONGEST_TURN)
        node_problem(clock_node(maker), maker->problems,
                     "wraps: a time of %u bits does not in 292 years", time->bits);
}

static void make_clock(struct plan_maker *maker)
{
    const struct format_clock *from = &maker->format->clock;
    struct plan *plan = maker->plan;
    bool there = plan->role[PLAN_TIME] != NULL, fraction = plan->role[PLAN_FRACTION] != NULL,
         integers = true;
    size_t i;

    plan->clock = *from;
    plan->clock.at = NULL;
    plan->clock.fraction = NULL;
    if (from->unit_ns == 0) {
        plan->clock.unit_ns = 1000000000;
        if (from->at != NULL)
            node_problem(from->at, maker->problems, "time: the unit is 0");
    }
    if (plan->clock.unit_ns > UINT64_C(1000000000) || from->epoch_s > INT64_C(9000000000) ||
        from->epoch_s < -INT64_C(9000000000))
        node_problem(clock_node(maker), maker->problems, "time: unit or epoch is beyond all time");
    check_clock(maker, plan->role);
    for (i = 0; i < plan->body_count; i++) {
        const struct plan_field *const *role = plan->bodies[i].role;

        there = there || role[PLAN_TIME] != NULL;
        fraction = fraction || role[PLAN_FRACTION] != NULL;
        integers = integers &&
                   (role[PLAN_FRACTION] == NULL || role[PLAN_FRACTION]->type == FORMAT_UNSIGNED);
        if (role[PLAN_TIME] != plan->role[PLAN_TIME])
            check_clock(maker, role);
    }
    if (plan->role[PLAN_FRACTION] != NULL)
        integers = integers && plan->role[PLAN_FRACTION]->type == FORMAT_UNSIGNED;
    if (from->at != NULL && !there)
        node_problem(from->at, maker->problems,
                     "`time` says what a time stamp means, but no header has a field \"time\"");
    if (from->fraction == NULL)
        return;
    if (!fraction)
        maker_find(maker, clock_node(maker), "fraction", from->fraction, NULL);
    else if (!integers)
        node_problem(clock_node(maker), maker->problems,
                     "fraction: \"%s\" is no integer without a sign", from->fraction);
    if (from->per == 0)
        node_problem(clock_node(maker), maker->problems,
                     "fraction: `per` says how many of \"%s\" are a second, such as 1000",
                     from->fraction);
}

static void make_check(struct plan_maker *maker)
{
    const struct format_checksum *from = &maker->format->checksum;
    struct plan *plan = maker->plan;
    const struct node *at = from->at != NULL ? from->at : maker->format->at;
    uint32_t *table;
    bool there = plan->role[PLAN_CHECK] != NULL;
    size_t i;

    plan->check = (struct plan_check_range){.is = from->is,
                                            .holds_zero = from->holds_zero,
                                            .has_to = from->has_to,
                                            .from = from->has_from ? from->from : 0,
                                            .to = from->to};
    if (from->is == FORMAT_NO_CHECK)
        return;
    for (i = 0; i < plan->body_count; i++)
        there = there || plan->bodies[i].role[PLAN_CHECK] != NULL;
    if (!there)
        node_problem(at, maker->problems,
                     "`check` says how a sum is made, but no header and no trailer has a field "
                     "\"check\"");
    if ((from->has_to && from->to <= plan->check.from) || plan->check.from >= LARGEST_UDP)
        node_problem(at, maker->problems, "check: there are no bytes from %u to %u",
                     plan->check.from, from->has_to ? from->to : LARGEST_UDP);
    else if (from->has_to && from->to > LARGEST_UDP)
        node_problem(at, maker->problems, "check: no datagram has %u bytes", from->to);
    table = maker_alloc(maker, 256, sizeof *table);
    if (table != NULL && plan_check_table(from->is, table))
        plan->check.table = table;
}

/* ---- Bodies --------------------------------------------------------------------------- */

/* The one value of a reading, for the record. */
static void find_only(struct plan_body *body)
{
    const struct plan_section *reading = &body->reading;
    const struct plan_field *only = NULL;
    unsigned i, count = 0;

    for (i = 0; i < reading->count; i++) {
        if (reading->fields[i].value < 0)
            continue;
        only = &reading->fields[i];
        count++;
    }
    if (count != 1)
        return;
    body->only = only;
    body->only_is_all = reading->count == 1;
    if (body->only_is_all && body->readings == 1 && only->length_is == FORMAT_REST &&
        (only->type == FORMAT_TEXT || only->type == FORMAT_HEX))
        body->rest_type = only->type == FORMAT_TEXT ? MUSTER_VALUE_TEXT : MUSTER_VALUE_BYTES;
}

static void check_readings(struct plan_maker *maker, const struct format_body *from,
                           const struct plan_body *body)
{
    const struct plan_section *reading = &body->reading;

    if (from->readings > UINT16_MAX)
        node_problem(from->at, maker->problems, "readings: a datagram has %d at most", UINT16_MAX);
    if (from->readings > 0 && from->reading.count == 0)
        node_problem(from->at, maker->problems, "readings: there is no `reading`");
    if (from->readings > 0 && body->role[PLAN_COUNT] != NULL &&
        body->role[PLAN_COUNT]->where == PLAN_BODY)
        node_problem(body->role[PLAN_COUNT]->at, maker->problems,
                     "`readings` says already that there are %u; leave one of them out, or name "
                     "this one otherwise",
                     from->readings);
    if (maker_is_open(reading) && from->readings != 1)
        node_problem(from->at, maker->problems,
                     "a reading that goes to the end can only be one: write `readings: 1`");
    if ((maker_is_open(&body->header) && from->reading.count > 0) ||
        (maker_is_open(&maker->plan->header) && from->header.count + from->reading.count > 0))
        node_problem(from->at, maker->problems,
                     "the header in front of it goes to the end, so nothing can follow; give its "
                     "last field a length");
}

static void make_body(struct plan_maker *maker, const struct format_body *from,
                      struct plan_body *body)
{
    const struct plan *plan = maker->plan;
    size_t fields;

    maker_section(maker, &from->header, PLAN_BODY, &body->header);
    maker_section(maker, &from->reading, PLAN_READING, &body->reading);
    body->trailing = from->trailing;
    body->readings = from->readings;
    maker_conditions(maker, &from->when, "when", &body->when);
    maker_names(maker, body);
    maker_roles(maker, body);
    check_readings(maker, from, body);
    fields =
        (size_t)plan->header.count + plan->trailer.count + body->header.count + body->reading.count;
    if (fields > FORMAT_FIELDS_MOST)
        node_problem(from->at, maker->problems,
                     "a datagram with this body has %zu fields, parts included; at most %d are "
                     "possible",
                     fields, FORMAT_FIELDS_MOST);
}

/* A body behind one that takes every datagram. */
static void check_order(struct plan_maker *maker)
{
    const struct format *format = maker->format;
    size_t i;

    for (i = 1; i < format->body_count; i++) {
        if (format->bodies[i - 1].when.count > 0)
            continue;
        node_problem(format->bodies[i].at, maker->problems,
                     "no datagram gets here: the body in front of it has no `when`, so it takes "
                     "all of them");
        return;
    }
}

static void make_bodies(struct plan_maker *maker)
{
    const struct format *format = maker->format;
    struct plan *plan = maker->plan;
    size_t i;

    if (format->body_count > FORMAT_BODIES_MOST) {
        node_problem(format->bodies[FORMAT_BODIES_MOST].at, maker->problems,
                     "a format has %d bodies at most", FORMAT_BODIES_MOST);
        return;
    }
    plan->bodies = maker_alloc(maker, format->body_count + 1, sizeof *plan->bodies);
    if (plan->bodies == NULL)
        return;
    for (i = 0; i < format->body_count; i++)
        make_body(maker, &format->bodies[i], &plan->bodies[i]);
    plan->body_count = format->body_count;
    memcpy(plan->bodies[i].role, plan->role, sizeof plan->role);
    plan->bodies[i].trailing = true; /* nothing is said of what follows */
    check_order(maker);
}

/* ---- All of it ------------------------------------------------------------------------ */

static bool has_failed(const struct plan_maker *maker)
{
    return problems_count(maker->problems) > maker->before || maker->no_memory;
}

static void compile(struct plan_maker *maker)
{
    const struct format *format = maker->format;
    struct plan *plan = maker->plan;
    size_t i;

    plan->name = maker_copy(maker, format->name);
    plan->counts_readings = format->counts_readings;
    maker_section(maker, &format->header, PLAN_HEADER, &plan->header);
    maker_section(maker, &format->trailer, PLAN_TRAILER, &plan->trailer);
    if (has_failed(maker))
        return; /* what refers to fields would not find them */
    plan->least = plan->header.size + plan->trailer.size;
    if (plan->least > LARGEST_UDP)
        node_problem(format->at, maker->problems,
                     "header and trailer have %u bytes together, and "
                     "a datagram has %d at most",
                     plan->least, LARGEST_UDP);
    if (plan->header.count + plan->trailer.count > FORMAT_FIELDS_MOST)
        node_problem(format->at, maker->problems,
                     "header and trailer have %d fields together, parts included; at most %d are "
                     "possible",
                     plan->header.count + plan->trailer.count, FORMAT_FIELDS_MOST);
    if (has_failed(maker))
        return;
    maker_names(maker, NULL);
    maker_roles(maker, NULL);
    maker_conditions(maker, &format->expect, "expect", &plan->expect);
    make_types(maker);
    make_device(maker);
    make_bodies(maker);
    if (plan->bodies == NULL || maker->no_memory || maker->incomplete)
        return;
    make_clock(maker);
    make_check(maker);
    maker_values(maker);
    maker_replies(maker);
    for (i = 0; i < plan->body_count; i++)
        find_only(&plan->bodies[i]);
    plan_fast_make(plan);
}

struct plan *plan_compile(const struct format *format, struct problems *problems)
{
    struct plan_maker maker = {
        .format = format, .problems = problems, .before = problems_count(problems)};

    maker.plan = calloc(1, sizeof *maker.plan);
    if (maker.plan == NULL)
        return NULL;
    compile(&maker);
    if (!has_failed(&maker))
        return maker.plan;
    plan_free(maker.plan);
    if (maker.no_memory)
        errno = ENOMEM;
    return NULL;
}
