/* SPDX-License-Identifier: MIT
 *
 * Which worker a datagram belongs to: all datagrams of a device go to one, so that its state has
 * one writer.  The rule stands here alone, for ourselves and for the kernel.
 */
#ifndef WIRE_STEERING_H
#define WIRE_STEERING_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#include <muster/wire.h>

#define WIRE_ID_OFFSET 0 /* bytes in front of the device's id in the built-in datagram */
#define WIRE_ID_SIZE   2 /* bytes of it */

/* Where a datagram has what tells its device from most others: a big-endian number of 1, 2 or 4
 * bytes.  width 0: it has no such place. */
struct wire_place {
    uint32_t offset, width; /* bytes */
    bool is_number; /* it is the device's number; else the kernel steers by it, and the worker
                       of the device's number may be another */
};

/* The worker of a device, by its number. */
static inline unsigned wire_worker_of(uint32_t device, unsigned workers)
{
    assert(workers > 0);

    return device % workers;
}

/* That of the device whose built-in datagram it is; worker 0 if it is too short for an id. */
static inline unsigned wire_worker(const uint8_t *datagram, size_t size, unsigned workers)
{
    return size >= WIRE_ID_OFFSET + WIRE_ID_SIZE
               ? wire_worker_of(muster_get_u16(datagram + WIRE_ID_OFFSET), workers)
               : 0;
}

/* The same where the id is elsewhere; worker 0 if it has no place. */
unsigned wire_worker_at(const struct wire_place *place, const uint8_t *datagram, size_t size,
                        unsigned workers);

enum { WIRE_STEERING_STEPS = 3 };

/* The same rule as a program for SO_ATTACH_REUSEPORT_CBPF (socket(7)), which picks one of a group
 * of sockets by its number in the order in which they were bound. */
void wire_steering(struct sock_filter program[WIRE_STEERING_STEPS], const struct wire_place *place,
                   unsigned workers);

#endif
