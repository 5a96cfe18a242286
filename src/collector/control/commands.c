/* SPDX-License-Identifier: MIT
 *
 * The table of what can be asked.
 */
#include "command.h"

#include "report.h"
#include "says.h"

const struct command command_table[] = {
    {"help", "what can be asked", NULL, says_help, NULL},
    {"status", "how the collector is, in all", NULL, says_status, NULL},
    {"sinks", "each sink: is it connected, and where are its records", NULL, says_sinks, NULL},
    {"plugins", "each entry of the chain: its plugin, version, file and figures", NULL,
     says_plugins, NULL},
};

const size_t command_count = sizeof command_table / sizeof command_table[0];

enum command_step says_help(struct report *report)
{
    const struct command *command = &command_table[report->at];
    const struct command_argument *argument = command->arguments;
    json_t *line = json_object(), *list = json_array();

    report_text(line, "command", command->name);
    report_text(line, "summary", command->summary);
    for (; argument != NULL && argument->name != NULL; argument++) {
        json_t *one = json_object();

        report_text(one, "name", argument->name);
        report_text(one, "type", argument->type == ARGUMENT_TEXT ? "text" : "true or false");
        report_text(one, "summary", argument->summary);
        json_array_append_new(list, one);
    }
    json_object_set_new(line, "arguments", list);
    report_line(report, line);
    return ++report->at < command_count ? STEP_MORE : STEP_DONE;
}
