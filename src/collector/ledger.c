/* SPDX-License-Identifier: MIT
 *
 * The summary that the daemon prints at its end.
 */
#include "ledger.h"

#include <inttypes.h>

#include "wire/datagram.h"
#include "base/clock.h"

/* Which of a worker's counters. */
enum { RECEIVED, BYTES, DECODED, RECORDS, KEPT, KERNEL_DROPS, REFUSED };

static uint64_t total(const struct collector *collector, int which)
{
    uint64_t sum = 0;
    unsigned i;

    for (i = 0; i < collector->worker_count; i++) {
        const struct worker_counters *c = &collector->workers[i].counters;
        const struct counter *const list[] = {
            [RECEIVED] = &c->received, [BYTES] = &c->bytes, [DECODED] = &c->decoded,
            [RECORDS] = &c->records,   [KEPT] = &c->kept,   [KERNEL_DROPS] = &c->kernel_drops,
            [REFUSED] = &c->refused,
        };

        sum += counter_value(list[which]);
    }
    return sum;
}

static void print_datagrams(const struct collector *collector, FILE *out)
{
    uint64_t rejected[MUSTER_REJECT_REASONS] = {0}, all = 0;
    unsigned i, reason;

    for (i = 0; i < collector->worker_count; i++)
        for (reason = 0; reason < MUSTER_REJECT_REASONS; reason++)
            rejected[reason] += counter_value(&collector->workers[i].counters.rejected[reason]);
    for (reason = 0; reason < MUSTER_REJECT_REASONS; reason++)
        all += rejected[reason];
    fprintf(out, "  datagrams: received %" PRIu64 " = decoded %" PRIu64 " + rejected %" PRIu64,
            total(collector, RECEIVED), total(collector, DECODED), all);
    for (reason = 0; reason < MUSTER_REJECT_REASONS; reason++)
        if (rejected[reason] > 0)
            fprintf(out, ", %s %" PRIu64, wire_reject_name(reason), rejected[reason]);
    fprintf(out,
            "\n  not received: dropped by the kernel %" PRIu64 ", refused while stopping %" PRIu64
            "\n",
            total(collector, KERNEL_DROPS), total(collector, REFUSED));
    fprintf(out, "  records: %" PRIu64 " of the decoded datagrams", total(collector, RECORDS));
    if (total(collector, KEPT) > 0)
        fprintf(out, " and %" PRIu64 " of the rejected ones", total(collector, KEPT));
    fputc('\n', out);
}

static void print_filters(const struct collector *collector, FILE *out)
{
    unsigned f, i;

    for (f = 0; f < collector->config->filter_count; f++) {
        uint64_t in = 0, emitted = 0, left = 0, dropped = 0;

        for (i = 0; i < collector->worker_count; i++) {
            const struct filter *filter = &collector->workers[i].filters[f];

            in += counter_value(&filter->in);
            emitted += counter_value(&filter->emitted);
            left += counter_value(&filter->out);
            dropped += counter_value(&filter->dropped);
        }
        fprintf(out,
                "  %s: in %" PRIu64 " + emitted %" PRIu64 " = out %" PRIu64 " + dropped %" PRIu64
                "\n",
                collector->instances[f].entry->name, in, emitted, left, dropped);
    }
}

static bool print_sink(const struct sink *sink, FILE *out)
{
    struct sink_account a = sink_account(sink);
    bool exact = sink_account_adds_up(&a);

    fprintf(out,
            "  %s: offered %" PRIu64 " = written %" PRIu64 " + queued %" PRIu64
            " + dropped %" PRIu64,
            sink->instance->entry->name, a.offered, a.written, a.queued,
            a.dropped_full + a.dropped_failed + a.dropped_stop + a.dropped_stuck);
    if (a.dropped_full > 0)
        fprintf(out, ", queue full %" PRIu64, a.dropped_full);
    if (a.dropped_failed > 0)
        fprintf(out, ", sink failed %" PRIu64, a.dropped_failed);
    if (a.dropped_stop > 0)
        fprintf(out, ", out of time to stop %" PRIu64, a.dropped_stop);
    if (a.dropped_stuck > 0)
        fprintf(out, ", in the hands of the stuck plugin or behind %" PRIu64, a.dropped_stuck);
    fprintf(out, "%s\n", exact ? "" : "  <-- does not add up");
    return exact;
}

/* Where the packets of a capture went, in a replay. */
static bool print_capture(const struct collector *collector, FILE *out)
{
    const struct capture_account *a = collector->capture;
    bool exact = a->packets == a->taken + a->other_port + a->not_udp + a->fragments + a->truncated +
                                   a->malformed &&
                 a->taken == total(collector, RECEIVED);

    fprintf(out,
            "  capture: packets %" PRIu64 " = taken %" PRIu64 " + other port %" PRIu64
            " + not UDP %" PRIu64 " + fragments %" PRIu64 " + truncated in capture %" PRIu64
            " + malformed %" PRIu64 "%s\n",
            a->packets, a->taken, a->other_port, a->not_udp, a->fragments, a->truncated,
            a->malformed, exact ? "" : "  <-- does not add up");
    return exact;
}

bool ledger_print(const struct collector *collector, FILE *out)
{
    bool exact = true;
    unsigned i;

    fprintf(out, "ledger after %.1f s\n",
            (double)(collector->stopped_ns - collector->started_ns) / (double)CLOCK_SECOND);
    if (collector->capture != NULL)
        exact &= print_capture(collector, out);
    print_datagrams(collector, out);
    print_filters(collector, out);
    for (i = 0; i < collector->sink_count; i++)
        exact &= print_sink(&collector->sinks[i], out);
    for (i = 0; i < collector->worker_count; i++)
        exact &= worker_adds_up(&collector->workers[i]);
    fprintf(out,
            exact ? "  exact: every sum agrees\n"
                  : "  NOT exact: this is a bug in musterd; please report it with these lines\n");
    return exact;
}
