/* SPDX-License-Identifier: MIT
 *
 * The lock is the kernel's, on a file that stays: it ends with the process, however that
 * ends.  What is in the file is only for whoever finds it locked.
 */
#include "state_directory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "musterd.lock"

enum { LOCK_SIZE = 32 }; /* bytes that it has at most */

int state_directory_open(struct state_directory *directory, const char *setting, const char *path,
                         struct problems *problems)
{
    assert(path != NULL);

    directory->path = path;
    directory->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory->fd >= 0)
        return 0;
    if (errno == ENOENT)
        problems_note(
            problems, LOG_ERROR, NULL,
            "there is no %s \"%s\"; make it: mkdir -p %s, and give it to the user that musterd "
            "runs as",
            setting, path, path);
    else
        problems_note(problems, LOG_ERROR, NULL, "cannot open the %s \"%s\": %s", setting, path,
                      strerror(errno));
    return -1;
}

bool state_directory_is_same(const struct state_directory *a, const struct state_directory *b)
{
    struct stat first, second;

    return fstat(a->fd, &first) == 0 && fstat(b->fd, &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool state_directory_is_foreign(const struct state_directory *directory, const struct stat *status,
                                char why[DESTINATION_WHY])
{
    const struct destination destination = {
        .directory = directory->fd, .is_there = true, .status = *status};

    return destination_is_foreign(&destination, why);
}

static void tell_who_has_it(const struct state_directory *directory, int fd,
                            struct problems *problems)
{
    char text[32];
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    long pid;

    text[got > 0 ? got : 0] = '\0';
    pid = strtol(text, NULL, 10);
    snprintf(text, sizeof text, ", pid %ld", pid);
    problems_note(
        problems, LOG_ERROR, NULL,
        "the state in \"%s\" is in use by musterd%s; stop that one first, or give this one a "
        "directory of its own",
        directory->path, pid > 0 ? text : "");
}

/* Why that file can be no lock: it may be a victim, linked to that name, or somebody else's.  NULL:
 * it can. */
static const char *why_no_lock(const struct state_directory *directory, int fd, char *why)
{
    char text[LOCK_SIZE + 1];
    struct stat status;
    ssize_t got;

    if (fstat(fd, &status) < 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "it is not a regular file; remove it";
    if (status.st_nlink != 1)
        return "it has other names too, which a lock has not; remove it";
    if (state_directory_is_foreign(directory, &status, why))
        return why;
    got = pread(fd, text, sizeof text, 0);
    if (got < 0)
        return strerror(errno);
    if (got == 0)
        return NULL;
    text[got - 1] = got < (ssize_t)sizeof text && text[got - 1] == '\n' ? '\0' : '?';
    return text[strspn(text, "0123456789")] == '\0'
               ? NULL
               : "it holds something else than a lock does; move it away";
}

bool state_directory_has_sound_lock(const struct state_directory *directory,
                                    char why[DESTINATION_WHY])
{
    int fd = openat(directory->fd, LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char foreign[DESTINATION_WHY];
    const char *wrong = NULL;

    if (fd < 0 && errno != ENOENT)
        wrong = errno == ELOOP ? "it is a symbolic link" : strerror(errno);
    else if (fd >= 0)
        wrong = why_no_lock(directory, fd, foreign);
    if (fd >= 0)
        close(fd);
    if (wrong != NULL)
        snprintf(why, DESTINATION_WHY, "%s", wrong);
    return wrong == NULL;
}

/* Puts the pid into the file.  0, or an errno. */
static int sign(int fd)
{
    char text[LOCK_SIZE];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) < 0)
        return errno;
    if (pwrite(fd, text, (size_t)length, 0) != length && errno != ENOSPC && errno != EDQUOT)
        return errno; /* a full disk does not make the lock worse */
    return 0;
}

int state_directory_lock(const struct state_directory *directory, struct problems *problems)
{
    char foreign[DESTINATION_WHY];
    const char *why = NULL;
    int fd;

    assert(directory->fd >= 0);

    fd = openat(directory->fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                0640);
    if (fd < 0)
        why = errno == ELOOP    ? "it is a symbolic link"
              : errno == EACCES ? "Permission denied; give the directory and this file to the user "
                                  "that musterd runs as"
                                : strerror(errno);
    else
        why = why_no_lock(directory, fd, foreign);
    if (why == NULL && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK) {
            tell_who_has_it(directory, fd, problems);
            close(fd);
            return -1;
        }
        why = strerror(errno);
    }
    if (why == NULL) {
        int error = sign(fd);

        if (error == 0)
            return fd;
        why = strerror(error);
    }
    problems_note(problems, LOG_ERROR, NULL, "cannot lock \"%s/" LOCK_NAME "\": %s",
                  directory->path, why);
    if (fd >= 0)
        close(fd);
    return -1;
}
