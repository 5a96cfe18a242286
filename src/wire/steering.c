/* SPDX-License-Identifier: MIT
 *
 * The program sees the UDP payload at offset 0.  A load behind its end ends the program with 0.
 */
#include "steering.h"

#include <string.h>

_Static_assert(WIRE_ID_SIZE == 2, "BPF_H loads a big-endian number of two bytes");

void wire_steering(struct sock_filter program[WIRE_STEERING_STEPS], unsigned workers)
{
    const struct sock_filter steps[WIRE_STEERING_STEPS] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, WIRE_ID_OFFSET),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, workers),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };

    assert(workers > 0);
    memcpy(program, steps, sizeof steps);
}
