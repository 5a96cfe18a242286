/* SPDX-License-Identifier: MIT */
#include "order.h"

#include <errno.h>

#include "base/thread.h"

static void *run(void *argument)
{
    struct order *order = argument;

    thread_begin();
    order->result = requests_ask(order->requests, order->kind, &order->said);
    thread_end();
    atomic_store(&order->done, true);
    return NULL;
}

int order_begin(struct order *order, struct requests *requests, enum request_kind kind,
                const void *owner)
{
    int error;

    if (order->started && order->owner == NULL && order_is_done(order))
        order_end(order);
    if (order->started)
        return EBUSY;
    order->requests = requests;
    order->kind = kind;
    atomic_store(&order->done, false);
    error = pthread_create(&order->thread, NULL, run, order);
    order->started = error == 0;
    order->owner = error == 0 ? owner : NULL;
    if (order->started)
        thread_call(order->thread, "control-order");
    return error;
}

bool order_is_done(const struct order *order)
{
    return atomic_load(&order->done);
}

void order_end(struct order *order)
{
    if (!order->started)
        return;
    pthread_join(order->thread, NULL);
    order->started = false;
    order->owner = NULL;
    problems_free(&order->said);
}

void order_leave(struct order *order)
{
    order->owner = NULL;
}
