/* SPDX-License-Identifier: MIT
 *
 * Where a path leads that somebody wants written: the directory, opened, and the name in there.
 *
 * Symbolic links are followed once, one after the other, so that what is done from then on is done
 * to the file that they lead to, whatever becomes of the path meanwhile.  Nothing here waits: not
 * for the reader of a FIFO, nor for a device.
 */
#ifndef BASE_DESTINATION_H
#define BASE_DESTINATION_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Bytes of an explanation: what is wrong, and what to do about it. */
#define DESTINATION_WHY 256

/* What a file is made with that nobody has given a mode. */
#define DESTINATION_MODE 0640

struct destination {
    int directory; /* -1: closed */
    bool is_there;
    bool is_stream;     /* a FIFO or a character device, or an open file by way of /proc: it is
                           written to, and never replaced, emptied or renamed */
    bool is_descriptor; /* the name is a link to an open file: /dev/stdout, for one */
    struct stat status; /* if it is there */
    char name[NAME_MAX + 1];
};

/* Looks where the path leads; the file need not be there, its directory must be.  Returns 0, or an
 * errno after an explanation: of what can be no file of ours, such as a directory, EISDIR or
 * ENOTSUP. */
int destination_find(struct destination *destination, const char *path, char why[DESTINATION_WHY]);

/* Opens it, with O_CREAT and a mode if it is to be made.  A stream is opened for writing at its end
 * alone, whatever the flags.  Returns a descriptor, which does not block, or -1 with errno set and
 * an explanation. */
int destination_open(const struct destination *destination, int flags, mode_t mode,
                     char why[DESTINATION_WHY]);

/* Whether it is somebody else's who has put it where anybody can: what is written would be his.
 * Explains it then. */
bool destination_is_foreign(const struct destination *destination, char why[DESTINATION_WHY]);

/* Whether what is written to both is written to one file: by links too, and when it is still to be
 * made. */
bool destination_is_same(const struct destination *a, const struct destination *b);

/* Has a name that was given or taken there outlive a crash of the machine.  0, or an errno. */
int destination_sync(const struct destination *destination);

void destination_close(struct destination *destination);

/* Reads a mode as one writes it, "0640".  Returns 0, or -1 if the text is none: it must be octal,
 * the owner can write, and there are no bits but those of reading and writing. */
int destination_read_mode(const char *text, mode_t *mode);

#endif
