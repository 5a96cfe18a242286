/* SPDX-License-Identifier: MIT
 *
 * The collector in all: one line.
 */
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "base/clock.h"
#include "wire/datagram.h"
#include "report.h"
#include "figures.h"
#include "says.h"

static json_t *datagrams(const struct report *report, const struct chain_account *account)
{
    json_t *object = json_object(), *reasons = json_object();
    uint64_t rejected = account->overrun;
    unsigned reason;

    for (reason = 0; reason < MUSTER_REJECT_REASONS; reason++) {
        rejected += account->rejected[reason];
        if (account->rejected[reason] > 0)
            report_number(reasons, wire_reject_name(reason), account->rejected[reason]);
    }
    if (account->overrun > 0)
        report_number(reasons, "no room with its worker", account->overrun);
    report_number(object, "received", account->received);
    report_number(object, "decoded", account->decoded);
    report_number(object, "rejected", rejected);
    json_object_set_new(object, "rejected_by_reason", reasons);
    report_real(object, "received_per_second", samples_rate(&report->about->samples));
    report_number(object, "dropped_by_the_kernel", account->kernel_drops);
    report_number(object, "wrong_checksum", account->checksum_errors);
    report_number(object, "refused", account->refused);
    return object;
}

static void copy_figure(json_t *object, const struct muster_instance *tracker, const char *metric,
                        const char *name)
{
    uint64_t value;

    if (figures_find(tracker, metric, &value))
        report_number(object, name, value);
}

static json_t *devices(const struct collector_view *view, const struct muster_instance *tracker)
{
    static const char *const names[][2] = {{"devices", "heard"},           {"online", "online"},
                                           {"late_devices", "late"},       {"silent", "silent"},
                                           {"never_heard", "never_heard"}, {"unknown", "unknown"},
                                           {"no_data", "no_data"}};
    json_t *object = json_object();
    size_t i;

    report_number(object, "in_catalog", catalog_device_count(view->config->catalog));
    for (i = 0; tracker != NULL && i < sizeof names / sizeof names[0]; i++)
        copy_figure(object, tracker, names[i][0], names[i][1]);
    return object;
}

static json_t *numbers(const struct collector_view *view, const struct muster_instance *tracker)
{
    static const char *const names[] = {"missing", "open",       "recovered",
                                        "lost",    "duplicates", "restarts"};
    json_t *object = json_object();
    uint64_t since;
    size_t i;

    if (!figures_find(tracker, "counted_since", &since))
        report_time(object, "since", view->started_at);
    else
        report_time(object, "since", since * CLOCK_SECOND);
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        copy_figure(object, tracker, names[i], names[i]);
    json_object_set_new(object, "missing_by_cause", figures_by_label(tracker, "missing_by_cause"));
    json_object_set_new(object, "lost_by_cause", figures_by_label(tracker, "lost_by_cause"));
    return object;
}

/* " (0636427)" as "0636427". */
static void report_build(json_t *line, const char *commit)
{
    size_t size = strlen(commit);

    if (size > 3)
        json_object_set_new(line, "build", json_stringn(commit + 2, size - 3));
}

enum command_step says_status(struct report *report)
{
    const struct collector_view *view = report->view;
    const struct chain_account account = chain_account(view->chain);
    const struct muster_instance *tracker = figures_tracker(view->chain);
    json_t *line = json_object(), *sinks = json_array();
    unsigned i;

    report_text(line, "version", PACKAGE_VERSION);
    report_build(line, report->about->commit);
    report_number(line, "pid", (uint64_t)getpid());
    report_time(line, "started", view->started_at);
    report_number(line, "up_s", (clock_monotonic() - view->started_ns) / CLOCK_SECOND);
    report_text(line, "configuration", view->config_path);
    report_flag(line, "configuration_has_changed",
                file_mark_differs(&report->about->config, view->config_path));
    json_object_set_new(line, "datagrams", datagrams(report, &account));
    json_object_set_new(line, "devices", devices(view, tracker));
    if (tracker != NULL)
        json_object_set_new(line, "numbers", numbers(view, tracker));
    for (i = 0; i < view->chain->sink_count; i++)
        if (!view->chain->sinks[i].retired)
            json_array_append_new(sinks, says_sink(&view->chain->sinks[i]));
    json_object_set_new(line, "sinks", sinks);
    report_line(report, line);
    return STEP_DONE;
}
