/* SPDX-License-Identifier: MIT
 *
 * Words that select devices; tests/e2e/ctl_devices.py has what they mean for real ones.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collector/control/selection.h"
#include "common/runner.h"

static const struct muster_device_report heard = {.due = 200,
                                                  .have = 190,
                                                  .open = {4},
                                                  .lost = {[1] = 6},
                                                  .recovered = 3,
                                                  .duplicates = 2,
                                                  .late = 1,
                                                  .presence = MUSTER_PRESENCE_SILENT,
                                                  .heard_ns = 400 * CLOCK_SECOND,
                                                  .interval_ns = 30 * CLOCK_SECOND};

static struct facts facts_of(const struct muster_device_report *report)
{
    return (struct facts){.about = {.key = "4711", .name = "pump 7", .class_name = "node"},
                          .report = report,
                          .now_ns = 1000 * CLOCK_SECOND};
}

static const struct {
    const char *text;
    bool holds, holds_never_heard;
} good[] = {
    {"", true, true},
    {"   ", true, true},
    {"id=4711", true, true},
    {"  id=4711\tclass=node ", true, true},
    {"id=471", false, false},
    {"name=\"pump 7\"", true, true},
    {"\"name=pump 7\"", true, true},
    {"name~PUMP", true, true},
    {"place=", true, true},
    {"place!=\"\"", false, false},
    {"loss>4.9%", true, false},
    {"loss>5", false, false},
    {"loss>=5%", true, false},
    {"loss<=5", true, false},
    {"loss=5", true, false},
    {"loss!=5", false, false},
    {"silent>10m", false, false}, /* not longer */
    {"silent>599s", true, false},
    {"silent<1h silent>1s", true, false},
    {"interval=30s", true, false},
    {"silent", true, false},
    {"never-heard", false, true},
    {"presence!=never-heard", true, false},
    {"open=4 lost=6 have=190 due=200 recovered=3 duplicates=2 late=1 restarts=0", true, false},
    {"open=4 lost=7", false, false},
};

START_TEST(selects)
{
    const struct facts facts = facts_of(&heard), never = facts_of(NULL);
    struct selection selection;
    char why[SELECTION_WHY] = "";

    ck_assert_msg(selection_parse(&selection, good[_i].text, why) == 0, "%s: %s", good[_i].text,
                  why);
    ck_assert_msg(selection_has(&selection, &facts) == good[_i].holds, "%s", good[_i].text);
    ck_assert_msg(selection_has(&selection, &never) == good[_i].holds_never_heard, "%s",
                  good[_i].text);
}
END_TEST

static const struct {
    const char *text, *why;
} bad[] = {
    {"plaice=a", "did you mean \"place\"?"},
    {"slient", "did you mean \"silent\"?"},
    {"place", "says nothing; expected such as place=X"},
    {"loss", "says nothing"},
    {"=5", "unknown \"\""},
    {"loss=", "expected a percentage"},
    {"loss>-1", "expected a percentage"},
    {"loss>nan", "expected a percentage"},
    {"loss>1e999", "expected a percentage"},
    {"loss>5%%", "expected a percentage"},
    {"due>5%", "expected a number"},
    {"due~5", "before a number"},
    {"silent>10 m", "unknown \"m\""},
    {"silent>ten", "expected a whole number with ns"},
    {"silent~10m", "expected a whole number with ns"},
    {"id>4", "=, != or ~ before a text"},
    {"presence=gone", "online, late, silent or never-heard"},
    {"id==4", "expected =, !=, ~"},
    {"id=>4", "expected =, !=, ~"},
    {"name=\"pump", "a quote has no end"},
    {"a=1 a=1", "unknown \"a\""},
    {"id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1 id=1",
     "too many words"},
};

START_TEST(refuses)
{
    struct selection selection;
    char why[SELECTION_WHY] = "";

    ck_assert_int_eq(selection_parse(&selection, bad[_i].text, why), -1);
    ck_assert_msg(strstr(why, bad[_i].why) != NULL, "%s: %s", bad[_i].text, why);
}
END_TEST

START_TEST(too_long)
{
    struct selection selection;
    char text[SELECTION_TEXT + 1], why[SELECTION_WHY] = "";

    memset(text, 'x', sizeof text);
    text[SELECTION_TEXT] = '\0';
    ck_assert_int_eq(selection_parse(&selection, text, why), -1);
    ck_assert_msg(strstr(why, "too long") != NULL, "%s", why);
    text[SELECTION_TEXT - 1] = '\0';
    ck_assert_int_eq(selection_parse(&selection, text, why), -1);
    ck_assert_msg(strstr(why, "unknown") != NULL, "%s", why);
}
END_TEST

START_TEST(figures)
{
    struct selection selection;
    char why[SELECTION_WHY];

    ck_assert_int_eq(selection_parse(&selection, "id=1 name~a place=b class=c", why), 0);
    ck_assert_ptr_null(selection_figure(&selection));
    ck_assert_int_eq(selection_parse(&selection, "id=1 late>0", why), 0);
    ck_assert_str_eq(selection_figure(&selection), "late");
    ck_assert_int_eq(selection_parse(&selection, NULL, why), 0);
    ck_assert_ptr_null(selection_figure(&selection));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("selection");
    TCase *tc = tcase_create("selection");

    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, selects, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, too_long);
    tcase_add_test(tc, figures);
    return suite;
}
