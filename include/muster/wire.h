/* SPDX-License-Identifier: MIT
 *
 * The datagram format, on its own: a device's firmware may take this one file.
 *
 * A datagram is a header of 12 bytes, big-endian, and a payload.  Python's
 * struct module spells the header "!HIIBB".
 *
 *   offset  bytes  field
 *        0      2  device_id   identifies the device
 *        2      4  seq_num     sequence number; 2^32 - 1 is followed by 0
 *        6      4  timestamp   creation time, Unix seconds, the device's clock
 *       10      1  msg_type    enum muster_msg_type
 *       11      1  flags       MUSTER_FLAG_*
 *
 * All functions here are pure: no I/O, no allocation, no state.  They may be
 * called from any thread, and none keeps a pointer that it is given.
 */
#ifndef MUSTER_WIRE_H
#define MUSTER_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MUSTER_HEADER_SIZE  12    /* bytes */
#define MUSTER_READING_SIZE 2     /* bytes of a reading in a u16 payload */
#define MUSTER_DEVICE_IDS   65536 /* a device id is 16 bits */
#define MUSTER_DATAGRAM_MAX                                                                        \
    65507 /* bytes: the most that UDP over IPv4 carries (RFC 768, RFC 791) */

enum muster_msg_type {
    MUSTER_MSG_HEARTBEAT = 0, /* "I am alive": no payload */
    MUSTER_MSG_DATA = 1,      /* one reading or more */
    MUSTER_MSG_INIT = 2       /* the device has started: no payload */
};

/* Set by a device that asks for an acknowledgement. */
#define MUSTER_FLAG_ACK 0x01u

struct muster_header {
    uint32_t seq_num;
    uint32_t timestamp; /* Unix seconds, the device's clock */
    uint16_t device_id;
    uint8_t msg_type;
    uint8_t flags;
};

static inline uint16_t muster_get_u16(const uint8_t *bytes)
{
    return (bytes[0] * 256u + bytes[1]) & 0xffffu;
}

static inline uint32_t muster_get_u32(const uint8_t *bytes)
{
    return muster_get_u16(bytes) * 65536u + muster_get_u16(bytes + 2);
}

static inline void muster_put_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = value / 256u & 0xffu;
    bytes[1] = value & 0xffu;
}

static inline void muster_put_u32(uint8_t *bytes, uint32_t value)
{
    muster_put_u16(bytes, value / 65536u & 0xffffu);
    muster_put_u16(bytes + 2, value & 0xffffu);
}

/* Reads the header of a datagram of `size` bytes.  Returns 0, or -1 and leaves
 * `header` alone if the datagram is shorter than a header.  Any value of any
 * field is accepted: what a type means is the caller's to judge. */
static inline int muster_header_decode(struct muster_header *header, const uint8_t *datagram,
                                       size_t size)
{
    if (size < MUSTER_HEADER_SIZE)
        return -1;
    header->device_id = muster_get_u16(datagram);
    header->seq_num = muster_get_u32(datagram + 2);
    header->timestamp = muster_get_u32(datagram + 6);
    header->msg_type = datagram[10];
    header->flags = datagram[11];
    return 0;
}

/* Writes MUSTER_HEADER_SIZE bytes to `out`. */
static inline void muster_header_encode(uint8_t *out, const struct muster_header *header)
{
    muster_put_u16(out, header->device_id);
    muster_put_u32(out + 2, header->seq_num);
    muster_put_u32(out + 6, header->timestamp);
    out[10] = header->msg_type;
    out[11] = header->flags;
}

/* Writes a whole datagram whose payload is `length` bytes of text (may be 0)
 * to `out`, which holds `room` bytes.  Returns its size in bytes, or 0 and
 * writes nothing if it does not fit. */
static inline size_t muster_text_encode(uint8_t *out, size_t room,
                                        const struct muster_header *header, const char *text,
                                        size_t length)
{
    if (room < MUSTER_HEADER_SIZE || room - MUSTER_HEADER_SIZE < length)
        return 0;
    muster_header_encode(out, header);
    if (length > 0)
        memcpy(out + MUSTER_HEADER_SIZE, text, length);
    return MUSTER_HEADER_SIZE + length;
}

/* The same for a payload of `count` big-endian 16-bit readings: reading i has
 * sequence number seq_num + i, and the next datagram goes on after the last. */
static inline size_t muster_u16_encode(uint8_t *out, size_t room,
                                       const struct muster_header *header, const uint16_t *readings,
                                       size_t count)
{
    size_t i;

    if (room < MUSTER_HEADER_SIZE || (room - MUSTER_HEADER_SIZE) / MUSTER_READING_SIZE < count)
        return 0;
    muster_header_encode(out, header);
    for (i = 0; i < count; i++)
        muster_put_u16(out + MUSTER_HEADER_SIZE + i * MUSTER_READING_SIZE, readings[i]);
    return MUSTER_HEADER_SIZE + count * MUSTER_READING_SIZE;
}

/* How many readings a u16 payload of `size` bytes holds; 0 if it is no such
 * payload: empty, or of an odd length. */
static inline size_t muster_u16_count(size_t size)
{
    return size % MUSTER_READING_SIZE == 0 ? size / MUSTER_READING_SIZE : 0;
}

/* How far `seq` lies ahead of `base`, modulo 2^32 (RFC 1982, section 3.2):
 * 1 to 2^31 - 1 is ahead, the rest is behind.  `seq` is behind `base` by
 * muster_seq_ahead(base, seq). */
static inline uint32_t muster_seq_ahead(uint32_t seq, uint32_t base)
{
    return seq - base;
}

#ifdef __cplusplus
}
#endif

#endif
