/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE = 30 /* seconds without a byte */, PIECE = 65536 };

static void explain(struct connection *connection, const char *path, int error)
{
    const char *advice = "";

    if (error == ENOENT || error == ECONNREFUSED)
        advice = "; no musterd answers there: is it running, and is that the socket that its "
                 "\"control\" says? -s PATH names another";
    else if (error == EACCES || error == EPERM)
        advice = "; ask as root, as the user that musterd runs as, or as a member of the socket's "
                 "group";
    else if (error == EAGAIN)
        advice = "; too many are asking it";
    snprintf(connection->why, sizeof connection->why, "cannot connect to \"%s\": %s%s", path,
             strerror(error), advice);
}

int connection_open(struct connection *connection, const char *path)
{
    const struct timeval patience = {.tv_sec = PATIENCE};
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *connection = (struct connection){.fd = -1};
    if (strlen(path) >= sizeof address.sun_path) {
        snprintf(connection->why, sizeof connection->why,
                 "the path \"%.200s\" is too long for a socket; expected %zu bytes at most", path,
                 sizeof address.sun_path - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd >= 0 &&
        setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
        setsockopt(connection->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
        connect(connection->fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return 0;
    explain(connection, path, errno);
    return -1;
}

void connection_close(struct connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd);
    free(connection->bytes);
    connection->fd = -1;
    connection->bytes = NULL;
}

int connection_ask(struct connection *connection, json_t *request)
{
    char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    size_t size = text != NULL ? strlen(text) : 0, sent = 0;

    json_decref(request);
    if (text == NULL) {
        snprintf(connection->why, sizeof connection->why, "out of memory for the request");
        return -1;
    }
    text[size] = '\n'; /* in place of the end */
    while (sent < size + 1) {
        ssize_t went = send(connection->fd, text + sent, size + 1 - sent, MSG_NOSIGNAL);

        if (went < 0 && errno == EINTR)
            continue;
        if (went < 0)
            break; /* what it had to say may still be read */
        sent += (size_t)went;
    }
    free(text);
    return 0;
}

/* Returns false when no more can come. */
static bool receive(struct connection *connection)
{
    ssize_t got;

    if (connection->room - connection->used < PIECE) {
        size_t room = connection->room * 2 + PIECE;
        char *grown = realloc(connection->bytes, room);

        if (grown == NULL) {
            snprintf(connection->why, sizeof connection->why, "out of memory for the answer");
            return false;
        }
        connection->bytes = grown;
        connection->room = room;
    }
    do
        got = recv(connection->fd, connection->bytes + connection->used,
                   connection->room - connection->used, 0);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        connection->used += (size_t)got;
        return true;
    }
    if (got < 0 && errno == EAGAIN)
        snprintf(connection->why, sizeof connection->why, "musterd has not answered for %d s",
                 PATIENCE);
    else
        snprintf(connection->why, sizeof connection->why,
                 "musterd ended the connection in the middle of its answer");
    return false;
}

/* Returns the end of the first line that is there, or NULL when there can be none. */
static char *find_line(struct connection *connection)
{
    char *end = NULL;

    for (;;) {
        if (connection->used > connection->from)
            end = memchr(connection->bytes + connection->from, '\n',
                         connection->used - connection->from);
        if (end != NULL)
            return end;
        if (connection->from > 0) {
            connection->used -= connection->from;
            memmove(connection->bytes, connection->bytes + connection->from, connection->used);
            connection->from = 0;
        }
        if (!receive(connection))
            return NULL;
    }
}

enum connection_news connection_next(struct connection *connection, json_t **line)
{
    char *end = find_line(connection);
    json_error_t error;
    const json_t *ok;
    bool is_good;

    if (end == NULL)
        return CONNECTION_FAILED;
    *line = json_loadb(connection->bytes + connection->from,
                       (size_t)(end - connection->bytes) - connection->from, 0, &error);
    connection->from = (size_t)(end + 1 - connection->bytes);
    if (*line == NULL) {
        snprintf(connection->why, sizeof connection->why, "what answers is no musterd: %s",
                 error.text);
        return CONNECTION_FAILED;
    }
    ok = json_object_get(*line, "ok");
    if (ok == NULL)
        return CONNECTION_LINE;
    is_good = json_is_true(ok);
    if (!is_good)
        snprintf(connection->why, sizeof connection->why, "%s",
                 json_string_value(json_object_get(*line, "error")));
    json_decref(*line);
    return is_good ? CONNECTION_DONE : CONNECTION_FAILED;
}
