/* SPDX-License-Identifier: MIT
 *
 * Devices, a line each, and what is lost, summed up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "devices.h"
#include "says.h"

/* ---- devices -------------------------------------------------------------------------- */

static void tell_device(void *context, const struct facts *facts)
{
    report_line(context, facts_line(facts));
}

/* Begins the walk at the first step; `size` bytes begin with it.  Returns -1 with report->why. */
static int begin(struct report *report, size_t size)
{
    if (report->state != NULL)
        return 0;
    report->state = calloc(1, size);
    if (report->state != NULL)
        return devices_begin(report->state, report);
    snprintf(report->why, sizeof report->why, "out of memory for the answer");
    return -1;
}

void says_end(struct report *report)
{
    free(report->state);
    report->state = NULL;
}

enum command_step says_devices(struct report *report)
{
    if (begin(report, sizeof(struct devices)) < 0)
        return STEP_FAILED;
    return devices_next(report->state, report, tell_device, report);
}

/* ---- loss ----------------------------------------------------------------------------- */

struct sum {
    const char *name; /* of the catalog or a table; NULL: the device has none */
    uint64_t devices, silent, never_heard;
    uint64_t due, have, recovered;
    uint64_t open[MUSTER_REPORT_CAUSES], lost[MUSTER_REPORT_CAUSES];
};

enum by { BY_NOTHING, BY_PLACE, BY_CLASS, BY_CAUSE };

struct loss {
    struct devices devices;
    enum by by;
    struct sum *sums;
    size_t count, room;
    json_t *places; /* in sums, by name */
    bool lost;      /* memory was short */
};

static struct sum *find_sum(struct loss *loss, const char *name)
{
    const char *key = name != NULL ? name : "";
    const json_t *place = json_object_get(loss->places, key);

    if (place != NULL)
        return &loss->sums[json_integer_value(place)];
    if (loss->count == loss->room) {
        size_t room = loss->room * 2 + 16;
        struct sum *grown = reallocarray(loss->sums, room, sizeof *grown);

        if (grown == NULL)
            return NULL;
        loss->sums = grown;
        loss->room = room;
    }
    if (json_object_set_new_nocheck(loss->places, key, json_integer((json_int_t)loss->count)) < 0)
        return NULL;
    loss->sums[loss->count] = (struct sum){.name = name};
    return &loss->sums[loss->count++];
}

static void add(void *context, const struct facts *facts)
{
    const struct muster_device_report *report = facts->report;
    struct loss *loss = context;
    struct sum *sum = find_sum(loss, loss->by == BY_PLACE   ? facts->about.place
                                     : loss->by == BY_CLASS ? facts->about.class_name
                                                            : "");
    unsigned i;

    if (sum == NULL) {
        loss->lost = true;
        return;
    }
    sum->devices++;
    sum->never_heard += report == NULL;
    if (report == NULL)
        return;
    sum->silent += report->presence == MUSTER_PRESENCE_SILENT;
    sum->due += report->due;
    sum->have += report->have;
    sum->recovered += report->recovered;
    for (i = 0; i < MUSTER_REPORT_CAUSES; i++) {
        sum->open[i] += report->open[i];
        sum->lost[i] += report->lost[i];
    }
}

static void tell_sum(struct report *report, const struct loss *loss, const struct sum *sum)
{
    json_t *line = json_object();

    if (loss->by == BY_PLACE)
        report_text(line, "place", sum->name);
    if (loss->by == BY_CLASS)
        report_text(line, "class", sum->name);
    report_number(line, "devices", sum->devices);
    report_number(line, "silent", sum->silent);
    report_number(line, "never_heard", sum->never_heard);
    report_number(line, "due", sum->due);
    report_number(line, "have", sum->have);
    report_number(line, "open", facts_sum(sum->open));
    report_number(line, "recovered", sum->recovered);
    report_number(line, "lost", facts_sum(sum->lost));
    report_real(line, "loss_percent", facts_loss(sum->due, sum->have));
    json_object_set_new(line, "open_by_cause", facts_by_cause(sum->open));
    json_object_set_new(line, "lost_by_cause", facts_by_cause(sum->lost));
    report_line(report, line);
}

static void tell_causes(struct report *report, const struct sum *sum)
{
    unsigned i;

    for (i = 0; facts_cause(i) != NULL; i++) {
        json_t *line = json_object();

        report_text(line, "cause", facts_cause(i));
        report_number(line, "open", sum->open[i]);
        report_number(line, "lost", sum->lost[i]);
        report_real(line, "loss_percent",
                    facts_loss(sum->due, sum->due - sum->open[i] - sum->lost[i]));
        report_line(report, line);
    }
}

static int compare(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    double lost_x = facts_loss(x->due, x->have), lost_y = facts_loss(y->due, y->have);

    if (lost_x > lost_y || lost_x < lost_y)
        return lost_x > lost_y ? -1 : 1;
    return strcmp(x->name != NULL ? x->name : "", y->name != NULL ? y->name : "");
}

/* Returns -1 with report->why. */
static int read_by(struct loss *loss, struct report *report)
{
    static const char *const words[] = {"place", "class", "cause"};
    const char *by = request_text(report->request, "by");
    char hint[SUGGEST_ROOM];
    unsigned i;

    for (i = 0; by != NULL && i < 3; i++)
        if (strcmp(by, words[i]) == 0)
            loss->by = (enum by)(i + 1);
    if (by == NULL || loss->by != BY_NOTHING)
        return 0;
    snprintf(report->why, sizeof report->why, "by: unknown \"%.60s\"; %s", by,
             suggest_hint(hint, sizeof hint, by, words, 3));
    return -1;
}

static int begin_loss(struct report *report)
{
    bool is_first = report->state == NULL;
    struct loss *loss;

    if (begin(report, sizeof *loss) < 0)
        return -1;
    loss = report->state;
    if (!is_first)
        return 0;
    loss->places = json_object();
    return read_by(loss, report);
}

void says_end_loss(struct report *report)
{
    struct loss *loss = report->state;

    free(loss->sums);
    json_decref(loss->places);
    says_end(report);
}

enum command_step says_loss(struct report *report)
{
    enum command_step step;
    struct loss *loss;
    size_t i;

    if (begin_loss(report) < 0)
        return STEP_FAILED;
    loss = report->state;
    step = devices_next(&loss->devices, report, add, loss);
    if (loss->lost) {
        snprintf(report->why, sizeof report->why, "out of memory for the answer");
        return STEP_FAILED;
    }
    if (step != STEP_DONE)
        return step;
    if (loss->by == BY_NOTHING || loss->by == BY_CAUSE)
        find_sum(loss, ""); /* also of no device */
    if (loss->count > 1)
        qsort(loss->sums, loss->count, sizeof *loss->sums, compare);
    for (i = 0; i < loss->count; i++)
        if (loss->by == BY_CAUSE)
            tell_causes(report, &loss->sums[i]);
        else
            tell_sum(report, loss, &loss->sums[i]);
    return STEP_DONE;
}
