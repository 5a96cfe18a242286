/* SPDX-License-Identifier: MIT
 *
 * The file that the rows go to: opened, checked, repaired, locked.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/plugin_log.h"
#include "../common/replace.h"
#include "content.h"

#define LOG(file, level, ...) file_log(file, level, __VA_ARGS__)

void file_log(const struct file *file, uint32_t level, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    if (file->is_quiet && level == MUSTER_LOG_ERROR)
        return;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    plugin_log(file->host, file->instance, level, "%s", text != NULL ? text : format);
    free(text);
}

/* ---- The path ------------------------------------------------------------------------- */

static int set_path(struct file *file, const char *path)
{
    char *escaped = content_shown(path, strlen(path));

    file->path = strdup(path);
    if (escaped == NULL || asprintf(&file->label, "\"%s\"", escaped) < 0)
        file->label = NULL;
    free(escaped);
    if (file->path != NULL && file->label != NULL)
        return 0;
    LOG(file, MUSTER_LOG_ERROR, "cannot open \"%s\": %s", path, strerror(ENOMEM));
    return -1;
}

/* The functions below return MUSTER_AGAIN after a log line if it may go better later, or
 * MUSTER_FAILED if somebody has to change something first. */

/* A file that is there, or is made, with the mode that was asked for. */
static int open_or_make(const struct file *file, int flags)
{
    const mode_t mode = file->mode != 0 ? file->mode : DESTINATION_MODE;
    int fd = open(file->path, flags | O_APPEND | O_CLOEXEC);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST) /* somebody else has just made it, or it is a link to nothing */
        return open(file->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, mode);
    if (fd >= 0 && file->mode != 0 && fchmod(fd, mode) != 0)
        LOG(file, MUSTER_LOG_WARNING, "cannot give %s the mode %04o: %s", file->label,
            (unsigned)mode, strerror(errno));
    return fd;
}

/* Returns a descriptor and fills in `found`. */
static int open_path(const struct file *file, struct stat *found)
{
    int flags = O_RDWR;
    int fd;

    if (stat(file->path, found) == 0) {
        if (S_ISFIFO(found->st_mode) || S_ISCHR(found->st_mode)) {
            /* Without O_NONBLOCK a FIFO would hold up the start until somebody reads it. */
            flags = O_WRONLY | O_NONBLOCK | O_NOCTTY;
        } else if (!S_ISREG(found->st_mode)) {
            LOG(file, MUSTER_LOG_ERROR, "cannot write rows to %s: %s; name a file in `path`",
                file->label,
                S_ISDIR(found->st_mode) ? "it is a directory"
                                        : "it is neither a file, a FIFO nor a character device");
            return MUSTER_FAILED;
        }
    }
    fd = open_or_make(file, flags);
    if (fd < 0) {
        if (errno == ENXIO && S_ISFIFO(found->st_mode))
            LOG(file, MUSTER_LOG_ERROR,
                "cannot open %s: no process reads this FIFO; start its reader", file->label);
        else
            LOG(file, MUSTER_LOG_ERROR, "cannot open %s: %s", file->label, strerror(errno));
        return MUSTER_AGAIN;
    }
    if (fstat(fd, found) != 0) {
        LOG(file, MUSTER_LOG_ERROR, "cannot examine %s: %s", file->label, strerror(errno));
        close(fd);
        return MUSTER_AGAIN;
    }
    return fd;
}

/* One writer a file: others would have their rows cut off as torn. */
static int lock(const struct file *file, int fd)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno == EWOULDBLOCK) {
            LOG(file, MUSTER_LOG_ERROR,
                "%s is being written by another process, or by another sink of this one",
                file->label);
            return MUSTER_AGAIN;
        }
        LOG(file, MUSTER_LOG_WARNING, "cannot lock %s: %s; see to it that nobody else writes it",
            file->label, strerror(errno));
        return 0;
    }
    return 0;
}

/* ---- Open and close ------------------------------------------------------------------- */

/* Opens the path, and notes what it is that is open. */
static int open_checked(const struct file *file, struct file_open *open)
{
    struct stat found = {0};
    int fd = open_path(file, &found), result = MUSTER_AGAIN;

    if (fd < 0)
        return fd;
    open->regular = S_ISREG(found.st_mode);
    if (open->regular) {
        if (lock(file, fd) != 0)
            goto failed;
        /* Again: the one who had the lock until now may have written. */
        if (fstat(fd, &found) != 0) {
            LOG(file, MUSTER_LOG_ERROR, "cannot examine %s: %s", file->label, strerror(errno));
            goto failed;
        }
        result = content_prepare(file, fd, found.st_size);
        if (result != 0)
            goto failed;
        if (fstat(fd, &found) != 0)
            goto failed;
    } else {
        if (content_write_header(file, fd, false) != 0)
            goto failed;
        LOG(file, MUSTER_LOG_INFO, "writing to %s", file->label);
    }
    open->fd = fd;
    open->device = found.st_dev;
    open->inode = found.st_ino;
    open->end = found.st_size;
    return 0;
failed:
    close(fd);
    return result;
}

int file_init(struct file *file, const char *path)
{
    file->open.fd = -1;
    return set_path(file, path);
}

int file_open(struct file *file)
{
    int result = open_checked(file, &file->open);

    /* Once there were rows in it, those that wait are not given up because of what is there now. */
    if (result == MUSTER_FAILED && file->was_open)
        return MUSTER_AGAIN;
    if (result != 0)
        return result;
    file->was_open = true;
    file->told = FILE_SAME;
    return 0;
}

/* ---- What others have done with it ---------------------------------------------------- */

enum file_found file_look(const struct file *file)
{
    const struct file_open *open = &file->open;
    struct stat now;

    if (stat(file->path, &now) == 0) {
        if (now.st_dev != open->device || now.st_ino != open->inode)
            return FILE_REPLACED;
        return open->regular && now.st_size < open->end ? FILE_EMPTIED : FILE_SAME;
    }
    if (errno != ENOENT && errno != ENOTDIR)
        return FILE_SAME; /* it cannot be told; file_has_rows looks again */
    return fstat(open->fd, &now) == 0 && now.st_nlink == 0 ? FILE_REMOVED : FILE_MOVED;
}

bool file_has_rows(const struct file *file)
{
    struct stat now;

    if (!file->open.regular || fstat(file->open.fd, &now) != 0)
        return true;
    return now.st_nlink > 0 && now.st_size >= file->open.end;
}

static void tell(struct file *file, enum file_found found)
{
    if (file->told == found)
        return;
    file->told = found;
    switch (found) {
    case FILE_SAME:
        break;
    case FILE_EMPTIED:
        LOG(file, MUSTER_LOG_INFO, "%s was emptied in place; rows go on behind a new header",
            file->label);
        break;
    case FILE_MOVED:
        LOG(file, MUSTER_LOG_INFO, "%s has been moved away; it is made again", file->label);
        break;
    case FILE_REPLACED:
        LOG(file, MUSTER_LOG_INFO, "another file is at %s now; rows go there", file->label);
        break;
    case FILE_REMOVED:
        LOG(file, MUSTER_LOG_WARNING,
            "%s has been removed, with the rows that were in it; it is made again", file->label);
        break;
    }
}

/* The same file, to which somebody has done something. */
static int prepare_again(struct file *file)
{
    struct stat now;

    if (fstat(file->open.fd, &now) != 0 || content_prepare(file, file->open.fd, now.st_size) != 0 ||
        fstat(file->open.fd, &now) != 0)
        return -1;
    file->open.end = now.st_size;
    return 0;
}

static int open_other(struct file *file)
{
    struct file_open other;

    if (open_checked(file, &other) != 0)
        return -1;
    file_close(file);
    file->open = other;
    return 0;
}

int file_renew(struct file *file, enum file_found found)
{
    int result;

    tell(file, found);
    file->is_quiet = true;
    if (found != FILE_SAME && found != FILE_EMPTIED)
        result = open_other(file);
    else
        result = file->open.regular ? prepare_again(file) : 0;
    file->is_quiet = false;
    if (result == 0)
        file->told = FILE_SAME;
    return result;
}

int file_next_begin(struct file *file, struct file_next *next, char why[DESTINATION_WHY])
{
    const struct replace how = {.mode = file->mode};
    struct stat found;
    int fd = -1;

    *next = (struct file_next){.open = {.fd = -1}, .replacement = {.fd = -1}};
    if (destination_find(&next->at, file->path, why) != 0)
        return -1;
    if (replacement_begin(&next->replacement, &next->at, &how, why) != 0) {
        destination_close(&next->at);
        return -1;
    }
    snprintf(why, DESTINATION_WHY, "the next file cannot be made");
    fd = fcntl(next->replacement.fd, F_DUPFD_CLOEXEC, 0); /* which has the same lock */
    if (fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0 && content_prepare(file, fd, 0) == 0 &&
        fstat(fd, &found) == 0) {
        next->open = (struct file_open){.fd = fd,
                                        .regular = true,
                                        .device = found.st_dev,
                                        .inode = found.st_ino,
                                        .end = found.st_size};
        return 0;
    }
    if (fd >= 0)
        close(fd);
    file_next_discard(next);
    return -1;
}

int file_next_take(struct file *file, struct file_next *next)
{
    int error = replacement_end(&next->replacement, file->sync);

    destination_close(&next->at);
    if (error != 0) {
        LOG(file, MUSTER_LOG_ERROR, "cannot make the next %s: %s", file->label, strerror(error));
        close(next->open.fd);
        return -1;
    }
    file_close(file);
    file->open = next->open;
    return 0;
}

void file_next_discard(struct file_next *next)
{
    replacement_discard(&next->replacement);
    destination_close(&next->at);
    if (next->open.fd >= 0)
        close(next->open.fd);
}

int file_take_back(struct file *file, uint32_t size)
{
    off_t end = lseek(file->open.fd, 0, SEEK_CUR); /* after a write: where that write ended */
    struct stat now;

    if (end < (off_t)size || fstat(file->open.fd, &now) != 0 || now.st_size != end)
        return -1;
    return ftruncate(file->open.fd, end - (off_t)size);
}

void file_close(struct file *file)
{
    if (file->open.fd >= 0 && close(file->open.fd) != 0)
        LOG(file, MUSTER_LOG_ERROR, "cannot close %s: %s; its last rows may be lost", file->label,
            strerror(errno));
    file->open.fd = -1;
}

void file_free(struct file *file)
{
    free(file->path);
    free(file->label);
    file->path = NULL;
    file->label = NULL;
}
