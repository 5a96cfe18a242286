/* SPDX-License-Identifier: MIT
 *
 * The summary that the daemon prints at its end.
 */
#include "ledger.h"

#include <inttypes.h>

#include "base/episode.h"
#include "plain.h"
#include "wire/datagram.h"

static void print_datagrams(const struct chain_account *a, FILE *out)
{
    uint64_t rejected = a->overrun;
    unsigned reason;

    for (reason = 0; reason < MUSTER_REJECT_REASONS; reason++)
        rejected += a->rejected[reason];
    fprintf(out, "  datagrams: received %" PRIu64 " = decoded %" PRIu64 " + rejected %" PRIu64,
            a->received, a->decoded, rejected);
    for (reason = 0; reason < MUSTER_REJECT_REASONS; reason++)
        if (a->rejected[reason] > 0)
            fprintf(out, ", %s %" PRIu64, wire_reject_name(reason), a->rejected[reason]);
    if (a->overrun > 0)
        fprintf(out, ", no room with its worker %" PRIu64, a->overrun);
    fprintf(out,
            "\n  not received: dropped by the kernel %" PRIu64 ", refused while stopping %" PRIu64,
            a->kernel_drops, a->refused);
    if (a->checksum_errors > 0)
        fprintf(out, ", wrong checksum %" PRIu64, a->checksum_errors);
    if (a->copies > 0)
        fprintf(out,
                "\n  copies: %" PRIu64 " of broadcast and multicast datagrams, which every worker "
                "gets, left to the device's",
                a->copies);
    fputc('\n', out);
    fprintf(out, "  records: %" PRIu64 " of the decoded datagrams", a->records);
    if (a->ignored > 0)
        fprintf(out, " (%" PRIu64 " of which are to be ignored, as their format says)", a->ignored);
    if (a->reject_records > 0)
        fprintf(out, " and %" PRIu64 " of the rejected ones", a->reject_records);
    if (a->events > 0)
        fprintf(out, " and %" PRIu64 " events of the collector's own", a->events);
    fputc('\n', out);
}

static void print_filters(const struct chain *chain, FILE *out)
{
    unsigned f;

    for (f = 0; f < chain->filter_count; f++) {
        struct filter_account a = chain_filter_account(chain, f);

        fprintf(out,
                "  %s: in %" PRIu64 " + emitted %" PRIu64 " = out %" PRIu64 " + dropped %" PRIu64,
                instance_name(&chain->instances[f]), a.in, a.emitted, a.out, a.dropped);
        if (a.held > 0)
            fprintf(out, " + held %" PRIu64, a.held);
        if (a.passed > 0)
            fprintf(out, "; it has failed, and %" PRIu64 " passed by", a.passed);
        fputc('\n', out);
    }
}

static void print_spill(const struct spill *spill, const struct sink_account *a, FILE *out)
{
    const struct episode hole = {.since = spill->hole_first, .until = spill->hole_last};
    char span[EPISODE_SPAN];

    if (a->dropped_spill > 0)
        fprintf(out, ", oldest of a full spill %" PRIu64 " (which arrived %s)", a->dropped_spill,
                episode_span(&hole, span));
    if (a->dropped_damaged > 0)
        fprintf(out, ", spilled and damaged %" PRIu64, a->dropped_damaged);
    if (a->found > 0)
        fprintf(out, "; %" PRIu64 " were spilled by an earlier run", a->found);
}

static bool print_sink(const struct sink *sink, bool unfinished, FILE *out)
{
    struct sink_account a = sink_whole_account(sink);
    bool exact = sink_account_adds_up(&a);

    if (!unfinished) /* then nothing waits any more */
        exact &= a.held + a.queued == 0;
    fprintf(out,
            "  %s: offered %" PRIu64 " = written %" PRIu64 " + held %" PRIu64 " + queued %" PRIu64,
            instance_name(sink->instance), a.offered, a.written, a.held, a.queued);
    if (sink->spill != NULL)
        fprintf(out, " + spilled %" PRIu64, a.spilled);
    fprintf(out, " + dropped %" PRIu64, sink_account_dropped(&a));
    if (a.dropped_full > 0)
        fprintf(out, ", queue full %" PRIu64, a.dropped_full);
    if (a.dropped_given_up > 0)
        fprintf(out, ", given up by the sink %" PRIu64, a.dropped_given_up);
    if (a.dropped_failed > 0)
        fprintf(out, ", sink failed %" PRIu64, a.dropped_failed);
    if (a.dropped_stop > 0)
        fprintf(out, ", out of time to stop %" PRIu64, a.dropped_stop);
    if (a.dropped_stuck > 0)
        fprintf(out, ", in the hands of the stuck plugin or behind %" PRIu64, a.dropped_stuck);
    if (sink->spill != NULL)
        print_spill(sink->spill, &a, out);
    fprintf(out, "%s\n", exact || unfinished ? "" : "  <-- does not add up");
    return exact;
}

/* What became of the answers that devices wait for. */
static void print_answers(const struct answers_account *a, FILE *out)
{
    static const char *const why[ANSWERS_REASONS] = {
        [ANSWERS_UNLISTED] = "device not listed",      [ANSWERS_RATE] = "too many a second",
        [ANSWERS_LONGER] = "longer than the datagram", [ANSWERS_FILTERED] = "taken out by a filter",
        [ANSWERS_NOT_WRITTEN] = "not written",         [ANSWERS_ROOM] = "too many waiting",
        [ANSWERS_SOCKET] = "not taken by the kernel",
    };
    uint64_t refused = 0;
    unsigned i;

    for (i = 0; i < ANSWERS_REASONS; i++)
        refused += a->refused[i];
    fprintf(out,
            "  answers: asked %" PRIu64 " = sent %" PRIu64 " + held %" PRIu64 " + refused %" PRIu64,
            a->asked, a->sent, a->held, refused);
    for (i = 0; i < ANSWERS_REASONS; i++)
        if (a->refused[i] > 0)
            fprintf(out, ", %s %" PRIu64, why[i], a->refused[i]);
    fputc('\n', out);
}

/* Where the packets of a capture went. */
static bool print_capture(const struct capture_account *a, uint64_t received, bool unfinished,
                          FILE *out)
{
    bool exact = a->packets == a->taken + a->other_port + a->not_udp + a->fragments + a->truncated +
                                   a->malformed &&
                 a->taken == received;

    fprintf(out,
            "  capture: packets %" PRIu64 " = taken %" PRIu64 " + other port %" PRIu64
            " + not UDP %" PRIu64 " + fragments %" PRIu64 " + truncated in capture %" PRIu64
            " + malformed %" PRIu64 "%s\n",
            a->packets, a->taken, a->other_port, a->not_udp, a->fragments, a->truncated,
            a->malformed, exact || unfinished ? "" : "  <-- does not add up");
    return exact;
}

bool ledger_print(const struct chain *chain, const struct capture_account *capture, double seconds,
                  bool unfinished, FILE *out)
{
    struct chain_account account = chain_account(chain);
    struct answers_account answers = chain_answers_account(chain);
    bool exact = true;
    unsigned i;

    fprintf(out, "ledger after %.1f s\n", seconds);
    if (capture != NULL)
        exact &= print_capture(capture, account.received, unfinished, out);
    print_datagrams(&account, out);
    print_filters(chain, out);
    for (i = 0; i < chain->sink_count; i++)
        if (!atomic_load(&chain->sinks[i].succeeded))
            exact &= print_sink(&chain->sinks[i], unfinished, out);
    if (answers.any)
        print_answers(&answers, out);
    exact &= chain_adds_up(chain) && (unfinished || answers.held == 0);
    if (unfinished) {
        fprintf(out,
                "  NOT complete: the daemon did not end in order; what its threads had in their "
                "hands is in none of these sums\n");
        return false;
    }
    fprintf(out,
            exact ? "  exact: every sum agrees\n"
                  : "  NOT exact: this is a bug in musterd; please report it with these lines\n");
    plain_print(chain, &account, out);
    return exact;
}
