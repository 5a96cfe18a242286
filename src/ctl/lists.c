/* SPDX-License-Identifier: MIT
 *
 * Listings that are as the daemon tells them: a line a row.
 */
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
