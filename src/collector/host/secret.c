/* SPDX-License-Identifier: MIT
 *
 * A file's first line, or a variable of the environment.
 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST = 4096 }; /* bytes of a file's first line */

/* Reads up to `room` bytes.  Returns how many, or -1 with errno. */
static ssize_t read_bytes(int fd, char *bytes, size_t room)
{
    size_t size = 0;

    while (size < room) {
        ssize_t got = read(fd, bytes + size, room - size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        size += (size_t)got;
    }
    return (ssize_t)size;
}

static int copy_line(const char *path, const char *bytes, size_t size, char **secret, char *why,
                     size_t room)
{
    const char *end = memchr(bytes, '\n', size);
    size_t length = end != NULL ? (size_t)(end - bytes) : size;

    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    if (length == 0)
        snprintf(why, room, "the first line of \"%s\" is empty; expected the secret there", path);
    else if (length > LONGEST)
        snprintf(why, room, "the first line of \"%s\" is too long; expected %d bytes at most", path,
                 LONGEST);
    else if (memchr(bytes, '\0', length) != NULL)
        snprintf(why, room, "the first line of \"%s\" has a zero byte; expected a text", path);
    else
        *secret = strndup(bytes, length);
    if (*secret != NULL)
        return 0;
    return length > 0 && length <= LONGEST && memchr(bytes, '\0', length) == NULL ? -1 : 1;
}

static int read_file(const char *path, char **secret, char *why, size_t room)
{
    /* Not blocking: a named pipe must not hold up the start. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_regular = false;
    char bytes[LONGEST + 2];
    struct stat status;
    ssize_t size = -1;
    int result = 1;

    if (fd >= 0 && fstat(fd, &status) == 0) {
        is_regular = S_ISREG(status.st_mode);
        if (is_regular)
            size = read_bytes(fd, bytes, sizeof bytes);
    }
    if (fd >= 0 && !is_regular)
        snprintf(why, room, "cannot read the secret from \"%s\": it is no regular file", path);
    else if (size < 0)
        snprintf(why, room, "cannot read the secret from \"%s\": %s", path, strerror(errno));
    else
        result = copy_line(path, bytes, (size_t)size, secret, why, room);
    if (fd >= 0)
        close(fd);
    explicit_bzero(bytes, sizeof bytes);
    return result;
}

static int read_variable(const char *name, char **secret, char *why, size_t room)
{
    const char *value = getenv(name);

    if (value == NULL || value[0] == '\0') {
        snprintf(why, room, "the environment variable \"%s\" is %s; expected the secret there",
                 name, value == NULL ? "not set" : "empty");
        return 1;
    }
    *secret = strdup(value);
    return *secret != NULL ? 0 : -1;
}

int secret_read(const char *text, char **secret, char *why, size_t room)
{
    *secret = NULL;
    if (strncmp(text, "file:", 5) == 0)
        return read_file(text + 5, secret, why, room);
    if (strncmp(text, "env:", 4) == 0)
        return read_variable(text + 4, secret, why, room);
    if (text[0] == '\0') {
        snprintf(why, room, "it is empty; expected a secret, file:PATH or env:NAME");
        return 1;
    }
    *secret = strdup(text);
    return *secret != NULL ? 0 : -1;
}

void secret_free(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}
