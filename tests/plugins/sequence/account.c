/* SPDX-License-Identifier: MIT
 *
 * An account of gaps.
 */
#include "account.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>

/* What was changing when the process was killed has opened then, for all that is known. */
static bool is_opening(const struct account *a, uint64_t booked_ns, uint64_t reported_ns)
{
    uint32_t i;

    for (i = 0; i < a->kills; i++)
        if (a->killed_ns[i] == reported_ns && reported_ns > booked_ns)
            return true;
    return booked_ns == reported_ns;
}

static void book(struct account *a, const struct muster_record *e)
{
    uint32_t number;

    if (e->event.event != MUSTER_EVENT_GAP_OPENED && e->event.event != MUSTER_EVENT_GAP_LOST &&
        e->event.event != MUSTER_EVENT_GAP_RECOVERED &&
        e->event.event != MUSTER_EVENT_GAP_TAKEN_BACK)
        return;
    if (e->event.event == MUSTER_EVENT_GAP_OPENED && e->event.was != MUSTER_EVENT_NONE)
        return; /* for another cause */
    for (number = (uint32_t)e->event.first; number != (uint32_t)e->event.last + 1; number++) {
        uint64_t *opened_ns = &a->opened_ns[e->device_id][number % ACCOUNT_NUMBERS];
        bool opens = e->event.event == MUSTER_EVENT_GAP_OPENED;

        if (opens && *opened_ns != 0 && a->kills > 0)
            a->not_reported++; /* of a session that has ended */
        else if ((*opened_ns != 0) == opens)
            ck_abort_msg("device %" PRIu64 ", %" PRIu64 "-%" PRIu64 ": number %" PRIu32 " %s",
                         e->device_id, e->event.first, e->event.last, number,
                         opens ? "is open already" : "is not open");
        else if (!opens && !is_opening(a, *opened_ns, e->event.opened_ns))
            ck_abort_msg("device %" PRIu64 ": number %" PRIu32 " opened at %" PRIu64
                         ", not at %" PRIu64,
                         e->device_id, number, *opened_ns, e->event.opened_ns);
        *opened_ns = opens ? e->event.opened_ns : 0;
        a->missing += opens;
        a->missing -= e->event.event == MUSTER_EVENT_GAP_TAKEN_BACK;
        a->recovered += e->event.event == MUSTER_EVENT_GAP_RECOVERED;
        a->lost += e->event.event == MUSTER_EVENT_GAP_LOST;
    }
}

struct muster_record account_receive(struct account *account, struct collector *c,
                                     const struct muster_record *record)
{
    struct muster_record out;
    struct muster_test_batch batch;
    uint32_t i;

    collector_receive(c, *record, &batch);
    out = batch.out[0];
    for (i = 1; i < batch.out_count; i++)
        book(account, &batch.out[i]);
    muster_test_batch_free(&batch);
    return out;
}
