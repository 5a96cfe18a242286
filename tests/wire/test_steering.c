/* SPDX-License-Identifier: MIT
 *
 * The rule by which a datagram finds its worker, as our own code has it and as the kernel does.
 */
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/runner.h"
#include "wire/steering.h"

START_TEST(the_id_is_where_the_header_has_it)
{
    struct muster_header header = {.device_id = 0x1234, .seq_num = 0xffffffff};
    uint8_t bytes[MUSTER_HEADER_SIZE];

    muster_header_encode(bytes, &header);
    ck_assert_uint_eq(muster_get_u16(bytes + WIRE_ID_OFFSET), 0x1234);
    ck_assert_uint_eq(wire_worker(bytes, sizeof bytes, MUSTER_DEVICE_IDS), 0x1234);
    ck_assert_uint_eq(wire_worker(bytes, WIRE_ID_OFFSET + WIRE_ID_SIZE, 7), 0x1234 % 7);
    ck_assert_uint_eq(wire_worker(bytes, sizeof bytes, 1), 0);
}
END_TEST

START_TEST(what_has_no_id_is_worker_0s)
{
    static const uint8_t bytes[] = {0xff, 0xff};

    ck_assert_uint_eq(wire_worker(NULL, 0, 4), 0);
    ck_assert_uint_eq(wire_worker(bytes, 1, 4), 0);
    ck_assert_uint_eq(wire_worker(bytes, 2, 4), 3);
}
END_TEST

/* ---- The kernel ----------------------------------------------------------------------- */

enum { GROUP = 3 };

/* Binds the sockets of a group to one free port, in order. */
static struct sockaddr_in open_group(int sockets[GROUP], const struct wire_place *place)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sock_filter steps[WIRE_STEERING_STEPS];
    struct sock_fprog program = {.len = WIRE_STEERING_STEPS, .filter = steps};
    struct timeval patience = {.tv_sec = 10};
    socklen_t size = sizeof address;
    int i, on = 1;

    wire_steering(steps, place, GROUP);
    for (i = 0; i < GROUP; i++) {
        sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(sockets[i], 0);
        ck_assert_int_eq(setsockopt(sockets[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
        ck_assert_int_eq(
            setsockopt(sockets[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
        ck_assert_int_eq(bind(sockets[i], (struct sockaddr *)&address, sizeof address), 0);
        ck_assert_int_eq(getsockname(sockets[i], (struct sockaddr *)&address, &size), 0);
    }
    ck_assert_int_eq(
        setsockopt(sockets[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program), 0);
    return address;
}

START_TEST(the_kernel_has_the_same_rule)
{
    static const uint16_t ids[] = {0, 1, 2, 3, 255, 256, 258, 0x1234, 0xfffe, 0xffff};
    static const struct wire_place places[] = {{WIRE_ID_OFFSET, WIRE_ID_SIZE, true},
                                               {1, 1, true},
                                               {0, 4, false},
                                               {3, 4, false},
                                               {5, 2, true},
                                               {0, 0, false}};
    const struct wire_place *place = &places[_i];
    int sockets[GROUP], sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), got;
    struct sockaddr_in address = open_group(sockets, place);
    uint8_t bytes[MUSTER_HEADER_SIZE] = {0}, back[sizeof bytes];
    size_t i, size;

    ck_assert_int_ge(sender, 0);
    for (i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        for (size = 0; size <= sizeof bytes; size++) {
            unsigned worker;

            muster_put_u16(bytes, ids[i]);
            muster_put_u16(bytes + 5, ids[i]);
            worker = wire_worker_at(place, bytes, size, GROUP);
            if (_i == 0)
                ck_assert_uint_eq(worker, wire_worker(bytes, size, GROUP));
            ck_assert_int_eq(
                sendto(sender, bytes, size, 0, (struct sockaddr *)&address, sizeof address),
                (ssize_t)size);
            ck_assert_int_eq(recv(sockets[worker], back, sizeof back, 0), (ssize_t)size);
        }
    }
    for (got = 0; got < GROUP; got++)
        close(sockets[got]);
    close(sender);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {the_id_is_where_the_header_has_it, what_has_no_id_is_worker_0s};
    Suite *suite = suite_create("steering");
    TCase *tcase = tcase_create("steering");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    tcase_add_loop_test(tcase, the_kernel_has_the_same_rule, 0, 6);
    suite_add_tcase(suite, tcase);
    return suite;
}
