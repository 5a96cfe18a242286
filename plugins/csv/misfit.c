/* SPDX-License-Identifier: MIT
 *
 * What cannot be read is left to the start: connect says it.
 */
#include "misfit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As much of the beginning of a regular file as there is room for; -1: it is none, or cannot be
 * read. */
static ssize_t read_beginning(const char *path, char *out, size_t room)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    ssize_t got = -1;

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        got = pread(fd, out, room, 0);
    close(fd);
    return got;
}

void misfit_check(const struct muster_host *host, struct muster_instance *instance,
                  const char *header, size_t size)
{
    char *found = MUSTER_HOST_HAS(host, misfit) ? malloc(size) : NULL;
    ssize_t got;

    if (found == NULL)
        return;
    got = read_beginning(host->get_string(instance, "path"), found, size);
    /* A part of the header is what a crash leaves. */
    if (got > 0 && memcmp(found, header, (size_t)got) != 0)
        host->misfit(instance, "path",
                     "there is a file with another first line than the header of these rows, so "
                     "that nothing could be appended; move it away, set `path` to another one, or "
                     "set `columns` to what it has");
    free(found);
}
