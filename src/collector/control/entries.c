/* SPDX-License-Identifier: MIT
 *
 * The entries of the chain: a line each.
 */
#include "collector/host/plugin.h"
#include "report.h"
#include "figures.h"
#include "says.h"

json_t *says_sink(const struct sink *sink)
{
    const struct sink_account account = sink_whole_account(sink);
    const struct {
        const char *reason;
        uint64_t count;
    } drops[] = {{"queue full", account.dropped_full},
                 {"oldest of a full spill", account.dropped_spill},
                 {"spilled and damaged", account.dropped_damaged},
                 {"given up by the sink", account.dropped_given_up},
                 {"sink failed", account.dropped_failed},
                 {"out of time to stop", account.dropped_stop}};
    json_t *object = json_object(), *by_reason = json_object();
    const char *state;
    uint64_t since;
    size_t i;

    state = figures_sink_state(sink, &since);
    report_text(object, "sink", instance_name(sink->instance));
    report_text(object, "state", state);
    report_time(object, "since", since);
    report_number(object, "offered", account.offered);
    report_number(object, "written", account.written);
    report_number(object, "held", account.held);
    report_number(object, "queued", account.queued);
    if (sink->spill != NULL)
        report_number(object, "spilled", account.spilled);
    report_number(object, "dropped", sink_account_dropped(&account));
    for (i = 0; i < sizeof drops / sizeof drops[0]; i++)
        if (drops[i].count > 0)
            report_number(by_reason, drops[i].reason, drops[i].count);
    json_object_set_new(object, "dropped_by_reason", by_reason);
    report_number(object, "queue", (uint64_t)sink->queue_capacity * sink->queue_count);
    return object;
}

enum command_step says_sinks(struct report *report)
{
    const struct chain *chain = report->view->chain;

    while (report->at < chain->sink_count && chain->sinks[report->at].retired)
        report->at++;
    if (report->at >= chain->sink_count)
        return STEP_DONE;
    report_line(report, says_sink(&chain->sinks[report->at++]));
    return STEP_MORE;
}

static void add_filter(json_t *line, const struct chain *chain, unsigned number)
{
    const struct filter_account account = chain_filter_account(chain, number);
    bool failed = false;
    unsigned i;

    for (i = 0; i < chain->pipeline_count; i++)
        failed |= chain->pipelines[i].filters[number].failed;
    report_text(line, "state", failed ? "failed" : "ok");
    report_number(line, "in", account.in);
    report_number(line, "emitted", account.emitted);
    report_number(line, "out", account.out);
    report_number(line, "dropped", account.dropped);
    report_number(line, "held", account.held);
    report_number(line, "passed", account.passed);
}

static void add_sink(json_t *line, const struct sink *sink)
{
    json_t *figures = says_sink(sink);

    json_object_update_missing(line, figures);
    json_object_del(line, "sink");
    json_decref(figures);
}

enum command_step says_plugins(struct report *report)
{
    const struct chain *chain = report->view->chain;
    unsigned number = (unsigned)report->at++;
    const struct muster_instance *instance;
    json_t *line;

    if (number >= chain->instance_count)
        return STEP_DONE;
    if (number >= chain->filter_count && chain->sinks[number - chain->filter_count].retired)
        return STEP_MORE;
    instance = &chain->instances[number];
    line = json_object();
    report_text(line, "entry", instance_name(instance));
    report_text(line, "plugin", instance_api(instance)->name);
    report_text(line, "version", instance_api(instance)->version);
    report_text(line, "role", plugin_role_name(&instance->entry->plugin));
    report_text(line, "file", instance->entry->plugin.path);
    if (number < chain->filter_count)
        add_filter(line, chain, number);
    else
        add_sink(line, &chain->sinks[number - chain->filter_count]);
    report_line(report, line);
    return STEP_MORE;
}
