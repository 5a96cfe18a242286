/* SPDX-License-Identifier: MIT
 *
 * The control socket from the other end: doc/control.md.
 */
#ifndef CTL_CONNECTION_H
#define CTL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum { CONNECTION_WHY = 1536 };

struct connection {
    int fd;
    char *bytes; /* that came, and are of no line yet */
    size_t used, from, room;
    char why[CONNECTION_WHY]; /* what went wrong */
};

enum connection_news {
    CONNECTION_LINE,  /* a line of the answer */
    CONNECTION_DONE,  /* that was all */
    CONNECTION_FAILED /* the daemon says no, or is gone: connection->why */
};

/* Returns 0, or -1 and says why.  After either, connection_close. */
int connection_open(struct connection *connection, const char *path);
void connection_close(struct connection *connection);

/* Sends a request, which it takes over.  Returns as connection_open does. */
int connection_ask(struct connection *connection, json_t *request);

/* The next line of the answer: *line, to be given back with json_decref. */
enum connection_news connection_next(struct connection *connection, json_t **line);

#endif
