/* SPDX-License-Identifier: MIT
 *
 * Addresses as text, against the C library.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "common/random.h"
#include "common/runner.h"

static void expect(unsigned family, const uint8_t *bytes)
{
    char *text = malloc(ADDRESS_MAX); /* so that the sanitizer sees one byte too many */
    char wanted[INET6_ADDRSTRLEN];
    size_t size;

    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_nonnull(
        inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, wanted, sizeof wanted));
    size = (size_t)(address_text(text, family, bytes) - text);
    ck_assert_msg(size == strlen(wanted) && memcmp(text, wanted, size) == 0, "%s is <%.*s>", wanted,
                  (int)size, text);
    free(text);
}

START_TEST(addresses)
{
    static const uint8_t all_ones[16] = {255, 255, 255, 255, 255, 255, 255, 255,
                                         255, 255, 255, 255, 255, 255, 255, 255};
    static const uint8_t zeros[16] = {0};
    static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 198, 51, 100, 200};
    int i, k;

    expect(4, all_ones);
    expect(4, zeros);
    expect(6, all_ones);
    expect(6, zeros);
    expect(6, mapped);
    random_seed(4291);
    for (i = 0; i < 1000; i++) {
        uint8_t bytes[16];

        for (k = 0; k < 16; k++)
            bytes[k] = (uint8_t)(one_in(2) ? 0 : random_u32() >> below(32));
        expect(4, bytes);
        expect(6, bytes);
    }
}
END_TEST

START_TEST(unknown_family)
{
    static const uint8_t bytes[16] = {1};
    char text[ADDRESS_MAX];

    ck_assert_ptr_eq(address_text(text, 0, bytes), text);
    ck_assert_ptr_eq(address_text(text, 5, bytes), text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("address");
    TCase *tcase = tcase_create("address");

    tcase_add_test(tcase, addresses);
    tcase_add_test(tcase, unknown_family);
    suite_add_tcase(suite, tcase);
    return suite;
}
