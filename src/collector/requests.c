/* SPDX-License-Identifier: MIT
 *
 * A list of what is asked, each on the stack of who waits for it.
 */
#include "requests.h"

#include <sys/eventfd.h>

struct request {
    enum request_kind kind;
    struct problems *said;
    struct request *next;
    int result;
    bool is_done;
};

void requests_open(struct requests *requests, int wake_fd)
{
    *requests = (struct requests){.wake_fd = wake_fd};
    pthread_mutex_init(&requests->lock, NULL);
    pthread_cond_init(&requests->done, NULL);
}

int requests_ask(struct requests *requests, enum request_kind kind, struct problems *said)
{
    struct request request = {.kind = kind, .said = said, .result = -1};

    pthread_mutex_lock(&requests->lock);
    request.next = requests->first;
    if (!requests->closed) {
        /* cppcheck-suppress autoVariables; it is taken out before this returns */
        requests->first = &request;
        eventfd_write(requests->wake_fd, 1);
    }
    while (!request.is_done && !requests->closed)
        pthread_cond_wait(&requests->done, &requests->lock);
    if (!request.is_done)
        problems_note(said, LOG_ERROR, NULL, "the daemon stops");
    pthread_mutex_unlock(&requests->lock);
    return request.result;
}

/* With the lock: who asks waits for it in any case. */
void requests_serve(struct requests *requests,
                    int (*serve)(void *context, enum request_kind kind, struct problems *said),
                    void *context)
{
    pthread_mutex_lock(&requests->lock);
    while (requests->first != NULL) {
        struct request *request = requests->first;

        requests->first = request->next;
        request->result = serve(context, request->kind, request->said);
        request->is_done = true;
    }
    pthread_cond_broadcast(&requests->done);
    pthread_mutex_unlock(&requests->lock);
}

void requests_close(struct requests *requests)
{
    pthread_mutex_lock(&requests->lock);
    requests->closed = true;
    requests->first = NULL;
    pthread_cond_broadcast(&requests->done);
    pthread_mutex_unlock(&requests->lock);
}
