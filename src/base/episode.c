/* SPDX-License-Identifier: MIT */
#include "episode.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum episode_news episode_look(struct episode *episode, uint64_t total, struct episode_moment now,
                               enum episode_end end)
{
    struct episode *e = episode;
    uint64_t more = total - e->total;
    enum episode_news news = EPISODE_QUIET;

    assert(total >= e->total);
    if (more > 0 && !e->is_open) {
        e->is_open = true;
        e->count = e->said = 0;
        e->since = e->looked != 0 ? e->looked : now.wall;
        e->told = now.monotonic;
        news = EPISODE_BEGAN;
    }
    if (more > 0) {
        e->count += more;
        e->last = now.monotonic;
        e->until = now.wall;
    }
    e->total = total;
    e->looked = now.wall;
    if (!e->is_open || news == EPISODE_BEGAN)
        return news;
    if (end == EPISODE_LAST || (end == EPISODE_RESTS && now.monotonic - e->last >= EPISODE_REST)) {
        e->is_open = false;
        return EPISODE_ENDED;
    }
    if (now.monotonic - e->told < EPISODE_AGAIN || e->count == e->said)
        return EPISODE_QUIET;
    e->told = now.monotonic;
    e->recent = e->count - e->said;
    e->said = e->count;
    return EPISODE_LASTS;
}

const char *episode_span(const struct episode *episode, char text[EPISODE_SPAN])
{
    time_t ends[2] = {(time_t)(episode->since / CLOCK_SECOND),
                      (time_t)(episode->until / CLOCK_SECOND)};
    char words[2][24];
    struct tm from, to;
    const char *format;

    gmtime_r(&ends[0], &from);
    gmtime_r(&ends[1], &to);
    format = from.tm_yday == to.tm_yday && from.tm_year == to.tm_year ? "%H:%M:%SZ"
                                                                      : "%Y-%m-%d %H:%M:%SZ";
    strftime(words[0], sizeof words[0], format, &from);
    strftime(words[1], sizeof words[1], format, &to);
    if (strcmp(words[0], words[1]) == 0)
        snprintf(text, EPISODE_SPAN, "at %s", words[0]);
    else
        snprintf(text, EPISODE_SPAN, "from %s to %s", words[0], words[1]);
    return text;
}
