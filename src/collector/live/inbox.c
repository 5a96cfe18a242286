/* SPDX-License-Identifier: MIT
 *
 * Two stacks: one that all fill, and one that the owner reads; they are exchanged under the lock.
 */
#include "inbox.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FIRST = 64 << 10, MOST = 16 << 20 }; /* bytes of a stack */

/* A datagram in a stack; its bytes follow. */
struct copy {
    struct datagram datagram;
    struct sockaddr_in6 source; /* large enough for IPv4 as well */
    uint8_t local[16];
    uint8_t bytes[];
};

int inbox_init(struct inbox *inbox)
{
    memset(inbox, 0, sizeof *inbox);
    pthread_mutex_init(&inbox->lock, NULL);
    inbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return inbox->fd < 0 ? -1 : 0;
}

void inbox_free(struct inbox *inbox)
{
    if (inbox->fd >= 0)
        close(inbox->fd);
    free(inbox->filling.bytes);
    free(inbox->taking.bytes);
    pthread_mutex_destroy(&inbox->lock);
}

/* Room for so many bytes on top of the stack, or NULL. */
static void *push(struct inbox_stack *stack, size_t size)
{
    while (stack->room - stack->used < size) {
        size_t room = stack->room == 0 ? FIRST : stack->room * 2;
        uint8_t *bytes = room <= MOST ? realloc(stack->bytes, room) : NULL;

        if (bytes == NULL)
            return NULL;
        stack->bytes = bytes;
        stack->room = room;
    }
    stack->used += size;
    return stack->bytes + stack->used - size;
}

static size_t size_of(uint32_t stored)
{
    const size_t alignment = _Alignof(struct copy);

    return (sizeof(struct copy) + stored + alignment - 1) / alignment * alignment;
}

static void store(struct copy *copy, const struct datagram *datagram)
{
    copy->datagram = *datagram;
    memcpy(&copy->source, datagram->source,
           datagram->source->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                  : sizeof(struct sockaddr_in6));
    if (datagram->local != NULL)
        memcpy(copy->local, datagram->local, sizeof copy->local);
    memcpy(copy->bytes, datagram->bytes, datagram->stored);
}

bool inbox_put(struct inbox *inbox, const struct datagram *datagram)
{
    struct copy *copy;
    bool first = false;

    pthread_mutex_lock(&inbox->lock);
    copy = inbox->closed ? NULL : push(&inbox->filling, size_of(datagram->stored));
    if (copy != NULL) {
        store(copy, datagram);
        first = !atomic_exchange_explicit(&inbox->waiting, true, memory_order_release);
    }
    pthread_mutex_unlock(&inbox->lock);
    if (first)
        inbox_wake(inbox);
    return copy != NULL;
}

void inbox_wake(struct inbox *inbox)
{
    eventfd_write(inbox->fd, 1);
}

void inbox_collect(struct inbox *inbox)
{
    struct inbox_stack empty = inbox->taking;
    eventfd_t unused;

    assert(inbox->taken == inbox->taking.used);
    empty.used = 0;
    eventfd_read(inbox->fd, &unused); /* first: who puts something in later writes it again */
    pthread_mutex_lock(&inbox->lock);
    inbox->taking = inbox->filling;
    inbox->filling = empty;
    atomic_store_explicit(&inbox->waiting, false, memory_order_relaxed);
    pthread_mutex_unlock(&inbox->lock);
    inbox->taken = 0;
}

bool inbox_next(struct inbox *inbox, struct datagram *datagram)
{
    const struct copy *copy = (const void *)(inbox->taking.bytes + inbox->taken);

    if (inbox->taken == inbox->taking.used)
        return false;
    *datagram = copy->datagram;
    datagram->bytes = copy->bytes;
    datagram->source = (const struct sockaddr *)&copy->source;
    if (datagram->local != NULL)
        datagram->local = copy->local;
    datagram->recognized = NULL;
    inbox->taken += size_of(datagram->stored);
    return true;
}

void inbox_close(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->closed = true;
    pthread_mutex_unlock(&inbox->lock);
}
