/* SPDX-License-Identifier: MIT
 *
 * Replaces a file as a whole: whoever reads it finds the old content or the new one, never a part.
 *
 * The new one is written under a name that nobody can have foreseen, and takes the old one's name
 * when it is complete.  It has the mode and the owner of the old one, or it does not take its
 * place. A symbolic link stays, and what it leads to is replaced.  A FIFO or a device is written
 * to.
 */
#ifndef BASE_REPLACE_H
#define BASE_REPLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "destination.h"

struct replace {
    mode_t mode;     /* of a file that is not there yet; 0: DESTINATION_MODE, less the umask */
    bool is_durable; /* it outlives a crash of the machine when replace_file returns */
    /* NULL, or whether what is there may be replaced; it explains why not.  Not asked of a stream;
     * `fd` is for reading, at the start. */
    bool (*may_replace)(int fd, char why[DESTINATION_WHY]);
};

/* Looks whether replace_file can work, and removes what one left behind that was killed.  Returns
 * 0, or an errno after an explanation. */
int replace_check(const char *path, const struct replace *how, char why[DESTINATION_WHY]);

/* The same without making or removing anything: whether what is there may be replaced. */
int replace_look(const char *path, const struct replace *how, char why[DESTINATION_WHY]);

/* Puts these bytes into the file of that name, all of them or none.  A stream may have got a part
 * of them when it fails; one that takes nothing is waited for half a second, and one that takes
 * little five.  Returns 0, or an errno after an explanation. */
int replace_file(const char *path, const struct replace *how, const void *bytes, size_t size,
                 char why[DESTINATION_WHY]);

/* ---- In parts, for who writes more than bytes ------------------------------------------ */

/* A new file on its way; `name` is what it is called until then. */
struct replacement {
    const struct destination *destination;
    int fd; /* for reading and writing; -1: there is none */
    char name[NAME_MAX + 1];
};

/* Begins one for a destination that is no stream.  0, or an errno after an explanation. */
int replacement_begin(struct replacement *replacement, const struct destination *destination,
                      const struct replace *how, char why[DESTINATION_WHY]);

/* It is complete, and takes the name.  It is closed, whatever comes of it.  0, or an errno. */
int replacement_end(struct replacement *replacement, bool is_durable);

/* It is not wanted any more.  Nothing if there is none. */
void replacement_discard(struct replacement *replacement);

#endif
