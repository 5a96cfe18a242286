/* SPDX-License-Identifier: MIT
 *
 * A name of 64 random bits cannot be planted, and O_EXCL follows no link.  Whoever writes such a
 * file holds its lock, which ends with him: so what can be locked was left behind.
 */
#include "replace.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "clock.h"

#define ENDING       ".new"
#define DIGITS       16                        /* of the random number in a name */
#define STREAM_WAITS (500 * CLOCK_MILLISECOND) /* for whoever takes nothing */
#define STREAM_MOST  (5 * CLOCK_SECOND)        /* for whoever takes little */
#define ACL          "system.posix_acl_access"

static int explain(char *why, int error)
{
    snprintf(why, DESTINATION_WHY, "%s", strerror(error));
    return error;
}

/* ---- What an earlier run left --------------------------------------------------------- */

/* What the names of new files for a file of that name begin with.  Returns its length. */
static size_t name_start(char start[NAME_MAX + 1], const char *name)
{
    return (size_t)snprintf(start, NAME_MAX + 1, ".%.*s.",
                            NAME_MAX - (int)sizeof ENDING - DIGITS - 2, name);
}

static bool is_left_over(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    bool is = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
              status.st_nlink == 1 && flock(fd, LOCK_EX | LOCK_NB) == 0;

    if (fd >= 0)
        close(fd);
    return is;
}

/* Removes the new files of those who were killed before they were complete. */
static void tidy(const struct destination *destination)
{
    int fd = openat(destination->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    char start[NAME_MAX + 1];
    const size_t length = name_start(start, destination->name);
    const struct dirent *entry;

    if (directory == NULL) {
        if (fd >= 0)
            close(fd);
        return; /* a directory that cannot be read can still be written to */
    }
    /* cppcheck-suppress readdirCalled; the stream is ours alone */
    while ((entry = readdir(directory)) != NULL)
        if (strncmp(entry->d_name, start, length) == 0 &&
            strspn(entry->d_name + length, "0123456789abcdef") == DIGITS &&
            strcmp(entry->d_name + length + DIGITS, ENDING) == 0 &&
            is_left_over(destination->directory, entry->d_name))
            unlinkat(destination->directory, entry->d_name, 0);
    closedir(directory);
}

/* ---- The new file --------------------------------------------------------------------- */

/* As the old file is shared, beyond its mode.  0, or an errno. */
static int keep_acl(int from, int to)
{
    char acl[4096];
    ssize_t size = fgetxattr(from, ACL, acl, sizeof acl);

    if (size < 0)
        return errno == ENODATA || errno == ENOTSUP ? 0 : errno;
    return fsetxattr(to, ACL, acl, (size_t)size, 0) == 0 ? 0 : errno;
}

/* Makes the new file as the old one is, which `old` reads. */
static int keep(const struct replacement *replacement, int old, char *why)
{
    struct stat from, to;
    int error = 0;

    if (fstat(old, &from) != 0 || fstat(replacement->fd, &to) != 0)
        return explain(why, errno);
    if ((from.st_uid != to.st_uid || from.st_gid != to.st_gid) &&
        fchown(replacement->fd, from.st_uid == to.st_uid ? (uid_t)-1 : from.st_uid,
               from.st_gid == to.st_gid ? (gid_t)-1 : from.st_gid) != 0) {
        error = errno;
        snprintf(why, DESTINATION_WHY,
                 "it is the user %u's, of the group %u, and a new one of ours cannot be given to "
                 "them: %s; change its owner, or remove it",
                 (unsigned)from.st_uid, (unsigned)from.st_gid, strerror(error));
        return error;
    }
    if (fchmod(replacement->fd, from.st_mode & 0777) != 0)
        error = errno;
    if (error == 0)
        error = keep_acl(old, replacement->fd);
    return error != 0 ? explain(why, error) : 0;
}

/* Opens what is there, if it may be replaced.  Returns a descriptor, or -1 after an explanation. */
static int open_old(const struct destination *destination, const struct replace *how, char *why)
{
    int fd;

    if (destination_is_foreign(destination, why))
        return -1;
    fd = destination_open(destination, O_RDONLY, 0, why);
    if (fd < 0) {
        if (errno == EACCES)
            snprintf(why, DESTINATION_WHY,
                     "what is there cannot be read, so it may be anybody's: %s; change its mode, "
                     "or remove it",
                     strerror(EACCES));
        return -1;
    }
    if (how->may_replace == NULL || how->may_replace(fd, why))
        return fd;
    close(fd);
    errno = EEXIST;
    return -1;
}

static int make(struct replacement *replacement, mode_t mode, char *why)
{
    const struct destination *destination = replacement->destination;
    char start[NAME_MAX + 1];
    uint64_t number;

    name_start(start, destination->name);
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        return explain(why, errno);
    snprintf(replacement->name, sizeof replacement->name, "%.*s%0*" PRIx64 ENDING,
             NAME_MAX - (int)sizeof ENDING - DIGITS + 1, start, DIGITS, number);
    replacement->fd = openat(destination->directory, replacement->name,
                             O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (replacement->fd < 0)
        return explain(why, errno);
    /* As a sign that it is wanted; a file system that has no locks leaves more behind. */
    (void)flock(replacement->fd, LOCK_EX | LOCK_NB);
    return 0;
}

int replacement_begin(struct replacement *replacement, const struct destination *destination,
                      const struct replace *how, char why[DESTINATION_WHY])
{
    int old = -1, error;

    assert(!destination->is_stream);

    *replacement = (struct replacement){.destination = destination, .fd = -1};
    if (destination->is_there) {
        old = open_old(destination, how, why);
        if (old < 0)
            return errno;
    }
    /* Until it is like the old one, nobody else can read it. */
    error = make(replacement, old >= 0 || how->mode != 0 ? 0600 : DESTINATION_MODE, why);
    if (error == 0 && old >= 0)
        error = keep(replacement, old, why);
    else if (error == 0 && how->mode != 0 && fchmod(replacement->fd, how->mode) != 0)
        error = explain(why, errno);
    if (error != 0)
        replacement_discard(replacement);
    if (old >= 0)
        close(old);
    return error;
}

int replacement_end(struct replacement *replacement, bool is_durable)
{
    const struct destination *destination = replacement->destination;
    int error = is_durable && fsync(replacement->fd) != 0 ? errno : 0;

    assert(replacement->fd >= 0);

    if (error == 0 && renameat(destination->directory, replacement->name, destination->directory,
                               destination->name) != 0)
        error = errno;
    if (error != 0) {
        replacement_discard(replacement);
        return error;
    }
    error = close(replacement->fd) != 0 ? errno : 0;
    replacement->fd = -1;
    return error == 0 && is_durable ? destination_sync(destination) : error;
}

void replacement_discard(struct replacement *replacement)
{
    if (replacement->fd < 0)
        return;
    unlinkat(replacement->destination->directory, replacement->name, 0);
    close(replacement->fd);
    replacement->fd = -1;
}

/* ---- All of it ------------------------------------------------------------------------ */

/* Until `until_ns`; 0, or an errno. */
static int wait_for_room(int fd, uint64_t until_ns)
{
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    uint64_t now_ns = clock_monotonic();

    if (now_ns >= until_ns)
        return EAGAIN;
    if (poll(&waiting, 1, (int)((until_ns - now_ns) / CLOCK_MILLISECOND) + 1) < 0 && errno != EINTR)
        return errno;
    return 0;
}

/* 0, or an errno. */
static int write_all(int fd, const char *bytes, size_t size)
{
    const uint64_t last_ns = clock_monotonic() + STREAM_MOST;
    uint64_t until_ns = clock_monotonic() + STREAM_WAITS;
    int error = 0;

    while (size > 0 && error == 0) {
        ssize_t n = write(fd, bytes, size);

        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
            until_ns = clock_monotonic() + STREAM_WAITS;
        } else if (n == 0) {
            error = EIO;
        } else if (errno == EAGAIN) {
            error = wait_for_room(fd, until_ns < last_ns ? until_ns : last_ns);
        } else if (errno != EINTR) {
            error = errno;
        }
    }
    return error;
}

/* Without opening it: closing it again would be the end for whoever reads a FIFO. */
static int check_stream(const struct destination *destination, char *why)
{
    if (destination_is_foreign(destination, why))
        return EACCES;
    return faccessat(destination->directory, destination->name, W_OK, AT_EACCESS) == 0
               ? 0
               : explain(why, errno);
}

static int write_stream(const struct destination *destination, const void *bytes, size_t size,
                        char *why)
{
    int error = check_stream(destination, why), fd;

    if (error != 0)
        return error;
    fd = destination_open(destination, O_WRONLY, 0, why);
    if (fd < 0)
        return errno;
    error = write_all(fd, bytes, size);
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == EAGAIN)
        snprintf(why, DESTINATION_WHY, "whoever reads it takes nothing more");
    else if (error != 0)
        explain(why, error);
    return error;
}

int replace_look(const char *path, const struct replace *how, char why[DESTINATION_WHY])
{
    struct destination destination;
    int error = destination_find(&destination, path, why), old;

    if (error != 0)
        return error;
    if (destination.is_stream) {
        error = check_stream(&destination, why);
    } else if (destination.is_there) {
        old = open_old(&destination, how, why);
        if (old < 0)
            error = errno;
        else
            close(old);
    }
    destination_close(&destination);
    return error;
}

int replace_check(const char *path, const struct replace *how, char why[DESTINATION_WHY])
{
    struct destination destination;
    struct replacement replacement;
    int error = destination_find(&destination, path, why);

    if (error != 0)
        return error;
    if (destination.is_stream) {
        error = check_stream(&destination, why);
    } else {
        tidy(&destination);
        error = replacement_begin(&replacement, &destination, how, why);
        replacement_discard(&replacement);
    }
    destination_close(&destination);
    return error;
}

int replace_file(const char *path, const struct replace *how, const void *bytes, size_t size,
                 char why[DESTINATION_WHY])
{
    struct destination destination;
    struct replacement replacement;
    int error = destination_find(&destination, path, why);

    if (error != 0)
        return error;
    if (destination.is_stream) {
        error = write_stream(&destination, bytes, size, why);
        goto done;
    }
    error = replacement_begin(&replacement, &destination, how, why);
    if (error != 0)
        goto done;
    error = write_all(replacement.fd, bytes, size);
    if (error == 0)
        error = replacement_end(&replacement, how->is_durable);
    else
        replacement_discard(&replacement);
    if (error != 0)
        explain(why, error);

done:
    destination_close(&destination);
    return error;
}
