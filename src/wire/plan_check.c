/* SPDX-License-Identifier: MIT
 *
 * Checksums over a datagram, the field that has them left out or taken as zeros.
 */
#include "plan_parts.h"

struct crc {
    uint32_t polynomial; /* reflected: the least significant bit first */
    uint32_t start, last;
    bool reflected;
};

static const struct algorithm {
    const char *name;
    unsigned bits;
    struct crc crc;
} algorithms[] = {
    [FORMAT_NO_CHECK] = {"none", 0, {0}},
    [FORMAT_SUM8] = {"sum8", 8, {0}},
    [FORMAT_SUM16] = {"sum16", 16, {0}},
    [FORMAT_XOR8] = {"xor8", 8, {0}},
    [FORMAT_INTERNET16] = {"internet16", 16, {0}},
    [FORMAT_CRC16_ARC] = {"crc16-arc", 16, {0xa001, 0, 0, true}},
    [FORMAT_CRC16_MODBUS] = {"crc16-modbus", 16, {0xa001, 0xffff, 0, true}},
    [FORMAT_CRC16_CCITT_FALSE] = {"crc16-ccitt-false", 16, {0x1021, 0xffff, 0, false}},
    [FORMAT_CRC16_X25] = {"crc16-x25", 16, {0x8408, 0xffff, 0xffff, true}},
    [FORMAT_CRC16_MCRF4XX] = {"crc16-mcrf4xx", 16, {0x8408, 0xffff, 0, true}},
    [FORMAT_CRC32] = {"crc32", 32, {0xedb88320, 0xffffffff, 0xffffffff, true}},
};

unsigned plan_check_bits(enum format_check is)
{
    return algorithms[is].bits;
}

const char *plan_check_name(enum format_check is)
{
    return algorithms[is].name;
}

bool plan_check_table(enum format_check is, uint32_t table[256])
{
    const struct crc *crc = &algorithms[is].crc;
    uint32_t byte;
    int bit;

    if (crc->polynomial == 0)
        return false;
    for (byte = 0; byte < 256; byte++) {
        uint32_t sum = crc->reflected ? byte : byte << 8;

        for (bit = 0; bit < 8; bit++) {
            if (crc->reflected)
                sum = sum >> 1 ^ (sum & 1 ? crc->polynomial : 0);
            else
                sum = (sum << 1 ^ (sum & 0x8000 ? crc->polynomial : 0)) & 0xffff;
        }
        table[byte] = sum;
    }
    return true;
}

/* A sum that is being made. */
struct sum {
    const struct plan_check_range *range;
    uint32_t value;
    bool odd; /* INTERNET16: the next byte is the second of a word */
};

static void add_crc(struct sum *sum, const uint8_t *bytes, uint32_t count)
{
    const uint32_t *table = sum->range->table;
    uint32_t value = sum->value, i;

    if (algorithms[sum->range->is].crc.reflected) {
        for (i = 0; i < count; i++)
            value = value >> 8 ^ table[(value ^ bytes[i]) & 0xff];
    } else {
        for (i = 0; i < count; i++)
            value = (value << 8 ^ table[(value >> 8 ^ bytes[i]) & 0xff]) & 0xffff;
    }
    sum->value = value;
}

/* 65,535 bytes at most, so that no sum overflows. */
static void add(struct sum *sum, const uint8_t *bytes, uint32_t count)
{
    uint32_t i;

    switch (sum->range->is) {
    case FORMAT_SUM8:
    case FORMAT_SUM16:
        for (i = 0; i < count; i++)
            sum->value += bytes[i];
        break;
    case FORMAT_XOR8:
        for (i = 0; i < count; i++)
            sum->value ^= bytes[i];
        break;
    case FORMAT_INTERNET16:
        for (i = 0; i < count; i++) {
            sum->value += sum->odd ? bytes[i] : (uint32_t)bytes[i] << 8;
            sum->odd = !sum->odd;
        }
        break;
    default:
        add_crc(sum, bytes, count);
    }
}

static uint32_t finish(const struct sum *sum)
{
    uint32_t value = sum->value;

    switch (sum->range->is) {
    case FORMAT_SUM8:
        return value & 0xff;
    case FORMAT_SUM16:
        return value & 0xffff;
    case FORMAT_XOR8:
        return value;
    case FORMAT_INTERNET16:
        while (value > 0xffff)
            value = (value & 0xffff) + (value >> 16);
        return ~value & 0xffff;
    default:
        return value ^ algorithms[sum->range->is].crc.last;
    }
}

/* The bytes from `from` to `to` that are inside the range. */
static void add_range(struct sum *sum, const uint8_t *bytes, uint32_t from, uint32_t to)
{
    if (from < sum->range->from)
        from = sum->range->from;
    if (from < to)
        add(sum, bytes + from, to - from);
}

bool plan_check_make(const struct plan_look *look, const struct plan_field *field, uint64_t *out)
{
    static const uint8_t zeros[8];
    const struct plan_check_range *range = &look->plan->check;
    struct sum sum = {.range = range, .value = algorithms[range->is].crc.start};
    uint32_t to = range->has_to ? range->to : look->size;
    uint32_t at = plan_place(look, field), behind = at + field->width;

    if (to > look->size || range->from > to)
        return false;
    add_range(&sum, look->datagram, 0, at < to ? at : to);
    if (range->holds_zero && at >= range->from && behind <= to)
        add(&sum, zeros, field->width);
    add_range(&sum, look->datagram, behind, to);
    *out = finish(&sum);
    return true;
}
