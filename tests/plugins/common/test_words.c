/* SPDX-License-Identifier: MIT
 *
 * The words: all that the contract has, each once, and the same as the daemon's own.
 */
#include <check.h>
#include <string.h>

#include <muster/record.h>

#include "common/runner.h"
#include "common/words.h"
#include "wire/datagram.h"

static const struct {
    const struct word *(*word)(unsigned number);
    const char *words[22]; /* by number, NULL: none */
    unsigned count;
} lists[] = {
    {words_kind, {"message", "event", "reject"}, 3},
    {words_verdict,
     {"none", "unnumbered", "first", "new", "gap", "late", "duplicate", "restart", "outlier"},
     9},
    {words_event,
     {"none",        "gap-opened",  "gap-recovered",  "gap-lost",     "restart", "outlier",
      "device-new",  "device-late", "device-silent",  "device-back",  "no-data", "data-back",
      "never-heard", "two-senders", "gap-taken-back", NULL,           NULL,      NULL,
      NULL,          "forgotten",   "sink-dropped",   "rejected-more"},
     22},
    {words_outcome, {NULL, "open", "recovered", "lost", [14] = "taken-back"}, 15},
    {words_reject,
     {"too_short", "too_long", "unknown_type", "bad_payload", "source", "rate", "unknown_device",
      "no_format", "bad_length", "bad_check"},
     10},
    {words_drop, {NULL, "full", "given_up", "failed", "stop", "spill", "damaged"}, 7},
    {words_msg_type, {"heartbeat", "data", "init"}, 3},
    {words_value_type,
     {"none", "text", "integer", "real", "unsigned", "bool", "bytes", "real32"},
     8},
    {words_cause,
     {"network", "kernel", "collector", "collector-down", "restart", "checksum", "not-believable"},
     7},
};

START_TEST(words)
{
    size_t i;
    unsigned number;

    for (i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (number = 0; number < 300; number++) {
            const struct word *word = lists[i].word(number);
            const char *wanted = number < lists[i].count ? lists[i].words[number] : NULL;
            char text[WORDS_MAX];

            if (wanted == NULL) {
                ck_assert_msg(word == NULL, "list %zu, number %u", i, number);
                continue;
            }
            ck_assert_ptr_nonnull(word);
            ck_assert_str_eq(word->text, wanted);
            ck_assert_uint_eq(word->size, strlen(wanted));
            ck_assert_int_eq(words_copy(text, word) - text, (long)strlen(wanted));
            ck_assert_int_eq(memcmp(text, wanted, strlen(wanted)), 0);
        }
}
END_TEST

START_TEST(numbers_of_the_contract)
{
    ck_assert_str_eq(words_kind(MUSTER_KIND_REJECT)->text, "reject");
    ck_assert_str_eq(words_verdict(MUSTER_VERDICT_OUTLIER)->text, "outlier");
    ck_assert_str_eq(words_event(MUSTER_EVENT_DEVICE_BACK)->text, "device-back");
    ck_assert_str_eq(words_event(MUSTER_EVENT_NEVER_HEARD)->text, "never-heard");
    ck_assert_ptr_null(words_event(MUSTER_EVENT_OWN));
    ck_assert_str_eq(words_outcome(MUSTER_EVENT_GAP_LOST)->text, "lost");
    ck_assert_str_eq(words_msg_type(MUSTER_MSG_INIT)->text, "init");
    ck_assert_str_eq(words_value_type(MUSTER_VALUE_REAL)->text, "real");
    ck_assert_uint_eq(1u << (WORDS_CAUSES - 1), MUSTER_CAUSE_NOT_BELIEVABLE);
}
END_TEST

/* Plugins have none of src/, so both have the names of rejects. */
START_TEST(rejects_are_the_daemons)
{
    unsigned reason;

    for (reason = 0; reason < MUSTER_REJECT_REASONS; reason++)
        ck_assert_str_eq(words_reject(reason)->text, wire_reject_name(reason));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {words, numbers_of_the_contract, rejects_are_the_daemons};
    Suite *suite = suite_create("words");
    TCase *tcase = tcase_create("words");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
