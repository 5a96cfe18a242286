/* SPDX-License-Identifier: MIT
 *
 * Printing the account of a scenario, so that each sum can be checked by eye.
 */
#include "claims_report.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "plain.h"
#include "report.h"
#include "wire/datagram.h"
#include "wire/plan_encode.h"

/* Played, and neither withheld nor sent. */
static uint64_t unsent(const struct claims_report *report)
{
    const struct play_decided *decided = stage_decided(report->stage);
    const struct claims_totals *totals = claims_totals(report->claims);

    return report_total(decided->planned) - report_total(decided->withheld) -
           (report_total(totals->by_type) - report_total(totals->doubled));
}

static struct claims_figures sum_up(const struct claims_report *report)
{
    struct claims_figures sum = {0}, figures;
    uint32_t i;

    for (i = 0; i < report->scenario->group_count; i++) {
        claims_group(report->claims, report->stage, i, &figures);
        claims_add(&sum, &figures);
    }
    return sum;
}

/* ---- For a reader --------------------------------------------------------------------- */

static void text_number(FILE *file, const char *what, uint64_t value, const char *note)
{
    fprintf(file, "  %-10s %12" PRIu64 "%s\n", what, value, note);
}

static void text_sent(FILE *file, const struct claims_report *report)
{
    const struct play_decided *decided = stage_decided(report->stage);
    const struct claims_totals *totals = claims_totals(report->claims);

    fprintf(file, "played %s%s, in datagrams:\n", report->file,
            report->interrupted ? " until a signal" : "");
    report_text_by_type(file, "planned", decided->planned);
    report_text_by_type(file, "withheld", decided->withheld);
    report_text_by_type(file, "doubled", totals->doubled);
    if (totals->strangers > 0)
        text_number(file, "strangers", totals->strangers, "");
    if (unsent(report) > 0)
        text_number(file, "unsent", unsent(report), "  (the play was cut off)");
    text_number(file, "sent", totals->datagrams, "");
    fprintf(file,
            "  check: %" PRIu64 " sent = %" PRIu64 " planned - %" PRIu64 " withheld + %" PRIu64
            " doubled + %" PRIu64 " of strangers",
            totals->datagrams, report_total(decided->planned), report_total(decided->withheld),
            report_total(totals->doubled), totals->strangers);
    if (unsent(report) > 0)
        fprintf(file, " - %" PRIu64 " unsent", unsent(report));
    fputc('\n', file);
    text_number(file, "under way", decided->underway, "  (at the same time, at most)");
    if (report->refused > 0)
        text_number(file, "refused", report->refused,
                    "  (sent, but reported back: nobody listens there)");
    if (report->unreachable > 0)
        text_number(file, "unreachable", report->unreachable,
                    "  (sent, but reported back as undeliverable)");
    fprintf(file, "  %" PRIu64 " bytes in %.3f s\n", totals->bytes, report->seconds);
}

static void text_doubts(FILE *file, const struct claims_figures *sum)
{
    static const char *const because[CLAIMS_DOUBTS] = {
        [CLAIMS_TWO_SENDERS] = "shared their id with a second sender",
        [CLAIMS_RANDOM] = "counted at random",
        [CLAIMS_STRAGGLER] = "sent something that came behind a later session",
        [CLAIMS_RESTART] = "restarted so that it cannot be told for certain",
        [CLAIMS_CLOCK] = "sent timestamps that contradict their numbers",
        [CLAIMS_DISORDER] = "sent so much out of order that it may not be believed",
    };
    size_t i;

    if (sum->unclaimed == 0)
        return;
    fprintf(file, "nothing else is claimed of the %" PRIu64 " records of\n", sum->unclaimed);
    for (i = CLAIMS_CERTAIN + 1; i < CLAIMS_DOUBTS; i++)
        if (sum->doubts[i] > 0)
            fprintf(file, "  %" PRIu64 " device%s that %s\n", sum->doubts[i],
                    sum->doubts[i] == 1 ? "" : "s", because[i]);
}

/* The end in plain words, as of any other play. */
static void text_plain(FILE *file, const struct claims_report *report,
                       const struct claims_figures *sum)
{
    struct report plain = {.refused = report->refused, .unreachable = report->unreachable};

    plain.figures.sent = claims_totals(report->claims)->datagrams;
    plain.figures.unsent = unsent(report);
    plain.figures.expect = sum->expect;
    plain.form = &report->scenario->groups[0].form;
    memcpy(plain.figures.withheld, stage_decided(report->stage)->withheld,
           sizeof plain.figures.withheld);
    plain_print(file, &plain);
}

static bool is_declared(const struct claims_report *report)
{
    return report->scenario->groups[0].form.encoder != NULL;
}

void claims_report_text(FILE *file, const struct claims_report *report)
{
    const struct claims_totals *totals = claims_totals(report->claims);
    const struct claims_figures sum = sum_up(report);
    const struct account_expect *expect = &sum.expect;
    unsigned i;

    text_sent(file, report);
    fprintf(file, "a collector ought to see:\n  datagrams %" PRIu64 ", rejected %" PRIu64,
            totals->datagrams, totals->strangers);
    for (i = 0; i < CLAIMS_REASONS; i++)
        if (totals->rejected[i] > 0)
            fprintf(file, " (%s %" PRIu64 ")", wire_reject_name(i), totals->rejected[i]);
    fprintf(file, "\n  records %" PRIu64 ", of them %" PRIu64 " as follows:\n", expect->records,
            expect->records - sum.unclaimed);
    fprintf(file,
            "  first %" PRIu64 ", new %" PRIu64 ", behind a gap %" PRIu64 ", late %" PRIu64
            ", duplicates %" PRIu64 ", restarts %" PRIu64 ", %s %" PRIu64,
            sum.first, sum.in_order, expect->gaps, expect->late, expect->duplicates, sum.restarts,
            is_declared(report) ? "unnumbered" : "heartbeats", expect->unnumbered);
    if (expect->shared > 0)
        fprintf(file, ", sharing a number %" PRIu64, expect->shared);
    fputc('\n', file);
    fprintf(file,
            "  missing %" PRIu64 " numbers, recovered %" PRIu64 ", lost %" PRIu64
            ": by the network %" PRIu64 ", by a restart before they came %" PRIu64 "\n",
            expect->missing, expect->recovered, expect->lost, expect->lost - sum.lost_by_restart,
            sum.lost_by_restart);
    fprintf(file,
            "  and cannot see %" PRIu64 " numbers withheld before a session's first or after "
            "its last\n",
            expect->invisible);
    fprintf(file, "  two senders of one id: %" PRIu64 "\n", sum.two_senders);
    fprintf(file,
            "  its window must reach back %" PRIu64
            " numbers, and it must believe a jump of %" PRIu64 "\n",
            expect->reach, expect->jump);
    text_doubts(file, &sum);
    text_plain(file, report, &sum);
}

/* ---- For a program -------------------------------------------------------------------- */

/* The members that a group has, and all groups together; without the braces. */
static void json_figures(FILE *file, const struct claims_figures *figures)
{
    const struct account_expect *expect = &figures->expect;
    size_t i;

    report_json_number(file, "records", expect->records);
    report_json_number(file, "first", figures->first);
    report_json_number(file, "new", figures->in_order);
    report_json_number(file, "gaps", expect->gaps);
    report_json_number(file, "late", expect->late);
    report_json_number(file, "duplicates", expect->duplicates);
    report_json_number(file, "restarts", figures->restarts);
    report_json_number(file, "unnumbered", expect->unnumbered);
    report_json_number(file, "shared", expect->shared);
    report_json_number(file, "missing", expect->missing);
    report_json_number(file, "recovered", expect->recovered);
    report_json_number(file, "lost", expect->lost);
    fprintf(file, "\"lost_by\":{\"network\":%" PRIu64 ",\"restart\":%" PRIu64 "},",
            expect->lost - figures->lost_by_restart, figures->lost_by_restart);
    report_json_number(file, "invisible", expect->invisible);
    report_json_number(file, "reach", expect->reach);
    report_json_number(file, "jump", expect->jump);
    report_json_number(file, "two_senders", figures->two_senders);
    report_json_number(file, "unclaimed", figures->unclaimed);
    fprintf(file, "\"devices\":{\"certain\":%" PRIu64, figures->doubts[CLAIMS_CERTAIN]);
    for (i = CLAIMS_CERTAIN + 1; i < CLAIMS_DOUBTS; i++)
        fprintf(file, ",\"%s\":%" PRIu64, claims_doubt_name((enum claims_doubt)i),
                figures->doubts[i]);
    fputc('}', file);
}

static void json_rejected(FILE *file, const struct claims_totals *totals)
{
    const char *separator = "";
    unsigned i;

    fprintf(file, "\"rejected\":{");
    for (i = 0; i < CLAIMS_REASONS; i++) {
        if (totals->rejected[i] == 0)
            continue;
        fprintf(file, "%s\"%s\":%" PRIu64, separator, wire_reject_name(i), totals->rejected[i]);
        separator = ",";
    }
    fprintf(file, "},");
}

void claims_report_json(FILE *file, const void *what)
{
    const struct claims_report *report = what;
    const struct play_decided *decided = stage_decided(report->stage);
    const struct claims_totals *totals = claims_totals(report->claims);
    struct claims_figures figures = sum_up(report);
    uint32_t i;

    fputc('{', file);
    report_json_number(file, "seed", report->scenario->seed);
    if (is_declared(report))
        fprintf(file, "\"format\":\"%s\",",
                plan_name(plan_encoder_plan(report->scenario->groups[0].form.encoder)));
    report_json_number(file, "planned", report_total(decided->planned));
    report_json_number(file, "sent", totals->datagrams);
    report_json_number(file, "unsent", unsent(report));
    report_json_number(file, "strangers", totals->strangers);
    report_json_number(file, "bytes", totals->bytes);
    report_json_by_type(file, "by_type", totals->by_type);
    report_json_by_type(file, "withheld", decided->withheld);
    report_json_by_type(file, "doubled", totals->doubled);
    report_json_number(file, "underway", decided->underway);
    report_json_number(file, "refused", report->refused);
    report_json_number(file, "unreachable", report->unreachable);
    fprintf(file, "\"seconds\":%.6f,\"interrupted\":%s,\"expect\":{", report->seconds,
            report->interrupted ? "true" : "false");
    report_json_number(file, "datagrams", totals->datagrams);
    json_rejected(file, totals);
    json_figures(file, &figures);
    fprintf(file, ",\"groups\":{");
    for (i = 0; i < report->scenario->group_count; i++) {
        claims_group(report->claims, report->stage, i, &figures);
        fprintf(file, "%s", i > 0 ? "," : "");
        text_print_json(file, report->scenario->groups[i].name);
        fprintf(file, ":{\"interval\":%.9g,\"heartbeat\":%.9g,",
                (double)report->scenario->groups[i].interval_ns / 1e9,
                (double)report->scenario->groups[i].heartbeat_ns / 1e9);
        json_figures(file, &figures);
        fputc('}', file);
    }
    fprintf(file, "}}}\n");
}
