/* SPDX-License-Identifier: MIT
 *
 * Nothing blocks on open, and what is no text, such as a device, is not touched.
 */
#include "text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

/* What is being read. */
struct source {
    int fd;
    size_t largest;
    uint64_t until_ns; /* monotonic */
    char *why;
    size_t room;
};

static int refuse(const struct source *source, const char *why)
{
    snprintf(source->why, source->room, "%s", why);
    return -1;
}

static int check_kind(const struct source *source)
{
    struct stat status;

    if (fstat(source->fd, &status) < 0)
        return refuse(source, strerror(errno));
    if (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode))
        return 0;
    return refuse(source, S_ISDIR(status.st_mode)
                              ? "it is a directory; expected a file"
                              : "it is a device or a socket; expected a file, a FIFO or a pipe");
}

/* Room for more, one byte beyond the largest at most, and one for the 0. */
static int grow(const struct source *source, struct text_file *file, size_t *room)
{
    size_t larger = *room > 0 ? *room * 2 : 65536;
    char *bytes;

    if (larger > source->largest)
        larger = source->largest + 1;
    bytes = realloc(file->bytes, larger + 1);
    if (bytes == NULL)
        return refuse(source, "out of memory");
    file->bytes = bytes;
    *room = larger;
    return 0;
}

static int wait_for_more(const struct source *source)
{
    struct pollfd poll_fd = {.fd = source->fd, .events = POLLIN};
    uint64_t now = clock_monotonic();
    struct timespec left = clock_to_timespec(source->until_ns > now ? source->until_ns - now : 0);
    int ready = ppoll(&poll_fd, 1, &left, NULL);

    if (ready > 0 || (ready < 0 && errno == EINTR))
        return 0;
    if (ready < 0)
        return refuse(source, strerror(errno));
    snprintf(source->why, source->room, "its writer has not come to an end in %d s",
             TEXT_FILE_PATIENCE);
    return -1;
}

static int read_all(const struct source *source, struct text_file *file)
{
    size_t room = 0;

    for (;;) {
        ssize_t got;

        if (file->size == room && grow(source, file, &room) < 0)
            return -1;
        if (wait_for_more(source) < 0)
            return -1;
        got = read(source->fd, file->bytes + file->size, room - file->size);
        if (got == 0)
            break;
        if (got > 0)
            file->size += (size_t)got;
        else if (errno != EINTR && errno != EAGAIN)
            return refuse(source, strerror(errno));
        if (file->size > source->largest) {
            snprintf(source->why, source->room,
                     "it is larger than %zu MiB; expected a smaller file", source->largest >> 20);
            return -1;
        }
    }
    file->bytes[file->size] = '\0';
    return 0;
}

int text_file_read(struct text_file *file, const char *path, size_t largest, char *why, size_t room)
{
    struct source source = {
        .fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
        .largest = largest,
        .until_ns = clock_monotonic() + TEXT_FILE_PATIENCE * CLOCK_SECOND,
        .why = why,
        .room = room,
    };
    int result = -1;

    *file = (struct text_file){0};
    if (source.fd < 0)
        return refuse(&source, strerror(errno));
    if (check_kind(&source) == 0)
        result = read_all(&source, file);
    close(source.fd);
    if (result < 0) {
        free(file->bytes);
        *file = (struct text_file){0};
    }
    return result;
}
