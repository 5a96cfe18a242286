/* SPDX-License-Identifier: MIT
 *
 * A listener's formats are tried in order.
 */
#include "recognize.h"

#include "pipeline.h"
#include "wire/datagram.h"

/* How far a datagram came in a format, in the order in which it is judged. */
static unsigned closeness(int result)
{
    switch (wire_reason(result)) {
    case MUSTER_REJECT_TOO_SHORT:
        return 1;
    case MUSTER_REJECT_NO_FORMAT:
        return 2;
    case MUSTER_REJECT_UNKNOWN_TYPE:
        return 3;
    case MUSTER_REJECT_BAD_LENGTH:
        return 4;
    default:
        return 5;
    }
}

int recognize(const struct formats *formats, const struct catalog *catalog,
              const struct datagram *datagram, struct plan_header *header, uint16_t *number)
{
    struct plan_header tried;
    unsigned i, closest = 0;
    int result, best = 0;

    for (i = 0; i < formats->count; i++) {
        *number = formats->numbers[i];
        result = plan_header(catalog_plan(catalog, *number), &tried, datagram->bytes,
                             datagram->size, datagram->source, datagram->arrival_ns);
        if (result >= 0) {
            *header = tried;
            return result;
        }
        if (closeness(result) > closest) {
            closest = closeness(result);
            best = result;
            *header = tried;
        }
    }
    return best;
}

unsigned recognize_worker(const struct formats *all, const struct catalog *catalog,
                          const struct datagram *datagram, unsigned workers)
{
    const struct formats *formats = all != NULL ? &all[datagram->listener] : NULL;
    struct plan_header header;
    uint16_t number;
    int device;

    if (formats == NULL || formats->count == 0)
        return wire_worker(datagram->bytes, datagram->stored, workers);
    if (formats->place.width > 0)
        return wire_worker_at(&formats->place, datagram->bytes, datagram->stored, workers);
    if (datagram->stored < datagram->size)
        return 0; /* too long to be read */
    recognize(formats, catalog, datagram, &header, &number);
    device = recognize_device(&header);
    return device >= 0 ? wire_worker_of((uint32_t)device, workers) : 0;
}
