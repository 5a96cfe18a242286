/* SPDX-License-Identifier: MIT
 *
 * { hex: "05 12 ...", is: { device: 7, sequence: 23, temperature: 21.2 } }
 */
#include "examples.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/suggest.h"
#include "check.h"
#include "collector/host/options.h"
#include "decimal.h"
#include "example_values.h"
#include "format_shown.h"
#include "hexadecimal.h"
#include "wire/datagram.h"

enum {
    ROLE_DEVICE,
    ROLE_SEQUENCE,
    ROLE_TYPE,
    ROLE_TIME,
    ROLE_FLAGS,
    ROLE_READINGS,
    ROLE_REJECTED,
    ROLE_ANSWER
};

static const char *const roles[] = {"device", "sequence", "type",     "time",
                                    "flags",  "readings", "rejected", "answer"};
enum { ROLES = sizeof roles / sizeof *roles };

/* One that is looked at. */
struct example {
    const struct plan *plan;
    const struct format *format;
    struct problems *problems;
    const uint8_t *datagram;
    size_t size;
    int count; /* what plan_header returned */
    struct plan_header header;
    struct muster_value values[FORMAT_VALUES_MOST];
    uint32_t value_count;
    size_t reading; /* which of a list, from 1; 0: no list says */
    bool has_arrival;
};

/* ---- Single things -------------------------------------------------------------------- */

/* What the example has there, which may be a list where a text should be. */
static const char *said(const struct node *node)
{
    return example_values_is_scalar(node) ? node->text : node_kind_name(node);
}

static void say_differs(const struct example *example, const struct node *node, const char *what,
                        const char *found)
{
    if (node->kind != NODE_BAD)
        node_problem(node, example->problems, "example: %s is %s; the example says %s", what, found,
                     said(node));
}

static void expect_text(const struct example *example, const struct node *node, const char *what,
                        const char *found)
{
    if (!example_values_is_scalar(node) || strcasecmp(node->text, found) != 0)
        say_differs(example, node, what, found);
}

static void expect_number(const struct example *example, const struct node *node, const char *what,
                          uint64_t found)
{
    uint64_t expected;
    char text[FORMAT_SHOWN_ROOM];

    snprintf(text, sizeof text, "%" PRIu64, found);
    if (!example_values_is_scalar(node) || !decimal_integer(node->text, &expected) ||
        expected != found)
        expect_text(example, node, what, text);
}

static void expect_sequence(const struct example *example, const struct node *node)
{
    const struct plan_header *header = &example->header;
    uint64_t expected;

    if (header->seq_bits > 0)
        expect_number(example, node, "the sequence number", header->seq);
    else if (node->kind != NODE_NULL &&
             (!example_values_is_scalar(node) || !decimal_integer(node->text, &expected) ||
              expected != header->seq))
        say_differs(example, node, "the sequence number", "none");
}

static void expect_time(const struct example *example, const struct node *node)
{
    const int64_t time_ns = example->header.time_ns;
    char found[FORMAT_SHOWN_ROOM] = "none";
    int64_t expected;

    if (time_ns != 0)
        format_shown_time(time_ns, found);
    if (!example_values_is_scalar(node)) {
        if (node->kind != NODE_NULL || time_ns != 0)
            say_differs(example, node, "the time", found);
        return;
    }
    if (!example_values_time(node->text, &expected)) {
        node_problem(node, example->problems,
                     "example: the time is %s; the example says \"%s\", which cannot be read: "
                     "expected one such as 2025-12-17T19:33:20Z, or seconds since 1970",
                     found, node->text);
        return;
    }
    if (example->format->clock.wraps && !example->has_arrival) {
        node_problem(node, example->problems,
                     "example: the time depends on when it arrives; expected \"arrival\" beside "
                     "\"hex\", such as arrival: %s",
                     node->text);
        return;
    }
    if (expected != time_ns)
        say_differs(example, node, "the time", found);
}

static void expect_type(const struct example *example, const struct node *node)
{
    const struct plan_header *header = &example->header;

    if (example->count == 0)
        expect_text(example, node, "the type", "ignore");
    else if (!example_values_is_scalar(node) || strcmp(node->text, "other") != 0 ||
             header->msg_type != MUSTER_MSG_DATA || header->has_reading)
        expect_text(example, node, "the type", format_shown_message(header->msg_type));
}

/* ---- Values --------------------------------------------------------------------------- */

/* A value may be called "answer" where there are none. */
static int find_role(const struct example *example, const char *name)
{
    int i = 0;

    while (i < ROLES && strcmp(roles[i], name) != 0)
        i++;
    return i == ROLE_ANSWER && plan_reply(example->plan, 0) == NULL ? ROLES : i;
}

static void say_unknown(const struct example *example, const struct node *key)
{
    const char *names[FORMAT_VALUES_MOST + ROLES];
    char hint[SUGGEST_ROOM];
    size_t count = 0;
    const struct plan_value *value;

    if (find_role(example, key->text) < ROLES) {
        node_problem(key, example->problems,
                     "example: \"%s\" is of the whole datagram; expected beside \"readings\"",
                     key->text);
        return;
    }
    while ((value = plan_value(example->plan, (uint32_t)count)) != NULL &&
           count < FORMAT_VALUES_MOST)
        names[count++] = value->name;
    memcpy(names + count, roles, sizeof roles);
    node_problem(key, example->problems, "example: there is no value \"%s\"; %s", key->text,
                 suggest_hint(hint, sizeof hint, key->text, names, count + ROLES));
}

static void expect_value(const struct example *example, const struct node *key,
                         const struct node *node)
{
    char found[FORMAT_SHOWN_ROOM], where[40] = "";
    const struct muster_value *value = NULL;
    uint32_t i;

    for (i = 0; i < example->value_count; i++)
        if (strcmp(plan_value(example->plan, i)->name, key->text) == 0)
            value = &example->values[i];
    if (value == NULL)
        say_unknown(example, key);
    else if (!example_values_same(value, node) && node->kind != NODE_BAD) {
        if (example->reading > 0)
            snprintf(where, sizeof where, " of reading %zu", example->reading);
        node_problem(node, example->problems, "example: %s%s is %s; the example says %s", key->text,
                     where, format_shown_value(value, found),
                     node->kind == NODE_NULL ? "that it is absent" : said(node));
    }
}

/* The values of one reading. */
static void compute_values(struct example *example, uint32_t reading)
{
    struct muster_record record;

    plan_record(example->plan, &record, &example->header, example->datagram, example->size,
                reading);
    example->value_count =
        plan_values(example->plan, example->datagram, example->size, record.payload_at,
                    example->values, sizeof *example->values, FORMAT_VALUES_MOST);
}

/* ---- Maps ----------------------------------------------------------------------------- */

/* A key of a map, which must be a text that is not there twice. */
static bool is_good_key(const struct example *example, const struct node *map, size_t index)
{
    const struct node *key = map->items[index].key;
    size_t i;

    if (key->text == NULL || key->kind == NODE_BAD)
        return key->kind != NODE_BAD &&
               check_kind(key, NODE_TEXT, "a key", "a name", example->problems);
    for (i = 0; i < index; i++)
        if (map->items[i].key->text != NULL && strcmp(map->items[i].key->text, key->text) == 0) {
            node_problem(key, example->problems, "\"%s\" is given again; it is first on line %u",
                         key->text, map->items[i].key->line);
            return false;
        }
    return true;
}

static void expect_reading(struct example *example, const struct node *map, uint32_t reading)
{
    size_t i;

    if (!check_kind(map, NODE_MAP, "a reading", "a mapping such as { temperature: 21.2 }",
                    example->problems))
        return;
    compute_values(example, reading);
    for (i = 0; i < map->count; i++)
        if (is_good_key(example, map, i))
            expect_value(example, map->items[i].key, map->items[i].value);
}

static void expect_readings(struct example *example, const struct node *node)
{
    const size_t found = example->header.has_reading ? (size_t)example->count : 0;
    size_t i;

    if (node->kind != NODE_LIST) {
        expect_number(example, node, "the number of readings", found);
        return;
    }
    if (node->count != found) {
        node_problem(node, example->problems,
                     "example: there are %zu readings; the example has %zu", found, node->count);
        return;
    }
    for (i = 0; i < found; i++) {
        example->reading = i + 1;
        expect_reading(example, node->items[i].value, (uint32_t)i);
    }
    example->reading = 0;
}

/* The bytes of the answer; null: there is none. */
static void expect_answer(const struct example *example, const struct node *node)
{
    const int reply = plan_reply_find(example->plan, example->datagram, example->size);
    uint8_t answer[FORMAT_REPLY_MOST], room[FORMAT_REPLY_MOST];
    struct hexadecimal bytes = {.bytes = room, .room = sizeof room};
    char why[HEXADECIMAL_WHY], found[3 * FORMAT_REPLY_MOST + 1] = "none";
    uint32_t size = 0, i;

    if (reply >= 0)
        size = plan_reply_make(example->plan, (uint32_t)reply, example->datagram, example->size,
                               answer);
    for (i = 0; i < size; i++)
        snprintf(found + 3 * i, 4, "%02x%s", answer[i], i + 1 < size ? " " : "");
    if (node->kind == NODE_NULL) {
        if (reply >= 0)
            node_problem(node, example->problems,
                         "example: the answer is %s; the example says that there is none", found);
        return;
    }
    if (node->kind != NODE_WORD && node->kind != NODE_TEXT) {
        check_kind(node, NODE_TEXT, "answer", "digits", example->problems);
        return;
    }
    if (hexadecimal_read(&bytes, node->text, why) < 0)
        node_problem(node, example->problems, "answer: %s", why);
    else if (reply < 0 || bytes.count != size || memcmp(room, answer, size) != 0)
        node_problem(node, example->problems, "example: the answer is %s; the example says %s",
                     found, node->text);
}

static void expect_one(struct example *example, const struct node_item *item)
{
    const int role = find_role(example, item->key->text);
    const struct plan_header *header = &example->header;
    char text[FORMAT_SHOWN_ROOM];

    if (role == ROLE_READINGS) {
        expect_readings(example, item->value);
        return;
    }
    if (role == ROLE_ANSWER) {
        expect_answer(example, item->value);
        return;
    }
    /* A value may have the name of a role: flags that are wider than 8 bits. */
    if (role == ROLES || (role == ROLE_FLAGS && header->flags == 0)) {
        uint32_t i;

        for (i = 0; role == ROLE_FLAGS && i < example->value_count; i++)
            if (strcmp(plan_value(example->plan, i)->name, "flags") == 0)
                break;
        if (role == ROLES || i < example->value_count) {
            compute_values(example, 0);
            expect_value(example, item->key, item->value);
            return;
        }
    }
    switch (role) {
    case ROLE_DEVICE:
        expect_text(example, item->value, "the device", format_shown_device(&header->device, text));
        break;
    case ROLE_SEQUENCE:
        expect_sequence(example, item->value);
        break;
    case ROLE_TYPE:
        expect_type(example, item->value);
        break;
    case ROLE_TIME:
        expect_time(example, item->value);
        break;
    case ROLE_FLAGS:
        expect_number(example, item->value, "flags", header->flags);
        break;
    default:
        node_problem(item->value, example->problems,
                     "example: it is taken; the example says rejected: %s", said(item->value));
    }
}

/* ---- The whole ------------------------------------------------------------------------ */

/* Fields are not looked at here. */
static void pass_by(void *context, const struct plan_step *step)
{
    (void)context;
    (void)step;
}

/* Of a datagram that is rejected. */
static void expect_rejected(const struct example *example, const struct node *hex,
                            const struct node *is, uint64_t arrival_ns,
                            const struct sockaddr *source)
{
    const struct node *expected = is != NULL ? node_find(is, "rejected") : NULL;
    const char *reason = wire_reject_name((unsigned)(-example->count - 1));
    struct plan_verdict verdict;

    if (expected != NULL && expected->text != NULL) {
        expect_text(example, expected, "it is rejected, and the reason", reason);
        return;
    }
    plan_explain(example->plan, example->datagram, example->size, source, arrival_ns, pass_by, NULL,
                 &verdict);
    node_problem(hex, example->problems, "example: it is rejected, %s at byte %" PRIu32 ": %s",
                 reason, verdict.offset, verdict.text);
}

enum { EXAMPLE_ARRIVAL, EXAMPLE_SOURCE, EXAMPLE_OPTIONS };

static const struct muster_option example_options[EXAMPLE_OPTIONS] = {
    [EXAMPLE_ARRIVAL] = {.name = "arrival",
                         .type = MUSTER_OPTION_STRING,
                         .summary = "When it arrives, for a time that wraps"},
    [EXAMPLE_SOURCE] = {.name = "source",
                        .type = MUSTER_OPTION_STRING,
                        .fallback = "192.0.2.1",
                        .summary = "The address that it comes from, if the device is that"},
};
static const struct option_table example_table = {
    .options = example_options, .count = EXAMPLE_OPTIONS, .stride = sizeof(struct muster_option)};

/* When and whence it comes. */
static bool read_circumstances(struct example *example, const struct node *map, int64_t *arrival_ns,
                               struct address *source)
{
    static const char *const others[] = {"hex", "is", NULL};
    static const struct check check = {&example_table, others, "an example"};
    const struct node *arrival = node_find(map, "arrival"), *from = node_find(map, "source");
    struct option_value values[EXAMPLE_OPTIONS];
    bool good = check_map(&check, map, values, example->problems) == 0;

    *arrival_ns = 0;
    example->has_arrival = arrival != NULL;
    if (values[EXAMPLE_ARRIVAL].text != NULL &&
        !example_values_time(values[EXAMPLE_ARRIVAL].text, arrival_ns)) {
        node_problem(arrival, example->problems,
                     "arrival: cannot read \"%s\"; expected a time such as 2025-12-17T19:33:20Z",
                     values[EXAMPLE_ARRIVAL].text);
        good = false;
    }
    if (values[EXAMPLE_SOURCE].text == NULL ||
        address_parse(source, values[EXAMPLE_SOURCE].text, 0) < 0) {
        if (from != NULL)
            node_problem(from, example->problems, "source: expected an address such as 192.0.2.1");
        good = false;
    }
    options_free(values, EXAMPLE_OPTIONS);
    return good;
}

static void judge(struct example *example, const struct node *hex, const struct node *is,
                  const struct sockaddr *source, uint64_t arrival_ns)
{
    size_t i;

    example->count = plan_header(example->plan, &example->header, example->datagram, example->size,
                                 source, arrival_ns);
    if (example->count < 0) {
        expect_rejected(example, hex, is, arrival_ns, source);
        return;
    }
    example->value_count = 0;
    if (example->count > 0)
        compute_values(example, 0);
    for (i = 0; is != NULL && i < is->count; i++)
        if (is_good_key(example, is, i))
            expect_one(example, &is->items[i]);
}

/* A text, or a list of them where one would be too long. */
static bool read_bytes(const struct example *example, const struct node *hex,
                       struct hexadecimal *bytes)
{
    const size_t count = hex->kind == NODE_LIST ? hex->count : 1;
    char why[HEXADECIMAL_WHY];
    size_t i;

    for (i = 0; i < count; i++) {
        const struct node *text = hex->kind == NODE_LIST ? hex->items[i].value : hex;

        if (text->kind != NODE_WORD && text->kind != NODE_TEXT) {
            check_kind(text, NODE_TEXT, "hex", "digits, or a list of such texts",
                       example->problems);
            return false;
        }
        if (hexadecimal_read(bytes, text->text, why) < 0) {
            node_problem(text, example->problems, "hex: %s", why);
            return false;
        }
    }
    return true;
}

static void check_example(struct example *example, const struct node *map, uint8_t *room,
                          size_t size)
{
    struct hexadecimal bytes = {.bytes = room, .room = size};
    struct address source = {0};
    const struct node *hex, *is;
    int64_t arrival_ns;

    if (!check_kind(map, NODE_MAP, "an example", "a mapping: { hex: \"...\", is: { ... } }",
                    example->problems) ||
        !read_circumstances(example, map, &arrival_ns, &source))
        return;
    hex = node_find(map, "hex");
    is = node_find(map, "is");
    if (hex == NULL) {
        node_problem(map, example->problems,
                     "an example needs \"hex\": the datagram's bytes, two digits each");
        return;
    }
    if (!read_bytes(example, hex, &bytes))
        return;
    if (is != NULL &&
        !check_kind(is, NODE_MAP, "is", "a mapping such as { device: 7 }", example->problems))
        return;
    example->datagram = room;
    example->size = bytes.count;
    judge(example, hex, is, address_get(&source), (uint64_t)arrival_ns);
}

void examples_check(const struct plan *plan, const struct format *format, const struct node *list,
                    struct problems *problems)
{
    enum { BYTES = 65535 };
    struct example example = {.plan = plan, .format = format, .problems = problems};
    uint8_t *room = malloc(BYTES + 16); /* a record promises bytes behind its payload */
    size_t i;

    if (room == NULL) {
        node_problem(list, problems, "cannot decode the examples: out of memory");
        return;
    }
    for (i = 0; i < list->count; i++) {
        memset(room, 0, 64);
        check_example(&example, list->items[i].value, room, BYTES);
    }
    free(room);
}
