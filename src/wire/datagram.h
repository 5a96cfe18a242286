/* SPDX-License-Identifier: MIT
 *
 * One datagram becomes records, or a reason why not.  Pure functions: no I/O, no allocation.
 *
 * The class that a payload is judged by belongs to the device, which the header names.  So a
 * receiver reads the header, looks the class up, counts the records, and fills them in:
 *
 *     int count = wire_header(&header, datagram, size, largest);
 *     if (count == 0)
 *         count = wire_payload_check(class_of(header.device_id), &header, size - 12);
 *     if (count < 0)
 *         reject(wire_reason(count));
 *     for (i = 0; i < count; i++)
 *         wire_record(&record[i], &header, class, payload, size - 12, i, count);
 *
 * A long batch is faster with wire_reading for all records but the first.
 */
#ifndef WIRE_DATAGRAM_H
#define WIRE_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/record.h>
#include <muster/wire.h>

/* The largest datagram that a receiver may allow.  It keeps the number of readings of one
 * datagram within 16 bits. */
#define WIRE_LARGEST 65535

#define WIRE_SEQ_BITS 32 /* width of a number */

enum wire_payload {
    WIRE_PAYLOAD_TEXT, /* any bytes, kept as they are */
    WIRE_PAYLOAD_U16   /* DATA: one or more big-endian 16-bit readings */
};

/* What a class of devices sends. */
struct wire_class {
    enum wire_payload payload;
    uint8_t numbers; /* bit (1 << msg_type): messages of this type have a number */
    bool
        says_numbers; /* so it was said; else it is a default, and a declared format knows better */
};

/* Reads and judges the header of a datagram.
 *
 * `size` is its true size on the wire.  If that is more than `largest`, the datagram is too long,
 * and only its first `largest` bytes need to be there.  `largest` is at least MUSTER_HEADER_SIZE
 * and at most WIRE_LARGEST.
 *
 * Returns 0, or -(1 + enum muster_reject).  Fills *header in any case except
 * MUSTER_REJECT_TOO_SHORT, which leaves it alone. */
int wire_header(struct muster_header *header, const uint8_t *datagram, size_t size, size_t largest);

/* Judges the payload, `payload_size` bytes, of a datagram whose header is good.
 *
 * Returns how many records the datagram makes, at least 1, or -(1 + enum muster_reject). */
int wire_payload_check(const struct wire_class *class, const struct muster_header *header,
                       size_t payload_size);

/* Fills in record number `reading`, from 0, of the `readings` that wire_payload_check counted.
 *
 * `payload` is the whole payload, at the place where the record shall find it.  All 128 bytes of
 * *out are set; what the datagram does not tell (when and how it arrived, verdict) is 0. */
void wire_record(struct muster_record *out, const struct muster_header *header,
                 const struct wire_class *class, const uint8_t *payload, size_t payload_size,
                 uint32_t reading, uint32_t readings);

/* Says which device the record is about.  A device's number is its id. */
static inline void wire_device(struct muster_record *out, const struct muster_header *header)
{
    out->device_id = header->device_id;
    out->device = header->device_id;
    out->marks = MUSTER_MARK_DEVICE;
}

/* Makes of `first`, which wire_record filled in for a reading of a batch, the record of the reading
 * that is `further` behind it; so what was set in `first` besides is in *out, too. */
static inline void wire_reading(struct muster_record *out, const struct muster_record *first,
                                uint32_t further)
{
    *out = *first;
    out->seq = (uint32_t)(out->seq + further);
    out->reading = (uint16_t)(out->reading + further);
    out->payload.bytes += further * MUSTER_READING_SIZE;
    out->value.integer = muster_get_u16(out->payload.bytes);
}

/* A reject's reason as a word for logs and counters, such as "too_short"; never NULL. */
const char *wire_reject_name(unsigned reason);

/* A reason as a result of the functions above. */
static inline int wire_reject(enum muster_reject reason)
{
    return -(1 + (int)reason);
}

/* The enum muster_reject in a negative result of the functions above. */
static inline enum muster_reject wire_reason(int result)
{
    return (enum muster_reject)(-result - 1);
}

#endif
