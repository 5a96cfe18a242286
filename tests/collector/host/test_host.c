/* SPDX-License-Identifier: MIT
 *
 * The host's functions, as a plugin calls them.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "collector/host/callback.h"
#include "collector/host/host.h"
#include "collector/host/instance.h"
#include "common/runner.h"

/* A plugin of another version has another idea of the struct. */
START_TEST(metrics_of_other_sizes)
{
    struct host host = {.metrics = metrics_new()};
    struct entry entry = {.name = (char *)"x"};
    struct muster_instance instance;
    struct {
        struct muster_metric metric;
        uint64_t more;
    } larger = {.metric = {.size = sizeof larger}, .more = 7};
    struct muster_metric smaller = {.size = offsetof(struct muster_metric, value), .value.u64 = 9};
    const struct muster_metric declared = {
        .size = sizeof declared, .name = "n", .unit = "records", .help = "help"};

    instance_init(&instance, &entry, &host);
    callback_enter(&instance, CALLBACK_OPEN);
    muster_cell_set(host_functions.metric(&instance, &declared), 5);
    ck_assert_int_eq(host_functions.read_metric(&instance, 0, &larger.metric), 1);
    ck_assert_str_eq(larger.metric.name, "x.n");
    ck_assert_uint_eq(larger.metric.value.u64, 5);
    ck_assert_uint_eq(larger.metric.size, sizeof larger);
    ck_assert_uint_eq(larger.more, 7);
    ck_assert_int_eq(host_functions.read_metric(&instance, 0, &smaller), 1);
    ck_assert_str_eq(smaller.name, "x.n");
    ck_assert_uint_eq(smaller.value.u64, 9); /* not asked for, not touched */
    ck_assert_int_eq(host_functions.read_metric(&instance, 1, &smaller), 0);
    metrics_remove(host.metrics, &instance);
    ck_assert_int_eq(host_functions.read_metric(&instance, 0, &smaller), 0);
    callback_leave();
    metrics_free(host.metrics);
}
END_TEST

static struct muster_instance nobody;

static void expect_value(const struct muster_record *record, uint32_t type)
{
    struct {
        struct muster_value value;
        uint64_t more;
    } larger = {.more = 7};
    struct muster_value value, two[2];

    ck_assert_uint_eq(host_functions.values(&nobody, record, NULL, sizeof value, 0), 1);
    ck_assert_uint_eq(host_functions.values(&nobody, record, two, sizeof value, 2), 1);
    value = two[0];
    ck_assert_str_eq(value.name, "value");
    ck_assert_ptr_null(value.unit);
    ck_assert_uint_eq(value.type, type);
    ck_assert_uint_eq(value.quality, record->quality);
    if (type == MUSTER_VALUE_TEXT || type == MUSTER_VALUE_BYTES) {
        ck_assert_ptr_eq(value.bytes, record->payload.bytes);
        ck_assert_uint_eq(value.bytes_size, record->payload_size);
    } else {
        ck_assert_uint_eq(value.value.natural, record->value.natural);
    }
    host_functions.values(&nobody, record, &larger.value, sizeof larger, 1);
    ck_assert_uint_eq(larger.more, 0);
    ck_assert_uint_eq(larger.value.type, type);
    memset(&value, 0x55, sizeof value); /* a smaller one */
    host_functions.values(&nobody, record, &value, offsetof(struct muster_value, type), 1);
    ck_assert_str_eq(value.name, "value");
    ck_assert_uint_eq(value.type, 0x55555555);
}

START_TEST(values_of_the_built_in_format)
{
    struct muster_record record = {.payload_size = 3, .quality = MUSTER_QUALITY_UNCERTAIN};
    uint8_t type;

    note_enter(NULL, CALLBACK_PROCESS);
    record.payload.bytes = (const uint8_t *)"abc";
    record.value.integer = -5;
    ck_assert_uint_eq(host_functions.values(&nobody, &record, NULL, 0, 0), 0);
    for (type = MUSTER_VALUE_TEXT; type <= MUSTER_VALUE_REAL32; type++) {
        record.value_type = type;
        expect_value(&record, type);
    }
    record.value_type = type; /* of a later version */
    ck_assert_uint_eq(host_functions.values(&nobody, &record, NULL, 0, 0), 0);
    record.value_type = MUSTER_VALUE_INT;
    record.kind = MUSTER_KIND_EVENT;
    ck_assert_uint_eq(host_functions.values(&nobody, &record, NULL, 0, 0), 0);
    note_leave();
}
END_TEST

START_TEST(names_of_makers)
{
    static const struct muster_name events[] = {{.number = 130, .name = "hot"}};
    static const struct muster_name rejects[] = {{.number = 130, .name = "odd"}};
    struct entry entries[2] = {{.name = (char *)"first"},
                               {.name = (char *)"second",
                                .plugin.api = {.name_size = sizeof events[0],
                                               .event_count = 1,
                                               .reject_count = 1,
                                               .events = events,
                                               .rejects = rejects}}};
    struct muster_instance instance = {.chain = entries, .chain_count = 2};
    struct muster_record record = {.kind = MUSTER_KIND_EVENT, .origin = 2};

    ck_assert_ptr_null(host_functions.entry_name(&instance, 0)); /* the decoder */
    ck_assert_str_eq(host_functions.entry_name(&instance, 1), "first");
    ck_assert_str_eq(host_functions.entry_name(&instance, 2), "second");
    ck_assert_ptr_null(host_functions.entry_name(&instance, 3));
    record.event.event = 130;
    ck_assert_str_eq(host_functions.own_name(&instance, &record), "hot");
    record.event.event = 131;
    ck_assert_ptr_null(host_functions.own_name(&instance, &record));
    record.event.event = 130;
    record.origin = 1;
    ck_assert_ptr_null(host_functions.own_name(&instance, &record));
    record.origin = 0;
    ck_assert_ptr_null(host_functions.own_name(&instance, &record));
    record = (struct muster_record){.kind = MUSTER_KIND_REJECT, .origin = 2, .reject.reason = 130};
    ck_assert_str_eq(host_functions.own_name(&instance, &record), "odd");
    record.kind = MUSTER_KIND_MESSAGE;
    ck_assert_ptr_null(host_functions.own_name(&instance, &record));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("host");
    TCase *tcase = tcase_create("host");

    tcase_add_test(tcase, metrics_of_other_sizes);
    tcase_add_test(tcase, values_of_the_built_in_format);
    tcase_add_test(tcase, names_of_makers);
    suite_add_tcase(suite, tcase);
    return suite;
}
