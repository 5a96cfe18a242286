/* SPDX-License-Identifier: MIT
 *
 * What the tests of the fleet share: a small plan, and a cheap check.
 */
#ifndef TESTS_FLEET_PLAN_H
#define TESTS_FLEET_PLAN_H

#include <check.h>
#include <stdbool.h>

#include "fleet/play.h"

#define NS_PER_S UINT64_C(1000000000)
#define CLOCK    UINT64_C(1700000000000000000) /* the devices', when nothing depends on it */

/* Three devices by the timetable, without impairment. */
static inline struct play_plan a_plan(void)
{
    return (struct play_plan){
        .devices = 3,
        .first_id = 101,
        .start_seq = 1,
        .form.readings = 1,
        .seed = 1,
        .turn = 1,
        .data_ns = PLAY_DATA_NS,
        .heartbeat_ns = PLAY_HEARTBEAT_NS,
    };
}

/* As ck_assert, which is too slow for what runs a million times. */
static inline void require(bool holds, const char *what)
{
    if (!holds)
        ck_abort_msg("%s", what);
}

#endif
