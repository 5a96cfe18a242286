/* SPDX-License-Identifier: MIT */
#include "notices.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "recognize.h"
#include "pipeline.h"
#include "wire/datagram.h"

enum { MISFITS = 64 /* datagrams that show whether the format is right */ };

int notices_open(struct notices *notices, struct sink *sinks, unsigned sink_count, unsigned room,
                 bool watches_sinks)
{
    notices->sinks = sinks;
    notices->sink_count = sink_count;
    if (watches_sinks)
        notices->holes = calloc(room + 1, sizeof *notices->holes);
    return watches_sinks && notices->holes == NULL ? -1 : 0;
}

void notices_close(struct notices *notices)
{
    free(notices->holes);
    notices->holes = NULL;
}

static struct log *log_of(const struct pipeline *pipeline)
{
    return pipeline->host->log;
}

static struct episode_moment moment(const struct pipeline *pipeline)
{
    return (struct episode_moment){.monotonic = host_now(pipeline->host, MUSTER_CLOCK_MONOTONIC),
                                   .wall = host_now(pipeline->host, MUSTER_CLOCK_WALL)};
}

/* ---- rejected datagrams --------------------------------------------------------------- */

/* What the datagrams of a listener should look like. */
static const char *format_name(const struct pipeline *pipeline, uint8_t listener)
{
    const struct listener_formats *formats =
        pipeline->formats != NULL ? &pipeline->formats[listener] : NULL;

    return formats == NULL || formats->count == 0
               ? "built-in"
               : plan_name(catalog_plan(pipeline->host->catalog, formats->numbers[0]));
}

/* Said once, when there are enough to tell, if nearly none is what it should be. */
static void doubt_format(struct pipeline *pipeline, const struct datagram *datagram,
                         unsigned reason)
{
    const uint8_t listener = datagram->listener;
    const char *name = format_name(pipeline, listener);

    if (reason == MUSTER_REJECT_SOURCE || reason == MUSTER_REJECT_RATE ||
        reason == MUSTER_REJECT_UNKNOWN_DEVICE || reason == MUSTER_REJECT_TOO_LONG ||
        ++pipeline->notices.rejected[listener] != MISFITS ||
        pipeline->taken[listener] > MISFITS + MISFITS / 8)
        return;
    log_format(log_of(pipeline), LOG_WARNING, NULL,
               "nearly all datagrams at port %u are rejected, %d of %" PRIu64
               ", this one as %s: is "
               "\"%s\" the right format?  musterd --decode %s HEX shows what is wrong with one",
               datagram->local_port, MISFITS, pipeline->taken[listener], wire_reject_name(reason),
               name, name);
}

/* ---- devices that are heard once ------------------------------------------------------ */

/* Whatever tells senders apart. */
static uint64_t source_of(const struct datagram *datagram)
{
    uint8_t family = 0, bytes[16] = {0};
    uint32_t scope = 0;
    uint16_t port = 0;
    uint64_t sum;
    size_t i;

    address_split(datagram->source, &family, &port, bytes, &scope);
    for (sum = port, i = 0; i < sizeof bytes; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* Three times the interval in which a device that is not listed should be heard, if that is known.
 */
static uint64_t wait_of(const struct catalog *catalog)
{
    struct muster_device device = {.size = sizeof device};

    catalog_no_device(catalog, UINT32_MAX, &device);
    return 3 * (device.heartbeat_ns > device.data_ns ? device.heartbeat_ns : device.data_ns);
}

void notices_see(struct pipeline *pipeline, const struct datagram *datagram, uint32_t device)
{
    const struct catalog *catalog = pipeline->host->catalog;
    const struct strangers_datagram seen = {
        .device = device,
        .source = source_of(datagram),
        .arrival_ns = datagram->arrival_ns,
        .wait_ns = wait_of(catalog),
        .listener = datagram->listener,
        .is_listed = device != NUMBERS_NONE && catalog_lists(catalog, device),
    };
    const char *name = format_name(pipeline, datagram->listener);

    if (!strangers_see(&pipeline->notices.strangers, &seen) ||
        (pipeline->told_strangers != NULL &&
         atomic_exchange(&pipeline->told_strangers[datagram->listener], true)))
        return;
    log_format(
        log_of(pipeline), LOG_WARNING, NULL,
        "nearly every datagram at port %u is of another device, and hardly one of %d is heard "
        "again: is \"%s\" the right format?  musterd --decode %s HEX shows what it makes of "
        "one; if they are devices that rarely send, list them in the catalog, or say in its "
        "default class how often they do",
        datagram->local_port, STRANGERS_SAMPLE, name, name);
}

/* ---- rejected datagrams one by one ---------------------------------------------------- */

bool notices_reject(struct pipeline *pipeline, const struct datagram *datagram, unsigned reason)
{
    struct muster_arrival arrival = {.size = sizeof arrival, .datagram_size = datagram->size};
    char source[ADDRESS_TEXT];

    address_split(datagram->source, &arrival.family, &arrival.source_port, arrival.source,
                  &arrival.source_scope);
    doubt_format(pipeline, datagram, reason);
    if (!repeats_pass(&pipeline->notices.repeats, (uint8_t)reason, &arrival,
                      host_now(pipeline->host, MUSTER_CLOCK_MONOTONIC), datagram->arrival_ns))
        return false;
    log_format(log_of(pipeline), LOG_WARNING, NULL, "rejected a datagram of %u bytes from %s: %s",
               datagram->size, address_text(datagram->source, source), wire_reject_name(reason));
    return true;
}

static void tell_repeats(struct pipeline *pipeline, uint64_t now_ns, bool is_last)
{
    struct repeat sum;

    while (repeats_due(&pipeline->notices.repeats, now_ns, is_last, &sum)) {
        struct muster_record record = {
            .arrival_ns = host_now(pipeline->host, MUSTER_CLOCK_WALL),
            .kind = MUSTER_KIND_EVENT,
            .value_type = MUSTER_VALUE_UNSIGNED,
            .value.natural = sum.held_back,
            .event = {.event = MUSTER_EVENT_REJECTED_MORE,
                      .reason = sum.reason,
                      .opened_ns = sum.begun_wall_ns,
                      .closed_ns = sum.last_wall_ns},
        };
        char source[ADDRESS_TEXT] = "other sources";

        if (sum.arrival.family != 0) {
            record.via.arrival = &sum.arrival;
            address_host(sum.arrival.family, sum.arrival.source, source);
        }
        log_format(log_of(pipeline), LOG_WARNING, NULL,
                   "rejected again: %" PRIu64 " more since the last such line, from %s: %s",
                   sum.held_back, source, wire_reject_name(sum.reason));
        pipeline_add(pipeline, &record);
    }
}

/* ---- what sinks drop ------------------------------------------------------------------ */

/* Why most of it was dropped. */
static enum muster_drop reason_of(const struct sink_account *now, const struct sink_account *before)
{
    const uint64_t counts[] = {
        [MUSTER_DROP_FULL] = now->dropped_full - before->dropped_full,
        [MUSTER_DROP_GIVEN_UP] = now->dropped_given_up - before->dropped_given_up,
        [MUSTER_DROP_FAILED] = now->dropped_failed - before->dropped_failed,
        [MUSTER_DROP_STOP] = now->dropped_stop - before->dropped_stop,
        [MUSTER_DROP_SPILL] = now->dropped_spill - before->dropped_spill,
        [MUSTER_DROP_DAMAGED] = now->dropped_damaged - before->dropped_damaged,
    };
    unsigned most = MUSTER_DROP_FULL, i;

    for (i = MUSTER_DROP_FULL; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i] > counts[most])
            most = i;
    return (enum muster_drop)most;
}

static const char *reason_text(enum muster_drop reason)
{
    static const char *const texts[] = {
        [MUSTER_DROP_FULL] = "the queue was full",
        [MUSTER_DROP_GIVEN_UP] = "the sink has given them up",
        [MUSTER_DROP_FAILED] = "the sink has failed",
        [MUSTER_DROP_STOP] = "the time to stop was over",
        [MUSTER_DROP_SPILL] = "the spill was full, and they were the oldest",
        [MUSTER_DROP_DAMAGED] = "they were spilled, and cannot be read again",
    };

    return texts[reason];
}

static void tell_begin(struct pipeline *pipeline, const struct sink *sink, uint64_t count,
                       enum muster_drop reason)
{
    if (reason != MUSTER_DROP_FULL)
        log_format(log_of(pipeline), LOG_WARNING, instance_name(sink->instance),
                   "records for this sink are dropped and counted, %" PRIu64 " so far: %s; other "
                   "sinks are not affected",
                   count, reason_text(reason));
    else
        log_format(log_of(pipeline), LOG_WARNING, instance_name(sink->instance),
                   "the queue is full (%" PRIu64 " records wait, %" PRIu64
                   " were dropped so far): what comes now is dropped for this sink and counted, "
                   "until half of the queue is free; other sinks are not affected",
                   sink_waiting(sink), count);
}

static void add_hole(struct pipeline *pipeline, const struct sink *sink,
                     const struct episode *episode, enum muster_drop reason)
{
    const char *name = instance_name(sink->instance);
    const struct muster_record record = {
        .arrival_ns = host_now(pipeline->host, MUSTER_CLOCK_WALL),
        .kind = MUSTER_KIND_EVENT,
        .value_type = MUSTER_VALUE_UNSIGNED,
        .value.natural = episode->count,
        .payload.bytes = (const uint8_t *)name,
        .payload_size = (uint32_t)strlen(name),
        .event = {.event = MUSTER_EVENT_SINK_DROPPED,
                  .reason = (uint8_t)reason,
                  .opened_ns = episode->since,
                  .closed_ns = episode->until},
    };

    pipeline_add(pipeline, &record);
}

/* Each sink that takes events gets one more.  If it drops that, it is no news: there would be no
 * end of it. */
static void note_event(struct notices *notices, struct episode_moment now)
{
    unsigned s;

    for (s = 0; s < notices->sink_count; s++) {
        if ((notices->sinks[s].instance->kinds & MUSTER_TAKES_EVENTS) == 0)
            continue;
        notices->holes[s].events++;
        notices->holes[s].events_until_ns = now.monotonic + 10 * CLOCK_SECOND;
    }
}

/* Whether it has dropped since the last look nothing but events on drops. */
static bool is_no_news(struct notices_hole *hole, uint64_t dropped, struct episode_moment now)
{
    if (now.monotonic >= hole->events_until_ns)
        hole->events = 0;
    if (hole->episode.is_open || dropped - hole->episode.total > hole->events)
        return false;
    hole->events -= (unsigned)(dropped - hole->episode.total);
    hole->episode.total = dropped;
    return true;
}

/* Whether what it drops has an end, as far as can be seen. */
static enum episode_end end_of(const struct sink *sink, const struct sink_account *account)
{
    unsigned i;

    if (account->dropped_failed > 0 && sink->overflow == OVERFLOW_WAIT)
        return EPISODE_GOES_ON; /* it is not tried again */
    for (i = 0; i < sink->queue_count; i++)
        if (queue_is_full(&sink->queues[i]) ||
            (sink->spill != NULL && queue_is_full(&sink->spill->lanes[i].queue)))
            return EPISODE_GOES_ON;
    return EPISODE_RESTS;
}

static void look_at_sink(struct pipeline *pipeline, unsigned s, struct episode_moment now,
                         bool is_last)
{
    struct notices_hole *hole = &pipeline->notices.holes[s];
    const struct sink *sink = &pipeline->notices.sinks[s];
    struct sink_account account = sink_account(sink);
    struct episode *episode = &hole->episode;
    enum episode_end end = is_last ? EPISODE_LAST : end_of(sink, &account);
    const char *name = instance_name(sink->instance);
    char span[EPISODE_SPAN];
    enum episode_news news;

    if (is_no_news(hole, sink_account_dropped(&account), now))
        hole->before = account;
    while ((news = episode_look(episode, sink_account_dropped(&account), now, end)) !=
           EPISODE_QUIET) {
        enum muster_drop reason = reason_of(&account, &hole->before);

        if (news == EPISODE_BEGAN)
            tell_begin(pipeline, sink, episode->count, reason);
        if (news == EPISODE_LASTS)
            log_format(
                log_of(pipeline), LOG_WARNING, name,
                "records are still dropped: %" PRIu64 " in the last minute, %" PRIu64 " %s; %s",
                episode->recent, episode->count, episode_span(episode, span), reason_text(reason));
        if (news == EPISODE_ENDED) {
            log_format(log_of(pipeline), LOG_WARNING, name, "%s: %" PRIu64 " records %s; %s",
                       is_last ? "dropped until the end" : "nothing is dropped any more; before",
                       episode->count, episode_span(episode, span), reason_text(reason));
            add_hole(pipeline, sink, episode, reason);
            note_event(&pipeline->notices, now);
            hole->before = account;
        }
    }
}

void notices_look(struct pipeline *pipeline, bool is_last)
{
    struct notices *notices = &pipeline->notices;
    struct episode_moment now = moment(pipeline);
    unsigned i;

    if (now.monotonic < notices->next_look_ns && !is_last)
        return;
    notices->next_look_ns = now.monotonic + CLOCK_SECOND;
    tell_repeats(pipeline, now.monotonic, is_last);
    for (i = 0; notices->holes != NULL && i < notices->sink_count; i++)
        look_at_sink(pipeline, i, now, is_last);
    pipeline_publish(pipeline);
}
