/* SPDX-License-Identifier: MIT */
#include "destination.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOST_LINKS 40     /* as many as the kernel follows */
#define PROC_MAGIC 0x9fa0 /* PROC_SUPER_MAGIC of <linux/magic.h> */

__attribute__((format(printf, 3, 4))) static int explain(char *why, int error, const char *format,
                                                         ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why, DESTINATION_WHY, format, arguments);
    va_end(arguments);
    errno = error;
    return error;
}

static int explain_errno(char *why, int error)
{
    return explain(why, error, "%s", strerror(error));
}

/* ---- Finding -------------------------------------------------------------------------- */

/* Goes from the directory that it is at to that of `path`, and takes its last name. */
static int enter(struct destination *destination, const char *path, char *why)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    char directory[PATH_MAX] = ".";
    int fd;

    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return explain(why, EISDIR, "it is a directory; name a file");
    if (strlen(name) > NAME_MAX || strlen(path) >= sizeof directory)
        return explain_errno(why, ENAMETOOLONG);
    if (slash != NULL)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash + 1 - path), path);
    fd = openat(destination->directory, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return explain(why, errno, "its directory: %s", strerror(errno));
    destination_close(destination);
    destination->directory = fd;
    snprintf(destination->name, sizeof destination->name, "%s", name);
    return 0;
}

/* Whether a link may be followed that lies where anybody can make one: as the kernel judges itself,
 * if fs.protected_symlinks is set. */
static bool is_trusted(const struct destination *destination)
{
    struct stat directory;

    return fstat(destination->directory, &directory) == 0 &&
           ((directory.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) ||
            destination->status.st_uid == geteuid() ||
            destination->status.st_uid == directory.st_uid);
}

static bool is_in_proc(const struct destination *destination)
{
    struct statfs status;

    return fstatfs(destination->directory, &status) == 0 && status.f_type == PROC_MAGIC;
}

/* Looks at what has that name, a link or not.  0, or an errno. */
static int look(struct destination *destination, char *why)
{
    destination->is_there = fstatat(destination->directory, destination->name, &destination->status,
                                    AT_SYMLINK_NOFOLLOW) == 0;
    return destination->is_there || errno == ENOENT ? 0 : explain_errno(why, errno);
}

/* Goes where the link leads that it is at. */
static int follow(struct destination *destination, char *why)
{
    char path[PATH_MAX];
    ssize_t length;

    if (!is_trusted(destination))
        return explain(why, EACCES,
                       "there is a symbolic link of the user %u in a directory where anybody can "
                       "make one; remove it, or name another file",
                       (unsigned)destination->status.st_uid);
    length = readlinkat(destination->directory, destination->name, path, sizeof path);
    if (length < 0)
        return explain_errno(why, errno);
    if (length == (ssize_t)sizeof path)
        return explain_errno(why, ENAMETOOLONG);
    path[length] = '\0';
    return enter(destination, path, why);
}

/* Follows links until there are none. */
static int find(struct destination *destination, const char *path, char *why)
{
    int error = enter(destination, path, why), links;

    for (links = 0; error == 0; links++) {
        error = look(destination, why);
        if (error != 0 || !destination->is_there || !S_ISLNK(destination->status.st_mode))
            return error;
        if (links == MOST_LINKS)
            return explain_errno(why, ELOOP);
        if (is_in_proc(destination)) {
            /* A link to an open file, which need not have a path. */
            destination->is_descriptor = true;
            return fstatat(destination->directory, destination->name, &destination->status, 0) == 0
                       ? 0
                       : explain_errno(why, errno);
        }
        error = follow(destination, why);
    }
    return error;
}

int destination_find(struct destination *destination, const char *path, char why[DESTINATION_WHY])
{
    int error;

    *destination = (struct destination){.directory = AT_FDCWD};
    error = find(destination, path, why);
    if (error == 0 && destination->is_there) {
        mode_t mode = destination->status.st_mode;

        destination->is_stream =
            S_ISFIFO(mode) || S_ISCHR(mode) || (destination->is_descriptor && S_ISREG(mode));
        if (S_ISDIR(mode))
            error = explain(why, EISDIR, "it is a directory; name a file");
        else if (!destination->is_stream && !S_ISREG(mode))
            error = explain(why, ENOTSUP,
                            "it is neither a file, a FIFO nor a character device; name a file");
    }
    if (error != 0)
        destination_close(destination);
    errno = error;
    return error;
}

/* ---- Opening -------------------------------------------------------------------------- */

int destination_open(const struct destination *destination, int flags, mode_t mode,
                     char why[DESTINATION_WHY])
{
    struct stat opened;
    int fd;

    assert(destination->directory >= 0 || destination->directory == AT_FDCWD);

    if (destination->is_stream)
        flags = O_WRONLY | O_APPEND;
    /* Without O_NONBLOCK a FIFO would hold up who opens it until somebody reads it. */
    flags |= O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    if (!destination->is_descriptor)
        flags |= O_NOFOLLOW;
    fd = openat(destination->directory, destination->name, flags, mode);
    if (fd < 0) {
        if (errno == ENXIO && destination->is_there && S_ISFIFO(destination->status.st_mode))
            explain(why, ENXIO, "no process reads this FIFO; start its reader");
        else
            explain_errno(why, errno);
        return -1;
    }
    /* Between looking and opening it may have become something else. */
    if (fstat(fd, &opened) != 0 || (!destination->is_stream && !S_ISREG(opened.st_mode)) ||
        (destination->is_stream && (opened.st_dev != destination->status.st_dev ||
                                    opened.st_ino != destination->status.st_ino))) {
        close(fd);
        explain(why, EBUSY, "it has become another file just now");
        return -1;
    }
    return fd;
}

bool destination_is_foreign(const struct destination *destination, char why[DESTINATION_WHY])
{
    const uid_t owner = destination->status.st_uid;
    struct stat directory;

    if (!destination->is_there || destination->is_descriptor || owner == geteuid() ||
        fstat(destination->directory, &directory) != 0 || (directory.st_mode & S_IWOTH) == 0 ||
        owner == directory.st_uid || S_ISCHR(destination->status.st_mode))
        return false;
    explain(why, EACCES,
            "it is there already and the user %u's, in a directory where anybody can make files; "
            "remove it, or name another file",
            (unsigned)owner);
    return true;
}

bool destination_is_same(const struct destination *a, const struct destination *b)
{
    struct stat of_a, of_b;

    if (a->is_there != b->is_there)
        return false;
    if (a->is_there)
        return a->status.st_dev == b->status.st_dev && a->status.st_ino == b->status.st_ino;
    return strcmp(a->name, b->name) == 0 && fstat(a->directory, &of_a) == 0 &&
           fstat(b->directory, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

int destination_sync(const struct destination *destination)
{
    /* That it was opened with is for names alone. */
    int fd = openat(destination->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return error == EINVAL ? 0 : error; /* it has no need of that */
}

void destination_close(struct destination *destination)
{
    if (destination->directory >= 0)
        close(destination->directory);
    destination->directory = -1;
}

int destination_read_mode(const char *text, mode_t *mode)
{
    const size_t digits = strspn(text, "01234567");
    mode_t value = 0;

    if (digits < 3 || digits > 4 || text[digits] != '\0')
        return -1;
    for (; *text != '\0'; text++)
        value = value * 8 + (mode_t)(*text - '0');
    if ((value & ~(mode_t)0666) != 0 || (value & S_IWUSR) == 0)
        return -1;
    *mode = value;
    return 0;
}
