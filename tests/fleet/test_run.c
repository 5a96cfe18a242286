/* SPDX-License-Identifier: MIT
 *
 * A play over the loopback: what is sent, refused, or cut off by a signal.
 */
#include <check.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/runner.h"
#include "fleet/run.h"
#include "fleet/send.h"
#include "plan.h"

/* A socket on a free port of the loopback; the port goes to `port`, as text. */
static int receiver(char port[8])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(port, 8, "%u", ntohs(address.sin_port));
    return fd;
}

/* Plays to that port, and returns how it went. */
static struct run_result perform(const struct play_plan *plan, const char *port, uint32_t sockets,
                                 bool segment, struct account_figures *figures, uint64_t *refused)
{
    struct send_plan send = {
        .host = "127.0.0.1", .port = port, .sockets = sockets, .segment = segment};
    struct run_plan run_plan = {.speed = 1};
    char error[SEND_ERROR_SIZE] = "";
    struct sender *sender = sender_open(&send, error);
    struct play *play = play_new(plan);
    struct account *account = account_new(plan);
    struct run_result result;
    sigset_t stop;

    ck_assert_msg(sender != NULL, "%s", error);
    ck_assert_int_eq(sigemptyset(&stop), 0);
    ck_assert_int_eq(sigaddset(&stop, SIGTERM), 0);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &stop, NULL), 0);
    ck_assert_int_eq(run(play, plan, &run_plan, sender, account, NULL, &stop, &result), 0);
    account_figures(account, play_decided(play), figures);
    *refused = sender_refused(sender);
    account_free(account);
    play_free(play);
    sender_close(sender);
    return result;
}

static void count_received(int fd, uint64_t *datagrams, uint64_t *bytes)
{
    uint8_t datagram[2048];
    ssize_t size;

    *datagrams = *bytes = 0;
    while ((size = recv(fd, datagram, sizeof datagram, MSG_DONTWAIT)) >= 0) {
        ++*datagrams;
        *bytes += (uint64_t)size;
    }
}

START_TEST(what_is_sent_arrives)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct run_result result;
    uint64_t datagrams, bytes, refused;
    char port[8];
    int fd = receiver(port);

    plan.pace = PLAY_FLAT;
    plan.count = 150; /* fits into any receive buffer */
    plan.loss = plan.duplicate = 0.1;
    plan.reorder = 0.6;
    plan.turn = _i == 2 ? SEND_SEGMENTS : 1;
    result = perform(&plan, port, _i == 1 ? plan.devices : 1, _i == 2, &figures, &refused);
    ck_assert_int_eq(result.error, 0);
    ck_assert(!result.interrupted);
    ck_assert_uint_eq(figures.planned, 150);
    ck_assert_uint_eq(figures.unsent, 0);
    ck_assert_uint_eq(refused, 0);
    count_received(fd, &datagrams, &bytes);
    ck_assert_uint_eq(datagrams, figures.sent);
    ck_assert_uint_eq(bytes, figures.bytes);
    close(fd);
}
END_TEST

START_TEST(refused_ones_are_counted)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct run_result result;
    uint64_t refused;
    char port[8];

    close(receiver(port)); /* a port that was free a moment ago */
    plan.pace = PLAY_FLAT;
    plan.count = 50;
    result = perform(&plan, port, 1, false, &figures, &refused);
    ck_assert_int_eq(result.error, 0);
    ck_assert_uint_eq(figures.sent, 50);
    ck_assert_uint_ge(refused, 1);
    ck_assert_uint_le(refused, 50);
}
END_TEST

START_TEST(a_signal_ends_the_play)
{
    struct play_plan plan = a_plan();
    struct account_figures figures;
    struct run_result result;
    uint64_t refused;
    sigset_t stop;
    char port[8];
    int fd = receiver(port);

    ck_assert_int_eq(sigemptyset(&stop), 0);
    ck_assert_int_eq(sigaddset(&stop, SIGTERM), 0);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &stop, NULL), 0);
    ck_assert_int_eq(raise(SIGTERM), 0);
    plan.pace = _i == 0 ? PLAY_TIMETABLE : PLAY_FLAT;
    plan.reorder = 0.9;
    result = perform(&plan, port, 1, false, &figures, &refused);
    ck_assert(result.interrupted);
    ck_assert_int_eq(result.error, 0);
    ck_assert_uint_gt(figures.planned, 0);
    /* What was held back is sent none the less. */
    ck_assert_uint_eq(figures.sent, figures.planned);
    close(fd);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {refused_ones_are_counted};
    Suite *suite = suite_create("run");
    TCase *tcase = tcase_create("run");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    tcase_add_loop_test(tcase, what_is_sent_arrives, 0, 3);
    tcase_add_loop_test(tcase, a_signal_ends_the_play, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
