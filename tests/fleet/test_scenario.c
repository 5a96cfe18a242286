/* SPDX-License-Identifier: MIT
 *
 * Reading scenarios: values, defaults, and what is said of what is wrong.
 */
#include <check.h>
#include <string.h>

#include "common/runner.h"
#include "scenes.h"

#define SECOND UINT64_C(1000000000)

START_TEST(defaults)
{
    struct scenario scenario;
    const struct scenario_group *group = &scenario.groups[0];

    scene_load(&scenario, "for: 10s\ndevices: { a: { count: 2 } }\n");
    ck_assert_uint_eq(scenario.length_ns, 10 * SECOND);
    ck_assert_uint_eq(scenario.seed, 1);
    ck_assert_uint_eq(scenario.group_count, 1);
    ck_assert_uint_eq(scenario.devices, 2);
    ck_assert_uint_eq(scenario.senders, 2);
    ck_assert_uint_eq(scenario.act_count, 0);
    ck_assert_uint_eq(scenario.ids[0], 101);
    ck_assert_uint_eq(scenario.ids[1], 102);
    ck_assert_str_eq(group->name, "a");
    ck_assert_ptr_null(group->from);
    ck_assert_uint_eq(group->interval_ns, 6 * SECOND);
    ck_assert_uint_eq(group->heartbeat_ns, 30 * SECOND);
    ck_assert_uint_eq(group->start_seq, 1);
    ck_assert_int_eq(group->form.payload, MESSAGE_TEXT);
    ck_assert_uint_eq(group->form.readings, 1);
    scenario_free(&scenario);
}
END_TEST

/* Of a declared format numbers may be wider, and readings are as it has them. */
START_TEST(a_format)
{
    struct scenario scenario;

    scene_load(&scenario,
               "for: 1s\nformat: rtp\ncatalog: c.yaml\n"
               "devices: { a: { count: 1, start: 4294967296, readings: 3 }, b: { count: 1 } }\n"
               "timeline: [ { at: 0, do: reboot, first: 18446744073709551615 } ]\n");
    ck_assert_str_eq(scenario.format, "rtp");
    ck_assert_str_eq(scenario.catalog, "c.yaml");
    ck_assert_uint_eq(scenario.groups[0].start_seq, UINT64_C(1) << 32);
    ck_assert_uint_eq(scenario.groups[0].readings, 3);
    ck_assert_uint_eq(scenario.groups[1].readings, 0);
    ck_assert_uint_eq(scenario.acts[0].number, UINT64_MAX);
    scenario_free(&scenario);
}
END_TEST

START_TEST(groups_and_ids)
{
    static const uint16_t ids[] = {101, 102, 7, 20, 21, 22, 65535, 0, 103};
    struct scenario scenario;

    scene_load(&scenario,
               "for: 1 m\nseed: 9\ndevices:\n"
               "  a: { count: 2, interval: 20ms, heartbeat: 0, start: 4294967295 }\n"
               "  b: { ids: [7, 20-22, '65535', 0], payload: u16, readings: 30, from: '::1' }\n"
               "  c: { count: 1 }\n");
    ck_assert_uint_eq(scenario.length_ns, 60 * SECOND);
    ck_assert_uint_eq(scenario.seed, 9);
    ck_assert_uint_eq(scenario.devices, 9);
    ck_assert_mem_eq(scenario.ids, ids, sizeof ids);
    ck_assert_uint_eq(scenario.groups[0].heartbeat_ns, 0);
    ck_assert_uint_eq(scenario.groups[0].start_seq, UINT32_MAX);
    ck_assert_uint_eq(scenario.groups[1].first, 2);
    ck_assert_uint_eq(scenario.groups[1].count, 6);
    ck_assert_int_eq(scenario.groups[1].form.payload, MESSAGE_U16);
    ck_assert_uint_eq(scenario.groups[1].form.readings, 30);
    ck_assert_str_eq(scenario.groups[1].from, "::1");
    ck_assert_uint_eq(scenario.groups[2].first, 8);
    scenario_free(&scenario);
}
END_TEST

START_TEST(acts)
{
    struct scenario scenario;
    const struct scenario_act *act;

    scene_load(&scenario,
               "for: 60s\ndevices: { a: { count: 3 }, b: { count: 2 }, c: { count: 1 } }\n"
               "timeline:\n"
               "  - { at: 1s, for: 2s, do: lose, share: 25%, what: data, group: b }\n"
               "  - { at: 0, do: stop }\n"
               "  - { at: 5s, do: reboot, group: [a, c] }\n"
               "  - { at: 5s, for: 3s, do: reboot, init: false, first: random }\n"
               "  - { at: 5s, do: share, group: b, first: 7 }\n"
               "  - { at: 5s, do: share, group: [a, b], from: 127.0.0.3, init: true }\n"
               "  - { at: 5s, do: strangers }\n"
               "  - { at: 5s, do: clock, offset: -2h, share: 0.5 }\n"
               "  - { at: 5s, do: segment }\n"
               "  - { at: 5s, do: broadcast, to: 10.0.0.255 }\n");
    ck_assert_uint_eq(scenario.act_count, 10);
    act = scenario.acts;
    ck_assert_int_eq(act->verb, SCENARIO_LOSE);
    ck_assert_uint_eq(act->at_ns, SECOND);
    ck_assert_uint_eq(act->end_ns, 3 * SECOND);
    ck_assert(act->share == 0.25);
    ck_assert_int_eq(act->what, SCENARIO_DATA);
    ck_assert_uint_eq(act->groups, 2);
    act++;
    ck_assert_uint_eq(act->at_ns, 0);
    ck_assert_uint_eq(act->end_ns, SCENARIO_END);
    ck_assert_uint_eq(act->groups, 7);
    act++;
    ck_assert_uint_eq(act->groups, 5);
    ck_assert_uint_eq(act->end_ns, act->at_ns);
    ck_assert(act->init && act->first == SCENARIO_START);
    act++;
    ck_assert_uint_eq(act->end_ns, 8 * SECOND);
    ck_assert(!act->init && act->first == SCENARIO_ANY);
    act++;
    ck_assert(!act->init && act->first == SCENARIO_GIVEN && act->number == 7);
    ck_assert_str_eq(act->from, "127.0.0.2");
    ck_assert_uint_eq(act->twins, 6);
    act++;
    ck_assert(act->init);
    ck_assert_str_eq(act->from, "127.0.0.3");
    ck_assert_uint_eq(act->twins, 8);
    ck_assert_uint_eq(scenario.senders, 13);
    act++;
    ck_assert_uint_eq(act->every_ns, 10 * NS_PER_MS);
    ck_assert_str_eq(act->from, "127.0.0.66");
    act++;
    ck_assert_int_eq(act->offset_ns, -7200 * (int64_t)SECOND);
    ck_assert(act->share == 0.5 && act->clock == SCENARIO_OFFSET);
    act++;
    ck_assert_uint_eq(act->count, 16);
    act++;
    ck_assert_str_eq(act->to, "10.0.0.255");
    scenario_free(&scenario);
}
END_TEST

#define HEAD "for: 9s\ndevices: { a: { count: 1 } }\ntimeline:\n"

/* The text, and a part of what is said of it, behind the file's name. */
static const struct {
    const char *text, *said;
} wrong[] = {
    {"", ":1:1: the file is nothing; expected a mapping"},
    {"- 1\n", ":1:1: the file is a list; expected a mapping"},
    {"a: [\n", "not valid YAML"},
    {"devices: { a: { count: 1 } }\n", ":1:1: a scenario needs \"for\""},
    {"for: 1s\n", "a scenario needs \"devices\""},
    {"for: 1s\ndevices: {}\n", ":2:10: devices: expected at least one group"},
    {"for: 1s\ndevices: [a]\n", "devices is a list; expected a mapping"},
    {"for: 0\ndevices: { a: { count: 1 } }\n", ":1:6: for: \"0\" cannot be; expected a duration"},
    {"for: -1s\ndevices: { a: { count: 1 } }\n", "for: \"-1s\" cannot be"},
    {"for: 1s\nfor: 2s\ndevices: { a: { count: 1 } }\n",
     ":2:1: \"for\" is given again; it is first on line 1"},
    {"for: 1s\ndevices: { a: 5 }\n", ":2:15: a group is a text; expected a mapping"},
    {"for: 1s\ndevices: { a: {} }\n", ":2:15: a group needs \"count\" or \"ids\", and not both"},
    {"for: 1s\ndevices: { a: { count: 1, ids: 3 } }\n", "and not both"},
    {"for: 1s\ndevices: { a: { count: 65536 } }\n", "count: ids would go beyond 65535"},
    {"for: 1s\ndevices: { a: { ids: 65536 } }\n", ":2:22: ids: 65536 cannot be"},
    {"for: 1s\ndevices: { a: { ids: 9-3 } }\n", "ids: 9-3 cannot be"},
    {"for: 1s\ndevices: { a: { ids: [1, -2] } }\n", ":2:26: ids: -2 cannot be"},
    {"for: 1s\ndevices: { a: { ids: [[1]] } }\n", "ids: a list cannot be"},
    {"for: 1s\ndevices: { a: { ids: 1-9 }, b: { ids: 5 } }\n",
     ":2:39: id 5 is in the group \"a\" on line 2 already"},
    {"for: 1s\ndevices: { a: { count: 1 }, a: { count: 1 } }\n", "group \"a\" is there again"},
    {"for: 1s\ndevices: { a: { count: 1, interval: 1us } }\n", "interval: \"1us\" cannot be"},
    {"for: 1s\ndevices: { a: { count: 1, heartbeat: 1us } }\n",
     "heartbeat: expected 1ms or longer"},
    {"for: 1s\ndevices: { a: { count: 1, readings: 2 } }\n", "expected \"payload: u16\" with it"},
    {"for: 1s\ndevices: { a: { count: 1, start: 4294967296 } }\n",
     ":2:34: start: expected a whole number from 0 to 4294967295"},
    {"for: 1s\nformat: rtp\ndevices: { a: { count: 1, payload: u16 } }\n",
     ":3:36: payload: it is of the built-in format"},
    {"for: 1s\nformat: ''\ndevices: { a: { count: 1 } }\n", "format: \"\" cannot be"},
    {"for: 1s\ndevices: { a: { count: 1, payload: u8 } }\n",
     "payload: \"u8\" cannot be; expected text or u16"},
    {"for: 1s\ndevices: { a: { count: 1, from: here } }\n", "expected an IP address"},
    {HEAD "  do: lose\n", ":4:3: timeline is a mapping; expected a list of acts"},
    {HEAD "  - lose\n", ":4:5: an act is a text; expected a mapping"},
    {HEAD "  - { at: 1s }\n", ":4:5: an act needs \"do\""},
    {HEAD "  - { do: lose }\n", ":4:5: lose needs \"at\""},
    {HEAD "  - { at: 1s, do: loose }\n", "do: \"loose\" cannot be; did you mean \"lose\"?"},
    {HEAD "  - { at: 1s, do: lose, by: 1s }\n", ":4:25: lose has no \"by\"; expected at, for, do"},
    {HEAD "  - { at: 1s, do: lose, share: 101% }\n", "expected a share from 0% to 100%"},
    {HEAD "  - { at: 1s, do: lose, what: init }\n", "what: \"init\" cannot be"},
    {HEAD "  - { at: 1s, do: stop, share: 5% }\n", "stop has no \"share\""},
    {HEAD "  - { at: 9s, do: stop }\n", "begins at 9s, when the scenario is over at 9s"},
    {HEAD "  - { at: 1s, do: stop, group: b }\n", ":4:32: there is no group \"b\"; expected a"},
    {HEAD "  - { at: 1s, do: stop, group: { a: 1 } }\n", "group is a mapping; expected the name"},
    {HEAD "  - { at: 1s, do: delay }\n", "delay needs \"by\""},
    {HEAD "  - { at: 1s, do: jitter, by: 2h }\n", "by: \"2h\" cannot be"},
    {HEAD "  - { at: 1s, do: reboot, init: perhaps }\n", "expected true or false"},
    {HEAD "  - { at: 1s, do: reboot, first: 4294967296 }\n", "first: \"4294967296\" cannot be"},
    {HEAD "  - { at: 1s, do: reboot, from: 127.0.0.1 }\n", "reboot has no \"from\""},
    {HEAD "  - { at: 1s, do: clock }\n", ":4:5: clock needs one of"},
    {HEAD "  - { at: 1s, do: clock, stop: true, zero: true }\n", "clock needs one of"},
    {HEAD "  - { at: 1s, do: clock, offset: soon }\n", "expected a duration of"},
    {HEAD "  - { at: 1s, do: strangers, group: a }\n", "strangers has no \"group\""},
    {HEAD "  - { at: 1s, do: strangers, every: 0 }\n", "every: \"0\" cannot be"},
    {HEAD "  - { at: 1s, do: burst }\n", "burst needs \"count\""},
    {HEAD "  - { at: 1s, do: segment, count: 65 }\n", "expected a whole number from 2 to 64"},
    {HEAD "  - { at: 1s, do: broadcast, to: everybody }\n", "expected an IP address"},
    {"for: 9s\ndevices: { a: { count: 60000, interval: 1ms } }\n"
     "timeline: [ { at: 1s, do: delay, by: 1s } ]\n",
     "datagrams under way; expected at most 4194304"},
};

START_TEST(what_is_wrong_is_said)
{
    struct problems problems = {0};
    struct scenario scenario;
    char said[4096] = "";
    FILE *file = fmemopen(said, sizeof said, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(scene_read(&scenario, wrong[_i].text, &problems), -1);
    problems_print(&problems, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_msg(strstr(said, wrong[_i].said) != NULL, "%s\nsays\n%s", wrong[_i].text, said);
    problems_free(&problems);
    scenario_free(&scenario);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {defaults, groups_and_ids, a_format, acts};
    Suite *suite = suite_create("scenario");
    TCase *tcase = tcase_create("scenario");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    tcase_add_loop_test(tcase, what_is_wrong_is_said, 0, (int)(sizeof wrong / sizeof *wrong));
    suite_add_tcase(suite, tcase);
    return suite;
}
