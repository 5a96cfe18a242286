/* SPDX-License-Identifier: MIT
 *
 * What the subcommands of musterctl share.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdio.h>

#include "connection.h"
#include "table.h"

#define CTL_SOCKET "/run/muster/control.sock"

/* Exit statuses; and those of check, as monitoring plugins have them. */
enum { CTL_FINE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };
enum { CTL_OK = 0, CTL_CRITICAL = 2, CTL_UNKNOWN = 3 };

enum ctl_output { CTL_PLAIN, CTL_JSON, CTL_CSV };

/* Which options a subcommand has besides the common ones. */
enum ctl_option { CTL_NO_OPTION = 0, CTL_BY = 1, CTL_LIMITS = 2, CTL_DRY = 4 };

struct ctl {
    const char *socket;
    enum ctl_output output;
    char **words; /* behind the subcommand: `word_count` */
    int word_count;
    bool dry;                          /* of reload */
    const char *by;                    /* NULL: not given, as the next ones */
    const char *max_loss, *max_silent; /* of check */
    struct connection connection;
};

struct ctl_command {
    const char *name;  /* NULL: the end of the table */
    const char *words; /* what may stand behind it, for usage; "" */
    const char *summary;
    unsigned options;            /* a sum of enum ctl_option */
    int words_least, words_most; /* how many of them */
    int (*run)(struct ctl *ctl); /* returns the exit status */
};

extern const struct ctl_command ctl_commands[];

/* Connects and asks; the request is taken over.  Returns CTL_FINE, or the exit status after saying
 * why. */
int ctl_ask(struct ctl *ctl, json_t *request);

/* The next line of the answer: 1; or 0 at its end; or -1 after saying why there is none. */
int ctl_next(struct ctl *ctl, json_t **line);

/* A request without arguments. */
json_t *ctl_request(const char *command);

/* The same with the words as a filter.  NULL if memory is short. */
json_t *ctl_filter_request(const struct ctl *ctl, const char *command);

/* Prints a line of an answer as it came. */
void ctl_print_json(const json_t *line);

/* Asks, and lists the lines of the answer as the output option says.  Returns the exit status. */
int ctl_list(struct ctl *ctl, json_t *request, const struct column *columns);

/* The subcommands. */
int ctl_status(struct ctl *ctl);
int ctl_sinks(struct ctl *ctl);
int ctl_plugins(struct ctl *ctl);
int ctl_devices(struct ctl *ctl);
int ctl_device(struct ctl *ctl);
int ctl_loss(struct ctl *ctl);
int ctl_gaps(struct ctl *ctl);
int ctl_forget(struct ctl *ctl);
int ctl_check(struct ctl *ctl);
int ctl_reload(struct ctl *ctl);
int ctl_restart(struct ctl *ctl);
int ctl_rotate(struct ctl *ctl);
int ctl_log_level(struct ctl *ctl);

#endif
