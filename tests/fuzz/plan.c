/* SPDX-License-Identifier: MIT
 *
 * Fuzzes declared formats: any description that compiles, and any datagram.  An input is the
 * description, read as choices of what it has, and behind it the datagram; so one that grew in one
 * of them changes the other, too.
 */
#include "fuzz.h"

#include <string.h>

#include "wire/datagram.h"
#include "wire/plan_parts.h"

const char *const fuzz_corpus = "plan";

enum { FIELDS = 12, BODIES = 3, REPLIES = 2, SENDS = 4, VALUES = FORMAT_VALUES_MOST };

static const struct node node = {.file = "fuzz", .line = 1, .column = 1, .text = ""};
static const char *const names[] = {"device", "sequence", "time", "type", "flags", "count", "check",
                                    "length", "a",        "b",    "c",    "d",     "e",     "f"};
static const uint64_t numbers[] = {0, 1, 2, 3, 255, 256, 65535, (uint64_t)-1};

enum { NAMES = sizeof names / sizeof names[0], DEVICE = 0, TYPE = 3, CHECK = 6, VALUE = 8 };

static bool is_used[NAMES];

/* Choices that are left; 0 for ever behind the last. */
static const uint8_t *choices;
static size_t left;

static unsigned choose(unsigned of)
{
    if (left == 0)
        return 0;
    left--;
    return *choices++ % of;
}

/* ---- A description -------------------------------------------------------------------- */

struct parts {
    struct format_part list[4];
};

struct section {
    struct format_field list[FIELDS];
    struct parts parts[FIELDS];
};

struct description {
    struct format format;
    struct section header, trailer, body[BODIES], reading[BODIES];
    struct format_body bodies[BODIES];
    struct format_condition conditions[BODIES + 1];
    struct format_type_word types[4];
    struct format_value values[3];
    struct format_name words[2];
    const char *device[2];
    struct format_reply replies[REPLIES];
    struct format_condition asks[REPLIES];
    struct format_send sends[REPLIES][SENDS];
    struct format_fill fills[REPLIES][SENDS][2];
};

/* A name that is free; most of what is chosen shall compile.  Roles, the first of them, are for
 * integers of header and trailer. */
static const char *name_of(unsigned from)
{
    unsigned which = choose(NAMES + 1 - from) + from;

    if (which >= NAMES || is_used[which])
        return NULL;
    is_used[which] = true;
    return names[which];
}

static void add_parts(struct format_field *field, struct parts *parts, unsigned from)
{
    unsigned bits = field->width * 8U, count = 0;

    while (bits > 0 && count < 4) {
        unsigned some = count == 3 ? bits : choose(bits) + 1;

        if (some > 64)
            some = 64;
        parts->list[count++] = (struct format_part){&node, name_of(from), (uint8_t)some};
        bits -= some;
    }
    field->name = NULL;
    field->parts = parts->list;
    field->part_count = count;
}

static void make_field(struct format_field *field, struct parts *parts, unsigned from, bool is_last)
{
    static const uint8_t widths[] = {1, 2, 3, 4, 6, 8};

    *field = (struct format_field){.at = &node};
    field->type = choose(2) ? FORMAT_UNSIGNED : (enum format_type)choose(FORMAT_NUMBER + 1);
    field->name = name_of(field->type == FORMAT_UNSIGNED ? from : VALUE);
    field->little_endian = choose(2);
    if (field->type <= FORMAT_REAL) {
        field->width = field->type == FORMAT_REAL ? (choose(2) ? 4 : 8) : widths[choose(6)];
        if (field->type == FORMAT_UNSIGNED && choose(3) == 0)
            add_parts(field, parts, from);
        return;
    }
    field->length_is = (enum format_length)choose(is_last ? FORMAT_REST + 1 : FORMAT_REST);
    field->length = choose(20) + 1;
    field->separator = (char)(is_last && choose(4) == 0 ? 0 : ';');
}

static struct format_fields make_section(struct section *section, unsigned most, unsigned from)
{
    unsigned count = choose(most + 1), i;

    for (i = 0; i < count; i++)
        make_field(&section->list[i], &section->parts[i], from, i + 1 == count);
    return (struct format_fields){section->list, count};
}

static struct format_conditions make_condition(struct format_condition *out)
{
    unsigned which = choose(NAMES);

    *out = (struct format_condition){.at = &node,
                                     .name = is_used[which] ? names[which] : NULL,
                                     .is_type = choose(2),
                                     .values = numbers + choose(4),
                                     .value_count = choose(3)};
    if (out->name == NULL || out->value_count == 0)
        return (struct format_conditions){NULL, 0};
    return (struct format_conditions){out, 1};
}

static void make_body(struct description *made, unsigned i, const bool in_header[NAMES])
{
    struct format_body *body = &made->bodies[i];

    body->at = &node;
    body->when = make_condition(&made->conditions[i]);
    memcpy(is_used, in_header, sizeof is_used);
    is_used[DEVICE] = is_used[TYPE] = true;
    body->header = make_section(&made->body[i], 3, 0);
    body->reading = make_section(&made->reading[i], 4, VALUE);
    body->readings = body->reading.count > 0 && choose(3) == 0 ? choose(4) : 0;
    if (body->reading.count > 0 && body->reading.list[body->reading.count - 1].separator == 0 &&
        body->reading.list[body->reading.count - 1].type > FORMAT_REAL)
        body->readings = 1; /* it may go to the end */
    body->trailing = choose(2);
}

static void make_values(struct description *made)
{
    unsigned i, count = choose(3);

    for (i = 0; i < count; i++) {
        made->values[i] = (struct format_value){
            .at = &node,
            .name = names[8 + i],
            .scale_numerator = (int64_t)choose(256) - 128,
            .scale_denominator = choose(200) + 1,
            .offset_numerator = (int64_t)choose(256) * 1000000007,
            .offset_denominator = choose(3) == 0 ? UINT64_C(1000000000) : 1,
            .absent = numbers,
            .absent_count = choose(4) == 0,
            .names = made->words,
            .name_count = choose(4) == 0 ? 2 : 0,
        };
    }
    made->words[0] = (struct format_name){choose(4), "word"};
    made->words[1] = (struct format_name){4 + choose(4), "other"};
    made->format.values = made->values;
    made->format.value_count = count;
}

/* A name or a number, for as much of an integer as `bits` says. */
static struct format_fill make_fill(unsigned bits)
{
    const unsigned which = choose(2 * NAMES);

    return (struct format_fill){.at = &node,
                                .name = which < NAMES ? names[which] : NULL,
                                .number = which < NAMES ? 0 : numbers[which % 4],
                                .bits = (uint8_t)bits};
}

static void make_send(struct format_send *send, struct format_fill fills[2])
{
    static const uint8_t widths[] = {1, 2, 3, 4, 6, 8};
    static const uint8_t constant[20] = "a constant";
    unsigned bits;

    *send = (struct format_send){.at = &node, .fills = fills, .fill_count = 1};
    send->type = choose(4) ? FORMAT_UNSIGNED : (enum format_type)choose(FORMAT_BCD + 1);
    if (send->type == FORMAT_REAL)
        send->type = FORMAT_SIGNED;
    send->little_endian = choose(2);
    fills[0] = make_fill(0);
    if (send->type > FORMAT_SIGNED) {
        send->length = choose(20) + 1;
        if (fills[0].name == NULL)
            send->bytes = constant;
        return;
    }
    send->width = widths[choose(6)];
    if (choose(3) > 0)
        return;
    bits = choose(8) + 1; /* not all, if the integer has more than a byte, which is told */
    fills[0].bits = (uint8_t)bits;
    fills[1] = make_fill(send->width * 8U - bits);
    send->fill_count = fills[1].bits > 0 ? 2 : 1;
}

static void make_replies(struct description *made)
{
    unsigned count = choose(3) == 0 ? 0 : choose(REPLIES) + 1, i, j;

    for (i = 0; i < count; i++) {
        struct format_reply *reply = &made->replies[i];

        *reply = (struct format_reply){.at = &node,
                                       .on = choose(4) ? 0 : choose(1 << (FORMAT_IGNORE + 1)),
                                       .when = make_condition(&made->asks[i]),
                                       .send = made->sends[i],
                                       .send_count = choose(SENDS) + 1,
                                       .to_all = choose(2)};
        made->asks[i].mask = choose(4);
        for (j = 0; j < reply->send_count; j++)
            make_send(&made->sends[i][j], made->fills[i][j]);
    }
    made->format.replies = made->replies;
    made->format.reply_count = count;
}

static void make_format(struct description *made)
{
    struct format *format = &made->format;
    bool in_header[NAMES];
    unsigned i;

    memset(is_used, 0, sizeof is_used);
    memset(made, 0, sizeof *made);
    format->at = &node;
    format->name = "fuzz";
    format->header = make_section(&made->header, FIELDS, 0);
    format->trailer = make_section(&made->trailer, 2, 0);
    for (i = 0; i < format->trailer.count; i++)
        if (made->trailer.list[i].type == FORMAT_NUMBER)
            made->trailer.list[i].type = FORMAT_HEX;
        else
            made->trailer.list[i].length_is = FORMAT_FIXED;
    memcpy(in_header, is_used, sizeof in_header);
    format->expect = make_condition(&made->conditions[BODIES]);
    format->expect.count = choose(4) == 0 ? format->expect.count : 0;
    format->has_types = is_used[TYPE] && choose(4);
    format->message = (enum format_message)choose(FORMAT_IGNORE + 1);
    for (i = 0; i < 4; i++)
        made->types[i] = (struct format_type_word){i == 3 ? 300 : i,
                                                   (enum format_message)choose(FORMAT_IGNORE + 1)};
    format->types = made->types;
    format->type_count = choose(4) + 1;
    made->device[0] = names[choose(NAMES)];
    made->device[1] = names[choose(NAMES)];
    format->device = made->device;
    format->device_count = choose(4) == 0 ? choose(3) : 0;
    format->device_is_source = format->device_count == 0 && (!is_used[DEVICE] || choose(4) == 0);
    format->counts_readings = choose(2);
    format->clock =
        (struct format_clock){.at = NULL,
                              .unit_ns = choose(2) ? 1000000000 : 1,
                              .epoch_s = (int64_t)choose(3) * -1000000000,
                              .fraction = choose(8) == 0 ? names[VALUE + choose(3)] : NULL,
                              .per = choose(256),
                              .wraps = choose(2),
                              .kind = choose(8) == 0 ? FORMAT_FROM_START : FORMAT_WALL};
    format->checksum = (struct format_checksum){.at = &node,
                                                .is = (enum format_check)choose(FORMAT_CRC32 + 1),
                                                .holds_zero = choose(2),
                                                .has_from = choose(2),
                                                .has_to = choose(4) == 0,
                                                .from = choose(8),
                                                .to = choose(64) + 8};
    format->body_count = choose(BODIES + 1);
    format->bodies = made->bodies;
    for (i = 0; i < format->body_count; i++)
        make_body(made, i, in_header);
    if (!is_used[CHECK])
        format->checksum.is = FORMAT_NO_CHECK;
    make_values(made);
    memcpy(is_used, in_header, sizeof is_used);
    make_replies(made);
}

/* ---- What must hold ------------------------------------------------------------------- */

static void touch(const uint8_t *bytes, uint64_t count)
{
    volatile uint8_t sink = 0;
    uint64_t i;

    for (i = 0; i < count; i++)
        sink = (uint8_t)(sink + bytes[i]);
}

static void check_values(const struct plan *plan, const uint8_t *datagram, size_t size, uint32_t at)
{
    struct muster_value values[VALUES];
    uint32_t count = plan_values(plan, datagram, size, at, values, sizeof values[0], VALUES), i;

    fuzz_check(count <= VALUES && plan_value(plan, count) == NULL, "as many values as it says");
    for (i = 0; i < count; i++) {
        const struct plan_value *known = plan_value(plan, i);

        fuzz_check(strcmp(values[i].name, known->name) == 0, "each in its place");
        fuzz_check(values[i].type <= MUSTER_VALUE_REAL32, "of a type that there is");
        if (values[i].type == MUSTER_VALUE_TEXT || values[i].type == MUSTER_VALUE_BYTES)
            touch(values[i].bytes, values[i].bytes_size);
    }
}

static void check_records(const struct plan *plan, struct plan_header *header,
                          const uint8_t *datagram, size_t size)
{
    static const uint8_t zeros[sizeof((struct muster_record *)0)->reserved];
    struct muster_record record;
    uint32_t i, end = 0;

    for (i = 0; i < header->readings; i++) {
        memset(&record, 0xee, sizeof record);
        plan_record(plan, &record, header, datagram, size, i);
        fuzz_check(record.reading == i && record.readings == header->readings, "readings count");
        fuzz_check(memcmp(record.reserved, zeros, sizeof zeros) == 0, "the tail is zero");
        fuzz_check(record.answer == 0 && record.keep == 0, "nobody waits for it");
        fuzz_check((record.payload_size == 0) == (record.payload.bytes == NULL), "NULL if empty");
        fuzz_check(record.payload_size == 0 || record.payload.bytes == datagram + record.payload_at,
                   "it says where it begins");
        fuzz_check((size_t)record.payload_at + record.payload_size <= size, "inside the datagram");
        fuzz_check(!header->has_reading || record.payload_at == 0 || record.payload_at >= end,
                   "readings do not overlap");
        if (header->has_reading && record.payload_at > 0)
            end = record.payload_at + record.payload_size;
        check_values(plan, datagram, size, record.payload_at);
    }
}

/* The fast way ends where the other does. */
static void check_fast(const struct plan *plan, const struct plan_header *fast, int count,
                       const uint8_t *datagram, size_t size)
{
    struct plan_header any;

    if (!plan->fast.is_on)
        return;
    fuzz_check(plan_any_header(plan, &any, datagram, size, NULL, 1) == count, "the same verdict");
    fuzz_check(any.device.id == fast->device.id && any.device.is_number == fast->device.is_number,
               "the same device");
    if (count <= 0)
        return;
    fuzz_check(any.seq == fast->seq && any.seq_bits == fast->seq_bits, "the same number");
    fuzz_check(any.time_ns == fast->time_ns && any.flags == fast->flags, "the same time and flags");
    fuzz_check(any.msg_type == fast->msg_type && any.body == fast->body, "the same body");
    fuzz_check(any.readings == fast->readings && any.has_reading == fast->has_reading &&
                   any.first == fast->first && any.stride == fast->stride &&
                   any.walked == fast->walked && any.walked_at == fast->walked_at,
               "the same readings");
}

/* An answer stays inside its bounds, whatever the datagram is. */
static void check_reply(const struct plan *plan, const uint8_t *datagram, size_t size)
{
    int index = plan_reply_find(plan, datagram, size);
    uint8_t *out;
    uint32_t made;

    if (index < 0)
        return;
    fuzz_check(plan_reply(plan, (uint32_t)index) != NULL, "a reply that there is");
    made = plan_reply(plan, (uint32_t)index)->size;
    fuzz_check(made > 0 && made <= FORMAT_REPLY_MOST, "an answer has a size");
    out = malloc(made); /* of its size, for a sanitizer */
    fuzz_check(out != NULL, "memory");
    fuzz_check(plan_reply_make(plan, (uint32_t)index, datagram, size, out) == made,
               "as long as it says");
    touch(out, made);
    free(out);
}

struct shown {
    size_t size;
    unsigned count;
};

static void check_step(void *context, const struct plan_step *step)
{
    struct shown *shown = context;

    fuzz_check((size_t)step->offset + step->length <= shown->size, "a field is in the datagram");
    fuzz_check(step->value != NULL && step->type != NULL && step->where != NULL, "texts are there");
    shown->count++;
}

static void check_datagram(const struct plan *plan, const uint8_t *datagram, size_t size)
{
    struct plan_header header;
    struct plan_verdict verdict;
    struct shown shown = {.size = size};
    struct address source;
    int count;

    address_parse(&source, "fe80::1", 4711);
    count = plan_header(plan, &header, datagram, size, address_get(&source),
                        UINT64_C(1766000000000000000));
    check_fast(plan, &header, count, datagram, size);
    fuzz_check(count <= UINT16_MAX && count >= -MUSTER_REJECT_REASONS, "records, or a reason");
    fuzz_check(header.device.length <= FORMAT_KEY_MOST, "a key fits");
    fuzz_check(header.seq_bits <= 64, "a number fits");
    if (count > 0) {
        fuzz_check(header.readings == (unsigned)count, "as many as it says");
        check_records(plan, &header, datagram, size);
    }
    check_reply(plan, datagram, size);
    check_values(plan, datagram, size, 0);
    check_values(plan, datagram, size, (uint32_t)size / 2);
    check_values(plan, datagram, size, UINT32_MAX);
    plan_explain(plan, datagram, size, address_get(&source), UINT64_C(1766000000000000000),
                 check_step, &shown, &verdict);
    fuzz_check(verdict.count == count, "it is explained as it is decoded");
    fuzz_check((count < 0) == (verdict.text[0] != '\0'), "what is refused is told");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct description made;
    struct problems problems = {0};
    size_t described, place;
    struct plan *plan;
    uint8_t *datagram;

    if (size < 2)
        return 0;
    described = data[0];
    choices = data + 1;
    left = described < size - 1 ? described : size - 1;
    place = 1 + left;
    make_format(&made);
    plan = plan_compile(&made.format, &problems);
    fuzz_check((plan == NULL) == (problems_count(&problems) > 0), "a plan, or a problem");
    problems_free(&problems);
    if (plan == NULL)
        return 0;
    plan_device_place(plan);
    size -= place;
    if (size > 65535)
        size = 65535;
    datagram = malloc(size > 0 ? size : 1); /* of its size, for a sanitizer */
    fuzz_check(datagram != NULL, "memory");
    memcpy(datagram, data + place, size);
    check_datagram(plan, datagram, size);
    free(datagram);
    plan_free(plan);
    return 0;
}
