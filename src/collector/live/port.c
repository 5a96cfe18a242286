/* SPDX-License-Identifier: MIT */
#include "port.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "socket.h"

/* A metric of each listener, by its number; NULL if memory is short. */
static struct counter *declare(struct metrics *metrics, const void *owner, unsigned listener,
                               const char *name, const char *help)
{
    char number[12];
    const struct metric_description is = {
        .kind = METRIC_COUNTER,
        .name = name,
        .unit = "datagrams",
        .help = help,
        .label = "listener",
        .label_value = number,
    };
    struct counter *cell = NULL;

    snprintf(number, sizeof number, "%u", listener);
    return metrics_cell(metrics, owner, "collector", &is, &cell) == METRICS_ADDED ? cell : NULL;
}

int port_init(struct port *port, const struct listener *listener, unsigned number, unsigned worker,
              struct metrics *metrics, const void *owner)
{
    uint8_t family;
    uint32_t scope;

    assert(worker < listener->socket_count);
    memset(port, 0, sizeof *port);
    port->listener = listener;
    port->generation = atomic_load(&listener->generation);
    port->fd = listener->sockets[worker];
    port->drops = listener->drops[worker];
    address_split(address_get(&listener->address), &family, &port->number, port->local, &scope);
    port->has_local = !address_is_wildcard(&listener->address);
    port->received = declare(metrics, owner, number, "listener.received",
                             "taken from the kernel, by entry of listen, from 0");
    port->kernel_drops =
        declare(metrics, owner, number, "listener.kernel_drops",
                "dropped by the kernel, by entry of listen: the receive buffer was full");
    return port->received != NULL && port->kernel_drops != NULL ? 0 : -1;
}

void port_count_drops(struct port *port, struct drops *drops, struct pipeline_counters *counters,
                      bool shut)
{
    uint32_t before = port->drops;
    uint64_t dropped, checksum;
    unsigned generation;

    socket_drops(port->fd, &port->drops);
    generation = atomic_load(&port->listener->generation);
    if (generation != port->generation) {
        /* It may be of either; the new one begins at 0. */
        port->generation = generation;
        port->drops = 0;
        return;
    }
    dropped = port->drops - before; /* modulo 2^32 */
    if (dropped == 0)
        return;
    checksum = drops_of_checksum(drops, dropped);
    counter_add(&counters->checksum_errors, checksum);
    counter_add(shut ? &counters->refused : &counters->kernel_drops, dropped - checksum);
    if (!shut)
        counter_add(port->kernel_drops, dropped - checksum);
}
