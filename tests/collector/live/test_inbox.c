/* SPDX-License-Identifier: MIT
 *
 * What other workers hand over.
 */
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "collector/live/inbox.h"
#include "common/runner.h"

enum { LARGEST = 1472, THREADS = 3, EACH = 20000 };

static struct inbox inbox;

static void begin(void)
{
    ck_assert_int_eq(inbox_init(&inbox), 0);
}

static void end(void)
{
    inbox_free(&inbox);
}

/* Number `n` of a sender; its size, source and way follow from that. */
static bool put(unsigned sender, unsigned n)
{
    struct sockaddr_in6 source = {.sin6_family = n % 2 != 0 ? AF_INET6 : AF_INET};
    uint8_t bytes[LARGEST], local[16];
    struct datagram datagram = {.bytes = bytes,
                                .size = n % LARGEST,
                                .stored = n % LARGEST,
                                .arrival_ns = n,
                                .source = (const struct sockaddr *)&source,
                                .local = n % 3 == 0 ? NULL : local,
                                .listener = (uint8_t)sender};

    source.sin6_port = htons((uint16_t)n);
    memset(bytes, (int)(n & 0xff), sizeof bytes);
    memset(local, (int)(n & 0x7f), sizeof local);
    return inbox_put(&inbox, &datagram);
}

static void expect(const struct datagram *datagram)
{
    unsigned n = (unsigned)datagram->arrival_ns;
    const struct sockaddr_in6 *source = (const struct sockaddr_in6 *)datagram->source;

    ck_assert_uint_eq(datagram->size, n % LARGEST);
    ck_assert_uint_eq(ntohs(source->sin6_port), (uint16_t)n);
    ck_assert_int_eq(datagram->local == NULL, n % 3 == 0);
    if (datagram->local != NULL)
        ck_assert_uint_eq(datagram->local[15], n & 0x7f);
    if (datagram->stored > 0)
        ck_assert_uint_eq(datagram->bytes[datagram->stored - 1], n & 0xff);
}

START_TEST(what_goes_in_comes_out_in_order)
{
    struct datagram datagram;
    unsigned n, round;

    ck_assert(inbox_is_empty(&inbox));
    for (round = 0; round < 3; round++) {
        for (n = 0; n < 5000; n++)
            ck_assert(put(0, n));
        ck_assert(!inbox_is_empty(&inbox));
        inbox_collect(&inbox);
        ck_assert(inbox_is_empty(&inbox));
        for (n = 0; inbox_next(&inbox, &datagram); n++) {
            ck_assert_uint_eq(datagram.arrival_ns, n);
            expect(&datagram);
        }
        ck_assert_uint_eq(n, 5000);
    }
}
END_TEST

START_TEST(what_has_no_room_is_refused)
{
    struct datagram datagram;
    unsigned fitted = 0, taken = 0;

    while (put(0, LARGEST - 1))
        fitted++;
    ck_assert_uint_gt(fitted, 1000);
    inbox_collect(&inbox);
    while (inbox_next(&inbox, &datagram))
        taken++;
    ck_assert_uint_eq(taken, fitted);
    ck_assert(put(0, 1));
    inbox_close(&inbox);
    ck_assert(!put(0, 2));
    inbox_collect(&inbox);
    ck_assert(inbox_next(&inbox, &datagram));
    ck_assert(!inbox_next(&inbox, &datagram));
}
END_TEST

static void *send_all(void *sender)
{
    unsigned n;

    for (n = 0; n < EACH; n++)
        while (!put((unsigned)(uintptr_t)sender, n))
            ;
    return NULL;
}

START_TEST(several_fill_while_the_owner_reads)
{
    pthread_t threads[THREADS];
    unsigned next[THREADS] = {0}, taken = 0;
    uintptr_t i;

    for (i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, send_all, (void *)i), 0);
    while (taken < THREADS * EACH) {
        struct datagram datagram;

        inbox_collect(&inbox);
        while (inbox_next(&inbox, &datagram)) {
            ck_assert_uint_eq(datagram.arrival_ns, next[datagram.listener]++);
            expect(&datagram);
            taken++;
        }
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("inbox");
    TCase *tcase = tcase_create("inbox");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, what_goes_in_comes_out_in_order);
    tcase_add_test(tcase, what_has_no_room_is_refused);
    tcase_add_test(tcase, several_fill_while_the_owner_reads);
    suite_add_tcase(suite, tcase);
    return suite;
}
