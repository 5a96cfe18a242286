/* SPDX-License-Identifier: MIT
 *
 * Numbers that are missing, as in gaps.csv; and devices that are to be forgotten.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collector/flow/visit.h"
#include "devices.h"
#include "says.h"

struct gaps {
    struct devices devices;
    unsigned worker;
    uint32_t from, skip; /* what that worker is asked next */
    bool begun;
};

/* "network+kernel" */
static void add_cause(json_t *line, uint16_t causes)
{
    char text[128];
    size_t length = 0;
    unsigned i;

    text[0] = '\0';
    for (i = 0; facts_cause(i) != NULL && length < sizeof text; i++)
        if ((causes >> i & 1) != 0)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
                                       length > 0 ? "+" : "", facts_cause(i));
    report_text(line, "cause", text);
}

static void tell(struct report *report, const struct muster_gap_report *gap,
                 const struct facts *facts)
{
    uint64_t mask = gap->seq_bits >= 64 ? UINT64_MAX : (UINT64_C(1) << gap->seq_bits) - 1;
    json_t *line = json_object();

    report_text(line, "device_id", facts->about.key);
    report_text(line, "name", facts->about.name);
    report_text(line, "place", facts->about.place);
    report_number(line, "first", gap->first);
    report_number(line, "last", gap->last);
    report_number(line, "count", ((gap->last - gap->first) & mask) + 1);
    report_time(line, "last_heard", gap->last_heard_ns);
    report_time(line, "opened", gap->opened_ns);
    report_text(line, "outcome", gap->is_lost ? "lost" : "open");
    add_cause(line, gap->cause);
    report_line(report, line);
}

static int begin(struct report *report)
{
    struct gaps *gaps = report->state;

    if (gaps == NULL)
        gaps = report->state = calloc(1, sizeof *gaps);
    if (gaps == NULL) {
        snprintf(report->why, sizeof report->why, "out of memory for the answer");
        return -1;
    }
    if (gaps->begun)
        return 0;
    gaps->begun = true;
    if (devices_begin(&gaps->devices, report) < 0)
        return -1;
    if (selection_figure(&gaps->devices.selection) == NULL)
        return 0;
    snprintf(report->why, sizeof report->why,
             "gaps: the filter has \"%s\"; expected id, name, place and class alone",
             selection_figure(&gaps->devices.selection));
    return -1;
}

/* The filter is about what the catalog knows: figures of a device would take another question. */
static void tell_selected(struct report *report, const struct gaps *gaps,
                          const struct visit_reports *reports)
{
    const struct catalog *catalog = report->view->host->catalog;
    uint32_t i;

    for (i = 0; i < reports->count; i++) {
        struct facts facts = {.about.size = sizeof facts.about};

        catalog_device(catalog, reports->list.gaps[i].device, &facts.about);
        if (selection_has(&gaps->devices.selection, &facts))
            tell(report, &reports->list.gaps[i], &facts);
    }
}

enum command_step says_gaps(struct report *report)
{
    const struct chain *chain = report->view->chain;
    const struct visit_reports *reports;
    struct visit_question question;
    struct gaps *gaps;
    uint32_t i, last;

    if (begin(report) < 0)
        return STEP_FAILED;
    gaps = report->state;
    question = (struct visit_question){.kind = VISIT_ABOUT_GAPS,
                                       .filter = gaps->devices.tracker,
                                       .from = gaps->from,
                                       .skip = gaps->skip};
    if (instance_filter(&chain->instances[question.filter])->gaps == NULL)
        return STEP_DONE;
    if (devices_ask(report, &question, gaps->worker, gaps->worker + 1) < 0)
        return STEP_FAILED;
    reports = &chain->pipelines[gaps->worker].visit.reports;
    tell_selected(report, gaps, reports);
    if (reports->count < VISIT_GAPS) {
        gaps->from = gaps->skip = 0;
        return ++gaps->worker < chain->pipeline_count ? STEP_MORE : STEP_DONE;
    }
    last = reports->list.gaps[reports->count - 1].device;
    if (last != gaps->from)
        gaps->skip = 0;
    for (i = reports->count; i > 0 && reports->list.gaps[i - 1].device == last; i--)
        gaps->skip++;
    gaps->from = last;
    return STEP_MORE;
}

enum command_step says_forget(struct report *report)
{
    const struct chain *chain = report->view->chain;
    const char *id = request_text(report->request, "id");
    struct devices devices;
    struct visit_question question;
    unsigned worker;
    json_t *line;

    if (id == NULL) {
        snprintf(report->why, sizeof report->why,
                 "forget: which device? expected \"id\", an id, or a name of the catalog");
        return STEP_FAILED;
    }
    if (devices_begin(&devices, report) < 0)
        return STEP_FAILED;
    question = (struct visit_question){
        .kind = VISIT_FORGET, .filter = devices.tracker, .from = devices_find(report, id)};
    if (question.from == UINT32_MAX)
        return STEP_FAILED;
    worker = question.from % chain->pipeline_count;
    if (devices_ask(report, &question, worker, worker + 1) < 0)
        return STEP_FAILED;
    if (!chain->pipelines[worker].visit.reports.was_known) {
        snprintf(report->why, sizeof report->why, "nothing is known of the device \"%.100s\"", id);
        return STEP_FAILED;
    }
    log_format(report->view->host->log, LOG_INFO, NULL, "musterctl: device %s is forgotten", id);
    line = json_object();
    report_text(line, "forgotten", id);
    report_line(report, line);
    return STEP_DONE;
}
