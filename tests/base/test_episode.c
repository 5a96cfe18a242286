/* SPDX-License-Identifier: MIT
 *
 * A counter's troubles, by when they begin, last and end.
 */
#include "base/episode.h"

#include "common/runner.h"

static struct episode episode;

static enum episode_news look(uint64_t total, unsigned seconds, enum episode_end end)
{
    return episode_look(&episode, total,
                        (struct episode_moment){.monotonic = (100 + seconds) * CLOCK_SECOND,
                                                .wall = (5000 + seconds) * CLOCK_SECOND},
                        end);
}

START_TEST(it_begins_and_ends_with_a_sum)
{
    episode = (struct episode){0};
    ck_assert_int_eq(look(0, 0, EPISODE_RESTS), EPISODE_QUIET);
    ck_assert_int_eq(look(0, 1, EPISODE_RESTS), EPISODE_QUIET);
    ck_assert_int_eq(look(7, 2, EPISODE_RESTS), EPISODE_BEGAN);
    ck_assert_int_eq(look(9, 3, EPISODE_RESTS), EPISODE_QUIET);
    ck_assert_int_eq(look(9, 7, EPISODE_RESTS), EPISODE_QUIET);
    ck_assert_int_eq(look(9, 8, EPISODE_RESTS), EPISODE_ENDED);
    ck_assert_uint_eq(episode.count, 9);
    ck_assert_uint_eq(episode.since, 5001 * CLOCK_SECOND); /* it was still well then */
    ck_assert_uint_eq(episode.until, 5003 * CLOCK_SECOND);
    ck_assert_int_eq(look(9, 9, EPISODE_RESTS), EPISODE_QUIET);
    ck_assert_int_eq(look(10, 10, EPISODE_RESTS), EPISODE_BEGAN);
    ck_assert_uint_eq(episode.count, 1);
}
END_TEST

START_TEST(it_is_said_each_minute_that_it_lasts)
{
    uint64_t total = 0, said = 0;
    unsigned second;

    episode = (struct episode){0};
    for (second = 0; second < 200; second++) {
        enum episode_news news = look(++total, second, EPISODE_RESTS);

        if (news == EPISODE_LASTS) {
            said++;
            ck_assert_uint_eq(second % 60, 0);
            ck_assert_uint_eq(episode.count, total);
            ck_assert_uint_eq(episode.recent, second == 60 ? 61 : 60);
        } else {
            ck_assert_int_eq(news, second == 0 ? EPISODE_BEGAN : EPISODE_QUIET);
        }
    }
    ck_assert_uint_eq(said, 3);
}
END_TEST

START_TEST(it_is_not_over_while_its_cause_lasts)
{
    unsigned second;

    episode = (struct episode){0};
    ck_assert_int_eq(look(3, 0, EPISODE_GOES_ON), EPISODE_BEGAN);
    ck_assert_int_eq(look(4, 1, EPISODE_GOES_ON), EPISODE_QUIET);
    for (second = 2; second < 60; second++)
        ck_assert_int_eq(look(4, second, EPISODE_GOES_ON), EPISODE_QUIET);
    ck_assert_int_eq(look(4, 60, EPISODE_GOES_ON), EPISODE_LASTS);
    ck_assert_int_eq(look(4, 120, EPISODE_GOES_ON), EPISODE_QUIET); /* nothing new to say */
    ck_assert_int_eq(look(4, 121, EPISODE_RESTS), EPISODE_ENDED);
}
END_TEST

START_TEST(at_the_end_what_is_open_ends)
{
    episode = (struct episode){0};
    ck_assert_int_eq(look(0, 0, EPISODE_LAST), EPISODE_QUIET);
    ck_assert_int_eq(look(3, 1, EPISODE_LAST), EPISODE_BEGAN);
    ck_assert_int_eq(look(3, 1, EPISODE_LAST), EPISODE_ENDED);
    ck_assert_int_eq(look(3, 1, EPISODE_LAST), EPISODE_QUIET);
}
END_TEST

START_TEST(a_span_is_as_short_as_it_can_be)
{
    char text[EPISODE_SPAN];

    episode = (struct episode){.since = 3600 * CLOCK_SECOND, .until = 3661 * CLOCK_SECOND};
    ck_assert_str_eq(episode_span(&episode, text), "from 01:00:00Z to 01:01:01Z");
    episode.until = episode.since + 1;
    ck_assert_str_eq(episode_span(&episode, text), "at 01:00:00Z");
    episode.until = 90000 * CLOCK_SECOND;
    ck_assert_str_eq(episode_span(&episode, text),
                     "from 1970-01-01 01:00:00Z to 1970-01-02 01:00:00Z");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("episode");
    TCase *cases = tcase_create("episode");

    tcase_add_test(cases, it_begins_and_ends_with_a_sum);
    tcase_add_test(cases, it_is_said_each_minute_that_it_lasts);
    tcase_add_test(cases, it_is_not_over_while_its_cause_lasts);
    tcase_add_test(cases, at_the_end_what_is_open_ends);
    tcase_add_test(cases, a_span_is_as_short_as_it_can_be);
    suite_add_tcase(suite, cases);
    return suite;
}
