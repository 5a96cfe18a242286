/* SPDX-License-Identifier: MIT
 *
 * { on: data, when: { ack: 1 }, send: [ u8: 1, u16: sequence ], after: csv }
 */
#include "format_replies.h"

#include <string.h>

#include "check.h"
#include "decimal.h"
#include "format_fields.h"
#include "format_values.h"
#include "hexadecimal.h"

enum { REPLY_TO, REPLY_AFTER, REPLY_OPTIONS };

static const char *const receivers[] = {"listed", "all", NULL};

static const struct muster_option reply_options[REPLY_OPTIONS] = {
    [REPLY_TO] = {.name = "to",
                  .type = MUSTER_OPTION_CHOICE,
                  .fallback = "listed",
                  .choices = receivers,
                  .summary = "Who is answered: devices that the catalog lists, or all"},
    [REPLY_AFTER] = {.name = "after",
                     .type = MUSTER_OPTION_STRING,
                     .fallback = "receive",
                     .summary = "When: at once, or when the sink of that name has written the "
                                "datagram's records"},
};
static const struct option_table reply_table = {
    .options = reply_options, .count = REPLY_OPTIONS, .stride = sizeof(struct muster_option)};

static const char *const others_of_reply[] = {"on", "when", "send", NULL};

void format_replies_describe(FILE *out)
{
    fputs("\nOf each entry of its reply, besides on, when and send:\n", out);
    options_describe(&reply_table, out);
}

/* ---- What is sent --------------------------------------------------------------------- */

/* A number, or the name of a field. */
static void read_fill(const char *text, struct format_fill *fill)
{
    if (!decimal_integer(text, &fill->number))
        fill->name = text;
}

/* Of an integer: a number, a name, or a list of parts of both. */
static int read_integer(const struct format_reader *reader, const struct node *node,
                        struct format_send *send)
{
    const size_t count = format_reader_count(node);
    struct format_fill *fills;
    size_t i;

    if (node->kind == NODE_LIST && !format_reader_most(reader, node, FORMAT_FIELDS_MOST, "parts"))
        return 0;
    fills = format_reader_room(reader, count, sizeof *fills);
    if (fills == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        const struct node *item = format_reader_item(node, i);
        const char *text = node->kind == NODE_LIST
                               ? format_fields_part(reader, item, &fills[i].bits)
                               : format_reader_text(reader, item, "what is sent",
                                                    "a number, or the name of a field");

        if (text == NULL)
            return 0; /* a problem says so, or the next allocation that memory is short */
        fills[i].at = item;
        if (strcmp(text, "-") != 0)
            read_fill(text, &fills[i]);
    }
    send->fills = fills;
    send->fill_count = count;
    if (count == 0)
        node_problem(node, reader->problems, "there are no parts; expected some, or a number");
    return 0;
}

/* A constant of text or hex stands in quotes.  Returns 0, or -1 if memory is short. */
static int read_constant(const struct format_reader *reader, const struct node *node,
                         struct format_send *send)
{
    const size_t length = strlen(node->text);
    struct hexadecimal bytes = {.room = length};
    char why[HEXADECIMAL_WHY];

    bytes.bytes = format_reader_room(reader, length, 1);
    if (bytes.bytes == NULL)
        return -1;
    if (send->type == FORMAT_TEXT) {
        memcpy(bytes.bytes, node->text, length);
        bytes.count = length;
    } else if (hexadecimal_read(&bytes, node->text, why) < 0) {
        node_problem(node, reader->problems, "send: %s", why);
        return 0;
    }
    if (send->length != 0 && send->length != bytes.count)
        node_problem(node, reader->problems, "send: it has %zu bytes, and the type says %u",
                     bytes.count, send->length);
    send->length = (uint32_t)bytes.count;
    send->bytes = bytes.bytes;
    return 0;
}

/* Of text, hex and bcd: bytes of a field, or a constant. */
static int read_bytes(const struct format_reader *reader, const struct node *node,
                      struct format_send *send)
{
    struct format_fill *fill;
    const char *text = format_reader_text(reader, node, "what is sent",
                                          "the name of a field, or a constant in quotes");

    if (text == NULL)
        return 0;
    if (node->kind == NODE_TEXT && send->type != FORMAT_BCD)
        return read_constant(reader, node, send);
    if (send->length == 0)
        node_problem(node, reader->problems,
                     "send: how long it is, is missing; expected one such as text:8");
    fill = format_reader_room(reader, 1, sizeof *fill);
    if (fill == NULL)
        return -1;
    fill->at = node;
    fill->name = text;
    send->fills = fill;
    send->fill_count = 1;
    return 0;
}

static bool can_be_sent(const struct format_field *type)
{
    switch (type->type) {
    case FORMAT_UNSIGNED:
    case FORMAT_SIGNED:
        return true;
    case FORMAT_TEXT:
    case FORMAT_HEX:
    case FORMAT_BCD:
        return type->length_is == FORMAT_FIXED || type->length_is == FORMAT_REST;
    default:
        return false;
    }
}

static int read_field(const struct format_reader *reader, const struct node *map,
                      struct format_send *send)
{
    struct format_field type = {0};
    const struct node *key;

    if (!check_kind(map, NODE_MAP, "a field of send", "TYPE: VALUE such as u8: 1",
                    reader->problems))
        return 0;
    if (map->count != 1) {
        node_problem(map->count > 1 ? map->items[1].key : map, reader->problems,
                     "a field is one TYPE: VALUE; expected each behind a '-' of its own");
        return 0;
    }
    key = map->items[0].key;
    send->at = key;
    if (format_reader_text(reader, key, "a type", "one such as u16") == NULL ||
        !format_fields_type(reader, key, &type))
        return 0;
    if (!can_be_sent(&type)) {
        node_problem(key, reader->problems,
                     "send: \"%s\" cannot be sent; expected an integer, or text, hex or bcd of a "
                     "fixed length",
                     key->text);
        return 0;
    }
    send->type = type.type;
    send->little_endian = type.little_endian;
    send->width = type.width;
    send->length = type.length;
    return type.width > 0 ? read_integer(reader, map->items[0].value, send)
                          : read_bytes(reader, map->items[0].value, send);
}

static int read_send(const struct format_reader *reader, const struct node *list,
                     struct format_reply *reply)
{
    struct format_send *fields;
    size_t i;

    if (!check_kind(list, NODE_LIST, "send", "a list of TYPE: VALUE such as [ u8: 1 ]",
                    reader->problems) ||
        !format_reader_most(reader, list, FORMAT_REPLY_MOST, "send"))
        return 0;
    fields = format_reader_room(reader, list->count, sizeof *fields);
    if (fields == NULL)
        return -1;
    for (i = 0; i < list->count; i++)
        if (read_field(reader, list->items[i].value, &fields[i]) < 0)
            return -1;
    reply->send = fields;
    reply->send_count = list->count;
    return 0;
}

/* ---- The whole ------------------------------------------------------------------------ */

/* Returns 0, or -1 if memory is short. */
static int read_after(const struct format_reader *reader, const struct node *node, const char *text,
                      struct format_reply *reply)
{
    size_t length = text != NULL ? strlen(text) : 0;
    char *copy;

    if (node == NULL || text == NULL || strcmp(text, "receive") == 0)
        return 0;
    if (length == 0)
        node_problem(node, reader->problems,
                     "after is empty; expected receive, or the name of a sink of the chain");
    copy = format_reader_room(reader, length, 1);
    if (copy == NULL)
        return -1;
    reply->after = memcpy(copy, text, length);
    reply->after_at = node;
    return 0;
}

static int read_reply(const struct format_reader *reader, const struct node *map,
                      struct format_reply *reply)
{
    static const struct check check = {&reply_table, others_of_reply, "an entry of reply"};
    struct option_value values[REPLY_OPTIONS];
    const struct node *on, *when, *send;
    int result;

    reply->at = map;
    if (!check_kind(map, NODE_MAP, "an entry of reply",
                    "a mapping such as { on: data, send: [ u8: 1 ] }", reader->problems))
        return 0;
    on = node_find(map, "on");
    when = node_find(map, "when");
    send = node_find(map, "send");
    result = check_map(&check, map, values, reader->problems);
    if (result >= 0) {
        reply->to_all = values[REPLY_TO].number == 1;
        result = read_after(reader, node_find(map, "after"), values[REPLY_AFTER].text, reply);
    }
    options_free(values, REPLY_OPTIONS);
    if (result < 0 || (on != NULL && format_values_on(reader, on, &reply->on) < 0) ||
        (when != NULL && format_values_conditions(reader, when, "when", &reply->when) < 0))
        return -1;
    if (send != NULL)
        return read_send(reader, send, reply);
    node_problem(map, reader->problems,
                 "an entry of reply has no send; expected what is sent, such as send: [ u8: 1 ]");
    return 0;
}

int format_replies_read(const struct format_reader *reader, const struct node *list,
                        struct format *format)
{
    struct format_reply *replies;
    size_t i;

    if (!check_kind(list, NODE_LIST, "reply", "a list of { on: TYPE, send: [ ... ] }",
                    reader->problems) ||
        !format_reader_most(reader, list, FORMAT_REPLIES_MOST, "reply"))
        return 0;
    replies = format_reader_room(reader, list->count, sizeof *replies);
    if (replies == NULL)
        return -1;
    for (i = 0; i < list->count; i++)
        if (read_reply(reader, list->items[i].value, &replies[i]) < 0)
            return -1;
    format->replies = replies;
    format->reply_count = list->count;
    return 0;
}
