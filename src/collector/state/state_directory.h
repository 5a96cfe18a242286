/* SPDX-License-Identifier: MIT
 *
 * A directory with state files, which is one collector's alone.
 */
#ifndef COLLECTOR_STATE_STATE_DIRECTORY_H
#define COLLECTOR_STATE_STATE_DIRECTORY_H

#include <stdbool.h>

#include "base/log.h"

struct state_directory {
    const char *path; /* for messages; the caller's */
    int fd;
};

/* Opens the directory that a setting names.  -1 after a log line. */
int state_directory_open(struct state_directory *directory, const char *setting, const char *path,
                         struct log *log);

bool state_directory_is_same(const struct state_directory *a, const struct state_directory *b);

/* Returns a descriptor, which holds the lock while it is open; -1 after a log line,
 * which names who else has it. */
int state_directory_lock(const struct state_directory *directory, struct log *log);

#endif
