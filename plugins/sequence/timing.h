/* SPDX-License-Identifier: MIT
 *
 * What a device's messages tell of its way and its clock: jitter, clock offset, drift.
 *
 * Pure: no clock, no I/O, no allocation.  Transit is arrival - timestamp; since the
 * timestamps are whole seconds, cut, it is too large by 0 to 1 s.  Timestamps are compared
 * modulo 2^32.
 */
#ifndef SEQUENCE_TIMING_H
#define SEQUENCE_TIMING_H

#include <stdint.h>

#include <muster/record.h>

/* The message's time stamp: whole seconds, modulo 2^32. */
static inline uint32_t timing_stamp(const struct muster_record *record)
{
    return (uint32_t)(record->device_time_ns / 1000000000);
}

/* An epoch is 2^39 ns of arrival time, 9 min 10 s: with a message every 6 s there are 92 to
 * take the least transit of, with one every 5 min still two; a clock that is off by 50 ppm
 * goes wrong by 0.03 s in it, little against the second of the timestamps. */
#define TIMING_EPOCH_NS (UINT64_C(1) << 39)

/* Of one device; all zeros: nothing is known.  A transit is in us, rounded up, relative to
 * `origin`.  A time is an arrival in units of 2^30 ns, plus 1; 0: none. */
struct timing {
    uint32_t origin;      /* arrival - timestamp in whole seconds, modulo 2^32 */
    uint32_t jitter;      /* 16 times the jitter, us */
    int32_t transit;      /* of the last message */
    int32_t least;        /* the least of the epoch that runs */
    uint32_t least_time;  /* when that arrived; 0: no message is known */
    int32_t shown;        /* the least of the epoch that runs and the one before */
    int32_t base;         /* the least of the epoch that the drift is counted from */
    uint32_t base_time;   /* when that arrived; 0: no epoch is complete */
    int32_t drift;        /* parts in 10^9 */
    uint32_t drift_error; /* parts in 10^9; 0: the drift is not known */
};

_Static_assert(sizeof(struct timing) == 40, "what a device costs");

/* Takes arrival_ns and time stamp of a message into account, and sets the record's jitter_us,
 * clock_offset_ms with its mark, clock_drift_ppb and clock_drift_error_ppb.  For each datagram
 * once, but not for duplicates and outliers. */
void timing_message(struct timing *timing, struct muster_record *record);

/* Only sets these fields of the record. */
void timing_show(const struct timing *timing, struct muster_record *record);

/* Sets them as in another record of the same datagram. */
static inline void timing_copy(struct muster_record *record, const struct muster_record *shown)
{
    record->marks &= (uint8_t)~MUSTER_MARK_CLOCK_OFFSET;
    record->marks |= shown->marks & MUSTER_MARK_CLOCK_OFFSET;
    record->message.clock_offset_ms = shown->message.clock_offset_ms;
    record->message.jitter_us = shown->message.jitter_us;
    record->message.clock_drift_ppb = shown->message.clock_drift_ppb;
    record->message.clock_drift_error_ppb = shown->message.clock_drift_error_ppb;
}

/* The device has restarted, and its clock may have been set: all but the jitter begins anew. */
void timing_restart(struct timing *timing);

#endif
