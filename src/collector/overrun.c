/* SPDX-License-Identifier: MIT */
#include "overrun.h"

#include <inttypes.h>

static const struct {
    const char *what, *advice;
} kinds[OVERRUN_KINDS] = {
    [OVERRUN_KERNEL] = {"the kernel drops datagrams, since the receive buffer is full",
                        "a larger receive_buffer or more workers help"},
    [OVERRUN_CHECKSUM] = {"the kernel drops datagrams with a wrong checksum",
                          "a device or a part of the network damages them"},
    [OVERRUN_WORKER] = {"datagrams are rejected, since their worker has no room for them",
                        "a filter is slow, or one device sends too much"},
};

static void look(struct episode *episode, unsigned kind, uint64_t total, struct log *log,
                 struct episode_moment now, bool is_last)
{
    char span[EPISODE_SPAN];
    enum episode_news news;

    while ((news = episode_look(episode, total, now, is_last ? EPISODE_LAST : EPISODE_RESTS)) !=
           EPISODE_QUIET) {
        if (news == EPISODE_BEGAN)
            log_format(log, LOG_WARNING, NULL, "%s: %" PRIu64 " so far; %s", kinds[kind].what,
                       episode->count, kinds[kind].advice);
        else if (news == EPISODE_LASTS)
            log_format(
                log, LOG_WARNING, NULL, "%s, still: %" PRIu64 " in the last minute, %" PRIu64 " %s",
                kinds[kind].what, episode->recent, episode->count, episode_span(episode, span));
        else
            log_format(log, LOG_WARNING, NULL, "%s; %s: %" PRIu64 " were, %s", kinds[kind].what,
                       is_last ? "until the end" : "that is over", episode->count,
                       episode_span(episode, span));
    }
}

void overrun_look(struct overrun *overrun, const struct chain_account *account, struct log *log,
                  struct episode_moment now, bool is_last)
{
    const uint64_t totals[OVERRUN_KINDS] = {
        [OVERRUN_KERNEL] = account->kernel_drops,
        [OVERRUN_CHECKSUM] = account->checksum_errors,
        [OVERRUN_WORKER] = account->overrun,
    };
    unsigned kind;

    for (kind = 0; kind < OVERRUN_KINDS; kind++)
        look(&overrun->episodes[kind], kind, totals[kind], log, now, is_last);
}
