/* SPDX-License-Identifier: MIT
 *
 * The fields: a table that is whole, and what is found in a record.
 */
#include <check.h>
#include <string.h>

#include "common/fields.h"
#include "common/random.h"
#include "common/runner.h"
#include "plugins/fake_host.h"

#define S UINT64_C(1000000000)

static struct muster_record record;
static struct muster_arrival arrival;

static void set_up(void)
{
    arrival = (struct muster_arrival){.size = sizeof arrival,
                                      .datagram_size = 14,
                                      .source_port = 4242,
                                      .family = 4,
                                      .source = {127, 0, 0, 1}};
    record = (struct muster_record){.arrival_ns = 1762534152 * S + 983310799,
                                    .seq = 70000,
                                    .device_time_ns = 1762534151 * (int64_t)S,
                                    .device_id = 101,
                                    .device = 101,
                                    .marks = MUSTER_MARK_DEVICE | MUSTER_MARK_CLOCK_OFFSET,
                                    .seq_bits = 32,
                                    .msg_type = MUSTER_MSG_DATA,
                                    .flags = 1,
                                    .verdict = MUSTER_VERDICT_NEW,
                                    .message.gap = 3,
                                    .via.arrival = &arrival,
                                    .payload_size = 2,
                                    .value_type = MUSTER_VALUE_TEXT,
                                    .reading = 2,
                                    .readings = 300,
                                    .message.jitter_us = 12034,
                                    .message.clock_offset_ms = -1983,
                                    .message.clock_drift_ppb = -50120,
                                    .message.clock_drift_error_ppb = 11574};
    record.payload.bytes = (const uint8_t *)"ab";
}

static struct field_value get(const char *name)
{
    const struct field *field = fields_find(name);
    struct field_value value;

    ck_assert_msg(field != NULL, "no field %s", name);
    memset(&value, 0xa5, sizeof value);
    fields_get(field, &record, &value);
    return value;
}

static void expect_number(const char *name, enum field_type type, uint64_t number)
{
    struct field_value value = get(name);

    ck_assert_msg(value.type == type && value.number == number, "%s is %llu of type %u", name,
                  (unsigned long long)value.number, value.type);
}

static void expect_decimal(const char *name, int64_t integer, unsigned digits)
{
    struct field_value value = get(name);

    ck_assert_msg(value.type == FIELD_TYPE_DECIMAL && value.integer == integer &&
                      value.digits == digits,
                  "%s is %lld of %u digits", name, (long long)value.integer, value.digits);
}

static void expect_none(const char *name)
{
    ck_assert_msg(get(name).type == FIELD_TYPE_NONE, "%s is there", name);
}

static void expect_word(const char *name, const char *word)
{
    struct field_value value = get(name);

    ck_assert_msg(value.type == FIELD_TYPE_WORD, "%s is no word", name);
    ck_assert_str_eq(value.word->text, word);
}

START_TEST(table)
{
    size_t i;

    for (i = 0; i < FIELDS; i++) {
        const struct field *field = &fields[i];
        bool lies = field->type >= FIELD_TYPE_U8 && field->type <= FIELD_TYPE_CAUSES &&
                    i != FIELD_REASON; /* of two kinds, in two places */

        ck_assert_msg(fields_find(field->name) == field, "%zu: \"%s\" is there twice", i,
                      field->name);
        ck_assert_uint_eq(strspn(field->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(field->name));
        ck_assert_uint_gt(strlen(field->name), 0);
        ck_assert_uint_ne(field->kinds, 0);
        ck_assert(field->type != FIELD_TYPE_NONE && field->type < FIELD_TYPES);
        ck_assert_msg((field->get != NULL) ==
                          (!lies && field->type != FIELD_TYPE_NAME &&
                           field->type != FIELD_TYPE_DROPPED && field->type != FIELD_TYPE_ENTRY &&
                           field->type != FIELD_TYPE_FIELD && field->type != FIELD_TYPE_UNIT),
                      "%s", field->name);
        ck_assert_int_eq(field->word != NULL, field->type == FIELD_TYPE_WORD && lies);
    }
    ck_assert_ptr_null(fields_find("temperature"));
    ck_assert_ptr_null(fields_find(""));
    ck_assert_str_eq(fields[FIELD_REASON].name, "reason");
}
END_TEST

START_TEST(kinds)
{
    ck_assert_uint_eq(fields[FIELD_VALUE].kinds, MUSTER_TAKES_MESSAGES);
    ck_assert_uint_eq(fields[FIELD_CAUSE].kinds, MUSTER_TAKES_EVENTS);
    ck_assert_uint_eq(fields[FIELD_REASON].kinds, MUSTER_TAKES_EVENTS | MUSTER_TAKES_REJECTS);
    ck_assert_uint_eq(fields[FIELD_DEVICE_ID].kinds,
                      MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS | MUSTER_TAKES_REJECTS);
    ck_assert_uint_eq(fields[FIELD_ARRIVAL_TIME].kinds,
                      MUSTER_TAKES_MESSAGES | MUSTER_TAKES_EVENTS | MUSTER_TAKES_REJECTS);
}
END_TEST

START_TEST(messages)
{
    struct field_value value;

    expect_number("device_id", FIELD_TYPE_UNSIGNED, 101);
    expect_number("seq_num", FIELD_TYPE_UNSIGNED, 70000);
    expect_number("timestamp", FIELD_TYPE_SECONDS, 1762534151);
    expect_number("msg_type", FIELD_TYPE_UNSIGNED, 1);
    expect_number("arrival_time", FIELD_TYPE_TIME, 1762534152 * S + 983310799);
    expect_number("arrival_ns", FIELD_TYPE_UNSIGNED, 1762534152 * S + 983310799);
    expect_number("flags", FIELD_TYPE_UNSIGNED, 1);
    expect_number("source_port", FIELD_TYPE_UNSIGNED, 4242);
    expect_number("datagram_size", FIELD_TYPE_UNSIGNED, 14);
    expect_number("reading", FIELD_TYPE_UNSIGNED, 2);
    expect_number("readings", FIELD_TYPE_UNSIGNED, 300);
    expect_word("kind", "message");
    expect_none("device_name"); /* the host's */
    value = get("payload");
    ck_assert(value.type == FIELD_TYPE_BYTES && value.bytes.start == record.payload.bytes &&
              value.bytes.size == 2);
    value = get("source");
    ck_assert(value.type == FIELD_TYPE_ADDRESS && value.family == 4 &&
              value.address == arrival.source);
    arrival.family = 0;
    arrival.source_port = 0;
    expect_none("source");
    expect_none("source_port");
    record.via.arrival = NULL; /* it did not come */
    expect_none("source");
    expect_none("source_port");
    expect_none("datagram_size");
}
END_TEST

START_TEST(values)
{
    struct field_value value = get("value");

    ck_assert(value.type == FIELD_TYPE_TEXT && value.bytes.start == record.payload.bytes &&
              value.bytes.size == 2);
    record.value_type = MUSTER_VALUE_INT;
    record.value.integer = -5;
    value = get("value");
    ck_assert(value.type == FIELD_TYPE_INTEGER && value.integer == -5);
    record.value_type = MUSTER_VALUE_REAL;
    record.value.real = 2.5;
    value = get("value");
    ck_assert(value.type == FIELD_TYPE_REAL && value.real == 2.5);
    record.value_type = MUSTER_VALUE_REAL32;
    value = get("value");
    ck_assert(value.type == FIELD_TYPE_REAL32 && value.real == 2.5);
    record.value_type = MUSTER_VALUE_NONE;
    expect_none("value");
    record.value_type = 77; /* of a later version */
    expect_none("value");
}
END_TEST

START_TEST(verdicts)
{
    uint8_t i;

    for (i = 0; i <= MUSTER_VERDICT_OUTLIER + 1; i++) {
        record.verdict = i;
        expect_number("duplicate_flag", FIELD_TYPE_BOOL, i == MUSTER_VERDICT_DUPLICATE);
        expect_number("gap_flag", FIELD_TYPE_BOOL, i == MUSTER_VERDICT_GAP);
        expect_number("gap", FIELD_TYPE_UNSIGNED, i == MUSTER_VERDICT_GAP ? 3 : 0);
        if (words_verdict(i) != NULL)
            expect_word("verdict", words_verdict(i)->text);
        else
            expect_number("verdict", FIELD_TYPE_UNSIGNED, i);
    }
}
END_TEST

START_TEST(timing)
{
    expect_decimal("transit", 1983310, 6);
    expect_decimal("jitter", 12034, 6);
    expect_decimal("clock_offset", -1983, 3);
    expect_decimal("clock_drift", -50120, 3);
    expect_decimal("clock_drift_error", 11574, 3);
    record.marks &= (uint8_t)~MUSTER_MARK_CLOCK_OFFSET;
    record.message.clock_drift_error_ppb = 0;
    record.device_time_ns += 5 * (int64_t)S;
    expect_decimal("transit", -3016690, 6);
    expect_none("clock_offset");
    expect_none("clock_drift");
    expect_none("clock_drift_error");
    record.verdict = MUSTER_VERDICT_NONE;
    record.marks |= MUSTER_MARK_CLOCK_OFFSET;
    expect_none("jitter");
    expect_none("clock_offset");
}
END_TEST

START_TEST(events_and_rejects)
{
    record.kind = MUSTER_KIND_EVENT;
    record.event.event = MUSTER_EVENT_GAP_LOST;
    record.event.first = UINT32_MAX;
    record.event.last = 1;
    record.event.opened_ns = 5 * S;
    record.event.closed_ns = 7 * S + 1;
    record.event.cause = MUSTER_CAUSE_NETWORK | MUSTER_CAUSE_COLLECTOR;
    expect_word("kind", "event");
    expect_word("event", "gap-lost");
    expect_word("outcome", "lost");
    expect_number("first", FIELD_TYPE_UNSIGNED, UINT32_MAX);
    expect_number("last", FIELD_TYPE_UNSIGNED, 1);
    expect_number("count", FIELD_TYPE_UNSIGNED, 3); /* modulo 2^32 */
    expect_number("opened", FIELD_TYPE_TIME, 5 * S);
    expect_number("closed", FIELD_TYPE_TIME, 7 * S + 1);
    expect_number("cause", FIELD_TYPE_CAUSES, MUSTER_CAUSE_NETWORK | MUSTER_CAUSE_COLLECTOR);
    record.event.event = MUSTER_EVENT_RESTART;
    expect_none("outcome");
    record.event.event = MUSTER_EVENT_OWN + 2;
    expect_number("event", FIELD_TYPE_UNSIGNED, MUSTER_EVENT_OWN + 2);
    expect_none("outcome");

    record.kind = MUSTER_KIND_REJECT;
    record.reject.reason = MUSTER_REJECT_BAD_PAYLOAD;
    expect_word("kind", "reject");
    expect_word("reason", "bad_payload");
    record.reject.reason = 200;
    expect_number("reason", FIELD_TYPE_UNSIGNED, 200);
    record.kind = 3;
    expect_number("kind", FIELD_TYPE_UNSIGNED, 3);
}
END_TEST

/* Whatever lies in the record, each field is of its own type, or there is nothing. */
START_TEST(any_record)
{
    size_t i, round;

    random_seed(128);
    for (round = 0; round < 10000; round++) {
        uint8_t bytes[sizeof record];

        for (i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(one_in(3) ? below(8) : random_u32());
        memcpy(&record, bytes, sizeof record);
        record.via.arrival = one_in(2) ? &arrival : NULL;
        for (i = 0; i < FIELDS; i++) {
            struct field_value value = get(fields[i].name);
            uint8_t type = fields[i].type, found = value.type;

            if (found == type || found == FIELD_TYPE_NONE)
                continue;
            if (found == FIELD_TYPE_UNSIGNED &&
                (type <= FIELD_TYPE_U64 || type == FIELD_TYPE_WORD || type == FIELD_TYPE_DEVICE))
                continue;
            if (type == FIELD_TYPE_VALUE && ((found > type && found <= FIELD_TYPE_UNSIGNED) ||
                                             found == FIELD_TYPE_BOOL || found == FIELD_TYPE_BYTES))
                continue;
            ck_abort_msg("%s is of type %u", fields[i].name, found);
        }
    }
}
END_TEST

START_TEST(device_names)
{
    static const struct muster_plugin nameless = {.size = sizeof nameless, .name = "fields"};
    struct muster_instance *instance = muster_test_new(&nameless, NULL);
    struct muster_device boiler = {.name = "boiler", .class_name = "c"};
    struct muster_device unnamed = {.class_name = "c"};

    fake_add_device(instance, 101, &boiler);
    fake_add_device(instance, 102, &unnamed);
    ck_assert_str_eq(fields_device_name(&muster_test_host, instance, &record), "boiler");
    record.device_id = record.device = 102;
    ck_assert_ptr_null(fields_device_name(&muster_test_host, instance, &record));
    record.device_id = record.device = 103;
    ck_assert_ptr_null(fields_device_name(&muster_test_host, instance, &record));
    muster_test_free(instance);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {table,       kinds,  messages,           values,
                                  verdicts,    timing, events_and_rejects, any_record,
                                  device_names};
    Suite *suite = suite_create("fields");
    TCase *tcase = tcase_create("fields");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, NULL);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
