/* SPDX-License-Identifier: MIT
 *
 * Checksums: by the value that each algorithm's own definition gives for "123456789", and in the
 * places that a field can have.
 */
#include <check.h>
#include <string.h>

#include "common/random.h"
#include "common/runner.h"
#include "plan_fixture.h"
#include "wire/plan_parts.h"

/* RevEng's catalogue of CRC algorithms, RFC 1071; the sums by hand. */
static const struct {
    const char *type;
    enum format_check is;
    uint32_t sum; /* of "123456789" */
} algorithms[] = {
    {"u8", FORMAT_SUM8, 0xdd},
    {"u16", FORMAT_SUM16, 0x01dd},
    {"u8", FORMAT_XOR8, 0x31},
    {"u16", FORMAT_INTERNET16, 0xf62a},
    {"u16", FORMAT_CRC16_ARC, 0xbb3d},
    {"u16", FORMAT_CRC16_MODBUS, 0x4b37},
    {"u16", FORMAT_CRC16_CCITT_FALSE, 0x29b1},
    {"u16", FORMAT_CRC16_X25, 0x906e},
    {"u16", FORMAT_CRC16_MCRF4XX, 0x6f91},
    {"u32", FORMAT_CRC32, 0xcbf43926},
};

/* Bit by bit: width, polynomial, start, reflected, last. */
static uint32_t slow_crc(const uint8_t *bytes, size_t count, int width, uint32_t polynomial,
                         uint32_t start, bool reflected, uint32_t last)
{
    uint64_t sum = start, top = UINT64_C(1) << (width - 1), mask = top * 2 - 1;
    uint32_t back = 0;
    size_t i;
    int bit;

    for (i = 0; i < count; i++)
        for (bit = 0; bit < 8; bit++) {
            uint64_t in = reflected ? bytes[i] >> bit & 1 : bytes[i] >> (7 - bit) & 1;
            uint64_t out = (sum & top) != 0;

            sum = sum << 1 & mask;
            if (in != out)
                sum ^= polynomial;
        }
    for (bit = 0; bit < width; bit++)
        back |= (uint32_t)(sum >> bit & 1) << (width - 1 - bit);
    return (reflected ? back : (uint32_t)sum) ^ last;
}

static uint32_t slow(enum format_check is, const uint8_t *bytes, size_t count)
{
    uint32_t sum = 0;
    size_t i;

    switch (is) {
    case FORMAT_CRC16_ARC:
        return slow_crc(bytes, count, 16, 0x8005, 0, true, 0);
    case FORMAT_CRC16_MODBUS:
        return slow_crc(bytes, count, 16, 0x8005, 0xffff, true, 0);
    case FORMAT_CRC16_CCITT_FALSE:
        return slow_crc(bytes, count, 16, 0x1021, 0xffff, false, 0);
    case FORMAT_CRC16_X25:
        return slow_crc(bytes, count, 16, 0x1021, 0xffff, true, 0xffff);
    case FORMAT_CRC16_MCRF4XX:
        return slow_crc(bytes, count, 16, 0x1021, 0xffff, true, 0);
    case FORMAT_CRC32:
        return slow_crc(bytes, count, 32, 0x04c11db7, 0xffffffff, true, 0xffffffff);
    case FORMAT_INTERNET16:
        for (i = 0; i < count; i++)
            sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] * 256;
        return 0xffff - (sum % 0xffff == 0 && sum > 0 ? 0xffff : sum % 0xffff);
    case FORMAT_XOR8:
        for (i = 0; i < count; i++)
            sum ^= bytes[i];
        return sum;
    default:
        for (i = 0; i < count; i++)
            sum += bytes[i];
        return is == FORMAT_SUM8 ? sum % 256 : sum % 65536;
    }
}

/* `front` bytes, the check, `behind` bytes. */
static struct plan *plan_of(size_t which, unsigned front, unsigned behind, bool zero, int from,
                            int to)
{
    struct format_field header[3];
    struct format format = {
        .at = &fixture_node, .name = "f", .message = FORMAT_DATA, .device_is_source = true};
    size_t count = 0;

    if (front > 0) {
        header[count] = fixture_field("hex:1", "front");
        header[count++].length = front;
    }
    header[count++] = fixture_field(algorithms[which].type, "check");
    if (behind > 0) {
        header[count] = fixture_field("hex:1", "behind");
        header[count++].length = behind;
    }
    format.header = (struct format_fields){header, count};
    format.checksum = (struct format_checksum){.at = &fixture_node,
                                               .is = algorithms[which].is,
                                               .holds_zero = zero,
                                               .has_from = from >= 0,
                                               .has_to = to >= 0,
                                               .from = (uint32_t)from,
                                               .to = (uint32_t)to};
    return fixture_plan(&format);
}

static size_t put_sum(uint8_t *out, size_t which, uint32_t sum)
{
    size_t width = plan_check_bits(algorithms[which].is) / 8, i;

    for (i = 0; i < width; i++)
        out[i] = (uint8_t)(sum >> 8 * (width - 1 - i));
    return width;
}

START_TEST(as_defined)
{
    uint8_t bytes[13] = "123456789";
    struct plan_header header;
    size_t which;

    for (which = 0; which < COUNT_OF(algorithms); which++) {
        struct plan *plan = plan_of(which, 9, 0, false, -1, -1);
        size_t size = 9 + put_sum(bytes + 9, which, algorithms[which].sum);

        ck_assert_uint_eq(slow(algorithms[which].is, bytes, 9), algorithms[which].sum);
        ck_assert_int_eq(plan_header(plan, &header, bytes, size, NULL, 0), 1);
        bytes[3] ^= 1;
        ck_assert_int_eq(plan_header(plan, &header, bytes, size, NULL, 0),
                         -1 - MUSTER_REJECT_BAD_CHECK);
        bytes[3] ^= 1;
        plan_free(plan);
    }
}
END_TEST

/* A datagram with a check in it, and what that covers. */
struct place {
    size_t which, width, size;
    unsigned front, behind;
    int from, to; /* -1: not said */
    bool zero;
};

static struct place any_place(void)
{
    struct place place = {.which = below(COUNT_OF(algorithms)),
                          .front = below(20),
                          .behind = below(20),
                          .from = one_in(2) ? -1 : (int)below(15),
                          .zero = one_in(2)};

    place.to = one_in(2) ? -1 : (place.from < 0 ? 1 : place.from + 1) + (int)below(20);
    place.width = plan_check_bits(algorithms[place.which].is) / 8;
    place.size = place.front + place.width + place.behind;
    return place;
}

/* The bytes that are summed up, side by side. */
static size_t cover(const struct place *place, const uint8_t *bytes, uint8_t *covered)
{
    size_t end = place->to >= 0 ? (size_t)place->to : place->size, count = 0;
    size_t at = place->from > 0 ? (size_t)place->from : 0, behind = place->front + place->width;
    bool zero = place->zero && at <= place->front && end >= behind;

    for (; at < end && at < place->size; at++)
        if (at < place->front || at >= behind)
            covered[count++] = bytes[at];
        else if (zero)
            covered[count++] = 0;
    return count;
}

START_TEST(in_any_place)
{
    uint8_t bytes[64], covered[64];
    struct plan_header header;
    size_t at;
    int i;

    for (i = 0; i < 4000; i++) {
        struct place place = any_place();
        enum format_check is = algorithms[place.which].is;
        struct plan *plan =
            plan_of(place.which, place.front, place.behind, place.zero, place.from, place.to);
        int wanted = place.to > (int)place.size || place.from > (int)place.size
                         ? -1 - MUSTER_REJECT_BAD_LENGTH
                         : 1;

        for (at = 0; at < place.size; at++)
            bytes[at] = (uint8_t)random_u32();
        put_sum(bytes + place.front, place.which, slow(is, covered, cover(&place, bytes, covered)));
        ck_assert_msg(plan_header(plan, &header, bytes, place.size, NULL, 0) == wanted,
                      "%s, %u in front, %u behind, from %d to %d", plan_check_name(is), place.front,
                      place.behind, place.from, place.to);
        plan_free(plan);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("plan check");
    TCase *tests = tcase_create("plan check");

    tcase_add_test(tests, as_defined);
    tcase_add_test(tests, in_any_place);
    suite_add_tcase(suite, tests);
    return suite;
}
