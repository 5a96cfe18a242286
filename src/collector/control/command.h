/* SPDX-License-Identifier: MIT
 *
 * What can be asked: a name, its arguments, and the function that answers, a piece at a time, so
 * that an answer takes no more memory than a client has room for.
 */
#ifndef COLLECTOR_CONTROL_COMMAND_H
#define COLLECTOR_CONTROL_COMMAND_H

#include <stddef.h>

struct report;

enum command_argument_type { ARGUMENT_TEXT, ARGUMENT_FLAG };

struct command_argument {
    const char *name; /* NULL: the end of the list */
    enum command_argument_type type;
    const char *summary;
};

enum command_step {
    STEP_MORE,  /* call again, when there is room */
    STEP_WAIT,  /* call again, a little later */
    STEP_DONE,  /* that was all */
    STEP_FAILED /* report->why says what, where, what to do */
};

struct command {
    const char *name, *summary;
    const struct command_argument *arguments; /* NULL: none */
    enum command_step (*step)(struct report *report);
    void (*end)(struct report *report); /* frees report->state; NULL: there is nothing to free */
};

/* All of them. */
extern const struct command command_table[];
extern const size_t command_count;

#endif
