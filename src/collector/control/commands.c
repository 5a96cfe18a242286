/* SPDX-License-Identifier: MIT
 *
 * The table of what can be asked.
 */
#include "command.h"

#include "report.h"
#include "says.h"

#define FILTER                                                                                     \
    {                                                                                              \
        "filter", ARGUMENT_TEXT, "which devices: words such as place=site-47 loss>5% silent>10m"   \
    }
#define LAST                                                                                       \
    {                                                                                              \
        NULL, ARGUMENT_TEXT, NULL                                                                  \
    }

static const struct command_argument of_devices[] = {FILTER, LAST};
static const struct command_argument of_loss[] = {
    FILTER, {"by", ARGUMENT_TEXT, "a line for each: place, class or cause"}, LAST};
static const struct command_argument of_forget[] = {
    {"id", ARGUMENT_TEXT, "the device: its id, or its name in the catalog"}, LAST};

static const struct command_argument of_reload[] = {
    {"dry_run", ARGUMENT_FLAG, "only say what it would do"}, LAST};
static const struct command_argument of_log_level[] = {
    {"level", ARGUMENT_TEXT, "error, warning, info or debug"}, LAST};

const struct command command_table[] = {
    {"help", "what can be asked", NULL, says_help, NULL},
    {"status", "how the collector is, in all", NULL, says_status, NULL},
    {"sinks", "each sink: is it connected, and where are its records", NULL, says_sinks, NULL},
    {"plugins", "each entry of the chain: its plugin, version, file and figures", NULL,
     says_plugins, NULL},
    {"devices", "each device: how it is, and what is missing of it", of_devices, says_devices,
     says_end},
    {"loss", "what is missing of all devices, or of some, summed up", of_loss, says_loss,
     says_end_loss},
    {"gaps", "which numbers are missing and may still come, as in gaps.csv", of_devices, says_gaps,
     says_end},
    {"forget", "nothing is known of a device any more, as if it was never heard", of_forget,
     says_forget, NULL},
    {"reload", "read the configuration again, as SIGHUP does; all of it, or nothing", of_reload,
     says_reload, says_end_order},
    {"rotate", "have every sink open its output again", NULL, says_rotate, says_end_order},
    {"restart", "execute the program anew, as SIGUSR2 does; what comes meanwhile waits", NULL,
     says_restart, says_end_order},
    {"log_level", "log less or more, until the configuration is read again", of_log_level,
     says_log_level, NULL},
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
