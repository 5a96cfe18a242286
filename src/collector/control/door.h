/* SPDX-License-Identifier: MIT
 *
 * The control socket in the file system: where it is, and that it is ours.
 */
#ifndef COLLECTOR_CONTROL_DOOR_H
#define COLLECTOR_CONTROL_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DOOR_NAME "control.sock" /* in the directory that is chosen, if none is configured */
#define DOOR_NONE "none"         /* instead of a path: no socket */
#define DOOR_RUN  "/run/muster"

enum { DOOR_WHY = 512 };

struct door {
    int fd; /* -1: it is closed */
    dev_t device;
    ino_t inode;
    gid_t group; /* of the socket: its members may ask */
};

/* Where the socket is to be, to be freed: the configured path; else in $RUNTIME_DIRECTORY, as
 * systemd sets it; else in DOOR_RUN, if it is there and can be written; else in the state's
 * directory.  NULL: nowhere, or memory is short. */
char *door_path(const char *configured, const char *state_directory);

/* Makes the socket and listens.  What is left of a daemon that has ended is replaced, but neither a
 * socket on which somebody listens nor what is no socket.  Returns 0, or -1 and says why. */
int door_open(struct door *door, const char *path, char why[DOOR_WHY]);

/* Whether the socket at that path still is the one that was made. */
bool door_stands(const struct door *door, const char *path);

/* Takes the socket away, if it still is ours. */
void door_close(struct door *door, const char *path);

/* Whether whoever is at the other end may ask: root, the user that we run as, and members of the
 * socket's group.  Else says why. */
bool door_admits(const struct door *door, int fd, char why[DOOR_WHY]);

#endif
