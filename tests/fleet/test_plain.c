/* SPDX-License-Identifier: MIT
 *
 * The end of a report in plain words.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/runner.h"
#include "fleet/plain.h"

static void expect_words(const struct report *report, const char *wanted)
{
    char text[2048] = "";
    FILE *file = fmemopen(text, sizeof text, "w");

    ck_assert_ptr_nonnull(file);
    plain_print(file, report);
    fclose(file);
    ck_assert_str_eq(text, wanted);
}

START_TEST(nothing_lost)
{
    const struct report report = {.figures = {.sent = 124, .expect.records = 130}};

    expect_words(&report,
                 "124 sent, 130 rows for a collector that misses nothing. Nothing was lost.\n");
}
END_TEST

START_TEST(everything_lost)
{
    const struct report report = {
        .figures = {.sent = 100,
                    .unsent = 4,
                    .withheld =
                        {[MUSTER_MSG_INIT] = 1, [MUSTER_MSG_HEARTBEAT] = 2, [MUSTER_MSG_DATA] = 30},
                    .expect = {.records = 99, .lost = 25, .invisible = 5}},
        .refused = 6,
        .unreachable = 7,
    };

    expect_words(
        &report,
        "100 sent, 99 rows for a collector that misses nothing. Lost: 25 numbers that\n"
        "were withheld, which it must tell as lost; 5 numbers that were withheld before a\n"
        "session's first or after its last, which it cannot know of; 3 messages without a\n"
        "number that were withheld, which it cannot know of; 4 that were still to be\n"
        "sent, since the play was cut off; 6 that came back, since nobody listens there;\n"
        "7 that came back as undeliverable.\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("plain");
    TCase *words = tcase_create("words");

    tcase_add_test(words, nothing_lost);
    tcase_add_test(words, everything_lost);
    suite_add_tcase(suite, words);
    return suite;
}
