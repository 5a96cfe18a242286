/* SPDX-License-Identifier: MIT
 *
 * Printing the figures, so that each sum can be checked by eye.
 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ack.h"
#include "plain.h"
#include "play.h"
#include "wire/plan_encode.h"

static double per_second(const struct report *report)
{
    return report->seconds > 0 ? (double)report->figures.sent / report->seconds : 0;
}

uint64_t report_total(const uint64_t *by_type)
{
    return by_type[MUSTER_MSG_INIT] + by_type[MUSTER_MSG_HEARTBEAT] + by_type[MUSTER_MSG_DATA];
}

void report_text_by_type(FILE *file, const char *what, const uint64_t *by_type)
{
    fprintf(file,
            "  %-10s %12" PRIu64 "  (init %" PRIu64 ", heartbeat %" PRIu64 ", data %" PRIu64 ")\n",
            what, report_total(by_type), by_type[MUSTER_MSG_INIT], by_type[MUSTER_MSG_HEARTBEAT],
            by_type[MUSTER_MSG_DATA]);
}

void report_text_leaps(FILE *file, const struct account_expect *expect)
{
    if (expect->leaps > 0)
        fprintf(file,
                "  behind %" PRIu64 " gaps %d numbers or more came all the same, for seconds: a "
                "collector\n  that takes such a gap back tells fewer missing, recovered and late\n",
                expect->leaps, ACCOUNT_LEAP);
}

static void text_acks(FILE *file, const struct ack_counts *acks)
{
    fprintf(file, "answers, in messages:\n");
    fprintf(file,
            "  %" PRIu64 " asked = %" PRIu64 " answered + %" PRIu64 " given up + %" PRIu64
            " still waited for\n",
            acks->asked, acks->answered, acks->given_up, acks->waiting);
    fprintf(file,
            "  late %" PRIu64 " (answered when sent again), sent again %" PRIu64 " times, %" PRIu64
            " of them withheld\n",
            acks->late, acks->resent, acks->withheld);
    fprintf(file,
            "  wrong answers %" PRIu64 ", right ones that came once more or too late %" PRIu64 "\n",
            acks->wrong, acks->again);
}

/* Records that have no number, or none of their own. */
static void text_others(FILE *file, const struct report *report)
{
    const struct account_expect *expect = &report->figures.expect;

    if (report->plan != NULL && report->plan->form.encoder != NULL)
        fprintf(file, "  unnumbered %" PRIu64 " records\n", expect->unnumbered);
    else
        fprintf(file, "  unnumbered %" PRIu64 " heartbeats, %" PRIu64 " of them doubled\n",
                expect->unnumbered, report->figures.doubled[MUSTER_MSG_HEARTBEAT]);
    if (expect->shared > 0)
        fprintf(file,
                "  shared %" PRIu64 " records, which have the number of the first of their "
                "datagram\n",
                expect->shared);
}

void report_text(FILE *file, const struct report *report)
{
    const struct account_figures *figures = &report->figures;
    const struct account_expect *expect = &figures->expect;

    fprintf(file, "played%s, in datagrams:\n", report->interrupted ? " until a signal" : "");
    fprintf(file, "  %-10s %12" PRIu64 "\n", "planned", figures->planned);
    report_text_by_type(file, "withheld", figures->withheld);
    report_text_by_type(file, "doubled", figures->doubled);
    if (figures->unsent > 0)
        fprintf(file, "  %-10s %12" PRIu64 "  (the play was cut off)\n", "unsent", figures->unsent);
    report_text_by_type(file, "sent", figures->sent_by_type);
    fprintf(file,
            "  check: %" PRIu64 " sent = %" PRIu64 " planned - %" PRIu64 " withheld + %" PRIu64
            " doubled",
            figures->sent, figures->planned, report_total(figures->withheld),
            report_total(figures->doubled));
    if (figures->resent > 0)
        fprintf(file, " + %" PRIu64 " sent again", figures->resent);
    if (figures->unsent > 0)
        fprintf(file, " - %" PRIu64 " unsent", figures->unsent);
    fprintf(file, "\n  %-10s %12" PRIu64 "  (data, sent behind later ones of the same device)\n",
            "delayed", figures->delayed);
    if (figures->underway > 0)
        fprintf(file, "  %-10s %12" PRIu64 "  (at the same time, at most)\n", "under way",
                figures->underway);
    if (report->refused > 0)
        fprintf(file, "  %-10s %12" PRIu64 "  (sent, but reported back: nobody listens there)\n",
                "refused", report->refused);
    if (report->unreachable > 0)
        fprintf(file, "  %-10s %12" PRIu64 "  (sent, but reported back as undeliverable)\n",
                "unreachable", report->unreachable);
    fprintf(file, "  %" PRIu64 " bytes in %.3f s, %.1f datagrams a second\n", figures->bytes,
            report->seconds, per_second(report));

    if (report->acks != NULL)
        text_acks(file, report->acks);
    fprintf(file, "a perfect collector sees:\n");
    fprintf(file, "  datagrams %" PRIu64 ", records %" PRIu64 "\n", expect->datagrams,
            expect->records);
    fprintf(file,
            "  missing %" PRIu64 " numbers in %" PRIu64 " gaps, recovered %" PRIu64
            ", lost %" PRIu64 "\n",
            expect->missing, expect->gaps, expect->recovered, expect->lost);
    fprintf(file,
            "  late %" PRIu64 " records (recovered %" PRIu64 ", before the session's first %" PRIu64
            ")\n",
            expect->late, expect->recovered, expect->late - expect->recovered);
    fprintf(file, "  duplicates %" PRIu64 " records\n", expect->duplicates);
    text_others(file, report);
    fprintf(file,
            "  and cannot see %" PRIu64 " numbers withheld before a session's first or after "
            "its last\n",
            expect->invisible);
    fprintf(file,
            "  its window must reach back %" PRIu64
            " numbers, and it must believe a jump of %" PRIu64 "\n",
            expect->reach, expect->jump);
    report_text_leaps(file, expect);
    plain_print(file, report);
}

void report_json_by_type(FILE *file, const char *name, const uint64_t *by_type)
{
    fprintf(file, "\"%s\":{\"init\":%" PRIu64 ",\"heartbeat\":%" PRIu64 ",\"data\":%" PRIu64 "},",
            name, by_type[MUSTER_MSG_INIT], by_type[MUSTER_MSG_HEARTBEAT],
            by_type[MUSTER_MSG_DATA]);
}

void report_json_number(FILE *file, const char *name, uint64_t value)
{
    fprintf(file, "\"%s\":%" PRIu64 ",", name, value);
}

static void json_real(FILE *file, const char *name, double value)
{
    fprintf(file, "\"%s\":%.9g,", name, value);
}

/* In seconds of the devices' time. */
static void json_plan(FILE *file, const struct play_plan *plan, double speed)
{
    report_json_number(file, "seed", plan->seed);
    if (plan->form.encoder != NULL)
        fprintf(file, "\"format\":\"%s\",\"seq_bits\":%u,",
                plan_name(plan_encoder_plan(plan->form.encoder)), message_bits(&plan->form));
    report_json_number(file, "devices", plan->devices);
    if (plan->pace == PLAY_TIMETABLE) {
        json_real(file, "interval", (double)plan->data_ns / 1e9);
        json_real(file, "heartbeat", (double)plan->heartbeat_ns / 1e9);
        json_real(file, "speed", speed);
    }
    json_real(file, "loss", plan->loss);
    json_real(file, "duplicate", plan->duplicate);
    json_real(file, "reorder", plan->reorder);
    json_real(file, "delay", (double)plan->delay_ns / 1e9);
    json_real(file, "jitter", (double)plan->jitter_ns / 1e9);
}

static void json_acks(FILE *file, const struct account_figures *figures,
                      const struct ack_counts *acks)
{
    report_json_number(file, "resent", figures->resent);
    fprintf(file, "\"ack\":{");
    report_json_number(file, "asked", acks->asked);
    report_json_number(file, "answered", acks->answered);
    report_json_number(file, "late", acks->late);
    report_json_number(file, "resent", acks->resent);
    report_json_number(file, "withheld", acks->withheld);
    report_json_number(file, "given_up", acks->given_up);
    report_json_number(file, "waiting", acks->waiting);
    report_json_number(file, "again", acks->again);
    fprintf(file, "\"wrong\":%" PRIu64 "},", acks->wrong);
}

void report_json(FILE *file, const void *what)
{
    const struct report *report = what;
    const struct account_figures *figures = &report->figures;
    const struct account_expect *expect = &figures->expect;

    fputc('{', file);
    if (report->plan != NULL)
        json_plan(file, report->plan, report->speed);
    report_json_number(file, "planned", figures->planned);
    report_json_number(file, "sent", figures->sent);
    report_json_number(file, "unsent", figures->unsent);
    report_json_number(file, "bytes", figures->bytes);
    report_json_by_type(file, "by_type", figures->sent_by_type);
    report_json_by_type(file, "withheld", figures->withheld);
    report_json_by_type(file, "doubled", figures->doubled);
    report_json_number(file, "delayed", figures->delayed);
    report_json_number(file, "underway", figures->underway);
    report_json_number(file, "refused", report->refused);
    report_json_number(file, "unreachable", report->unreachable);
    if (report->acks != NULL)
        json_acks(file, figures, report->acks);
    fprintf(file, "\"seconds\":%.6f,\"rate\":%.1f,\"interrupted\":%s,\"expect\":{", report->seconds,
            per_second(report), report->interrupted ? "true" : "false");
    report_json_number(file, "datagrams", expect->datagrams);
    report_json_number(file, "records", expect->records);
    report_json_number(file, "missing", expect->missing);
    report_json_number(file, "recovered", expect->recovered);
    report_json_number(file, "late", expect->late);
    report_json_number(file, "lost", expect->lost);
    report_json_number(file, "gaps", expect->gaps);
    report_json_number(file, "duplicates", expect->duplicates);
    report_json_number(file, "unnumbered", expect->unnumbered);
    report_json_number(file, "shared", expect->shared);
    report_json_number(file, "invisible", expect->invisible);
    report_json_number(file, "reach", expect->reach);
    report_json_number(file, "jump", expect->jump);
    fprintf(file, "\"leaps\":%" PRIu64 "}}\n", expect->leaps);
}

/* Takes as long as it needs: nothing else is to be done any more. */
static const struct replace replacing = {.is_durable = true};

/* The report in memory, to be freed; or NULL. */
static char *make(void (*write)(FILE *, const void *), const void *what, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    bool is_good = out != NULL;

    if (out != NULL) {
        write(out, what);
        is_good = ferror(out) == 0;
        is_good &= fclose(out) == 0;
    }
    if (is_good)
        return text;
    free(text);
    return NULL;
}

int report_save(const char *name, void (*write)(FILE *file, const void *what), const void *what,
                char why[DESTINATION_WHY])
{
    size_t size = 0;
    char *text;
    int result;

    if (strcmp(name, "-") == 0) {
        errno = 0;
        write(stdout, what);
        if (fflush(stdout) == 0 && !ferror(stdout))
            return 0;
        snprintf(why, DESTINATION_WHY, "%s", strerror(errno != 0 ? errno : EIO));
        return -1;
    }
    text = make(write, what, &size);
    if (text == NULL) {
        snprintf(why, DESTINATION_WHY, "out of memory");
        return -1;
    }
    result = replace_file(name, &replacing, text, size, why) == 0 ? 0 : -1;
    free(text);
    return result;
}

int report_check(const char *name, char why[DESTINATION_WHY])
{
    return strcmp(name, "-") == 0 || replace_check(name, &replacing, why) == 0 ? 0 : -1;
}
