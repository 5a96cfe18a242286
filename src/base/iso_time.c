/* SPDX-License-Identifier: MIT */
#include "iso_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_SECOND INT64_C(1000000000)

const char *iso_time(char out[ISO_TIME_ROOM], int64_t ns)
{
    const int64_t rest = (ns % NS_PER_SECOND + NS_PER_SECOND) % NS_PER_SECOND;
    const time_t seconds = (time_t)(ns / NS_PER_SECOND - (ns % NS_PER_SECOND < 0));
    struct tm tm;
    size_t used;

    gmtime_r(&seconds, &tm); /* 292 years around 1970 are no trouble to it */
    used = strftime(out, ISO_TIME_ROOM - 12, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest > 0) {
        used += (size_t)snprintf(out + used, 11, ".%09" PRId64, rest);
        while (out[used - 1] == '0')
            used--;
    }
    snprintf(out + used, 2, "Z");
    return out;
}
