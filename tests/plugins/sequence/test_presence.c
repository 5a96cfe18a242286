/* SPDX-License-Identifier: MIT
 *
 * Presence alone: the limits of silence, and of DATA that is missed.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "sequence/listening.h"
#include "sequence/presence.h"

#define SECOND UINT64_C(1000000000)                  /* ns */
#define UNIT   (UINT64_C(1) << LISTENING_UNIT_SHIFT) /* ns */
#define EPOCH  (UINT64_C(1762534152) * SECOND)       /* when a test begins, by the wall clock */

/* ---- one device ----------------------------------------------------------------------- */

static struct contact contact;
static struct habits habits;

static void forget_device(void)
{
    memset(&contact, 0, sizeof contact);
    memset(&habits, 0, sizeof habits);
}

static struct presence_news hear(uint32_t at, uint32_t resumed, uint8_t type)
{
    const struct muster_record record = {
        .msg_type = type, .device_time_ns = (int64_t)at * 1000000000, .readings = 1};
    const struct listening_moment moment = {EPOCH + at * UNIT, at, resumed, 0};

    return presence_heard(&contact, &habits, &record, &moment, 3);
}

static enum presence hear_at(uint32_t at, uint8_t type)
{
    return hear(at, habits.heartbeat_at, type).before;
}

static enum presence judge(uint32_t now, uint32_t resumed, uint32_t after)
{
    enum presence before = (enum presence)contact.presence, presence;
    uint32_t due = presence_due(&contact, &habits, now, resumed, after);

    presence = presence_judge(&contact, &habits, now, resumed, after);
    /* It said so before, and not too early. */
    ck_assert(due > 0 || presence != before);
    ck_assert(due == 0 || presence == before);
    return presence;
}

START_TEST(limits)
{
    static const uint32_t intervals[] = {1, 2, 3, 15, 448, 53644, INT32_MAX / 8};
    static const uint32_t afters[] = {2, 3, 7};
    size_t i, j;

    for (i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        for (j = 0; j < sizeof afters / sizeof afters[0]; j++) {
            uint32_t n = intervals[i], after = afters[j], late = n + n / 2;
            uint32_t silent = n * after + n / 2, heard = 1000;

            forget_device();
            habits.interval = n;
            ck_assert_int_eq(hear_at(heard, MUSTER_MSG_DATA), PRESENCE_ONLINE);
            ck_assert_int_eq(judge(heard, contact.heard_at, after), PRESENCE_ONLINE);
            ck_assert_int_eq(judge(heard + late, contact.heard_at, after), PRESENCE_ONLINE);
            ck_assert_int_eq(judge(heard + late + 1, contact.heard_at, after), PRESENCE_LATE);
            ck_assert_int_eq(judge(heard + silent, contact.heard_at, after), PRESENCE_LATE);
            ck_assert_int_eq(judge(heard + silent + 1, contact.heard_at, after), PRESENCE_SILENT);
            ck_assert_int_eq(contact.presence, PRESENCE_SILENT);
            ck_assert_int_eq(hear_at(heard + silent + 2, MUSTER_MSG_DATA), PRESENCE_SILENT);
            ck_assert_int_eq(contact.presence, PRESENCE_ONLINE);
            ck_assert_uint_eq(contact.heard_ns, EPOCH + (heard + silent + 2) * UNIT);
            ck_assert_int_eq(judge(heard + silent + 3, contact.heard_at, after), PRESENCE_ONLINE);
            /* Both at once. */
            ck_assert_int_eq(judge(heard + 2 * silent + 3, contact.heard_at, after),
                             PRESENCE_SILENT);
        }
    }
}
END_TEST

START_TEST(no_interval_is_never_late)
{
    forget_device();
    hear_at(0, MUSTER_MSG_DATA);
    ck_assert_int_eq(judge(INT32_MAX, contact.heard_at, 2), PRESENCE_ONLINE);
}
END_TEST

/* What came after the clock was read is no silence of many years. */
START_TEST(heard_after_the_look)
{
    forget_device();
    habits.interval = 10;
    hear_at(100, MUSTER_MSG_DATA);
    ck_assert_int_eq(judge(99, contact.heard_at, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(judge(70, contact.heard_at, 3), PRESENCE_ONLINE);
}
END_TEST

START_TEST(the_listening_clock_wraps)
{
    uint32_t at = UINT32_MAX - 800, i;

    forget_device();
    for (i = 0; i < 3; i++, at += 448)
        hear_at(at, MUSTER_MSG_HEARTBEAT);
    at -= 448;
    ck_assert_uint_eq(habits.interval, 448);
    ck_assert_uint_lt(at, 1000);
    ck_assert_int_eq(judge(at + 672, contact.heard_at, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(judge(at + 673, contact.heard_at, 3), PRESENCE_LATE);
    forget_device();
    habits.interval = 448;
    contact.heard_at = UINT32_MAX - 100;
    hear_at(UINT32_MAX - 5, MUSTER_MSG_DATA);
    ck_assert_int_eq(judge(666, contact.heard_at, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(judge(667, contact.heard_at, 3), PRESENCE_LATE);
    ck_assert_int_eq(judge(1568 - 6, contact.heard_at, 3), PRESENCE_LATE);
    ck_assert_int_eq(judge(1569 - 6, contact.heard_at, 3), PRESENCE_SILENT);
}
END_TEST

START_TEST(the_catalog_goes_first)
{
    uint32_t i;

    forget_device();
    for (i = 0; i < 5; i++)
        hear_at(i * 100, MUSTER_MSG_HEARTBEAT);
    ck_assert_uint_eq(habits.interval, 100);
    presence_configure(&habits, 0, 0);
    ck_assert_uint_eq(habits.interval, 100); /* learnt, and stays */
    presence_configure(&habits, 30 * SECOND, 0);
    ck_assert_uint_ge(habits.interval * UNIT, 30 * SECOND);
    ck_assert_uint_le(habits.interval * UNIT, 30 * SECOND + UNIT);
    for (i = 5; i < 20; i++)
        hear_at(i * 100, MUSTER_MSG_HEARTBEAT);
    ck_assert_uint_ge(habits.interval * UNIT, 30 * SECOND); /* nothing is learnt */
    presence_configure(&habits, 1, 0);
    ck_assert_uint_eq(habits.interval, 1);
    presence_configure(&habits, UINT64_MAX, 0);
    ck_assert_uint_ge(habits.interval * UNIT, 180 * 86400 * SECOND);
    hear_at(5000, MUSTER_MSG_DATA);
    ck_assert_int_eq(judge(5000 + INT32_MAX / 8, contact.heard_at, 1000), PRESENCE_ONLINE);
    presence_configure(&habits, 0, 0);
    ck_assert_uint_eq(habits.interval, 0); /* it was the catalog's */
}
END_TEST

/* ---- breaks ------------------------------------------------------------------------- */

/* A heartbeat may have fallen into a break: silence counts from its end. */
START_TEST(a_break_excuses_a_heartbeat)
{
    forget_device();
    presence_configure(&habits, 30 * SECOND, 0);
    hear_at(1000, MUSTER_MSG_HEARTBEAT);
    ck_assert_int_eq(judge(1000 + 673, 1000 + 300, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(judge(1300 + 672, 1000 + 300, 3), PRESENCE_ONLINE);
    ck_assert_int_eq(judge(1300 + 673, 1000 + 300, 3), PRESENCE_LATE);
}
END_TEST

/* ---- DATA that is missed ---------------------------------------------------------------- */

static void expect_data(void)
{
    forget_device();
    presence_configure(&habits, 100 * UNIT - 1, 20 * UNIT - 1);
    ck_assert_uint_eq(habits.interval, 100);
    ck_assert_uint_eq(habits.data_interval, 20);
}

static void begin_at(uint32_t at)
{
    const struct listening_moment moment = {EPOCH + at * UNIT, at, 0, 0};

    presence_begin(&contact, &habits, &moment);
}

/* Told with the heartbeat that shows it: nobody knows before that it is only the DATA. */
START_TEST(data_ends)
{
    struct presence_news news;

    expect_data();
    begin_at(1000);
    ck_assert(!hear(1000, 0, MUSTER_MSG_DATA).no_data);
    ck_assert(!hear(1020, 0, MUSTER_MSG_DATA).no_data);
    ck_assert(!hear(1090, 0, MUSTER_MSG_HEARTBEAT).no_data); /* 3 intervals and a half */
    news = hear(1091, 0, MUSTER_MSG_HEARTBEAT);
    ck_assert(news.no_data);
    ck_assert_uint_eq(news.data_ns, EPOCH + 1020 * UNIT);
    ck_assert(!hear(1191, 0, MUSTER_MSG_HEARTBEAT).no_data); /* once */
    news = hear(1200, 0, MUSTER_MSG_DATA);
    ck_assert(news.has_data && !news.no_data);
    ck_assert_uint_eq(news.data_ns, EPOCH + 1020 * UNIT);
    ck_assert(!hear(1201, 0, MUSTER_MSG_DATA).has_data);
    ck_assert(!hear(1220, 0, MUSTER_MSG_HEARTBEAT).no_data);
}
END_TEST

START_TEST(data_never_comes)
{
    struct presence_news news;

    expect_data();
    begin_at(1000);
    ck_assert(!hear(1000, 0, MUSTER_MSG_INIT).no_data);
    ck_assert(!hear(1070, 0, MUSTER_MSG_HEARTBEAT).no_data);
    news = hear(1071, 0, MUSTER_MSG_HEARTBEAT);
    ck_assert(news.no_data);
    ck_assert_uint_eq(news.data_ns, EPOCH + 1000 * UNIT);
}
END_TEST

/* Who was silent begins with a heartbeat, and has time for the DATA; what nobody listened to does
 * not count. */
START_TEST(data_is_excused)
{
    struct presence_news news;

    expect_data();
    begin_at(1000);
    hear(1000, 0, MUSTER_MSG_DATA);
    ck_assert_int_eq(judge(1400, 0, 3), PRESENCE_SILENT);
    news = hear(1500, 0, MUSTER_MSG_HEARTBEAT);
    ck_assert(news.before == PRESENCE_SILENT && !news.no_data);
    ck_assert(!hear(1570, 0, MUSTER_MSG_HEARTBEAT).no_data);
    news = hear(1571, 0, MUSTER_MSG_HEARTBEAT);
    ck_assert(news.no_data);
    ck_assert_uint_eq(news.data_ns, EPOCH + 1000 * UNIT);
    hear(1600, 0, MUSTER_MSG_DATA);
    ck_assert(!hear(1680, 1610, MUSTER_MSG_HEARTBEAT).no_data); /* a break until 1610 */
    ck_assert(hear(1681, 1610, MUSTER_MSG_HEARTBEAT).no_data);
}
END_TEST

/* Another listener's clock is ahead: what was heard before is moved with it. */
START_TEST(heard_by_another_listener)
{
    expect_data();
    begin_at(1000);
    hear(1000, 0, MUSTER_MSG_DATA);
    hear(1010, 0, MUSTER_MSG_HEARTBEAT);
    presence_move(&contact, &habits, 1, 5000);
    ck_assert_uint_eq(contact.ear, 1);
    ck_assert_int_eq(judge(6010 + 150, 0, 3), PRESENCE_ONLINE);
    ck_assert(!hear(6070, 0, MUSTER_MSG_HEARTBEAT).no_data);
    ck_assert(hear(6071, 0, MUSTER_MSG_HEARTBEAT).no_data);
    presence_move(&contact, &habits, 0, (uint32_t)-5000);
    ck_assert_int_eq(judge(1071 + 151, 0, 3), PRESENCE_LATE);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const cases[] = {limits,
                                  no_interval_is_never_late,
                                  heard_after_the_look,
                                  the_listening_clock_wraps,
                                  the_catalog_goes_first,
                                  a_break_excuses_a_heartbeat,
                                  data_ends,
                                  data_never_comes,
                                  data_is_excused,
                                  heard_by_another_listener};
    Suite *suite = suite_create("presence");
    TCase *tests = tcase_create("presence");
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tcase_add_test(tests, cases[i]);
    suite_add_tcase(suite, tests);
    return suite;
}
