/* SPDX-License-Identifier: MIT
 *
 * A listener's formats are tried in order.
 */
#include "recognize.h"

#include <inttypes.h>
#include <stdio.h>

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

static void try_format(const struct listener_formats *formats, unsigned index,
                       const struct catalog *catalog, const struct datagram *datagram,
                       struct recognized *out)
{
    out->format = formats->numbers[index];
    out->count = plan_header(catalog_plan(catalog, out->format), &out->header, datagram->bytes,
                             datagram->size, datagram->source, datagram->arrival_ns);
}

void recognize(const struct listener_formats *formats, const struct catalog *catalog,
               const struct datagram *datagram, struct recognized *out)
{
    struct recognized other;
    unsigned i;

    try_format(formats, 0, catalog, datagram, out);
    for (i = 1; i < formats->count && out->count < 0; i++) {
        try_format(formats, i, catalog, datagram, &other);
        if (other.count >= 0 || closeness(other.count) > closeness(out->count))
            *out = other;
    }
}

uint32_t recognize_number(const struct numbers *numbers, const struct plan_device *device)
{
    if (device->is_number)
        return numbers_of_id(numbers, device->id);
    return device->length > 0 ? numbers_of_key(numbers, device->key, device->length) : NUMBERS_NONE;
}

uint32_t recognize_enroll(struct numbers *numbers, const struct plan_device *device,
                          unsigned worker)
{
    char digits[24];

    if (numbers == NULL)
        return NUMBERS_NONE;
    if (device->is_number)
        return numbers_give(numbers, digits,
                            (size_t)snprintf(digits, sizeof digits, "%" PRIu64, device->id),
                            worker);
    return device->length > 0 ? numbers_give(numbers, device->key, device->length, worker)
                              : NUMBERS_NONE;
}

/* The worker that a device without a number is best of, and what is of no device: that which the
 * kernel steers it to, or any that is always the same. */
static unsigned first_worker(const struct listener_formats *formats,
                             const struct datagram *datagram, const struct plan_device *device,
                             unsigned workers)
{
    uint32_t sum = (uint32_t)device->id;
    uint8_t i;

    if (formats->place.width > 0)
        return wire_worker_at(&formats->place, datagram->bytes, datagram->stored, workers);
    for (i = 0; !device->is_number && i < device->length; i++)
        sum = sum * 31 + (uint8_t)device->key[i];
    return sum % workers;
}

unsigned recognize_worker(const struct listener_formats *all, const struct host *host,
                          const struct datagram *datagram, unsigned workers,
                          struct recognized *seen)
{
    const struct listener_formats *formats = all != NULL ? &all[datagram->listener] : NULL;
    const struct plan_device *device = &seen->header.device;
    uint32_t number;
    unsigned first;

    seen->format = 0;
    if (formats == NULL || formats->count == 0)
        return wire_worker(datagram->bytes, datagram->stored, workers);
    if (formats->place.is_number)
        return wire_worker_at(&formats->place, datagram->bytes, datagram->stored, workers);
    if (datagram->stored < datagram->size)
        return 0; /* too long to be read */
    recognize(formats, host->catalog, datagram, seen);
    number = recognize_number(host->numbers, device);
    if (number != NUMBERS_NONE)
        return wire_worker_of(number, workers);
    first = first_worker(formats, datagram, device, workers);
    if (!device->is_number && device->length == 0)
        return first;
    return numbers_worker(host->numbers, first);
}
