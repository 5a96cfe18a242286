/* SPDX-License-Identifier: MIT
 *
 * What a datagram is answered, and which answers make no sense.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "plan_fixture.h"

#define NUMBER(type_, width_, fill_)                                                               \
    {                                                                                              \
        .at = &fixture_node, .type = (type_), .width = (width_), .fills = (fill_), .fill_count = 1 \
    }

/* A header with all that can be copied: 20 bytes. */
static struct format_field header[7];
static const struct format_part parts[] = {{&fixture_node, "version", 3},
                                           {&fixture_node, "type", 5}};
static const struct format_part flags[] = {
    {&fixture_node, NULL, 6}, {&fixture_node, "ack", 1}, {&fixture_node, "batch", 1}};
static const struct format_type_word types[] = {
    {0, FORMAT_HEARTBEAT}, {1, FORMAT_DATA}, {2, FORMAT_IGNORE}};
static struct format_field reading[1];
static const uint64_t is_data = FORMAT_DATA, one = 1;
static const struct format_condition data_only = {
    .at = &fixture_node, .name = "type", .is_type = true, .values = &is_data, .value_count = 1};
static const struct format_condition wants_ack = {
    .at = &fixture_node, .name = "ack", .values = &one, .value_count = 1};

static const struct format_fill number_1 = {.at = &fixture_node, .number = 1};
static const struct format_fill sequence = {.at = &fixture_node, .name = "sequence"};

static struct format base(struct format_body bodies[2], const struct format_reply *replies,
                          size_t count)
{
    header[0] = fixture_parts("u8", parts, 2);
    header[1] = fixture_field("u16", "device");
    header[2] = fixture_field("u32 le", "sequence");
    header[3] = fixture_field("i16", "level");
    header[4] = fixture_field("text:6", "token");
    header[5] = fixture_field("u32", "time");
    header[6] = fixture_parts("u8", flags, 3);
    reading[0] = fixture_field("u16", "t");
    bodies[0] = (struct format_body){
        .at = &fixture_node, .when = {&data_only, 1}, .reading = {reading, 1}, .readings = 1};
    bodies[1] = (struct format_body){.at = &fixture_node};
    return (struct format){.at = &fixture_node,
                           .name = "test",
                           .header = {header, 7},
                           .has_types = true,
                           .types = types,
                           .type_count = 3,
                           .clock = {.unit_ns = 1000000000},
                           .bodies = bodies,
                           .body_count = 2,
                           .replies = replies,
                           .reply_count = count};
}

/* The answer, in hexadecimal digits, or "none". */
static const char *answer(const struct format_reply *replies, size_t count, const char *hex)
{
    static char text[3 * FORMAT_REPLY_MOST + 1];
    struct format_body bodies[2];
    const struct format format = base(bodies, replies, count);
    struct plan *plan = fixture_plan(&format);
    uint8_t out[FORMAT_REPLY_MOST], *datagram;
    uint32_t i, length;
    size_t size;
    int index;

    datagram = fixture_bytes(hex, &size);
    index = plan_reply_find(plan, datagram, size);
    snprintf(text, sizeof text, "none");
    if (index >= 0) {
        length = plan_reply_make(plan, (uint32_t)index, datagram, size, out);
        ck_assert_uint_eq(length, plan_reply(plan, (uint32_t)index)->size);
        for (i = 0; i < length; i++)
            snprintf(text + 2 * i, 3, "%02x", out[i]);
    }
    ck_assert_ptr_null(plan_reply(plan, (uint32_t)count));
    free(datagram);
    plan_free(plan);
    return text;
}

static const char *problem(const struct format_reply *reply)
{
    struct format_body bodies[2];
    const struct format format = base(bodies, reply, 1);

    return fixture_problems(&format);
}

/* version 5, device 7, sequence 258, level -2, token "abcdef" */
#define DATAGRAM(type, flags) type "0007 02010000 fffe 616263646566 00000005" flags

START_TEST(each_kind_of_field)
{
    static const struct format_fill level = {.at = &fixture_node, .name = "level"},
                                    token = {.at = &fixture_node, .name = "token"},
                                    minus = {.at = &fixture_node, .number = (uint64_t)-2},
                                    mixed[] = {{&fixture_node, NULL, 5, 3},
                                               {&fixture_node, "version", 0, 3},
                                               {&fixture_node, "ack", 0, 1},
                                               {&fixture_node, NULL, 1, 1}};
    static const struct format_send send[] = {
        NUMBER(FORMAT_UNSIGNED, 1, &number_1),
        NUMBER(FORMAT_UNSIGNED, 4, &sequence),
        {.at = &fixture_node,
         .type = FORMAT_UNSIGNED,
         .little_endian = true,
         .width = 4,
         .fills = &sequence,
         .fill_count = 1},
        NUMBER(FORMAT_SIGNED, 3, &level),
        NUMBER(FORMAT_SIGNED, 1, &minus),
        {.at = &fixture_node, .type = FORMAT_TEXT, .length = 6, .fills = &token, .fill_count = 1},
        {.at = &fixture_node,
         .type = FORMAT_HEX,
         .length = 2,
         .bytes = (const uint8_t *)"\x0a\xff"},
        {.at = &fixture_node, .type = FORMAT_UNSIGNED, .width = 1, .fills = mixed, .fill_count = 4},
    };
    static const struct format_reply reply = {
        .at = &fixture_node, .send = send, .send_count = COUNT_OF(send), .to_all = true};

    ck_assert_str_eq(answer(&reply, 1, DATAGRAM("a1", "02") "0001"), "01"
                                                                     "00000102"
                                                                     "02010000"
                                                                     "fffffe"
                                                                     "fe"
                                                                     "616263646566"
                                                                     "0aff"
                                                                     "b7");
}
END_TEST

START_TEST(the_first_that_is_meant)
{
    static const struct format_send ack[] = {NUMBER(FORMAT_UNSIGNED, 1, &number_1)},
                                    all[] = {NUMBER(FORMAT_UNSIGNED, 4, &sequence)};
    static const struct format_condition bits = {
        .at = &fixture_node, .name = "time", .values = &one, .value_count = 1, .mask = 1};
    static const struct format_reply replies[] = {
        {.at = &fixture_node,
         .on = 1 << FORMAT_DATA,
         .when = {&wants_ack, 1},
         .send = ack,
         .send_count = 1,
         .after = "csv",
         .after_at = &fixture_node},
        {.at = &fixture_node,
         .on = 1 << FORMAT_IGNORE,
         .when = {&bits, 1},
         .send = all,
         .send_count = 1},
        {.at = &fixture_node, .on = 1 << FORMAT_HEARTBEAT, .send = all, .send_count = 1}};

    ck_assert_str_eq(answer(replies, 3, DATAGRAM("a1", "02") "0001"), "01");
    ck_assert_str_eq(answer(replies, 3, DATAGRAM("a1", "01") "0001"), "none");
    ck_assert_str_eq(answer(replies, 3, DATAGRAM("a2", "01")), "00000102");
    ck_assert_str_eq(answer(replies, 3, DATAGRAM("a0", "00")), "00000102");
    ck_assert_str_eq(answer(replies, 3, DATAGRAM("a3", "00")), "none");
    ck_assert_str_eq(answer(replies, 3, "a0 0007"), "none");
    ck_assert_str_eq(answer(replies, 3, "a2 0007 02010000 fffe 616263646566 00000004 00"), "none");
}
END_TEST

START_TEST(what_makes_no_sense)
{
    static const struct format_fill level = {.at = &fixture_node, .name = "level"},
                                    token = {.at = &fixture_node, .name = "token"},
                                    tokens = {.at = &fixture_node, .name = "tokens"},
                                    large = {.at = &fixture_node, .number = 300},
                                    version = {.at = &fixture_node, .name = "version"},
                                    bits[] = {{&fixture_node, NULL, 9, 3}};
    static const struct {
        struct format_send send;
        const char *said;
    } list[] = {
        {NUMBER(FORMAT_UNSIGNED, 1, &large), "send: 300 does not fit into 8 bits"},
        {NUMBER(FORMAT_SIGNED, 1, &large), "send: 300 does not fit into 8 bits with a sign"},
        {NUMBER(FORMAT_UNSIGNED, 2, &sequence),
         "send: \"sequence\" has 32 bits and would be cut; there are 16"},
        {NUMBER(FORMAT_UNSIGNED, 8, &token),
         "send: \"token\" is no integer; its bytes are copied by a field of its own type and "
         "length"},
        {NUMBER(FORMAT_UNSIGNED, 8, &tokens),
         "send: header and trailer have no field \"tokens\"; did you mean \"token\"?"},
        {{.at = &fixture_node, .type = FORMAT_TEXT, .length = 5, .fills = &token, .fill_count = 1},
         "send: \"token\" has another length; what is copied has as many bytes in the answer as in "
         "the datagram"},
        {{.at = &fixture_node, .type = FORMAT_HEX, .length = 1, .fills = &version, .fill_count = 1},
         "send: \"version\" is a part of an integer; what is copied has as many bytes in the "
         "answer "
         "as in the datagram"},
        {{.at = &fixture_node, .type = FORMAT_UNSIGNED, .width = 1, .fills = bits, .fill_count = 1},
         "send: the parts have 3 bits together, and the integer has 8"},
        {{.at = &fixture_node, .type = FORMAT_HEX, .length = 65, .bytes = (const uint8_t *)""},
         "send: an answer has at most 64 bytes"},
        {{.at = &fixture_node, .type = FORMAT_HEX, .length = 2, .fills = &level, .fill_count = 1},
         ""},
    };
    size_t i;

    for (i = 0; i < COUNT_OF(list); i++) {
        const struct format_reply reply = {
            .at = &fixture_node, .send = &list[i].send, .send_count = 1};
        const char *said = problem(&reply);

        ck_assert_msg(list[i].said[0] == '\0' ? said[0] == '\0'
                                              : strstr(said, list[i].said) != NULL,
                      "%zu: %s", i, said);
    }
}
END_TEST

START_TEST(never_longer)
{
    static const uint8_t bytes[FORMAT_REPLY_MOST];
    struct format_send send = {
        .at = &fixture_node, .type = FORMAT_HEX, .length = 22, .bytes = bytes};
    struct format_reply reply = {
        .at = &fixture_node, .on = 1 << FORMAT_DATA, .send = &send, .send_count = 1};

    ck_assert_str_eq(problem(&reply), "");
    send.length = 23;
    ck_assert_ptr_nonnull(strstr(problem(&reply), "reply: it has 23 bytes, and what it answers 22 "
                                                  "at most; an answer is never longer than the "
                                                  "datagram"));
    reply.on = 1 << FORMAT_HEARTBEAT;
    send.length = 21;
    ck_assert_ptr_nonnull(strstr(problem(&reply), "and what it answers 20 at most"));
    reply.on = 1 << FORMAT_IGNORE; /* whatever follows */
    send.length = 64;
    ck_assert_ptr_nonnull(strstr(problem(&reply), "a shorter datagram, which may have 20, gets "
                                                  "none"));
}
END_TEST

START_TEST(messages_and_order)
{
    static const struct format_send send[] = {NUMBER(FORMAT_UNSIGNED, 1, &number_1)};
    struct format_reply reply = {
        .at = &fixture_node, .on = 1 << FORMAT_INIT, .send = send, .send_count = 1};
    struct format_reply two[2] = {{.at = &fixture_node, .send = send, .send_count = 1},
                                  {.at = &fixture_node,
                                   .on = 1 << FORMAT_DATA,
                                   .when = {&wants_ack, 1},
                                   .send = send,
                                   .send_count = 1}};
    struct format_body bodies[2];
    struct format format;

    ck_assert_ptr_nonnull(strstr(problem(&reply), "reply: no type of this format is init"));
    reply.on = 1 << FORMAT_IGNORE;
    reply.after = "csv";
    reply.after_at = &fixture_node;
    ck_assert_ptr_nonnull(strstr(problem(&reply), "after: what is ignored makes no record"));
    reply = (struct format_reply){.at = &fixture_node};
    ck_assert_ptr_nonnull(strstr(problem(&reply), "send: there is nothing to send"));
    format = base(bodies, two, 2);
    ck_assert_ptr_nonnull(strstr(fixture_problems(&format), "no datagram gets here"));
    two[1].on = 1 << FORMAT_IGNORE;
    format = base(bodies, two, 2);
    ck_assert_str_eq(fixture_problems(&format), "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("plan_reply");
    TCase *tests = tcase_create("plan_reply");

    tcase_add_test(tests, each_kind_of_field);
    tcase_add_test(tests, the_first_that_is_meant);
    tcase_add_test(tests, what_makes_no_sense);
    tcase_add_test(tests, never_longer);
    tcase_add_test(tests, messages_and_order);
    suite_add_tcase(suite, tests);
    return suite;
}
