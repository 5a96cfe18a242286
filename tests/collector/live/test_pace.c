/* SPDX-License-Identifier: MIT
 *
 * When a worker naps, and how long.
 */
#include <check.h>
#include <stdlib.h>

#include "collector/live/pace.h"
#include "common/runner.h"

enum { LARGE = 16 << 20, SMALL = 212992, LARGEST = 1472 }; /* bytes */

/* A line with that many datagrams a second for a second, looked at once a nap, or once a datagram.
 * Returns the last nap, and the most datagrams that one brought. */
static uint64_t play(uint32_t buffer, uint64_t rate, uint64_t *most)
{
    uint64_t now = 1000 * CLOCK_SECOND, end = now + CLOCK_SECOND, nap = 0, owed = 0;
    struct pace pace;

    *most = 0;
    pace_begin(&pace, buffer, LARGEST, now);
    while (now < end) {
        uint64_t step = nap > 0 ? nap : rate > 0 ? CLOCK_SECOND / rate : CLOCK_SECOND / 10, taken;

        now += step;
        owed += step * rate;
        taken = owed / CLOCK_SECOND;
        owed %= CLOCK_SECOND;
        if (nap > 0 && taken > *most)
            *most = taken;
        nap = pace_next(&pace, taken, now);
    }
    return nap;
}

START_TEST(a_quiet_line_is_served_at_once)
{
    uint64_t most;

    ck_assert_uint_eq(play(LARGE, 0, &most), 0);
    ck_assert_uint_eq(play(LARGE, 1, &most), 0);
    ck_assert_uint_eq(play(LARGE, 1000, &most), 0);
}
END_TEST

START_TEST(a_busy_line_is_napped_on)
{
    uint64_t most;

    ck_assert_uint_eq(play(LARGE, 3000, &most), PACE_NAP);
    ck_assert_uint_eq(play(LARGE, 20000, &most), PACE_NAP);
    ck_assert_uint_le(most, 41);
    ck_assert_uint_eq(play(LARGE, 500000, &most), PACE_NAP);
}
END_TEST

/* At a million datagrams a second half of it fills in a nap, however large they are. */
START_TEST(a_burst_fits_the_buffer)
{
    static const uint32_t sizes[] = {12, 16, 1472, 9000, 65507};
    struct pace pace;
    uint32_t buffer, i;

    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (buffer = 4096; buffer < 1 << 30; buffer = buffer * 3 / 2) {
            pace_begin(&pace, buffer, sizes[i], 0);
            ck_assert_uint_le(pace.longest_ns / 1000 * (sizes[i] + UINT64_C(1024)), buffer / 2);
            ck_assert_uint_le(pace.longest_ns, PACE_NAP);
        }
    }
    pace_begin(&pace, SMALL, LARGEST, 0); /* what the kernel gives by default: no naps */
    ck_assert_uint_eq(pace.longest_ns, 0);
}
END_TEST

START_TEST(a_line_becomes_quiet)
{
    struct pace pace;
    uint64_t now = 0, nap = 0;
    int i;

    pace_begin(&pace, LARGE, LARGEST, now);
    for (i = 0; i < 100; i++)
        nap = pace_next(&pace, 100, now += CLOCK_MILLISECOND);
    ck_assert_uint_eq(nap, PACE_NAP);
    for (i = 0; i < 10 && nap > 0; i++)
        nap = pace_next(&pace, 0, now += nap);
    ck_assert_uint_eq(nap, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pace");
    TCase *tcase = tcase_create("pace");

    tcase_add_test(tcase, a_quiet_line_is_served_at_once);
    tcase_add_test(tcase, a_busy_line_is_napped_on);
    tcase_add_test(tcase, a_burst_fits_the_buffer);
    tcase_add_test(tcase, a_line_becomes_quiet);
    suite_add_tcase(suite, tcase);
    return suite;
}
