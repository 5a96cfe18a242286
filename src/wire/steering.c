/* SPDX-License-Identifier: MIT
 *
 * The program sees the UDP payload at offset 0.  A load behind its end ends the program with 0.
 */
#include "steering.h"

#include <stdbool.h>
#include <string.h>

unsigned wire_worker_at(const struct wire_place *place, const uint8_t *datagram, size_t size,
                        unsigned workers)
{
    uint32_t id = 0, i;

    if (size < (size_t)place->offset + place->width)
        return 0;
    for (i = 0; i < place->width; i++)
        id = id << 8 | datagram[place->offset + i];
    return wire_worker_of(id, workers);
}

/* Nothing is read where there is no place, but a first byte that does not matter. */
static uint16_t load_of(uint32_t width)
{
    assert(width <= 2 || width == 4);
    return width == 4 ? BPF_W : width == 2 ? BPF_H : BPF_B;
}

void wire_steering(struct sock_filter program[WIRE_STEERING_STEPS], const struct wire_place *place,
                   unsigned workers)
{
    const bool is_there = place->width > 0;
    const struct sock_filter steps[WIRE_STEERING_STEPS] = {
        BPF_STMT((uint16_t)(BPF_LD | BPF_ABS | load_of(place->width)),
                 is_there ? place->offset : 0),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, is_there ? workers : 1),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };

    assert(workers > 0);
    memcpy(program, steps, sizeof steps);
}
