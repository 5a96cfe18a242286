/* SPDX-License-Identifier: MIT
 *
 * Jitter, clock offset and drift of one device.
 *
 * Let the device's clock be ahead by o when it stamps a message with whole seconds, cut by f
 * (0 to 1 s), and let the message be under way for n.  Then transit = n + f - o, so each
 * message says o >= -transit, and the one of the least transit says it best: as the clock
 * filter of NTP (RFC 5905, section 10) takes the sample of the least delay.
 *
 * A clock that is set shows in the transit.  One that falls at once by more than the cut was
 * set forward.  One that rises may be a delay: a minute or more is believed of two messages in
 * a row, a few seconds of an epoch.
 */
#include "timing.h"

#include <assert.h>
#include <stdbool.h>

#define US_PER_SECOND 1000000

enum {
    TIME_SHIFT = 30,                /* a unit of time is 2^30 ns, 1.07 s */
    EPOCH_SHIFT = 9,                /* and an epoch is 2^9 of these */
    HOUR_UNITS = 3353,              /* a silence after which what was before is no longer shown */
    BASE_UNITS = 563263,            /* 7 days: then the drift is counted from a new base */
    LEAP = 60 * US_PER_SECOND,      /* such a change of transit is no jitter */
    STEADY = 2 * US_PER_SECOND,     /* least transits differ by the cut, 1 s, and some delay */
    STEADY_UNIT = 537,              /* and by 500 ppm of drift: us in a unit of time */
    SET_BACK = 5 * US_PER_SECOND,   /* the same for all that `shown` may be old */
    FARTHEST = 2000 * US_PER_SECOND /* transits from `origin`, so that they fit */
};

_Static_assert(TIMING_EPOCH_NS == UINT64_C(1) << (TIME_SHIFT + EPOCH_SHIFT), "an epoch");
_Static_assert(SET_BACK > STEADY + (HOUR_UNITS + (2 << EPOCH_SHIFT)) * STEADY_UNIT,
               "the epoch before the last, and an hour of silence in between");

static int32_t saturated(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : value < -INT32_MAX ? -INT32_MAX : (int32_t)value;
}

/* How far apart least transits may be, that many units of time apart, of a clock that was not
 * set in between. */
static int64_t steady(int32_t units)
{
    return STEADY + (units > 0 ? units * (int64_t)STEADY_UNIT : 0);
}

/* Nothing but the jitter and this message is known. */
static void begin(struct timing *timing, uint32_t seconds, int32_t us, uint32_t time)
{
    *timing = (struct timing){.origin = seconds,
                              .jitter = timing->jitter,
                              .transit = us,
                              .least = us,
                              .least_time = time,
                              .shown = us};
}

/* From the base to the epoch that has ended.  Both least transits are too large by the cut, so
 * their difference is wrong by less than a second.  The rest of the error bound is what times
 * and transits are rounded by. */
static void find_drift(struct timing *timing, int32_t span)
{
    const double unit = (double)(UINT64_C(1) << TIME_SHIFT) / 1e3; /* us */
    double gained = (double)timing->base - (double)timing->least;  /* us */
    double drift = gained / (span * unit) * 1e9;
    double error =
        (US_PER_SECOND + 1 + (gained < 0 ? -gained : gained) / span) / ((span - 1) * unit) * 1e9;
    uint32_t bound = (uint32_t)error + 1;

    assert(span >= 1 << EPOCH_SHIFT);
    /* Counted from a new base it is poor at first: then what was found from the one before
     * stays, until the span is half as long. */
    if (timing->drift_error != 0 && bound > timing->drift_error && span < BASE_UNITS / 2)
        return;
    timing->drift = saturated((int64_t)(drift < 0 ? drift - 0.5 : drift + 0.5));
    timing->drift_error = bound;
}

static void end_epoch(struct timing *timing)
{
    int32_t span = (int32_t)(timing->least_time - timing->base_time);

    if (timing->least - (int64_t)timing->shown > SET_BACK) {
        timing->drift = 0;
        timing->drift_error = 0;
        timing->base_time = 0;
    }
    if (timing->base_time != 0 && span >= 1 << EPOCH_SHIFT)
        find_drift(timing, span);
    if (timing->base_time == 0 || span >= BASE_UNITS) {
        timing->base = timing->least;
        timing->base_time = timing->least_time;
    }
}

/* A message of the clock as it is known, `silence` units after the least transit of the epoch. */
static void take(struct timing *timing, int32_t transit, uint32_t time, int32_t silence)
{
    assert(transit >= -FARTHEST && transit <= FARTHEST);
    if ((time ^ timing->least_time) >> EPOCH_SHIFT != 0) {
        end_epoch(timing);
        timing->shown = silence > HOUR_UNITS ? transit : timing->least;
        timing->least = transit;
        timing->least_time = time;
    } else if (transit < timing->least) {
        timing->least = transit;
        timing->least_time = time;
    }
    if (transit < timing->shown)
        timing->shown = transit;
}

/* RFC 3550, section 6.4.1: J += (|D| - J) / 16; in integers as in its appendix A.8, which
 * keeps 16 times the sum. */
static void add_jitter(struct timing *timing, int64_t change)
{
    timing->jitter += (uint32_t)(change < 0 ? -change : change) - ((timing->jitter + 8) >> 4);
}

/* Out of line, so that the usual message does not save and restore registers for it. */
__attribute__((noinline)) static void take_news(struct timing *timing, uint32_t seconds, int32_t us,
                                                uint32_t time)
{
    int64_t transit = (int64_t)(int32_t)(seconds - timing->origin) * US_PER_SECOND + us;
    int64_t above = transit - timing->shown;
    int64_t change = saturated(transit) - (int64_t)timing->transit;
    int32_t silence = (int32_t)(time - timing->least_time);
    bool is_leap = change >= LEAP || change <= -LEAP;
    bool is_far = transit > FARTHEST || transit < -FARTHEST;

    assert(us >= 0 && us <= US_PER_SECOND);
    if (timing->least_time == 0) {
        begin(timing, seconds, us, time);
        return;
    }
    if (!is_leap && !is_far)
        add_jitter(timing, change);
    timing->transit = saturated(transit);
    if (above >= LEAP && is_leap)
        ; /* held up, or the clock was set back: the next one tells */
    else if (above >= LEAP || above < -steady(silence) ||
             (silence > HOUR_UNITS && above > steady(silence)) || is_far)
        begin(timing, seconds, us, time);
    else
        take(timing, (int32_t)transit, time, silence);
}

/* A message that is no news: of the running epoch, and no faster than the fastest of it.  Most are
 * that.  Returns whether it was one. */
static bool take_usual(struct timing *timing, uint32_t seconds, int32_t us, uint32_t time)
{
    const uint32_t farthest = FARTHEST / US_PER_SECOND / 2; /* so that differences fit */
    uint32_t away = seconds - timing->origin;
    int32_t transit, change;

    if (away + farthest >= 2 * farthest || timing->least_time == 0 ||
        (time ^ timing->least_time) >> EPOCH_SHIFT != 0)
        return false;
    transit = (int32_t)away * US_PER_SECOND + us;
    if (transit < timing->least || transit >= (int64_t)timing->shown + LEAP ||
        timing->transit < -FARTHEST / 2 || timing->transit > FARTHEST / 2)
        return false;
    change = transit - timing->transit;
    if (change >= LEAP || change <= -LEAP)
        return false;
    add_jitter(timing, change);
    timing->transit = transit;
    return true;
}

void timing_message(struct timing *timing, struct muster_record *record)
{
    uint32_t seconds = (uint32_t)(record->arrival_ns / 1000000000) - timing_stamp(record);
    uint32_t time = (uint32_t)(record->arrival_ns >> TIME_SHIFT) + 1;
    int32_t us = (int32_t)(((uint32_t)(record->arrival_ns % 1000000000) + 999) / 1000);

    if (!take_usual(timing, seconds, us, time))
        take_news(timing, seconds, us, time);
    timing_show(timing, record);
}

void timing_show(const struct timing *timing, struct muster_record *record)
{
    /* Up, so that the clock is ahead by the rest at least. */
    const uint32_t up = FARTHEST; /* makes it positive for the division */
    int32_t transit_ms = (int32_t)(((uint32_t)timing->shown + up + 999) / 1000 - up / 1000);

    record->marks &= (uint8_t)~MUSTER_MARK_CLOCK_OFFSET;
    if (timing->least_time != 0) {
        record->marks |= MUSTER_MARK_CLOCK_OFFSET;
        record->message.clock_offset_ms =
            saturated((int32_t)timing->origin * INT64_C(-1000) - transit_ms);
    }
    record->message.jitter_us = (timing->jitter + 8) >> 4;
    record->message.clock_drift_ppb = timing->drift;
    record->message.clock_drift_error_ppb = timing->drift_error;
}

void timing_restart(struct timing *timing)
{
    *timing = (struct timing){.jitter = timing->jitter};
}
