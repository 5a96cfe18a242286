/* SPDX-License-Identifier: MIT
 *
 * What changes something.
 */
#include <stdlib.h>

#include "ctl.h"
#include "show.h"

static void print_said(const json_t *line)
{
    char *text = show_text(show_get_text(line, "said"));

    if (text != NULL && text[0] != '\0')
        puts(text);
    free(text);
}

/* Prints what is said of it.  Returns the exit status. */
static int give(struct ctl *ctl, json_t *request)
{
    int status = ctl_ask(ctl, request), more;
    json_t *line;

    if (status != CTL_FINE)
        return status;
    if (ctl->output == CTL_CSV)
        puts("name,value");
    while ((more = ctl_next(ctl, &line)) > 0) {
        if (ctl->output == CTL_JSON)
            ctl_print_json(line);
        else if (ctl->output == CTL_CSV)
            table_csv_object("", line, stdout);
        else
            print_said(line);
        json_decref(line);
    }
    return more == 0 ? CTL_FINE : CTL_FAILED;
}

int ctl_reload(struct ctl *ctl)
{
    json_t *request = ctl_request("reload");

    json_object_set_new(request, "dry_run", json_boolean(ctl->dry));
    return give(ctl, request);
}

int ctl_rotate(struct ctl *ctl)
{
    return give(ctl, ctl_request("rotate"));
}

int ctl_restart(struct ctl *ctl)
{
    return give(ctl, ctl_request("restart"));
}

int ctl_log_level(struct ctl *ctl)
{
    json_t *request = ctl_request("log_level");

    json_object_set_new(request, "level", json_string(ctl->words[0]));
    return give(ctl, request);
}
