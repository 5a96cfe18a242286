/* SPDX-License-Identifier: MIT
 *
 * See unix(7).  Whether a socket is alive is asked by connecting to it.  Meanwhile the directory is
 * locked, so that of two daemons that find the same stale one only one replaces it.
 */
#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MODE = 0660, BACKLOG = 64, GROUPS = 256 };

/* ---- where ---------------------------------------------------------------------------- */

static bool is_usable(const char *directory)
{
    struct stat about;

    return stat(directory, &about) == 0 && S_ISDIR(about.st_mode) &&
           access(directory, W_OK | X_OK) == 0;
}

static char *inside(const char *directory, size_t length)
{
    char *path = NULL;

    if (asprintf(&path, "%.*s/%s", (int)length, directory, DOOR_NAME) < 0)
        return NULL;
    return path;
}

char *door_path(const char *configured, const char *state_directory)
{
    const char *run = getenv("RUNTIME_DIRECTORY");

    if (configured != NULL)
        return strcmp(configured, DOOR_NONE) != 0 ? strdup(configured) : NULL;
    if (run != NULL && run[0] != '\0')
        return inside(run, strcspn(run, ":")); /* the first of several */
    if (is_usable(DOOR_RUN))
        return inside(DOOR_RUN, strlen(DOOR_RUN));
    return state_directory != NULL ? inside(state_directory, strlen(state_directory)) : NULL;
}

/* ---- open and close ------------------------------------------------------------------- */

/* Keeps other daemons from replacing a socket there at the same time.  Sets what to close.  Returns
 * false if one is about to make its own. */
static bool lock_directory(const char *path, int *fd)
{
    char *copy = strdup(path);

    *fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(copy);
    return *fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether somebody listens on it. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = new_socket();
    bool alive;

    if (fd < 0)
        return true; /* better no socket of ours than none of another's */
    alive = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
            (errno != ECONNREFUSED && errno != ENOENT);
    close(fd);
    return alive;
}

/* Takes away what is left of a daemon that has ended. */
static int make_room(const struct sockaddr_un *address, char why[DOOR_WHY])
{
    const char *path = address->sun_path;
    struct stat about;

    if (lstat(path, &about) < 0)
        return 0; /* or bind says what is wrong */
    if (!S_ISSOCK(about.st_mode)) {
        snprintf(why, DOOR_WHY,
                 "\"%s\" is there, and is no socket; move it away, or name another "
                 "path as control",
                 path);
        return -1;
    }
    if (is_alive(address)) {
        snprintf(
            why, DOOR_WHY,
            "somebody listens on \"%s\", another musterd perhaps; name another path as control",
            path);
        return -1;
    }
    if (unlink(path) == 0 || errno == ENOENT)
        return 0;
    snprintf(why, DOOR_WHY, "cannot replace \"%s\", on which nobody listens: %s", path,
             strerror(errno));
    return -1;
}

/* Nobody can connect before the mode is right: bind(2) takes that of the descriptor. */
static int listen_at(struct door *door, const struct sockaddr_un *address, char why[DOOR_WHY])
{
    const char *path = address->sun_path;
    struct stat about;

    door->fd = new_socket();
    if (door->fd < 0 || fchmod(door->fd, MODE) < 0 ||
        bind(door->fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
        chmod(path, MODE) < 0 || listen(door->fd, BACKLOG) < 0 || lstat(path, &about) < 0) {
        snprintf(why, DOOR_WHY, "cannot make the socket \"%s\": %s", path, strerror(errno));
        return -1;
    }
    door->device = about.st_dev;
    door->inode = about.st_ino;
    door->group = about.st_gid;
    return 0;
}

int door_open(struct door *door, const char *path, char why[DOOR_WHY])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int lock, result = -1;

    door->fd = -1;
    if (strlen(path) >= sizeof address.sun_path) {
        snprintf(why, DOOR_WHY,
                 "the path \"%s\" is too long for a socket; expected %zu bytes at "
                 "most",
                 path, sizeof address.sun_path - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (!lock_directory(path, &lock))
        snprintf(why, DOOR_WHY, "another musterd is about to make one in the folder of \"%s\"",
                 path);
    else if (make_room(&address, why) == 0)
        result = listen_at(door, &address, why);
    if (lock >= 0)
        close(lock);
    if (result < 0 && door->fd >= 0) {
        close(door->fd);
        door->fd = -1;
    }
    return result;
}

bool door_stands(const struct door *door, const char *path)
{
    struct stat about;

    return lstat(path, &about) == 0 && about.st_dev == door->device && about.st_ino == door->inode;
}

void door_close(struct door *door, const char *path)
{
    if (door->fd < 0)
        return;
    if (door_stands(door, path))
        unlink(path);
    close(door->fd);
    door->fd = -1;
}

/* ---- who ------------------------------------------------------------------------------ */

static bool has_group(int fd, gid_t first, gid_t wanted)
{
    gid_t groups[GROUPS];
    socklen_t size = sizeof groups;
    size_t i;

    if (first == wanted)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return false;
    for (i = 0; i < size / sizeof groups[0]; i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

bool door_admits(const struct door *door, int fd, char why[DOOR_WHY])
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        snprintf(why, DOOR_WHY, "cannot tell who asks: %s", strerror(errno));
        return false;
    }
    if (peer.uid == 0 || peer.uid == geteuid() || has_group(fd, peer.gid, door->group))
        return true;
    snprintf(why, DOOR_WHY,
             "user %u may not ask; expected root, user %u, whom musterd runs as, or a member of "
             "group %u, whose the socket is",
             (unsigned)peer.uid, (unsigned)geteuid(), (unsigned)door->group);
    return false;
}
