/* SPDX-License-Identifier: MIT
 *
 * Listings that are as the daemon tells them: a line a row.
 */
#include <string.h>

#include "ctl.h"

int ctl_sinks(struct ctl *ctl)
{
    static const struct column columns[] = {{"sink", "sink", COLUMN_TEXT},
                                            {"state", "state", COLUMN_TEXT},
                                            {"since", "since", COLUMN_TEXT},
                                            {"offered", "offered", COLUMN_COUNT},
                                            {"written", "written", COLUMN_COUNT},
                                            {"held", "held", COLUMN_COUNT},
                                            {"queued", "queued", COLUMN_COUNT},
                                            {"dropped", "dropped", COLUMN_COUNT},
                                            {"why dropped", "dropped_by_reason", COLUMN_SUMS},
                                            {NULL, NULL, COLUMN_TEXT}};

    return ctl_list(ctl, ctl_request("sinks"), columns);
}

int ctl_plugins(struct ctl *ctl)
{
    static const struct column columns[] = {{"entry", "entry", COLUMN_TEXT},
                                            {"plugin", "plugin", COLUMN_TEXT},
                                            {"version", "version", COLUMN_TEXT},
                                            {"role", "role", COLUMN_TEXT},
                                            {"state", "state", COLUMN_TEXT},
                                            {"in", "in", COLUMN_COUNT},
                                            {"emitted", "emitted", COLUMN_COUNT},
                                            {"out", "out", COLUMN_COUNT},
                                            {"offered", "offered", COLUMN_COUNT},
                                            {"written", "written", COLUMN_COUNT},
                                            {"dropped", "dropped", COLUMN_COUNT},
                                            {"file", "file", COLUMN_TEXT},
                                            {NULL, NULL, COLUMN_TEXT}};

    return ctl_list(ctl, ctl_request("plugins"), columns);
}

int ctl_devices(struct ctl *ctl)
{
    static const struct column columns[] = {{"id", "device_id", COLUMN_TEXT},
                                            {"name", "name", COLUMN_TEXT},
                                            {"place", "place", COLUMN_TEXT},
                                            {"class", "class", COLUMN_TEXT},
                                            {"presence", "presence", COLUMN_TEXT},
                                            {"heard ago", "silent_s", COLUMN_SECONDS},
                                            {"due", "due", COLUMN_COUNT},
                                            {"have", "have", COLUMN_COUNT},
                                            {"open", "open", COLUMN_COUNT},
                                            {"lost", "lost", COLUMN_COUNT},
                                            {"loss", "loss_percent", COLUMN_PERCENT},
                                            {"recovered", "recovered", COLUMN_COUNT},
                                            {"dup", "duplicates", COLUMN_COUNT},
                                            {"late", "late", COLUMN_COUNT},
                                            {"restarts", "restarts", COLUMN_COUNT},
                                            {"last 8", "beats", COLUMN_TEXT},
                                            {"", "first", COLUMN_TEXT},
                                            {"", "heard", COLUMN_TEXT},
                                            {"", "interval_s", COLUMN_SECONDS},
                                            {"", "open_by_cause", COLUMN_SUMS},
                                            {"lost by cause", "lost_by_cause", COLUMN_SUMS},
                                            {NULL, NULL, COLUMN_TEXT}};

    return ctl_list(ctl, ctl_filter_request(ctl, "devices"), columns);
}

int ctl_loss(struct ctl *ctl)
{
    static const struct column by_cause[] = {{"cause", "cause", COLUMN_TEXT},
                                             {"open", "open", COLUMN_COUNT},
                                             {"lost", "lost", COLUMN_COUNT},
                                             {"of all due", "loss_percent", COLUMN_PERCENT},
                                             {NULL, NULL, COLUMN_TEXT}};
    static struct column columns[] = {{"", "", COLUMN_TEXT},
                                      {"devices", "devices", COLUMN_COUNT},
                                      {"silent", "silent", COLUMN_COUNT},
                                      {"never heard", "never_heard", COLUMN_COUNT},
                                      {"due", "due", COLUMN_COUNT},
                                      {"have", "have", COLUMN_COUNT},
                                      {"open", "open", COLUMN_COUNT},
                                      {"lost", "lost", COLUMN_COUNT},
                                      {"loss", "loss_percent", COLUMN_PERCENT},
                                      {"recovered", "recovered", COLUMN_COUNT},
                                      {"open by cause", "open_by_cause", COLUMN_SUMS},
                                      {"lost by cause", "lost_by_cause", COLUMN_SUMS},
                                      {NULL, NULL, COLUMN_TEXT}};
    json_t *request = ctl_filter_request(ctl, "loss");

    if (ctl->by == NULL)
        return ctl_list(ctl, request, columns + 1);
    json_object_set_new(request, "by", json_string(ctl->by));
    if (strcmp(ctl->by, "cause") == 0)
        return ctl_list(ctl, request, by_cause);
    columns[0].title = columns[0].name = ctl->by;
    return ctl_list(ctl, request, columns);
}

int ctl_gaps(struct ctl *ctl)
{
    static const struct column columns[] = {{"id", "device_id", COLUMN_TEXT},
                                            {"name", "name", COLUMN_TEXT},
                                            {"place", "place", COLUMN_TEXT},
                                            {"first", "first", COLUMN_COUNT},
                                            {"last", "last", COLUMN_COUNT},
                                            {"count", "count", COLUMN_COUNT},
                                            {"last heard", "last_heard", COLUMN_TEXT},
                                            {"opened", "opened", COLUMN_TEXT},
                                            {"outcome", "outcome", COLUMN_TEXT},
                                            {"cause", "cause", COLUMN_TEXT},
                                            {NULL, NULL, COLUMN_TEXT}};

    return ctl_list(ctl, ctl_filter_request(ctl, "gaps"), columns);
}

int ctl_forget(struct ctl *ctl)
{
    static const struct column columns[] = {{"forgotten", "forgotten", COLUMN_TEXT},
                                            {NULL, NULL, COLUMN_TEXT}};
    json_t *request = ctl_request("forget");

    json_object_set_new(request, "id", json_string(ctl->words[0]));
    return ctl_list(ctl, request, columns);
}
