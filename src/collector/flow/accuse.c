/* SPDX-License-Identifier: MIT
 *
 * What is wrong, and what to do about it, as a table.
 */
#include "accuse.h"

enum { MEDDLED = 1 << 16, ALTERED = 1 << 17 }; /* beside BATCH_* */

static const struct {
    unsigned what;
    const char *text, *end; /* with an end, the number that it is about stands between them */
} bugs[] = {
    {MEDDLED, "it wrote to the fields of struct muster_batch", NULL},
    {ALTERED,
     "process() changed kind, marks, payload, payload_size, payload_at, format, device_id, device, "
     "via or origin of a record in place; drop it and emit another",
     NULL},
    {BATCH_FOREIGN_DEVICE,
     "it adds a record of a device that is another worker's, or none; that record is left out",
     NULL},
    {BATCH_BAD_PAYLOAD,
     "it adds a record whose payload is NULL or larger than MUSTER_DATAGRAM_MAX; that record is "
     "left out",
     NULL},
    {BATCH_BAD_ARRIVAL,
     "it adds a record whose muster_arrival has no size; that record is left out", NULL},
    {BATCH_BAD_KIND, "it adds a record of kind ",
     ", which no sink can take; that record is left out; use one of enum muster_kind"},
    {BATCH_UNNAMED_EVENT, "it adds the event ",
     ", which its table `events` does not name; sinks show the number alone; give it a line in "
     "struct muster_plugin"},
    {BATCH_UNNAMED_REJECT, "it adds a reject for the reason ",
     ", which its table `rejects` does not name; sinks show the number alone; give it a line in "
     "struct muster_plugin"},
    {BATCH_NOT_HELD, "it releases a record that it does not hold; nothing is added", NULL},
    {BATCH_FAR, "emit() behind record number ",
     ", which the batch does not have; the record is added at its end; `after` is below "
     "batch->count"},
};

static uint32_t number_of(unsigned what, const struct batch_odd *odd)
{
    switch (what) {
    case BATCH_BAD_KIND:
        return odd->kind;
    case BATCH_UNNAMED_EVENT:
        return odd->event;
    case BATCH_UNNAMED_REJECT:
        return odd->reason;
    default:
        return odd->after;
    }
}

void accuse_filter(struct filter *filter, const struct batch_change *change)
{
    unsigned what = change->why | (change->meddled ? MEDDLED : 0) | (change->altered ? ALTERED : 0);
    size_t i;

    for (i = 0; i < sizeof bugs / sizeof bugs[0]; i++) {
        if ((what & ~filter->accused & bugs[i].what) == 0)
            continue;
        if (bugs[i].end != NULL)
            instance_bug(filter->instance, "%s%u%s", bugs[i].text,
                         number_of(bugs[i].what, &change->odd), bugs[i].end);
        else
            instance_bug(filter->instance, "%s", bugs[i].text);
    }
    filter->accused |= what;
    if (change->why & BATCH_NO_MEMORY)
        log_format(filter->instance->host->log, LOG_ERROR, instance_name(filter->instance),
                   "%u records could not be added: no memory", change->failed);
}
