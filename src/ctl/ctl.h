/* SPDX-License-Identifier: MIT
 *
 * What the subcommands of musterctl share.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdio.h>

#include "connection.h"
#include "table.h"

#define CTL_SOCKET "/run/muster/control.sock"

/* Exit statuses; those of check are in check.c. */
enum { CTL_FINE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

enum ctl_output { CTL_PLAIN, CTL_JSON, CTL_CSV };

/* Which options a subcommand has besides the common ones. */
enum ctl_option {
    CTL_NO_OPTION = 0,
};

struct ctl {
    const char *socket;
    enum ctl_output output;
    char **words; /* behind the subcommand: `word_count` */
    int word_count;
    struct connection connection;
};

struct ctl_command {
    const char *name;  /* NULL: the end of the table */
    const char *words; /* what may stand behind it, for usage; "" */
    const char *summary;
    unsigned options; /* a sum of enum ctl_option */
    int words_least, words_most;
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

/* Asks, and lists the lines of the answer as the output option says.  Returns the exit status. */
int ctl_list(struct ctl *ctl, json_t *request, const struct column *columns);

/* The subcommands. */
int ctl_status(struct ctl *ctl);
int ctl_sinks(struct ctl *ctl);
int ctl_plugins(struct ctl *ctl);

#endif
