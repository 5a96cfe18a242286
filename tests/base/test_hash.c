/* SPDX-License-Identifier: MIT
 *
 * Hashes under a secret: the same for the same, and spread, whatever is hashed.
 */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#include "common/runner.h"

START_TEST(the_same_for_the_same)
{
    const struct hash_secret secret = hash_new_secret(), other = hash_new_secret();
    const char bytes[] = "0123456789abcdef\0";
    size_t i, k;

    ck_assert_uint_eq(secret.factor % 2, 1);
    ck_assert_uint_ne(secret.first, other.first);
    for (i = 0; i < sizeof bytes; i++) {
        uint64_t hash = hash_bytes(&secret, secret.first, bytes, i);

        ck_assert_uint_eq(hash, hash_bytes(&secret, secret.first, bytes, i));
        ck_assert_uint_ne(hash, hash_bytes(&other, other.first, bytes, i));
        for (k = 0; k < i; k++) /* zeros at the end count, too */
            ck_assert_uint_ne(hash, hash_bytes(&secret, secret.first, bytes, k));
    }
}
END_TEST

/* Numbers that differ in a few bits, wherever these are: no place of a table is crowded, by the low
 * bits or by the high ones. */
START_TEST(spread)
{
    enum { PLACES = 256, EACH = 64 };
    unsigned shift, low[PLACES], high[PLACES], i;

    for (shift = 0; shift <= 50; shift += 5) {
        const struct hash_secret secret = hash_new_secret();

        memset(low, 0, sizeof low);
        memset(high, 0, sizeof high);
        for (i = 0; i < PLACES * EACH; i++) {
            const uint64_t number = (uint64_t)i << shift;
            uint64_t hash = hash_bytes(&secret, secret.first, &number, sizeof number);

            low[hash % PLACES]++;
            high[hash >> 56]++;
        }
        for (i = 0; i < PLACES; i++) {
            ck_assert_uint_lt(low[i], 4 * EACH);
            ck_assert_uint_lt(high[i], 4 * EACH);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("hash");
    TCase *tcase = tcase_create("hash");

    tcase_add_test(tcase, the_same_for_the_same);
    tcase_add_test(tcase, spread);
    suite_add_tcase(suite, tcase);
    return suite;
}
