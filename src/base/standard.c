/* SPDX-License-Identifier: MIT */
#include "standard.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int standard_open(bool is_forgotten)
{
    int fd, opened = -1;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        opened = open("/dev/null", is_forgotten ? O_RDWR : O_RDONLY);
        if (opened < 0) /* a machine may have no /dev */
            opened = open("/", O_RDONLY | O_DIRECTORY);
        if (opened < 0)
            return -1;
        assert(opened == fd); /* the lowest number that is free */
    }
    /* cppcheck-suppress resourceLeak; it stays open */
    return 0;
}

static void append(int fd)
{
    struct stat status;
    int flags;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return;
    flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_APPEND); /* else it is as it was */
}

void standard_append(void)
{
    append(STDOUT_FILENO);
    append(STDERR_FILENO);
}

int standard_finish(const char *program)
{
    const int failed_before = ferror(stdout);
    int error = fflush(stdout) != 0 ? errno : 0;

    if (error == 0 && !failed_before)
        return 0;
    if (error == 0) /* of an earlier write, which nothing is left of */
        error = EIO;
    if (error != EPIPE)
        fprintf(stderr, "%s: cannot write to standard output: %s\n", program, strerror(error));
    return -1;
}
