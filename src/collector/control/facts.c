/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <string.h>

#include "base/clock.h"
#include "report.h"

const char *const facts_presences[FACTS_PRESENCES] = {"online", "late", "silent", "never-heard"};

/* As in gaps.csv. */
static const char *const causes[MUSTER_CAUSES] = {
    "network", "kernel", "collector", "collector-down", "restart", "checksum", "not-believable"};

_Static_assert(MUSTER_CAUSE_NETWORK == 1 << 0 && MUSTER_CAUSE_KERNEL == 1 << 1 &&
                   MUSTER_CAUSE_COLLECTOR == 1 << 2 && MUSTER_CAUSE_COLLECTOR_DOWN == 1 << 3 &&
                   MUSTER_CAUSE_RESTART == 1 << 4 && MUSTER_CAUSE_CHECKSUM == 1 << 5 &&
                   MUSTER_CAUSE_NOT_BELIEVABLE == 1 << 6,
               "as the words are");

const char *facts_cause(unsigned number)
{
    return number < MUSTER_CAUSES ? causes[number] : NULL;
}

const char *facts_presence(const struct facts *facts)
{
    if (facts->report == NULL || facts->report->presence > MUSTER_PRESENCE_SILENT)
        return facts_presences[FACTS_PRESENCES - 1];
    return facts_presences[facts->report->presence];
}

uint64_t facts_sum(const uint64_t by_cause[MUSTER_REPORT_CAUSES])
{
    uint64_t sum = 0;
    unsigned i;

    for (i = 0; i < MUSTER_REPORT_CAUSES; i++)
        sum += by_cause[i];
    return sum;
}

double facts_loss(uint64_t due, uint64_t have)
{
    return due > have ? 100.0 * (double)(due - have) / (double)due : 0;
}

double facts_silence(const struct facts *facts)
{
    if (facts->report == NULL || facts->report->heard_ns == 0)
        return -1;
    if (facts->report->heard_ns >= facts->now_ns)
        return 0;
    return (double)(facts->now_ns - facts->report->heard_ns) / (double)CLOCK_SECOND;
}

json_t *facts_by_cause(const uint64_t by_cause[MUSTER_REPORT_CAUSES])
{
    json_t *object = json_object();
    unsigned i;

    for (i = 0; i < MUSTER_CAUSES; i++)
        if (by_cause[i] > 0)
            report_number(object, causes[i], by_cause[i]);
    return object;
}

/* The newest is the last. */
static void add_beats(json_t *line, const struct muster_device_report *report)
{
    unsigned count = report->beat_count <= 8 ? report->beat_count : 8, i;
    char text[9];

    for (i = 0; i < count; i++)
        text[i] = (report->beats >> (count - 1 - i) & 1) != 0 ? '1' : '0';
    text[count] = '\0';
    report_text(line, "beats", text);
}

json_t *facts_line(const struct facts *facts)
{
    const struct muster_device_report *report = facts->report;
    json_t *line = json_object();

    report_text(line, "device_id", facts->about.key);
    report_text(line, "name", facts->about.name);
    report_text(line, "place", facts->about.place);
    report_text(line, "class", facts->about.class_name);
    report_text(line, "presence", facts_presence(facts));
    if (report == NULL)
        return line;
    report_time(line, "first", report->first_ns);
    report_time(line, "heard", report->heard_ns);
    report_real(line, "silent_s", facts_silence(facts));
    if (report->interval_ns > 0)
        report_real(line, "interval_s", (double)report->interval_ns / (double)CLOCK_SECOND);
    report_number(line, "due", report->due);
    report_number(line, "have", report->have);
    report_number(line, "open", facts_sum(report->open));
    report_number(line, "recovered", report->recovered);
    report_number(line, "lost", facts_sum(report->lost));
    report_real(line, "loss_percent", facts_loss(report->due, report->have));
    json_object_set_new(line, "open_by_cause", facts_by_cause(report->open));
    json_object_set_new(line, "lost_by_cause", facts_by_cause(report->lost));
    report_number(line, "duplicates", report->duplicates);
    report_number(line, "late", report->late);
    report_number(line, "restarts", report->restarts);
    add_beats(line, report);
    return line;
}
