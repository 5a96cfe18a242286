/* SPDX-License-Identifier: MIT
 *
 * A client of the control socket: its request as far as it has come, and the answer as far as it
 * has gone.  All of it is bounded: bytes, and time without progress.
 */
#ifndef COLLECTOR_CONTROL_CLIENT_H
#define COLLECTOR_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "report.h"
#include "request.h"

#define CLIENT_PATIENCE (10 * CLOCK_SECOND) /* for a client that takes nothing of its answer */

enum { CLIENT_OUTGOING = 65536 /* bytes that wait for a client, before more is worked out */ };

struct client {
    int fd; /* -1: there is none */
    char *incoming;
    size_t incoming_used;
    struct outgoing out;
    size_t sent; /* of it */
    struct request request;
    struct report report;
    bool answering;    /* the request has an answer that is not all said */
    bool waits;        /* and goes on a little later */
    bool leaving;      /* it gets what waits, and no more */
    uint64_t moved_ns; /* monotonic: when anything came or went last */
};

/* Takes the descriptor over, which does not block. */
void client_begin(struct client *client, int fd, uint64_t now_ns);
void client_end(struct client *client);

/* Sends a last line that says why, and takes nothing more. */
void client_refuse(struct client *client, const char *why);

/* What poll(2) is to look for. */
short client_events(const struct client *client);

/* Does what there is to do.  `events`: what poll(2) has found.  Returns false when the client is
 * gone, or has done what it may not; then client_end. */
bool client_turn(struct client *client, short events, uint64_t now_ns,
                 const struct collector_view *view, struct about *about);

/* Whether it could go on at once. */
bool client_is_busy(const struct client *client);

#endif
