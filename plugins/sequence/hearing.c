/* SPDX-License-Identifier: MIT
 *
 * How well the collector itself could hear.
 */
#include "hearing.h"

#include <muster/record.h>

#define TICK_MOST                                                                                  \
    UINT64_C(2000000000) /* ns; a longer one was a stall, and the rest of it does not count */
#define SLEEP_LEAST UINT64_C(100000000) /* ns that the boot clock gains on the monotonic one */

static const uint8_t causes[] = {
    [EVIDENCE_KERNEL] = MUSTER_CAUSE_KERNEL,
    [EVIDENCE_OWN] = MUSTER_CAUSE_COLLECTOR,
    [EVIDENCE_DOWN] = MUSTER_CAUSE_COLLECTOR_DOWN,
};

enum { EVIDENCES = sizeof causes / sizeof causes[0] };

void hearing_resume(struct shared *shared, bool resumed)
{
    if (resumed)
        shared->noticed[EVIDENCE_DOWN] = shared->tick;
    shared->tick++; /* and from 0, which stands for never */
}

void hearing_begin(struct hearing *hearing, struct shared *shared, bool leads,
                   const struct hearing_look *look)
{
    hearing->shared = shared;
    hearing->leads = leads;
    hearing->last = *look;
    hearing->listened_ns = __atomic_load_n(&shared->listened_ns, __ATOMIC_RELAXED);
    hearing->resumed_ns = hearing->listened_ns;
}

static uint8_t notice(struct hearing *hearing, enum evidence evidence, uint32_t tick)
{
    __atomic_store_n(&hearing->shared->noticed[evidence], tick, __ATOMIC_RELAXED);
    return causes[evidence];
}

uint8_t hearing_tick(struct hearing *hearing, const struct hearing_look *look)
{
    struct shared *shared = hearing->shared;
    const struct hearing_look *last = &hearing->last;
    uint64_t elapsed = look->monotonic_ns - last->monotonic_ns;
    uint64_t slept = look->boot_ns - last->boot_ns - elapsed;
    uint32_t tick = hearing_now(hearing);
    uint8_t noticed = 0;

    if (look->kernel_drops != last->kernel_drops)
        noticed |= notice(hearing, EVIDENCE_KERNEL, tick);
    if (look->own_drops != last->own_drops)
        noticed |= notice(hearing, EVIDENCE_OWN, tick);
    if (slept >= SLEEP_LEAST && slept < UINT64_MAX / 2)
        noticed |= notice(hearing, EVIDENCE_DOWN, tick);
    if (!(noticed & MUSTER_CAUSE_KERNEL))
        hearing->listened_ns += elapsed < TICK_MOST ? elapsed : TICK_MOST;
    if ((noticed & (MUSTER_CAUSE_KERNEL | MUSTER_CAUSE_COLLECTOR_DOWN)) || elapsed > TICK_MOST)
        hearing->resumed_ns = hearing->listened_ns;
    if (hearing->leads) {
        __atomic_store_n(&shared->listened_ns, hearing->listened_ns, __ATOMIC_RELAXED);
        __atomic_store_n(&shared->tick, tick + 1, __ATOMIC_RELAXED);
    }
    hearing->last = *look;
    return noticed;
}

uint8_t hearing_causes(const struct shared *shared, uint32_t since_tick)
{
    uint8_t result = 0;
    unsigned i;

    for (i = 0; i < EVIDENCES; i++) {
        uint32_t noticed = __atomic_load_n(&shared->noticed[i], __ATOMIC_RELAXED);

        if (noticed != 0 && noticed - since_tick < UINT32_MAX / 2)
            result |= causes[i];
    }
    return result;
}
