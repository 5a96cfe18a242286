/* SPDX-License-Identifier: MIT
 *
 * A directory with state files, which is one collector's alone.
 */
#ifndef COLLECTOR_STATE_STATE_DIRECTORY_H
#define COLLECTOR_STATE_STATE_DIRECTORY_H

#include <stdbool.h>

#include "base/destination.h"
#include "base/problems.h"

struct state_directory {
    const char *path; /* for messages; the caller's */
    int fd;
};

/* Opens the directory that a setting names.  Returns 0, or -1 and says why. */
int state_directory_open(struct state_directory *directory, const char *setting, const char *path,
                         struct problems *problems);

/* Whether two paths lead to one directory. */
bool state_directory_is_same(const struct state_directory *a, const struct state_directory *b);

/* Whether a file in it is somebody else's who has put it where anybody can.  Explains it then. */
bool state_directory_is_foreign(const struct state_directory *directory, const struct stat *status,
                                char why[DESTINATION_WHY]);

/* Whether the lock of an open directory can be one, or can be made; else explains why not.  Takes
 * nothing, and changes nothing. */
bool state_directory_has_sound_lock(const struct state_directory *directory,
                                    char why[DESTINATION_WHY]);

/* Returns a descriptor, which holds the lock while it is open; or -1 and says why, and who else has
 * it. */
int state_directory_lock(const struct state_directory *directory, struct problems *problems);

#endif
