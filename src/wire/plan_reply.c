/* SPDX-License-Identifier: MIT
 *
 * What a datagram is answered: constants, in which fields of the header are copied.  All of an
 * answer but for these is laid out when the format is compiled.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "plan_maker.h"

/* A field of header or trailer that goes into the answer. */
struct plan_put {
    const struct plan_field *from;
    uint32_t at;    /* in the answer, bytes */
    uint32_t bytes; /* that are copied as they are; 0: an integer... */
    uint64_t mask;  /* ...of those bits, shifted into... */
    uint8_t shift;
    uint8_t width; /* ...one of so many bytes */
    bool little_endian;
};

struct plan_answer {
    struct plan_reply is; /* first, for plan_reply */
    unsigned on;
    struct plan_conditions when;
    struct plan_put *puts;
    size_t put_count;
    uint8_t bytes[FORMAT_REPLY_MOST];
};

enum { EVERY = (1 << (FORMAT_IGNORE + 1)) - 1, RECORDED = EVERY & ~(1 << FORMAT_IGNORE) };

/* ---- Integers in the answer ----------------------------------------------------------- */

/* Adds bits to an integer, where there are zeros. */
static void add_bits(uint8_t *to, unsigned width, bool little_endian, uint64_t bits)
{
    unsigned i;

    for (i = 0; i < width; i++)
        to[little_endian ? i : width - 1 - i] |= (uint8_t)(bits >> 8 * i);
}

static uint64_t mask_of(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* Whether a constant, two's complement of 64 bits, has room. */
static bool fits(uint64_t number, unsigned bits, bool is_signed)
{
    if (!is_signed)
        return number <= mask_of(bits);
    return bits >= 64 || plan_sign_extend(number & mask_of(bits), bits) == number;
}

/* ---- Compile -------------------------------------------------------------------------- */

/* An answer that is being laid out. */
struct layout {
    struct plan_maker *maker;
    struct plan_answer *answer;
    uint32_t size; /* so far */
};

static void put(struct layout *layout, struct plan_put put)
{
    layout->answer->puts[layout->answer->put_count++] = put;
}

/* An integer, or `bits` bits of one, `below` of which are behind them. */
static void fill_integer(struct layout *layout, const struct format_send *send,
                         const struct format_fill *fill, unsigned bits, unsigned below)
{
    struct plan_maker *maker = layout->maker;
    const struct plan_field *field;

    if (fill->name == NULL) {
        if (!fits(fill->number, bits, send->type == FORMAT_SIGNED))
            node_problem(fill->at, maker->problems, "send: %lld does not fit into %u bits%s",
                         (long long)fill->number, bits,
                         send->type == FORMAT_SIGNED ? " with a sign" : "");
        add_bits(layout->answer->bytes + layout->size, send->width, send->little_endian,
                 (fill->number & mask_of(bits)) << below);
        return;
    }
    field = maker_find(maker, fill->at, "send", fill->name, NULL);
    if (field == NULL)
        return;
    if (!plan_is_integer(field))
        node_problem(fill->at, maker->problems,
                     "send: \"%s\" is no integer; its bytes are copied by a field of its own type "
                     "and length",
                     fill->name);
    else if (field->bits > bits)
        node_problem(fill->at, maker->problems,
                     "send: \"%s\" has %u bits and would be cut; there are %u", fill->name,
                     field->bits, bits);
    else
        put(layout, (struct plan_put){.from = field,
                                      .at = layout->size,
                                      .mask = mask_of(bits),
                                      .shift = (uint8_t)below,
                                      .width = send->width,
                                      .little_endian = send->little_endian});
}

static void lay_integer(struct layout *layout, const struct format_send *send)
{
    unsigned all = send->width * 8U, below = all, sum = 0;
    size_t i;

    if (send->fill_count == 1 && send->fills[0].bits == 0) {
        fill_integer(layout, send, &send->fills[0], all, 0);
        return;
    }
    for (i = 0; i < send->fill_count; i++)
        sum += send->fills[i].bits;
    if (sum != all) {
        node_problem(send->at, layout->maker->problems,
                     "send: the parts have %u bits together, and the integer has %u", sum, all);
        return;
    }
    for (i = 0; i < send->fill_count; i++) {
        below -= send->fills[i].bits;
        fill_integer(layout, send, &send->fills[i], send->fills[i].bits, below);
    }
}

/* Bytes as they are. */
static void lay_bytes(struct layout *layout, const struct format_send *send)
{
    const struct format_fill *fill = &send->fills[0];
    const struct plan_field *field;

    if (send->bytes != NULL) {
        memcpy(layout->answer->bytes + layout->size, send->bytes, send->length);
        return;
    }
    field = maker_find(layout->maker, fill->at, "send", fill->name, NULL);
    if (field == NULL)
        return;
    if (field->is_part || field->is_varying || field->length != send->length)
        node_problem(fill->at, layout->maker->problems,
                     "send: \"%s\" %s; what is copied has as many bytes in the answer as in the "
                     "datagram",
                     fill->name,
                     field->is_part      ? "is a part of an integer"
                     : field->is_varying ? "has no fixed length"
                                         : "has another length");
    else
        put(layout, (struct plan_put){.from = field, .at = layout->size, .bytes = send->length});
}

static void lay_out(struct layout *layout, const struct format_reply *from)
{
    struct plan_maker *maker = layout->maker;
    size_t i, room = 0;

    for (i = 0; i < from->send_count; i++)
        room += from->send[i].fill_count;
    layout->answer->puts = maker_alloc(maker, room + 1, sizeof *layout->answer->puts);
    for (i = 0; i < from->send_count && !maker->no_memory; i++) {
        const struct format_send *send = &from->send[i];
        const bool is_integer = send->type == FORMAT_UNSIGNED || send->type == FORMAT_SIGNED;
        const uint32_t size = is_integer ? send->width : send->length;

        if (size > FORMAT_REPLY_MOST - layout->size) {
            node_problem(send->at, maker->problems, "send: an answer has at most %d bytes",
                         FORMAT_REPLY_MOST);
            return;
        }
        if (is_integer)
            lay_integer(layout, send);
        else
            lay_bytes(layout, send);
        layout->size += size;
    }
    layout->answer->is.size = layout->size;
}

/* ---- How long a request is ------------------------------------------------------------ */

struct range {
    uint32_t least;
    uint32_t most; /* UINT32_MAX: it varies */
};

/* Whether the body is for all, for some, or for none of the datagrams of a message. */
enum { FOR_NONE, FOR_SOME, FOR_ALL };

static int is_for(const struct plan_body *body, unsigned message)
{
    int result = FOR_ALL;
    size_t i;

    for (i = 0; i < body->when.count; i++) {
        const struct plan_condition *condition = &body->when.list[i];

        if (condition->field != NULL)
            result = FOR_SOME;
        else if (!plan_holds(NULL, condition, message))
            return FOR_NONE;
    }
    return result;
}

static void widen(struct range *range, const struct plan *plan, const struct plan_body *body,
                  unsigned message)
{
    const bool ends =
        !body->trailing && message < FORMAT_OTHER &&
        plan->header.varying_count + body->header.varying_count + body->reading.varying_count ==
            0 &&
        (body->reading.count == 0 || body->readings > 0);
    const uint64_t least =
        plan->least + body->header.size + (uint64_t)body->reading.size * body->readings;

    if (least < range->least)
        range->least = (uint32_t)least;
    if (!ends)
        range->most = UINT32_MAX;
    else if (least > range->most)
        range->most = (uint32_t)least;
}

/* Of the datagrams that a reply is for. */
static struct range requests(const struct plan *plan, unsigned on)
{
    struct range range = {.least = UINT32_MAX};
    unsigned message;
    size_t i;

    for (message = 0; message <= FORMAT_IGNORE; message++) {
        int fit = FOR_NONE;

        if ((on >> message & 1) == 0)
            continue;
        for (i = 0; i <= plan->body_count && fit != FOR_ALL; i++) {
            fit = is_for(&plan->bodies[i], message);
            if (fit != FOR_NONE)
                widen(&range, plan, &plan->bodies[i], message);
        }
    }
    return range;
}

/* ---- Check ---------------------------------------------------------------------------- */

/* The messages that a format has. */
static unsigned messages_of(const struct plan *plan)
{
    unsigned on = 0;
    size_t i;

    if (!plan->has_types)
        return 1U << plan->message;
    for (i = 0; i < sizeof plan->types; i++)
        if (plan->types[i] != PLAN_NO_TYPE)
            on |= 1U << plan->types[i];
    for (i = 0; i < plan->high_type_count; i++)
        on |= 1U << plan->high_types[i].message;
    return on;
}

static void check_messages(struct plan_maker *maker, const struct format_reply *from, unsigned on,
                           unsigned there)
{
    static const char *const words[] = {"heartbeat", "data", "init", "other", "ignore"};
    unsigned i;

    for (i = 0; i <= FORMAT_IGNORE; i++)
        if (((from->on & ~there) >> i & 1) != 0)
            node_problem(from->at, maker->problems, "reply: no type of this format is %s",
                         words[i]);
    if (from->after != NULL && (on >> FORMAT_IGNORE & 1) != 0)
        node_problem(from->after_at, maker->problems,
                     "after: what is ignored makes no record, so no sink writes it");
}

static void check_size(struct plan_maker *maker, const struct format_reply *from,
                       const struct plan_answer *answer)
{
    const struct range range = requests(maker->plan, answer->on);

    if (answer->is.size == 0)
        node_problem(from->at, maker->problems, "send: there is nothing to send");
    else if (answer->is.size > range.most)
        node_problem(from->at, maker->problems,
                     "reply: it has %u bytes, and what it answers %u at most; an answer is never "
                     "longer than the datagram",
                     answer->is.size, range.most);
    else if (answer->is.size > range.least)
        problems_warn(maker->problems, from->at->file, from->at->line, from->at->column,
                      "reply: it has %u bytes; a shorter datagram, which may have %u, gets none",
                      answer->is.size, range.least);
}

/* Whether one in front of it takes all that it is for. */
static void check_order(struct plan_maker *maker, const struct format_reply *from, size_t index)
{
    const struct plan_answer *replies = maker->plan->replies;
    size_t i;

    for (i = 0; i < index; i++)
        if (replies[i].when.count == 0 && (replies[index].on & ~replies[i].on) == 0) {
            node_problem(from->at, maker->problems,
                         "no datagram gets here: a reply in front of it, without a `when`, takes "
                         "all of them");
            return;
        }
}

static void make_reply(struct plan_maker *maker, const struct format_reply *from, size_t index)
{
    struct plan_answer *answer = &maker->plan->replies[index];
    struct layout layout = {.maker = maker, .answer = answer};
    const unsigned there = messages_of(maker->plan);
    const size_t before = problems_count(maker->problems);

    answer->on = (from->on != 0 ? from->on : RECORDED) & there;
    answer->is.to_all = from->to_all;
    answer->is.after = maker_copy(maker, from->after);
    if (from->after_at != NULL) {
        answer->is.file = maker_copy(maker, from->after_at->file);
        answer->is.line = from->after_at->line;
        answer->is.column = from->after_at->column;
    }
    check_messages(maker, from, answer->on, there);
    maker_conditions(maker, &from->when, "when", &answer->when);
    lay_out(&layout, from);
    if (problems_count(maker->problems) > before || maker->no_memory)
        return;
    check_size(maker, from, answer);
    check_order(maker, from, index);
}

/* What is sent may come to another collector, if the source of a datagram is forged: if that
 * answers it, the two do so for ever.  Of fields that are copied it is not known what they will
 * have; they are zero here. */
static void check_echo(struct plan_maker *maker, const struct format_reply *from,
                       const struct plan_answer *answer)
{
    const struct sockaddr_in source = {.sin_family = AF_INET};
    struct plan_header header;

    if (plan_any_header(maker->plan, &header, answer->bytes, answer->is.size,
                        (const struct sockaddr *)&source, 0) >= 0 &&
        plan_reply_find(maker->plan, answer->bytes, answer->is.size) >= 0)
        problems_warn(maker->problems, from->at->file, from->at->line, from->at->column,
                      "reply: what is sent is a datagram of this format that is answered itself; "
                      "two collectors that get each other's would go on for ever");
}

void maker_replies(struct plan_maker *maker)
{
    const struct format *format = maker->format;
    struct plan *plan = maker->plan;
    size_t i;

    if (format->reply_count == 0)
        return;
    if (format->reply_count > FORMAT_REPLIES_MOST) {
        node_problem(format->replies[FORMAT_REPLIES_MOST].at, maker->problems,
                     "a format has %d replies at most", FORMAT_REPLIES_MOST);
        return;
    }
    plan->replies = maker_alloc(maker, format->reply_count, sizeof *plan->replies);
    for (i = 0; i < format->reply_count && !maker->no_memory; i++) {
        make_reply(maker, &format->replies[i], i);
        plan->reply_count++;
    }
    if (maker->no_memory || maker->incomplete || problems_count(maker->problems) > maker->before)
        return; /* there is nothing to try it on */
    for (i = 0; i < format->reply_count; i++)
        check_echo(maker, &format->replies[i], &plan->replies[i]);
}

/* ---- Run ------------------------------------------------------------------------------ */

const struct plan_reply *plan_reply(const struct plan *plan, uint32_t index)
{
    return index < plan->reply_count ? &plan->replies[index].is : NULL;
}

const struct plan_conditions *plan_reply_when(const struct plan *plan, size_t index,
                                              unsigned message)
{
    const struct plan_answer *answer = &plan->replies[index];

    return (answer->on >> message & 1) != 0 ? &answer->when : NULL;
}

/* Header and trailer of a datagram that was taken. */
static bool look_at(struct plan_look *look, const struct plan *plan, const uint8_t *datagram,
                    size_t size)
{
    return plan_find_header(look, plan, datagram, size) == 0 &&
           plan_walk(look, &plan->header, PLAN_HEADER, 0, look->end) >= 0;
}

static bool is_meant(const struct plan_look *look, const struct plan_answer *answer,
                     unsigned message)
{
    size_t i;

    if ((answer->on >> message & 1) == 0)
        return false;
    for (i = 0; i < answer->when.count; i++)
        if (!plan_holds(look, &answer->when.list[i], message))
            return false;
    return true;
}

int plan_reply_find(const struct plan *plan, const uint8_t *datagram, size_t size)
{
    struct plan_look look;
    unsigned message;
    size_t i;

    if (plan->reply_count == 0 || !look_at(&look, plan, datagram, size))
        return -1;
    message = plan_message(&look);
    if (message == PLAN_NO_TYPE)
        return -1;
    for (i = 0; i < plan->reply_count; i++)
        if (is_meant(&look, &plan->replies[i], message))
            return (int)i;
    return -1;
}

uint32_t plan_reply_make(const struct plan *plan, uint32_t index, const uint8_t *datagram,
                         size_t size, uint8_t out[FORMAT_REPLY_MOST])
{
    const struct plan_answer *answer = &plan->replies[index];
    struct plan_look look;
    size_t i;

    memcpy(out, answer->bytes, answer->is.size);
    if (answer->put_count == 0 || !look_at(&look, plan, datagram, size))
        return answer->is.size;
    for (i = 0; i < answer->put_count; i++) {
        const struct plan_put *put = &answer->puts[i];

        if (put->bytes > 0)
            memcpy(out + put->at, datagram + plan_place(&look, put->from), put->bytes);
        else
            add_bits(out + put->at, put->width, put->little_endian,
                     (plan_raw(&look, put->from) & put->mask) << put->shift);
    }
    return answer->is.size;
}
