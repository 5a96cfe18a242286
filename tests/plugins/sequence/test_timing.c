/* SPDX-License-Identifier: MIT
 *
 * Jitter, clock offset and drift of the filter "sequence": against the formula in double
 * precision, and against clocks whose error is known.
 */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/runner.h"
#include "sequence/timing.h"

#define START 1795350702.25 /* s */
#define DAY   86400.0
#define HOUR  3600.0
#define EPOCH ((double)TIMING_EPOCH_NS / 1e9)

/* In loops of millions: ck_assert tells where it is each time, which takes a while. */
static void expect(bool holds, const struct muster_record *record, const char *what)
{
    if (!holds)
        ck_abort_msg("not so: %s; jitter %u us, offset %d ms, drift %d +- %u ppb", what,
                     record->message.jitter_us, record->message.clock_offset_ms,
                     record->message.clock_drift_ppb, record->message.clock_drift_error_ppb);
}

/* ---- A device ------------------------------------------------------------------------- */

/* Its clock shows now + ahead + drift * (now - START). */
struct clock {
    double ahead, drift;
};

static double offset_at(const struct clock *clock, double now)
{
    return clock->ahead + clock->drift * (now - START);
}

/* A number from 0 to 1, without 1. */
static double uniform(void)
{
    return (double)rand() / ((double)RAND_MAX + 1);
}

static struct muster_record message(uint64_t arrival_ns, uint32_t timestamp)
{
    return (struct muster_record){.arrival_ns = arrival_ns,
                                  .device_time_ns = (int64_t)timestamp * 1000000000};
}

static uint32_t stamp(double seconds)
{
    return (uint32_t)(int64_t)floor(seconds);
}

/* A message sent now, that is under way for `delay`. */
static struct muster_record feed(struct timing *timing, const struct clock *clock, double now,
                                 double delay)
{
    struct muster_record record =
        message((uint64_t)((now + delay) * 1e9), stamp(now + offset_at(clock, now)));

    timing_message(timing, &record);
    return record;
}

/* A message every 6 s from then on, with stamps in any phase.  Returns the last. */
static struct muster_record run(struct timing *timing, const struct clock *clock, double from,
                                double to)
{
    struct muster_record record = {0};
    double now;

    for (now = from; now < to; now += 6 + uniform() - 0.5)
        record = feed(timing, clock, now, 0.01 + 0.01 * uniform());
    return record;
}

static void expect_bounds(const struct muster_record *record, double offset, double slack)
{
    double least = record->message.clock_offset_ms / 1e3;

    if (offset < least - slack || offset >= least + 1.001 + slack)
        ck_abort_msg("ahead by %.6f, not by %.3f to 1 s more", offset, least);
}

/* ---- Jitter --------------------------------------------------------------------------- */

START_TEST(jitter_as_in_the_rfc)
{
    int series, i;

    srand(3550);
    for (series = 0; series < 300; series++) {
        double spread = pow(10, -6 + 7.7 * uniform()); /* 1 us to 50 s */
        struct timing timing = {0};
        struct muster_record record, before = {0};
        double wanted = 0, transit;

        for (i = 0; i < 1000; i++) {
            double sent = START + 100.0 * i + uniform();

            record = message((uint64_t)((sent + spread * uniform()) * 1e9), stamp(sent));
            timing_message(&timing, &record);
            transit = (double)(int64_t)(record.arrival_ns - before.arrival_ns) / 1e9 -
                      (double)((record.device_time_ns - before.device_time_ns) / 1000000000);
            if (i > 0)
                wanted += (fabs(transit) - wanted) / 16;
            before = record;
            /* Each step rounds the transits' difference by less than 1 us and the sum by half of
             * that; 16 such errors add up, in sixteenths.  The result is rounded again. */
            expect(fabs(record.message.jitter_us / 1e6 - wanted) <= 2.1e-6, &record,
                   "the RFC's jitter");
        }
    }
}
END_TEST

START_TEST(known_jitter)
{
    struct timing timing = {0};
    struct muster_record record;
    double mean = 0;
    uint32_t i;

    for (i = 0; i < 1000; i++) { /* a constant rate, a constant delay */
        record = message((1795350702 + i) * UINT64_C(1000000000) + 1234567, 1795350702 + i);
        timing_message(&timing, &record);
        ck_assert_uint_eq(record.message.jitter_us, 0);
    }
    for (i = 0; i < 1000; i++) { /* every other is 10 ms late */
        record =
            message((1795360702 + i) * UINT64_C(1000000000) + i % 2 * 10000000, 1795360702 + i);
        timing_message(&timing, &record);
    }
    ck_assert_uint_eq(record.message.jitter_us, 10000);
    /* No delay, but stamps in any phase: the mean difference of two uniform numbers. */
    srand(1);
    for (i = 0; i < 200000; i++) {
        double now = START + 20000 + i * 5 + uniform();

        record = message((uint64_t)(now * 1e9), stamp(now));
        timing_message(&timing, &record);
        mean += i >= 1000 ? record.message.jitter_us / 1e6 / 199000 : 0;
    }
    ck_assert_double_eq_tol(mean, 1.0 / 3, 0.003);
}
END_TEST

/* ---- Clocks that are set -------------------------------------------------------------- */

START_TEST(clock_is_set)
{
    static const double steps[] = {
        86400 * 365.0 * 30, -86400 * 365.0 * 30, 3600, -3600, 60.5, -61.5};
    size_t i;

    srand(2);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct timing timing = {0};
        struct clock clock = {-7.3, 20e-6};
        struct muster_record record = run(&timing, &clock, START, START + DAY);
        uint32_t jitter;
        double now = START + DAY + 20, delay;

        ck_assert_uint_gt(record.message.clock_drift_error_ppb, 0);
        record = feed(&timing, &clock, now, 0.1);
        jitter = record.message.jitter_us;
        clock.ahead += steps[i];
        record = feed(&timing, &clock, now + 20, 0.1);
        ck_assert_uint_eq(record.message.jitter_us, jitter);
        /* One set back might be a message that was held up: the next one confirms it. */
        if (steps[i] < 0) {
            ck_assert_uint_gt(record.message.clock_drift_error_ppb, 0);
            record = feed(&timing, &clock, now + 40, 0.1);
            if (steps[i] < -1e6)
                ck_assert_uint_eq(record.message.jitter_us, jitter);
            ck_assert_uint_lt(record.message.jitter_us, jitter + 1000000 / 16);
        }
        ck_assert_uint_eq(record.message.clock_drift_error_ppb, 0);
        ck_assert_int_eq(record.message.clock_drift_ppb, 0);
        if (fabs(steps[i]) < 1e6)
            expect_bounds(&record, offset_at(&clock, now + 40), 0.101);
        else
            ck_assert_int_eq(record.message.clock_offset_ms, steps[i] < 0 ? -INT32_MAX : INT32_MAX);
        record = run(&timing, &clock, now + 60, now + 60 + HOUR);
        ck_assert_uint_gt(record.message.clock_drift_error_ppb, 0);

        /* The collector's clock is set, which looks the same. */
        jitter = record.message.jitter_us;
        delay = -steps[i] + (steps[i] < 0 ? 0.2 : -0.2);
        if (fabs(steps[i]) > 1e6)
            continue;
        record = feed(&timing, &clock, now + 2 * HOUR, delay);
        record = feed(&timing, &clock, now + 2 * HOUR, delay);
        ck_assert_uint_lt(record.message.jitter_us, jitter + 1000000 / 16);
        ck_assert_uint_eq(record.message.clock_drift_error_ppb, 0);
        expect_bounds(&record, offset_at(&clock, now + 2 * HOUR) - delay, 1e-3);
    }
}
END_TEST

/* A message that was held up for minutes tells nothing of the clock. */
START_TEST(held_up)
{
    struct timing timing = {0}, before;
    struct clock clock = {3, -30e-6};
    struct muster_record held, record;

    srand(3);
    record = run(&timing, &clock, START, START + DAY);
    before = timing;
    held = feed(&timing, &clock, START + DAY, 500);
    timing.transit = before.transit;
    ck_assert_int_eq(memcmp(&timing, &before, sizeof timing), 0);
    ck_assert_int_eq(held.message.clock_drift_ppb, record.message.clock_drift_ppb);
    ck_assert_int_eq(held.message.clock_offset_ms, record.message.clock_offset_ms);
    record = feed(&timing, &clock, START + DAY + 502, 0.01);
    ck_assert_uint_gt(record.message.clock_drift_error_ppb, 0);
    expect_bounds(&record, offset_at(&clock, START + DAY + 502), 0.05);
}
END_TEST

/* A clock that is set by seconds: at once if forward, after an epoch if back; in no case
 * does it show as drift. */
START_TEST(set_by_seconds)
{
    static const double steps[] = {4, -8, 20, -20, 55, -55};
    size_t i;

    srand(4);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct timing timing = {0};
        struct clock clock = {0.4, 10e-6};
        struct muster_record record = run(&timing, &clock, START, START + 5 * HOUR);

        ck_assert_uint_gt(record.message.clock_drift_error_ppb, 0);
        clock.ahead += steps[i];
        if (steps[i] > 0) {
            record = run(&timing, &clock, START + 5 * HOUR, START + 5 * HOUR + 1);
            ck_assert_uint_eq(record.message.clock_drift_error_ppb, 0);
            expect_bounds(&record, offset_at(&clock, START + 5 * HOUR), 0.021);
        }
        record = run(&timing, &clock, START + 5 * HOUR + 1, START + 5 * HOUR + 2.1 * EPOCH);
        expect_bounds(&record, offset_at(&clock, START + 6 * HOUR), 0.1);
        record = run(&timing, &clock, START + 7 * HOUR, START + 9 * HOUR);
        ck_assert_uint_gt(record.message.clock_drift_error_ppb,
                          60000); /* of four hours, not nine */
        ck_assert_double_eq_tol(record.message.clock_drift_ppb, 10e3,
                                record.message.clock_drift_error_ppb);
    }
}
END_TEST

/* The same while nothing is heard of the device: then at once, both ways. */
START_TEST(set_while_silent)
{
    static const double steps[] = {20, -20};
    size_t i;

    srand(11);
    for (i = 0; i < 3; i++) {
        struct timing timing = {0};
        struct clock clock = {0.4, -400e-6};
        struct muster_record record;

        run(&timing, &clock, START, START + 5 * HOUR);
        if (i < 2)
            clock.ahead += steps[i];
        record = feed(&timing, &clock, START + 7 * HOUR, 0.01);
        expect_bounds(&record, offset_at(&clock, START + 7 * HOUR), 0.011);
        if (i < 2)
            ck_assert_uint_eq(record.message.clock_drift_error_ppb, 0);
        else /* nobody has set it */
            ck_assert_uint_gt(record.message.clock_drift_error_ppb, 0);
    }
}
END_TEST

START_TEST(restart)
{
    struct timing timing = {0}, empty = {0};
    struct clock clock = {-1, 40e-6};
    struct muster_record record, shown = {.message.jitter_us = 1};

    srand(5);
    record = run(&timing, &clock, START, START + DAY);
    ck_assert_uint_gt(record.message.jitter_us, 0);
    timing_show(&timing, &shown);
    ck_assert_uint_eq(shown.message.jitter_us, record.message.jitter_us);
    ck_assert_int_eq(shown.message.clock_offset_ms, record.message.clock_offset_ms);
    ck_assert_int_eq(shown.message.clock_drift_ppb, record.message.clock_drift_ppb);
    ck_assert_uint_eq(shown.message.clock_drift_error_ppb, record.message.clock_drift_error_ppb);
    timing_restart(&timing);
    clock.ahead = 5; /* its clock was set: that shows neither as jitter nor in the offset */
    shown = feed(&timing, &clock, START + DAY + 20, 0.1);
    ck_assert_uint_eq(shown.message.jitter_us, record.message.jitter_us);
    ck_assert_uint_eq(shown.message.clock_drift_error_ppb, 0);
    ck_assert_int_eq(shown.message.clock_drift_ppb, 0);
    expect_bounds(&shown, offset_at(&clock, START + DAY + 20), 0.101);

    timing_show(&empty, &record); /* nothing is known */
    ck_assert_uint_eq(record.message.jitter_us, 0);
    ck_assert_uint_eq(record.marks & MUSTER_MARK_CLOCK_OFFSET, 0);
    ck_assert_uint_eq(record.message.clock_drift_error_ppb, 0);
    timing_restart(&empty);
    timing_message(&empty, &record);
    ck_assert_uint_eq(record.message.jitter_us, 0);
}
END_TEST

/* ---- Offset and drift ----------------------------------------------------------------- */

/* 2106-02-07 06:28:15 is the last second of a timestamp. */
START_TEST(timestamps_wrap)
{
    struct timing timing = {0};
    struct muster_record record;
    int64_t i;

    for (i = -3000; i < 3000; i++) {
        record =
            message((uint64_t)((INT64_C(1) << 32) + i) * 1000000000 + 250000000, (uint32_t)(i + 5));
        timing_message(&timing, &record);
        expect(record.message.jitter_us == 0 && record.message.clock_offset_ms == 4750 &&
                   record.message.clock_drift_ppb == 0,
               &record, "a clock that is right but for 4.75 s");
    }
    ck_assert_uint_gt(record.message.clock_drift_error_ppb, 0);
}
END_TEST

START_TEST(drift_is_found)
{
    struct timing timing = {0};
    struct clock clock = {100, 50e-6};
    struct muster_record record = {0};
    double now, known = 0;

    srand(6);
    for (now = START; now < START + 40 * DAY; now += 6 + uniform()) {
        double age = now - START;

        record = feed(&timing, &clock, now, 0.02 + 0.01 * uniform());
        expect_bounds(&record, offset_at(&clock, now), 0.09); /* the drift of two epochs */
        if (record.message.clock_drift_error_ppb == 0) {
            expect(age < 3.1 * EPOCH, &record, "after three epochs it is known");
            continue;
        }
        known = known > 0 ? known : age;
        /* Stamps in any phase: the least of 85 of them is worth more than the bound says. */
        expect(fabs(record.message.clock_drift_ppb - 50e3) <=
                   0.25 * record.message.clock_drift_error_ppb,
               &record, "50 ppm, rather well");
        /* 1 s over the time between; that runs to the least of the epoch before this one. */
        if (age > 4 * EPOCH && age < 7 * DAY)
            expect(record.message.clock_drift_error_ppb >= 1e9 / age &&
                       record.message.clock_drift_error_ppb <= 1.01e9 / (age - 3 * EPOCH),
                   &record, "1 s over the time");
        if (age > 7.1 * DAY) /* new bases: never worse than half a week */
            expect(record.message.clock_drift_error_ppb >= 1e9 / (7.1 * DAY) &&
                       record.message.clock_drift_error_ppb <= 1.01e9 / (3.5 * DAY),
                   &record, "1 s over half a week to a week");
    }
    ck_assert_double_gt(known, EPOCH);
}
END_TEST

/* A clock that changes its pace is followed. */
START_TEST(drift_changes)
{
    struct timing timing = {0};
    struct clock clock = {0, 30e-6};
    struct muster_record record;

    srand(7);
    run(&timing, &clock, START, START + 30 * DAY);
    clock.ahead = offset_at(&clock, START + 30 * DAY) + 10e-6 * 30 * DAY;
    clock.drift = -10e-6;
    record = run(&timing, &clock, START + 30 * DAY, START + 40 * DAY);
    ck_assert_double_eq_tol(record.message.clock_drift_ppb, -10e3,
                            record.message.clock_drift_error_ppb);
    ck_assert_double_le(record.message.clock_drift_error_ppb, 1.01e9 / (3.5 * DAY));
    expect_bounds(&record, offset_at(&clock, START + 40 * DAY), 0.05);
}
END_TEST

/* Whatever the phase of the stamps, the pace, and the loss: the bounds hold.  The phase of
 * most of these devices leaps from hour to hour, which is the worst for the drift. */
START_TEST(bounds_hold)
{
    enum { DEVICES = 3000, MESSAGES = 1500 };
    double worst = 0;
    int device, i;

    srand(8);
    for (device = 0; device < DEVICES; device++) {
        struct clock clock = {(uniform() - 0.5) * 1e5,
                              device % 3 == 0 ? 0 : (uniform() - 0.5) * 600e-6};
        double pace = 1 + 120 * uniform() * uniform();
        double delay = 0.02 * uniform(), spread = 0.02 * uniform();
        double loose = device % 2 == 0 ? 1 : 0.01, phase = uniform(), now = START;
        struct timing timing = {0};

        for (i = 0; i < MESSAGES; i++) {
            struct muster_record record;
            double shown, at;

            if (i % 100 == 0)
                phase = uniform();
            now += pace * (uniform() < 0.1 ? 20 * uniform() : 1);
            /* Sent when its clock is that much past a full second. */
            at = floor(now + offset_at(&clock, now)) + fmod(phase + loose * uniform(), 1) -
                 offset_at(&clock, now);
            record = feed(&timing, &clock, at, delay + spread * uniform());
            shown = record.message.clock_offset_ms / 1e3;
            /* The offset is that of the last two epochs and the silence before. */
            if (clock.drift == 0)
                expect(clock.ahead >= shown - 1e-6 && clock.ahead < shown + 1.001 + delay + spread,
                       &record, "the offset, without any slack");
            else
                expect_bounds(&record, offset_at(&clock, at),
                              fabs(clock.drift) * (2 * EPOCH + 3 * HOUR) + delay + spread);
            if (record.message.clock_drift_error_ppb > 0) {
                double error = fabs(record.message.clock_drift_ppb - clock.drift * 1e9) /
                               record.message.clock_drift_error_ppb;

                /* The second of the stamps, and what the network adds to it. */
                expect(error <= 1 + delay + spread, &record, "the drift, within its error");
                worst = fmax(worst, error);
            }
        }
    }
    ck_assert_double_gt(worst, 0.8); /* or the bound is not put to the test */
}
END_TEST

/* ---- Extremes ------------------------------------------------------------------------- */

START_TEST(saturation)
{
    struct clock clock = {-START, 50e-6}; /* a device that counts from 1970 */
    struct timing timing = {0};
    struct muster_record record;
    uint32_t i;

    srand(9);
    record = run(&timing, &clock, START, START + DAY);
    ck_assert_int_eq(record.message.clock_offset_ms, -INT32_MAX);
    ck_assert_double_eq_tol(record.message.clock_drift_ppb, 50e3,
                            record.message.clock_drift_error_ppb);
    ck_assert_uint_lt(record.message.clock_drift_error_ppb, 12000);
    timing_restart(&timing);
    clock.ahead = 40 * 365 * DAY;
    record = run(&timing, &clock, START, START + DAY);
    ck_assert_int_eq(record.message.clock_offset_ms, INT32_MAX);
    ck_assert_double_eq_tol(record.message.clock_drift_ppb, 50e3,
                            record.message.clock_drift_error_ppb);

    /* The most that is jitter, for ever: transits creep away, up and down. */
    for (i = 0; i < 20000; i++) {
        record = message(
            (i / 10000 == 0 ? 1000000 + i * UINT64_C(599) / 10 : 9000000 + i * UINT64_C(1)) *
                1000000000,
            i / 10000 == 0 ? 1000000 : 9000000 + i * 3);
        timing_message(&timing, &record);
        expect(record.message.jitter_us <= 60000000, &record, "jitter up to a minute");
    }
    /* A clock that is 2.5 times too fast, over an epoch and a bit. */
    timing = (struct timing){0};
    record = message(TIMING_EPOCH_NS * 3000 - (UINT64_C(3) << 30), 1000000);
    for (i = 0; i < 6000; i++) {
        record.arrival_ns += 100000000;
        record.device_time_ns = (int64_t)(1000000 + i * 35 / 100) * 1000000000;
        timing_message(&timing, &record);
    }
    ck_assert_int_eq(record.message.clock_drift_ppb, INT32_MAX);
    /* A nanosecond more, and it is ahead by a millisecond less. */
    timing = (struct timing){0};
    record = message(UINT64_C(1000250000001), 1000);
    timing_message(&timing, &record);
    ck_assert_int_eq(record.message.clock_offset_ms, -251);
    record = message(UINT64_C(1003250000000), 1003);
    timing_message(&timing, &record);
    ck_assert_int_eq(record.message.clock_offset_ms, -250);
    /* Years of a bad clock: its transit leaves what is kept of it. */
    timing = (struct timing){0};
    clock = (struct clock){0, -400e-6};
    for (i = 0; i < 100 * 144; i++) {
        record = feed(&timing, &clock, START + i * 600, 0.01);
        expect_bounds(&record, offset_at(&clock, START + i * 600), 0.6);
    }
}
END_TEST

/* Any messages at all: no sum overflows, as the sanitizer sees. */
START_TEST(nonsense)
{
    struct timing timing = {0};
    uint64_t arrival = 0, bits;
    uint32_t i, timestamp = 0;

    srand(10);
    for (i = 0; i < 3000000; i++) {
        struct muster_record record;

        bits = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
        if (i % 1000 == 0) {
            arrival = bits;
            timestamp = (uint32_t)rand() * 2;
        } else if (i % 3 == 0) {
            arrival += bits >> (rand() % 64);
        } else if (i % 7 == 0) {
            arrival -= bits >> (rand() % 64);
        } else {
            arrival += bits >> 27;
            timestamp += (uint32_t)rand() % 200;
        }
        if (i % 5000 == 0)
            timing_restart(&timing);
        record = message(i % 100000 == 0 ? UINT64_MAX : arrival, timestamp);
        timing_message(&timing, &record);
        expect(record.message.jitter_us <= 60000000, &record, "jitter up to a minute");
    }
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {
        jitter_as_in_the_rfc, known_jitter, clock_is_set,    held_up,        set_by_seconds,
        set_while_silent,     restart,      timestamps_wrap, drift_is_found, drift_changes,
        bounds_hold,          saturation,   nonsense};
    Suite *suite = suite_create("timing");
    TCase *tcase = tcase_create("timing");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
