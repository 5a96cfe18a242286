/* SPDX-License-Identifier: MIT
 *
 * What messages of each type look like, found once and tried out.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan_encode_data.h"

#define DIGITS    19                           /* of a number that is part of a key */
#define SAMPLE_NS INT64_C(1766000000000000000) /* of a message that is tried */

static const char *const type_names[ENCODE_TYPES] = {"heartbeat", "data", "init"};

/* ---- Devices -------------------------------------------------------------------------- */

static uint64_t power(uint64_t base, unsigned exponent)
{
    uint64_t result = 1;

    while (exponent-- > 0)
        result *= base;
    return result;
}

static unsigned digits_of(const struct plan_field *field, uint32_t a_byte)
{
    uint32_t digits = field->is_varying ? DIGITS : field->length * a_byte;

    return digits < DIGITS ? digits : DIGITS;
}

/* How many numbers the field tells apart; 0: 2^64. */
static uint64_t radix_of(const struct plan_field *field)
{
    switch (field->type) {
    case FORMAT_UNSIGNED:
        return field->mask + 1;
    case FORMAT_SIGNED:
        return (field->mask >> 1) + 1;
    case FORMAT_HEX:
        return field->is_varying || field->length >= 8 ? 0 : power(256, field->length);
    case FORMAT_BCD:
        return power(10, digits_of(field, 2));
    default:
        return power(10, digits_of(field, 1));
    }
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

static bool is_again(const struct plan *plan, size_t i)
{
    size_t j;

    for (j = 0; j < i; j++)
        if (plan->device[j] == plan->device[i])
            return true;
    return false;
}

/* The last field counts fastest.  One that decides what the datagram is, and one that has another
 * meaning too, is the same for all. */
static void make_radix(struct plan_encoder *encoder)
{
    const struct plan *plan = encoder->plan;
    size_t i;

    encoder->devices = plan->device_is_source ? 0 : 1;
    for (i = 0; i < plan->device_count; i++) {
        const struct plan_field *field = plan->device[i];
        bool is_its_own = !is_again(plan, i) && field->role != PLAN_TYPE;
        uint64_t raw;
        unsigned type;

        for (type = 0; type < ENCODE_TYPES; type++)
            if (encoder->forms[type].shape.body != NULL &&
                shape_is_fixed(&encoder->forms[type].shape, field, &raw))
                is_its_own = false;
        encoder->radix[i] = is_its_own ? radix_of(field) : 1;
        encoder->devices =
            encoder->radix[i] == 0 ? UINT64_MAX : multiply(encoder->devices, encoder->radix[i]);
    }
}

/* ---- Fields --------------------------------------------------------------------------- */

static struct job job_of(const struct plan *plan, const struct shape *shape,
                         const struct plan_field *field)
{
    const struct plan_field *const *role = shape->body->role;
    uint64_t raw;
    size_t i;

    if (field->name == NULL)
        return (struct job){JOB_NOTHING, 0};
    if (shape_is_fixed(shape, field, &raw))
        return (struct job){JOB_FIXED, raw};
    for (i = 0; i < plan->device_count; i++)
        if (plan->device[i] == field)
            return (struct job){JOB_DEVICE, i};
    if (field == role[PLAN_SEQUENCE])
        return (struct job){JOB_SEQUENCE, 0};
    if (field == role[PLAN_TIME])
        return (struct job){JOB_TIME, 0};
    if (field == role[PLAN_FRACTION])
        return (struct job){JOB_FRACTION, 0};
    if (field == role[PLAN_FLAGS])
        return (struct job){JOB_FLAGS, 0};
    if (field == role[PLAN_COUNT])
        return (struct job){JOB_COUNT, 0};
    if (field == role[PLAN_CHECK])
        return (struct job){plan->check.is != FORMAT_NO_CHECK ? JOB_CHECK : JOB_NOTHING, 0};
    if (field->role == PLAN_LENGTH && plan_is_integer(field) && field->where != PLAN_READING)
        return (struct job){JOB_LENGTH, 0};
    return (struct job){field->value >= 0 ? JOB_VALUE : JOB_NOTHING, 0};
}

static void make_jobs(const struct plan *plan, const struct shape *shape,
                      const struct plan_section *section, struct job *jobs)
{
    unsigned i;

    for (i = 0; i < section->count; i++)
        jobs[i] = job_of(plan, shape, &section->fields[i]);
}

/* A field that has a role that needs other values than the device's cannot be the device. */
static const struct plan_field *find_clash(const struct plan *plan, const struct plan_body *body)
{
    static const enum plan_role roles[] = {PLAN_SEQUENCE, PLAN_TIME, PLAN_COUNT, PLAN_CHECK,
                                           PLAN_FRACTION};
    size_t i, j;

    for (i = 0; i < plan->device_count; i++)
        for (j = 0; j < sizeof roles / sizeof *roles; j++)
            if (plan->device[i] == body->role[roles[j]])
                return plan->device[i];
    return NULL;
}

/* ---- Messages ------------------------------------------------------------------------- */

/* Bytes that the message has at most; so many of these vary. */
static size_t largest_of(const struct plan *plan, const struct shape *shape, size_t size)
{
    size_t varying = (size_t)plan->header.varying_count + shape->body->header.varying_count +
                     (size_t)shape->readings * shape->body->reading.varying_count;

    return size + varying * ENCODE_CONTENT;
}

/* Whether it is read as it is meant: of a first message. */
static bool try_it(struct plan_encoder *encoder, unsigned type, uint8_t *bytes)
{
    struct shape *shape = &encoder->forms[type].shape;
    const struct plan_message message = {
        .seq = 1, .time_ns = SAMPLE_NS, .start_ns = SAMPLE_NS, .type = (uint8_t)type};
    size_t size = plan_encode(encoder, &message, bytes, ENCODE_LARGEST), largest;
    struct plan_header header;
    int count;

    largest = largest_of(encoder->plan, shape, size);
    if (size == 0 || largest > ENCODE_LARGEST) {
        snprintf(shape->why, sizeof shape->why, "%u readings are more than a datagram holds",
                 shape->readings);
        return false;
    }
    count = plan_header(encoder->plan, &header, bytes, size, NULL, (uint64_t)SAMPLE_NS);
    if (count != (int)shape->records || header.msg_type != type || header.seq_bits != shape->bits ||
        (shape->bits > 0 && header.seq != 1) || header.has_reading != (shape->readings > 0) ||
        (encoder->plan->device_is_number && encoder->radix[0] != 1 && header.device.id != 0)) {
        snprintf(shape->why, sizeof shape->why, "no %s datagram was found that it accepts",
                 type_names[type]);
        return false;
    }
    if (largest > encoder->largest)
        encoder->largest = largest;
    return true;
}

/* Whether the body that was found will do. */
static bool take_shape(struct plan_encoder *encoder, unsigned type, uint8_t *bytes)
{
    const struct plan *plan = encoder->plan;
    struct form *form = &encoder->forms[type];
    struct shape *shape = &form->shape;
    const struct plan_field *clash = find_clash(plan, shape->body);

    if (clash != NULL) {
        snprintf(shape->why, sizeof shape->why,
                 "\"%.32s\" is the device, and has another role besides", clash->name);
        return false;
    }
    if (type == MUSTER_MSG_INIT && shape->numbers > 1) {
        snprintf(shape->why, sizeof shape->why, "an init would have several numbers");
        return false;
    }
    if (shape->bits > 0 && encoder->bits > 0 && shape->bits != encoder->bits) {
        snprintf(shape->why, sizeof shape->why, "the number of %s has %u bits, and that of data %u",
                 type_names[type], shape->bits, encoder->bits);
        return false;
    }
    make_jobs(plan, shape, &plan->header, form->header);
    make_jobs(plan, shape, &shape->body->header, form->body);
    make_jobs(plan, shape, &shape->body->reading, form->reading);
    make_jobs(plan, shape, &plan->trailer, form->trailer);
    make_radix(encoder);
    return try_it(encoder, type, bytes);
}

/* Before anything is found. */
static void set_why(struct shape *shape, const struct plan *plan, unsigned type, uint32_t readings)
{
    bool is_meant = plan->has_types ? memchr(plan->types, (int)type, sizeof plan->types) != NULL
                                    : plan->message == type;
    size_t i;

    for (i = 0; i < plan->high_type_count; i++)
        is_meant = is_meant || plan->high_types[i].message == type;
    if (!is_meant)
        snprintf(shape->why, sizeof shape->why, "none of its types is %s", type_names[type]);
    else if (type == MUSTER_MSG_DATA && readings > 0)
        snprintf(shape->why, sizeof shape->why, "no data datagram of it has %u readings", readings);
    else
        snprintf(shape->why, sizeof shape->why, "`expect` and `when` leave no datagram that is %s",
                 type_names[type]);
}

/* The same so that `more` holds, too: of DATA rather one with readings.  Returns 1 if there is one,
 * 0 if not, or -1 if memory is short. */
static int find_form(struct plan_encoder *encoder, unsigned type, uint32_t readings,
                     const struct plan_conditions *more, uint8_t *bytes)
{
    struct shape *shape = &encoder->forms[type].shape;
    int pass, found;

    for (pass = type == MUSTER_MSG_DATA ? 0 : 1; pass < 2; pass++) {
        size_t from = 0;

        while ((found = shape_find(shape, encoder->plan, type, readings, pass == 0, more, &from)) >
               0) {
            if (!take_shape(encoder, type, bytes))
                continue;
            if (encoder->bits == 0)
                encoder->bits = shape->bits;
            return 1;
        }
        if (found < 0)
            return -1;
    }
    return 0;
}

/* Finds what a message of the type looks like, and rather one that is answered.  Returns -1 if
 * memory is short. */
static int make_form(struct plan_encoder *encoder, unsigned type, uint32_t readings, bool asks,
                     uint8_t *bytes)
{
    const struct plan *plan = encoder->plan;
    int found = 0;
    size_t i;

    set_why(&encoder->forms[type].shape, plan, type, readings);
    for (i = 0; asks && i < plan->reply_count && found == 0; i++) {
        const struct plan_conditions *when = plan_reply_when(plan, i, type);

        if (when != NULL)
            found = find_form(encoder, type, readings, when, bytes);
    }
    if (found == 0)
        found = find_form(encoder, type, readings, NULL, bytes);
    make_radix(encoder);
    return found;
}

/* ---- All of it ------------------------------------------------------------------------ */

struct plan_encoder *plan_encoder_new(const struct plan *plan, uint32_t readings, bool asks)
{
    static const unsigned order[] = {MUSTER_MSG_DATA, MUSTER_MSG_HEARTBEAT, MUSTER_MSG_INIT};
    struct plan_encoder *encoder = calloc(1, sizeof *encoder);
    uint8_t *bytes = malloc(ENCODE_LARGEST);
    size_t i;

    if (encoder == NULL || bytes == NULL)
        goto no_memory;
    encoder->plan = plan;
    make_radix(encoder);
    for (i = 0; i < sizeof order / sizeof *order; i++)
        if (make_form(encoder, order[i], readings, asks, bytes) < 0)
            goto no_memory;
    free(bytes);
    return encoder;

no_memory:
    free(bytes);
    free(encoder);
    return NULL;
}

void plan_encoder_free(struct plan_encoder *encoder)
{
    free(encoder);
}

const char *plan_encoder_why(const struct plan_encoder *encoder, unsigned type)
{
    const struct shape *shape = &encoder->forms[type].shape;

    return shape->body == NULL ? shape->why : NULL;
}

uint32_t plan_encoder_records(const struct plan_encoder *encoder, unsigned type)
{
    return encoder->forms[type].shape.records;
}

uint32_t plan_encoder_numbers(const struct plan_encoder *encoder, unsigned type)
{
    const struct shape *shape = &encoder->forms[type].shape;

    return shape->body != NULL ? shape->numbers : 0;
}

unsigned plan_encoder_bits(const struct plan_encoder *encoder)
{
    return encoder->bits;
}

uint64_t plan_encoder_devices(const struct plan_encoder *encoder)
{
    return encoder->devices;
}

size_t plan_encoder_largest(const struct plan_encoder *encoder)
{
    return encoder->largest;
}

const struct plan *plan_encoder_plan(const struct plan_encoder *encoder)
{
    return encoder->plan;
}

/* ---- Time ----------------------------------------------------------------------------- */

static bool time_fits(const struct plan *plan, const struct plan_field *field, __int128 units)
{
    if (plan->clock.wraps || field->type == FORMAT_REAL)
        return true;
    if (field->type == FORMAT_NUMBER)
        return units >= 0 && units <= INT64_MAX;
    if (field->type == FORMAT_SIGNED)
        return units <= (__int128)(field->mask >> 1) && units >= -(__int128)(field->mask >> 1);
    return units >= 0 && units <= (__int128)field->mask;
}

bool plan_encoder_has_time(const struct plan_encoder *encoder, int64_t time_ns)
{
    const struct plan *plan = encoder->plan;
    const struct plan_message message = {.time_ns = time_ns, .start_ns = time_ns};
    unsigned type;
    int64_t rest;

    for (type = 0; type < ENCODE_TYPES; type++) {
        const struct plan_body *body = encoder->forms[type].shape.body;
        const struct plan_field *field = body != NULL ? body->role[PLAN_TIME] : NULL;

        if (field != NULL && !time_fits(plan, field, encode_units(plan, &message, field, &rest)))
            return false;
    }
    return true;
}

bool plan_encoder_tells_time(const struct plan_encoder *encoder)
{
    const struct plan_body *body = encoder->forms[MUSTER_MSG_DATA].shape.body;

    return body != NULL && body->role[PLAN_TIME] != NULL &&
           encoder->plan->clock.kind != FORMAT_FROM_START;
}
