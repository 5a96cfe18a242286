/* SPDX-License-Identifier: MIT
 *
 * What changes something: the configuration is read again, outputs are opened again, the log says
 * more or less.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "order.h"
#include "report.h"
#include "says.h"

/* What is said of it, a line each, as the log and --check have it. */
static void tell(struct report *report, struct problems *said)
{
    char *text = NULL, *line, *rest = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out != NULL) {
        problems_print(said, out);
        fclose(out);
    }
    for (line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        json_t *object = json_object();

        report_text(object, "said", line);
        report_line(report, object);
    }
    free(text);
}

void says_end_order(struct report *report)
{
    order_leave(report->state);
    report->state = NULL;
}

/* Has the main thread do it, and waits until it has. */
static enum command_step give(struct report *report, enum request_kind kind, const char *failed)
{
    struct order *order = report->about->order;
    int error = 0, result;

    if (report->state == NULL)
        error = order_begin(order, report->view->requests, kind, report);
    if (error != 0) {
        snprintf(report->why, sizeof report->why, "%s",
                 error == EBUSY ? "another such command is under way; try again when it is done"
                                : strerror(error));
        return STEP_FAILED;
    }
    report->state = order;
    if (!order_is_done(order))
        return STEP_WAIT;
    result = order->result;
    tell(report, &order->said);
    order_end(order);
    report->state = NULL;
    if (result == 0)
        return STEP_DONE;
    snprintf(report->why, sizeof report->why, "%s", failed);
    return STEP_FAILED;
}

enum command_step says_reload(struct report *report)
{
    bool dry = request_flag(report->request, "dry_run");
    enum command_step step = give(report, dry ? REQUEST_DRY_RELOAD : REQUEST_RELOAD,
                                  "nothing has changed; the lines before say why");

    if (step == STEP_DONE && !dry)
        file_mark_set(&report->about->config, report->view->config_path);
    return step;
}

enum command_step says_rotate(struct report *report)
{
    return give(report, REQUEST_ROTATE, "the daemon stops");
}

enum command_step says_restart(struct report *report)
{
    return give(report, REQUEST_RESTART, "it goes on as it was; the lines before say why");
}

enum command_step says_log_level(struct report *report)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    const char *level = request_text(report->request, "level");
    char hint[SUGGEST_ROOM];
    json_t *line;
    unsigned i;

    for (i = 0; level != NULL && i < 4; i++) {
        if (strcmp(levels[i], level) != 0)
            continue;
        log_threshold(report->view->host->log, (enum log_level)i);
        line = json_object();
        report_text(line, "log_level", level);
        report_line(report, line);
        return STEP_DONE;
    }
    level = level != NULL ? level : "";
    snprintf(report->why, sizeof report->why, "log_level: unknown level \"%.60s\"; %s", level,
             suggest_hint(hint, sizeof hint, level, levels, 4));
    return STEP_FAILED;
}
