/* SPDX-License-Identifier: MIT */
#include "stamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../common/number.h"
#include "../common/text.h"

#define NS_PER_SECOND 1000000000u

/* "2025-11-07T17:49:12", and "+01:00" */
static void keep_iso(struct stamp *stamp, const struct tm *local)
{
    char zone[8];

    stamp->size = (uint8_t)strftime(stamp->clock, sizeof stamp->clock, "%Y-%m-%dT%H:%M:%S", local);
    strftime(zone, sizeof zone, "%z", local); /* "+0100" */
    stamp->zone_size =
        (uint8_t)snprintf(stamp->zone, sizeof stamp->zone, "%.3s:%.2s ", zone, zone + 3);
}

static void keep_clock(struct stamp *stamp, const struct tm *local)
{
    char date[sizeof stamp->date];

    stamp->size = (uint8_t)strftime(stamp->clock, sizeof stamp->clock, "%H:%M:%S", local);
    stamp->zone[0] = ' ';
    stamp->zone_size = 1;
    strftime(date, sizeof date, "%Y-%m-%d ", local);
    if (strcmp(date, stamp->date) == 0)
        return;
    memcpy(stamp->date, date, sizeof date);
    stamp->tell_date = true;
}

static void keep(struct stamp *stamp, uint64_t second)
{
    time_t when = (time_t)second;
    struct tm local = {0};

    localtime_r(&when, &local); /* what 64 bits of ns can be has a year */
    if (stamp->form == STAMP_ISO)
        keep_iso(stamp, &local);
    else
        keep_clock(stamp, &local);
    stamp->second = second;
    stamp->is_kept = true;
}

char *stamp_write(struct stamp *stamp, char *out, uint64_t ns)
{
    uint64_t second = ns / NS_PER_SECOND;

    if (stamp->form == STAMP_NONE)
        return out;
    if (!stamp->is_kept || stamp->second != second)
        keep(stamp, second);
    if (stamp->tell_date)
        out = text_copy(out, stamp->date);
    stamp->tell_date = false;
    /* All of it: a copy of known size is a few instructions. */
    memcpy(out, stamp->clock, sizeof stamp->clock);
    out += stamp->size;
    *out++ = '.';
    out = number_three(out, (uint32_t)(ns % NS_PER_SECOND) / 1000000);
    memcpy(out, stamp->zone, sizeof stamp->zone);
    return out + stamp->zone_size;
}

void stamp_repeat_date(struct stamp *stamp)
{
    stamp->tell_date = stamp->is_kept && stamp->form == STAMP_CLOCK;
}
