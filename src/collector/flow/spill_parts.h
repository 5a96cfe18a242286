/* SPDX-License-Identifier: MIT
 *
 * What a chunk is made of: see spill_chunk.h.
 */
#ifndef COLLECTOR_FLOW_SPILL_PARTS_H
#define COLLECTOR_FLOW_SPILL_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "spill_chunk.h"

enum {
    SPILL_ARRIVAL = 1,       /* its arrival follows */
    SPILL_SAME_ARRIVAL = 2,  /* it shares that of the last record that has one */
    SPILL_DATAGRAM = 4,      /* its bytes are the whole datagram */
    SPILL_SAME_DATAGRAM = 8, /* which is that of the last such record */
    SPILL_FLAGS = 15
};

/* In front of each struct muster_record, behind which are a struct muster_arrival, the device's
 * key, and the payload or the datagram, as far as they are there. */
struct spill_head {
    uint32_t bytes; /* of the payload or the datagram */
    uint8_t key;    /* bytes of the key; 0: the number is the id */
    uint8_t flags;  /* SPILL_* */
    uint16_t reserved;
    uint64_t missed; /* see muster_host.dropped_before */
};

/* In front of the text of each name. */
struct spill_name {
    uint8_t is_format; /* else an entry of the chain */
    uint8_t length;
    uint16_t number;
};

uint64_t spill_header_check(const struct spill_chunk_header *header);
uint64_t spill_check(const uint8_t *bytes, size_t size);

#endif
