/* SPDX-License-Identifier: MIT
 *
 * See made_format.h.
 */
#include "made_format.h"

#include <string.h>

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

static void add_parts(struct format_field *field, struct made_parts *parts, unsigned from)
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

static void make_field(struct format_field *field, struct made_parts *parts, unsigned from,
                       bool is_last)
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

static struct format_fields make_section(struct made_section *section, unsigned most, unsigned from)
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

static void make_body(struct made_format *made, unsigned i, const bool in_header[NAMES])
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

static void make_values(struct made_format *made)
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

static void make_replies(struct made_format *made)
{
    unsigned count = choose(3) == 0 ? 0 : choose(MADE_REPLIES) + 1, i, j;

    for (i = 0; i < count; i++) {
        struct format_reply *reply = &made->replies[i];

        *reply = (struct format_reply){.at = &node,
                                       .on = choose(4) ? 0 : choose(1 << (FORMAT_IGNORE + 1)),
                                       .when = make_condition(&made->asks[i]),
                                       .send = made->sends[i],
                                       .send_count = choose(MADE_SENDS) + 1,
                                       .to_all = choose(2)};
        made->asks[i].mask = choose(4);
        for (j = 0; j < reply->send_count; j++)
            make_send(&made->sends[i][j], made->fills[i][j]);
    }
    made->format.replies = made->replies;
    made->format.reply_count = count;
}

void made_format(struct made_format *made, const uint8_t *bytes, size_t count)
{
    struct format *format = &made->format;
    bool in_header[NAMES];
    unsigned i;

    choices = bytes;
    left = count;
    memset(is_used, 0, sizeof is_used);
    memset(made, 0, sizeof *made);
    format->at = &node;
    format->name = "fuzz";
    format->header = make_section(&made->header, MADE_FIELDS, 0);
    format->trailer = make_section(&made->trailer, 2, 0);
    for (i = 0; i < format->trailer.count; i++)
        if (made->trailer.list[i].type == FORMAT_NUMBER)
            made->trailer.list[i].type = FORMAT_HEX;
        else
            made->trailer.list[i].length_is = FORMAT_FIXED;
    memcpy(in_header, is_used, sizeof in_header);
    format->expect = make_condition(&made->conditions[MADE_BODIES]);
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
    format->body_count = choose(MADE_BODIES + 1);
    format->bodies = made->bodies;
    for (i = 0; i < format->body_count; i++)
        make_body(made, i, in_header);
    if (!is_used[CHECK])
        format->checksum.is = FORMAT_NO_CHECK;
    make_values(made);
    memcpy(is_used, in_header, sizeof is_used);
    make_replies(made);
}
