/* SPDX-License-Identifier: MIT
 *
 * Which formats the datagrams have that come in by a listener.  Values, which do not change while
 * the chain lives; any thread.
 */
#ifndef COLLECTOR_FLOW_RECOGNIZE_H
#define COLLECTOR_FLOW_RECOGNIZE_H

#include <stdint.h>

#include "collector/catalog/catalog.h"
#include "collector/catalog/numbers.h"
#include "collector/host/host.h"
#include "wire/plan.h"
#include "wire/steering.h"

#define RECOGNIZE_FORMATS_MOST 16

struct datagram;

/* The declared formats of a listener, in the order in which they are tried; none: the built-in
 * one. */
struct listener_formats {
    uint16_t numbers[RECOGNIZE_FORMATS_MOST]; /* as the catalog has them */
    unsigned count;
    struct wire_place place; /* of the device's id, in all of them */
};

/* What a datagram is: the first of the formats that it has.  If there is none, the reason is that
 * of the format that it comes closest to, and the header as far as that could read it. */
struct recognized {
    struct plan_header header;
    int count;       /* as plan_header returns it */
    uint16_t format; /* its number; 0: nobody has looked yet */
};

void recognize(const struct listener_formats *formats, const struct catalog *catalog,
               const struct datagram *datagram, struct recognized *out);

/* The number of the device; NUMBERS_NONE: it has none yet, or could not be read. */
uint32_t recognize_number(const struct numbers *numbers, const struct plan_device *device);

/* Gives it one, of that worker, unless it has one meanwhile.  NUMBERS_NONE: all are taken. */
uint32_t recognize_enroll(struct numbers *numbers, const struct plan_device *device,
                          unsigned worker);

/* Which worker's datagram it is.  `all` has one for each listener; NULL: all built in.  If that
 * took a look at the datagram, *seen is what it is. */
unsigned recognize_worker(const struct listener_formats *all, const struct host *host,
                          const struct datagram *datagram, unsigned workers,
                          struct recognized *seen);

#endif
