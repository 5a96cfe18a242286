/* SPDX-License-Identifier: MIT */
#include "devices.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "collector/catalog/numbers.h"
#include "collector/flow/visit.h"
#include "figures.h"

int devices_begin(struct devices *devices, struct report *report)
{
    const struct chain *chain = report->view->chain;
    char why[SELECTION_WHY];

    *devices = (struct devices){.end = numbers_end(report->view->host->numbers)};
    while (devices->tracker < chain->filter_count &&
           instance_filter(&chain->instances[devices->tracker])->devices == NULL)
        devices->tracker++;
    if (devices->tracker == chain->filter_count) {
        snprintf(report->why, sizeof report->why,
                 "no filter of the chain tracks devices; expected one such as { plugin = "
                 "\"sequence\"; }");
        return -1;
    }
    if (selection_parse(&devices->selection, request_text(report->request, "filter"), why) == 0)
        return 0;
    snprintf(report->why, sizeof report->why, "%s", why);
    return -1;
}

int devices_ask(struct report *report, const struct visit_question *question, unsigned first,
                unsigned last)
{
    unsigned stuck;

    if (visit_ask(report->view->chain, question, first, last, &stuck) == 0)
        return 0;
    snprintf(
        report->why, sizeof report->why,
        "worker %u has not answered for a second: it is stuck in a filter, or is stopping; the "
        "log says more",
        stuck);
    return -1;
}

/* The reports of a range, by number from `from` on. */
static void sort_reports(const struct chain *chain, uint32_t from,
                         const struct muster_device_report *sorted[VISIT_DEVICES])
{
    unsigned i;
    uint32_t k;

    memset(sorted, 0, VISIT_DEVICES * sizeof *sorted);
    for (i = 0; i < chain->pipeline_count; i++) {
        const struct visit_reports *reports = &chain->pipelines[i].visit.reports;

        for (k = 0; k < reports->count; k++) {
            const struct muster_device_report *one = &reports->list.devices[k];

            if (one->device - from < VISIT_DEVICES)
                sorted[one->device - from] = one;
        }
    }
}

enum command_step devices_next(struct devices *devices, struct report *report, devices_fn *tell,
                               void *context)
{
    const struct muster_device_report *sorted[VISIT_DEVICES];
    const struct collector_view *view = report->view;
    const uint32_t from = devices->at;
    const struct visit_question question = {
        .kind = VISIT_ABOUT_DEVICES,
        .filter = devices->tracker,
        .from = from,
        .end = devices->end - from < VISIT_DEVICES ? devices->end : from + VISIT_DEVICES};
    struct facts facts = {.now_ns = clock_wall()};
    uint32_t number;

    if (devices_ask(report, &question, 0, view->chain->pipeline_count) < 0)
        return STEP_FAILED;
    sort_reports(view->chain, from, sorted);
    for (number = from; number < question.end; number++) {
        facts.report = sorted[number - from];
        if (facts.report == NULL && !catalog_lists(view->host->catalog, number))
            continue;
        facts.about = (struct muster_device){.size = sizeof facts.about};
        catalog_device(view->host->catalog, number, &facts.about);
        if (selection_has(&devices->selection, &facts))
            tell(context, &facts);
    }
    devices->at = question.end;
    return devices->at < devices->end ? STEP_MORE : STEP_DONE;
}

uint32_t devices_find(struct report *report, const char *id)
{
    const struct host *host = report->view->host;
    uint32_t number = numbers_of_key(host->numbers, id, strlen(id)), i;
    struct muster_device about = {.size = sizeof about};

    if (number != NUMBERS_NONE)
        return number;
    for (i = 0; i < numbers_end(host->numbers); i++)
        if (catalog_lists(host->catalog, i) && catalog_device(host->catalog, i, &about) == 1 &&
            about.name != NULL && strcmp(about.name, id) == 0)
            return i;
    snprintf(report->why, sizeof report->why,
             "there is no device \"%.100s\"; expected an id, or a name of the catalog", id);
    return UINT32_MAX;
}
