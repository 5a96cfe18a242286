/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the decoder of datagrams.  An input is the class (1 byte), the largest datagram allowed
 * (2 bytes), and the datagram.
 */
#include "fuzz.h"

#include <string.h>

#include "wire/datagram.h"

const char *const fuzz_corpus = "wire";

static void check_records(const struct wire_class *class, const struct muster_header *header,
                          const uint8_t *payload, size_t size, uint32_t count)
{
    static const uint8_t zeros[sizeof((struct muster_record *)0)->reserved];
    struct muster_record record;
    uint32_t i, bytes = 0;

    for (i = 0; i < count; i++) {
        memset(&record, 0xee, sizeof record);
        wire_record(&record, header, class, payload, size, i, count);
        fuzz_check(record.seq == header->seq_num + i, "numbers go on");
        fuzz_check(record.device_id == header->device_id && record.kind == MUSTER_KIND_MESSAGE,
                   "the header is kept");
        fuzz_check(record.reading == i && record.readings == count, "readings are counted");
        fuzz_check(memcmp(record.reserved, zeros, sizeof zeros) == 0, "the tail is zero");
        fuzz_check(record.answer == 0 && record.keep == 0, "nobody waits for it");
        fuzz_check((record.payload_size == 0) == (record.payload.bytes == NULL), "NULL if empty");
        fuzz_check(record.payload_size == 0 || record.payload.bytes == payload + bytes,
                   "records share out the payload");
        bytes += record.payload_size;
    }
    fuzz_check(bytes == size, "no byte of the payload is lost");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct muster_header header;
    struct wire_class class;
    size_t largest, there;
    uint8_t *datagram;
    int count;

    if (size < 3)
        return 0;
    class.payload = data[0] & 1 ? WIRE_PAYLOAD_U16 : WIRE_PAYLOAD_TEXT;
    class.numbers = data[0] >> 1;
    largest =
        MUSTER_HEADER_SIZE + muster_get_u16(data + 1) % (WIRE_LARGEST - MUSTER_HEADER_SIZE + 1);
    size -= 3;
    there = size < largest ? size : largest; /* the receiver's buffer has no more */
    datagram = malloc(there + 1);
    fuzz_check(datagram != NULL, "memory");
    memcpy(datagram, data + 3, there);
    datagram = realloc(datagram, there > 0 ? there : 1);
    count = wire_header(&header, datagram, size, largest);
    fuzz_check(count <= 0 && count >= -MUSTER_REJECT_REASONS, "a known reason");
    if (count == 0) {
        count = wire_payload_check(&class, &header, size - MUSTER_HEADER_SIZE);
        fuzz_check(count > 0 || count == -1 - MUSTER_REJECT_BAD_PAYLOAD, "a record or a reason");
    }
    if (count > 0)
        check_records(&class, &header, datagram + MUSTER_HEADER_SIZE, size - MUSTER_HEADER_SIZE,
                      (uint32_t)count);
    else
        fuzz_check(wire_reject_name(wire_reason(count)) != NULL, "reasons have names");
    free(datagram);
    return 0;
}
