/* SPDX-License-Identifier: MIT
 *
 * What other threads ask of the main thread, which alone may change what runs.
 */
#ifndef COLLECTOR_REQUESTS_H
#define COLLECTOR_REQUESTS_H

#include <pthread.h>
#include <stdbool.h>

#include "base/problems.h"

enum request_kind { REQUEST_RELOAD, REQUEST_DRY_RELOAD, REQUEST_RESTART, REQUEST_ROTATE };

struct request;

struct requests {
    pthread_mutex_t lock;
    pthread_cond_t done;
    struct request *first; /* the newest; each is its asker's */
    int wake_fd;           /* an eventfd, for the main thread to wait for */
    bool closed;           /* nothing is answered any more */
};

void requests_open(struct requests *requests, int wake_fd);

/* Any thread but main.  Waits until the main thread has done it.  Returns 0, or -1; what is to be
 * said of it is added to `said`. */
int requests_ask(struct requests *requests, enum request_kind kind, struct problems *said);

/* [main] Does all that is asked: `serve` returns what the asker gets. */
void requests_serve(struct requests *requests,
                    int (*serve)(void *context, enum request_kind kind, struct problems *said),
                    void *context);

/* [main] Whoever asks, or has asked, is told that the daemon stops. */
void requests_close(struct requests *requests);

#endif
