/* SPDX-License-Identifier: MIT
 *
 * Fuzzes declared formats: any description that compiles, and any datagram.  An input is the
 * description, read as choices of what it has, and behind it the datagram; so one that grew in one
 * of them changes the other, too.
 */
#include "fuzz.h"

#include <string.h>

#include "made_format.h"
#include "wire/datagram.h"
#include "wire/encode_law.h"
#include "wire/plan_parts.h"

const char *const fuzz_corpus = "plan";

enum { VALUES = FORMAT_VALUES_MOST };

/* ---- What must hold ------------------------------------------------------------------- */

static void touch(const uint8_t *bytes, uint64_t count)
{
    volatile uint8_t sink = 0;
    uint64_t i;

    for (i = 0; i < count; i++)
        sink = (uint8_t)(sink + bytes[i]);
}

static void check_values(const struct plan *plan, const uint8_t *datagram, size_t size, uint32_t at)
{
    struct muster_value values[VALUES];
    uint32_t count = plan_values(plan, datagram, size, at, values, sizeof values[0], VALUES), i;

    fuzz_check(count <= VALUES && plan_value(plan, count) == NULL, "as many values as it says");
    for (i = 0; i < count; i++) {
        const struct plan_value *known = plan_value(plan, i);

        fuzz_check(strcmp(values[i].name, known->name) == 0, "each in its place");
        fuzz_check(values[i].type <= MUSTER_VALUE_REAL32, "of a type that there is");
        if (values[i].type == MUSTER_VALUE_TEXT || values[i].type == MUSTER_VALUE_BYTES)
            touch(values[i].bytes, values[i].bytes_size);
    }
}

static void check_records(const struct plan *plan, struct plan_header *header,
                          const uint8_t *datagram, size_t size)
{
    static const uint8_t zeros[sizeof((struct muster_record *)0)->reserved];
    struct muster_record record;
    uint32_t i, end = 0;

    for (i = 0; i < header->readings; i++) {
        memset(&record, 0xee, sizeof record);
        plan_record(plan, &record, header, datagram, size, i);
        fuzz_check(record.reading == i && record.readings == header->readings, "readings count");
        fuzz_check(memcmp(record.reserved, zeros, sizeof zeros) == 0, "the tail is zero");
        fuzz_check(record.answer == 0 && record.keep == 0, "nobody waits for it");
        fuzz_check((record.payload_size == 0) == (record.payload.bytes == NULL), "NULL if empty");
        fuzz_check(record.payload_size == 0 || record.payload.bytes == datagram + record.payload_at,
                   "it says where it begins");
        fuzz_check((size_t)record.payload_at + record.payload_size <= size, "inside the datagram");
        fuzz_check(!header->has_reading || record.payload_at == 0 || record.payload_at >= end,
                   "readings do not overlap");
        if (header->has_reading && record.payload_at > 0)
            end = record.payload_at + record.payload_size;
        check_values(plan, datagram, size, record.payload_at);
    }
}

/* The fast way ends where the other does. */
static void check_fast(const struct plan *plan, const struct plan_header *fast, int count,
                       const uint8_t *datagram, size_t size)
{
    struct plan_header any;

    if (!plan->fast.is_on)
        return;
    fuzz_check(plan_any_header(plan, &any, datagram, size, NULL, 1) == count, "the same verdict");
    fuzz_check(any.device.id == fast->device.id && any.device.is_number == fast->device.is_number,
               "the same device");
    if (count <= 0)
        return;
    fuzz_check(any.seq == fast->seq && any.seq_bits == fast->seq_bits, "the same number");
    fuzz_check(any.time_ns == fast->time_ns && any.flags == fast->flags, "the same time and flags");
    fuzz_check(any.msg_type == fast->msg_type && any.body == fast->body, "the same body");
    fuzz_check(any.readings == fast->readings && any.has_reading == fast->has_reading &&
                   any.first == fast->first && any.stride == fast->stride &&
                   any.walked == fast->walked && any.walked_at == fast->walked_at,
               "the same readings");
}

/* An answer stays inside its bounds, whatever the datagram is. */
static void check_reply(const struct plan *plan, const uint8_t *datagram, size_t size)
{
    int index = plan_reply_find(plan, datagram, size);
    uint8_t *out;
    uint32_t made;

    if (index < 0)
        return;
    fuzz_check(plan_reply(plan, (uint32_t)index) != NULL, "a reply that there is");
    made = plan_reply(plan, (uint32_t)index)->size;
    fuzz_check(made > 0 && made <= FORMAT_REPLY_MOST, "an answer has a size");
    out = malloc(made); /* of its size, for a sanitizer */
    fuzz_check(out != NULL, "memory");
    fuzz_check(plan_reply_make(plan, (uint32_t)index, datagram, size, out) == made,
               "as long as it says");
    touch(out, made);
    free(out);
}

struct shown {
    size_t size;
    unsigned count;
};

static void check_step(void *context, const struct plan_step *step)
{
    struct shown *shown = context;

    fuzz_check((size_t)step->offset + step->length <= shown->size, "a field is in the datagram");
    fuzz_check(step->value != NULL && step->type != NULL && step->where != NULL, "texts are there");
    shown->count++;
}

static void check_datagram(const struct plan *plan, const uint8_t *datagram, size_t size)
{
    struct plan_header header;
    struct plan_verdict verdict;
    struct shown shown = {.size = size};
    struct address source;
    int count;

    address_parse(&source, "fe80::1", 4711);
    count = plan_header(plan, &header, datagram, size, address_get(&source),
                        UINT64_C(1766000000000000000));
    check_fast(plan, &header, count, datagram, size);
    fuzz_check(count <= UINT16_MAX && count >= -MUSTER_REJECT_REASONS, "records, or a reason");
    fuzz_check(header.device.length <= FORMAT_KEY_MOST, "a key fits");
    fuzz_check(header.seq_bits <= 64, "a number fits");
    if (count > 0) {
        fuzz_check(header.readings == (unsigned)count, "as many as it says");
        check_records(plan, &header, datagram, size);
    }
    check_reply(plan, datagram, size);
    check_values(plan, datagram, size, 0);
    check_values(plan, datagram, size, (uint32_t)size / 2);
    check_values(plan, datagram, size, UINT32_MAX);
    plan_explain(plan, datagram, size, address_get(&source), UINT64_C(1766000000000000000),
                 check_step, &shown, &verdict);
    fuzz_check(verdict.count == count, "it is explained as it is decoded");
    fuzz_check((count < 0) == (verdict.text[0] != '\0'), "what is refused is told");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct made_format made;
    struct problems problems = {0};
    size_t described, place;
    const char *broken;
    struct plan *plan;
    uint8_t *datagram;

    if (size < 2)
        return 0;
    described = data[0];
    place = 1 + (described < size - 1 ? described : size - 1);
    made_format(&made, data + 1, place - 1);
    plan = plan_compile(&made.format, &problems);
    fuzz_check((plan == NULL) == (problems_count(&problems) > 0), "a plan, or a problem");
    problems_free(&problems);
    if (plan == NULL)
        return 0;
    plan_device_place(plan);
    broken = encode_law(plan, 1 + described % 5, NULL);
    fuzz_check(broken == NULL, broken);
    size -= place;
    if (size > 65535)
        size = 65535;
    datagram = malloc(size > 0 ? size : 1); /* of its size, for a sanitizer */
    fuzz_check(datagram != NULL, "memory");
    memcpy(datagram, data + place, size);
    check_datagram(plan, datagram, size);
    free(datagram);
    plan_free(plan);
    return 0;
}
