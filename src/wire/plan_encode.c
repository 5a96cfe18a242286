/* SPDX-License-Identifier: MIT
 *
 * Sections are written in order, each field by its job; lengths and the check at last, when all
 * else is there.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "plan_encode_data.h"
#include "plan_plausible.h"

#define SECOND INT64_C(1000000000)

/* A datagram being written. */
struct writer {
    const struct plan_encoder *encoder;
    const struct form *form;
    const struct plan_message *message;
    struct plausible made_up;
    uint64_t device[FORMAT_FIELDS_MOST]; /* its number, field by field */
    uint64_t time, fraction;             /* raw */
    double real_time;
    uint8_t *out;
    uint32_t room, at; /* of the next section */
    bool is_full;
    uint32_t runs[FORMAT_FIELDS_MOST + 1];
    uint32_t header_end, trailer_at, check_at;
    const struct plan_field *length, *check; /* to be written at last */
    uint32_t length_at;
};

static void split_device(struct writer *w)
{
    const struct plan_encoder *encoder = w->encoder;
    uint64_t number = w->message->device;
    size_t i;

    for (i = encoder->plan->device_count; i-- > 0;) {
        if (encoder->radix[i] == 0) {
            w->device[i] = number;
            number = 0;
        } else {
            w->device[i] = number % encoder->radix[i];
            number /= encoder->radix[i];
        }
    }
}

/* ---- Time ----------------------------------------------------------------------------- */

__int128 encode_units(const struct plan *plan, const struct plan_message *message,
                      const struct plan_field *field, int64_t *rest)
{
    const struct format_clock *clock = &plan->clock;
    __int128 ns = message->time_ns, unit = (__int128)clock->unit_ns, units;

    if (clock->kind == FORMAT_FROM_START)
        ns -= message->start_ns;
    else if (ns != 0 || clock->wraps)
        ns -= (__int128)clock->epoch_s * SECOND;
    /* A clock that is not set begins with the epoch. */
    if (ns < 0 && !clock->wraps && field->type != FORMAT_SIGNED && field->type != FORMAT_REAL)
        ns = message->time_ns;
    units = ns / unit;
    if (units * unit > ns)
        units--;
    *rest = (int64_t)(ns - units * unit);
    return units;
}

static void set_time(struct writer *w)
{
    const struct plan *plan = w->encoder->plan;
    const struct plan_field *const *role = w->form->shape.body->role;
    int64_t rest;
    __int128 units;

    if (role[PLAN_TIME] == NULL)
        return;
    units = encode_units(plan, w->message, role[PLAN_TIME], &rest);
    w->time = (uint64_t)units;
    w->real_time = (double)units;
    if (role[PLAN_FRACTION] != NULL)
        w->fraction = (uint64_t)((unsigned __int128)rest * plan->clock.per / SECOND);
    else
        w->real_time += (double)rest / (double)plan->clock.unit_ns;
}

/* ---- Fields --------------------------------------------------------------------------- */

/* Room for that many bytes, all zero.  Returns NULL if there is none. */
static uint8_t *reserve(struct writer *w, uint32_t at, uint32_t size)
{
    if (w->is_full || at > w->room || w->room - at < size) {
        w->is_full = true;
        return NULL;
    }
    return w->out + at;
}

/* Puts an integer, or a part of one, over zeros. */
static void put_bits(uint8_t *to, const struct plan_field *field, uint64_t raw)
{
    uint64_t word = (raw & field->mask) << field->shift;
    uint8_t bytes[sizeof word];
    unsigned i;

    word = field->little_endian ? htole64(word) : htobe64(word);
    memcpy(bytes, &word, sizeof bytes);
    for (i = 0; i < field->width; i++)
        to[i] |= bytes[i];
}

static const struct plan_known *known_of(const struct writer *w, const struct plan_field *field)
{
    return field->value >= 0 ? &w->encoder->plan->values[field->value] : NULL;
}

/* What an integer is, or a number as text that is whole. */
static uint64_t whole_of(struct writer *w, const struct plan_field *field, const struct job *job)
{
    const struct plan_known *known = known_of(w, field);

    switch (job->kind) {
    case JOB_FIXED:
        return job->raw;
    case JOB_DEVICE:
        return w->device[job->raw];
    case JOB_SEQUENCE:
        return field->type == FORMAT_NUMBER ? w->message->seq & INT64_MAX : w->message->seq;
    case JOB_TIME:
        return w->time;
    case JOB_FRACTION:
        return w->fraction;
    case JOB_FLAGS:
        return w->message->flags;
    case JOB_COUNT:
        return w->form->shape.readings;
    case JOB_VALUE:
        return known != NULL ? plausible_raw(known, field, &w->made_up) : 0;
    default:
        return 0;
    }
}

static void put_real(struct writer *w, uint8_t *to, const struct plan_field *field,
                     const struct job *job)
{
    const struct plan_known *known = known_of(w, field);
    double value = 0;
    float small;
    uint64_t raw = 0;
    uint32_t single;

    if (job->kind == JOB_TIME)
        value = w->real_time;
    else if (job->kind == JOB_VALUE && known != NULL && known->scale.factor != 0)
        value =
            (floor(plausible_value(known, &w->made_up) * 100) / 100 * (double)known->scale.divisor -
             (double)known->scale.summand) /
            (double)known->scale.factor;
    if (field->width == sizeof small) {
        small = (float)value;
        memcpy(&single, &small, sizeof single);
        raw = single;
    } else {
        memcpy(&raw, &value, sizeof raw);
    }
    put_bits(to, field, raw);
}

/* Digits from the end, over what is there. */
static void put_digits(uint8_t *to, uint32_t size, uint64_t number)
{
    uint32_t i;

    for (i = 2 * size; i-- > 0; number /= 10)
        to[i / 2] |= (uint8_t)(i % 2 == 0 ? number % 10 << 4 : number % 10);
}

/* What text, hex, bcd, skip or number have, ENCODE_CONTENT bytes at most; of a fixed length,
 * `size`. */
static uint32_t content_of(struct writer *w, const struct plan_field *field, const struct job *job,
                           uint8_t *to, uint32_t size)
{
    const struct plan_known *known = known_of(w, field);
    char text[ENCODE_CONTENT + 1];
    uint64_t number = 0;
    uint32_t i;

    if (job->kind == JOB_VALUE && (field->type == FORMAT_NUMBER || field->type == FORMAT_TEXT)) {
        size = (uint32_t)snprintf(text, sizeof text, "%.1f",
                                  known != NULL ? plausible_value(known, &w->made_up) : 0.0);
        memcpy(to, text, size);
        return size;
    }
    if (field->type == FORMAT_SKIP && job->kind != JOB_DEVICE)
        return size;
    number =
        job->kind == JOB_VALUE ? plausible_hash(&w->made_up, field->name) : whole_of(w, field, job);
    if (field->type == FORMAT_HEX) {
        for (i = 0; i < size && i < 8; i++)
            to[size - 1 - i] = (uint8_t)(number >> 8 * i);
        return size;
    }
    if (field->type == FORMAT_BCD) {
        if (job->kind == JOB_VALUE)
            number = plausible_digits(known, number, size);
        put_digits(to, size, number);
        return size;
    }
    size = (uint32_t)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    memcpy(to, text, size);
    return size;
}

/* Bytes of one that says itself how many it has. */
static uint32_t varying_size(const struct plan_field *field, const struct job *job)
{
    switch (field->type) {
    case FORMAT_HEX:
        return job->kind == JOB_DEVICE ? 8 : 4;
    case FORMAT_BCD:
        return job->kind == JOB_VALUE ? 2 : 9;
    default:
        return 0;
    }
}

/* Returns where it ends. */
static uint32_t put_varying(struct writer *w, const struct plan_field *field, uint32_t at,
                            const struct job *job)
{
    uint8_t content[ENCODE_CONTENT] = {0}, *to;
    uint32_t length = content_of(w, field, job, content, varying_size(field, job));
    const bool has_separator = field->type == FORMAT_NUMBER && field->separator != '\0';
    const uint32_t front =
        field->type == FORMAT_NUMBER || field->length_is == FORMAT_REST ? 0 : field->width;

    to = reserve(w, at, front + length + has_separator);
    if (to == NULL)
        return at;
    if (front == 1) {
        to[0] = (uint8_t)length;
    } else if (front == 2) {
        to[0] = (uint8_t)(field->little_endian ? length : length >> 8);
        to[1] = (uint8_t)(field->little_endian ? length >> 8 : length);
    }
    memcpy(to + front, content, length);
    if (has_separator)
        to[length] = (uint8_t)field->separator;
    return at + front + length + has_separator;
}

static void put_fixed(struct writer *w, const struct plan_field *field, uint32_t at,
                      const struct job *job)
{
    uint8_t *to = reserve(w, at, field->length), content[ENCODE_CONTENT] = {0};
    uint32_t length;

    if (to == NULL)
        return;
    if (!field->is_part || field->first_bit == 0)
        memset(to, 0, field->length);
    if (plan_is_integer(field)) {
        put_bits(to, field, whole_of(w, field, job));
    } else if (field->type == FORMAT_REAL) {
        put_real(w, to, field, job);
    } else if (field->type == FORMAT_TEXT || field->type == FORMAT_SKIP) {
        length = content_of(w, field, job, content, 0);
        memcpy(to, content, length < field->length ? length : field->length);
    } else {
        content_of(w, field, job, to, field->length);
    }
}

static void put_section(struct writer *w, const struct plan_section *section,
                        const struct job *jobs)
{
    uint32_t *runs = w->runs;
    unsigned i, run = 0;

    runs[0] = w->at;
    for (i = 0; i < section->count && !w->is_full; i++) {
        const struct plan_field *field = &section->fields[i];
        const uint32_t at = runs[field->run] + field->offset;

        if (field->is_varying)
            runs[++run] = put_varying(w, field, at, &jobs[i]);
        else
            put_fixed(w, field, at, &jobs[i]);
        if (jobs[i].kind == JOB_LENGTH) {
            w->length = field;
            w->length_at = at;
        } else if (jobs[i].kind == JOB_CHECK) {
            w->check = field;
            w->check_at = at;
        }
    }
    w->at = runs[run] + section->tail;
}

/* ---- The datagram --------------------------------------------------------------------- */

/* What the check covers has to be there. */
static void fill_up(struct writer *w)
{
    const struct plan *plan = w->encoder->plan;
    const struct plan_check_range *range = &plan->check;
    const uint32_t wanted = range->has_to ? range->to : range->from;
    const uint32_t have = w->at + plan->trailer.size;
    uint8_t *to;

    if (range->is == FORMAT_NO_CHECK || have >= wanted || !w->form->shape.body->trailing)
        return;
    to = reserve(w, w->at, wanted - have);
    if (to != NULL)
        memset(to, 0, wanted - have);
    w->at += wanted - have;
}

static bool put_check(const struct writer *w)
{
    struct plan_look look;
    uint64_t sum;

    if (w->check == NULL)
        return true;
    look.plan = w->encoder->plan;
    look.datagram = w->out;
    look.size = w->at;
    if (w->check->where == PLAN_TRAILER) {
        look.fixed[PLAN_TRAILER] = w->check_at - w->check->offset;
        look.runs[PLAN_TRAILER] = &look.fixed[PLAN_TRAILER];
    } else {
        look.room[w->check->where][w->check->run] = w->check_at - w->check->offset;
        look.runs[w->check->where] = look.room[w->check->where];
    }
    if (!plan_check_make(&look, w->check, &sum))
        return false;
    put_bits(w->out + w->check_at, w->check, sum);
    return true;
}

size_t plan_encode(const struct plan_encoder *encoder, const struct plan_message *message,
                   uint8_t *out, size_t room)
{
    const struct plan *plan = encoder->plan;
    const struct form *form = &encoder->forms[message->type];
    struct writer w = {.encoder = encoder,
                       .form = form,
                       .message = message,
                       .made_up = {message->device, message->reading, message->seed},
                       .out = out,
                       .room = room < ENCODE_LARGEST ? (uint32_t)room : ENCODE_LARGEST};
    uint32_t i;

    assert(message->type < ENCODE_TYPES && form->shape.body != NULL);
    split_device(&w);
    set_time(&w);
    put_section(&w, &plan->header, form->header);
    w.header_end = w.at;
    put_section(&w, &form->shape.body->header, form->body);
    for (i = 0; i < form->shape.readings && !w.is_full; i++) {
        w.made_up.reading = message->reading + i;
        put_section(&w, &form->shape.body->reading, form->reading);
    }
    w.made_up.reading = message->reading;
    fill_up(&w);
    w.trailer_at = w.at;
    put_section(&w, &plan->trailer, form->trailer);
    if (w.is_full)
        return 0;
    if (w.length != NULL)
        put_bits(out + w.length_at, w.length, w.trailer_at - w.header_end);
    return put_check(&w) ? w.at : 0;
}
