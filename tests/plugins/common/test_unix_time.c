/* SPDX-License-Identifier: MIT
 *
 * Times as text, whatever second is kept from the time before.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "common/unix_time.h"

static void expect(struct unix_time *kept, uint64_t ns)
{
    char text[UNIX_TIME_MICROS_MAX + 1], wanted[64];

    *unix_time_micros(text, ns, kept) = '\0';
    snprintf(wanted, sizeof wanted, "%" PRIu64 ".%06" PRIu64, ns / UNIX_TIME_NS,
             ns % UNIX_TIME_NS / 1000);
    if (strcmp(text, wanted) != 0)
        ck_abort_msg("%s became %s", wanted, text);
    *unix_time_seconds(text, ns, kept) = '\0';
    *strchr(wanted, '.') = '\0';
    if (strcmp(text, wanted) != 0)
        ck_abort_msg("%s became %s", wanted, text);
}

START_TEST(edges)
{
    static const uint64_t times[] = {0,
                                     1,
                                     UNIX_TIME_NS - 1,
                                     UNIX_TIME_NS,
                                     UNIX_TIME_NS + 999,
                                     UNIX_TIME_NS + 1000,
                                     0,
                                     UINT64_MAX,
                                     UINT64_MAX - UNIX_TIME_NS,
                                     10 * UNIX_TIME_NS,
                                     9 * UNIX_TIME_NS + 999999999};
    struct unix_time kept = {0};
    size_t i;

    for (i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct unix_time none = {0};

        expect(&kept, times[i]);
        expect(&none, times[i]);
    }
}
END_TEST

START_TEST(any_order)
{
    struct unix_time kept = {0};
    uint64_t ns = 1762534152 * UNIX_TIME_NS;
    int i;

    random_seed(1970);
    for (i = 0; i < 200000; i++) {
        if (one_in(1000))
            ns = random_u64() >> below(64);
        ns += below(UINT32_MAX) - below(UINT32_MAX);
        expect(&kept, ns);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("unix time");
    TCase *tcase = tcase_create("unix time");

    tcase_add_test(tcase, edges);
    tcase_add_test(tcase, any_order);
    suite_add_tcase(suite, tcase);
    return suite;
}
