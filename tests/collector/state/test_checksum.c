/* SPDX-License-Identifier: MIT
 *
 * The checksum of a state.
 */
#include <check.h>

#include "collector/state/checksum.h"
#include "common/runner.h"

static uint64_t sum_of(const void *bytes, size_t count)
{
    struct checksum sum = {0};

    checksum_add(&sum, bytes, count);
    return checksum_end(&sum);
}

START_TEST(the_checksum_sees_each_bit_and_place)
{
    uint8_t bytes[203] = {0}, swap;
    uint64_t first, other;
    size_t i, bit;

    ck_assert_uint_ne(sum_of(bytes, 200), sum_of(bytes, 203)); /* zeros count */
    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37);
    first = sum_of(bytes, sizeof bytes);
    for (i = 0; i < sizeof bytes; i++)
        for (bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1 << bit);
            other = sum_of(bytes, sizeof bytes);
            bytes[i] ^= (uint8_t)(1 << bit);
            ck_assert_uint_ne(first, other);
        }
    for (i = 8; i < sizeof bytes; i++) {
        swap = bytes[i];
        bytes[i] = bytes[i - 8];
        bytes[i - 8] = swap;
        other = sum_of(bytes, sizeof bytes);
        bytes[i - 8] = bytes[i];
        bytes[i] = swap;
        ck_assert_uint_ne(first, other);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("checksum");
    TCase *tcase = tcase_create("checksum");

    tcase_add_test(tcase, the_checksum_sees_each_bit_and_place);
    suite_add_tcase(suite, tcase);
    return suite;
}
