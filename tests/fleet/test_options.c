/* SPDX-License-Identifier: MIT
 *
 * The command line of muster-fleet.
 */
#include <check.h>
#include <string.h>

#include "common/runner.h"
#include "fleet/options.h"

#define ARGUMENTS_MAX 16

/* Reads a command line, with spaces between the arguments, and "_" for one within. */
static enum options_result read_line(struct options *options, const char *line)
{
    static char text[256];
    char *argv[ARGUMENTS_MAX + 2] = {(char *)"muster-fleet"};
    int argc = 1;
    char *word;

    ck_assert_uint_lt(strlen(line), sizeof text);
    strcpy(text, line);
    for (word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        char *space = strchr(word, '_');

        ck_assert_int_lt(argc, ARGUMENTS_MAX);
        if (space != NULL)
            *space = ' ';
        argv[argc++] = word;
    }
    return options_read(options, argc, argv);
}

START_TEST(defaults)
{
    struct options options;

    ck_assert_int_eq(read_line(&options, ""), OPTIONS_PLAY);
    ck_assert_str_eq(options.send.host, "127.0.0.1");
    ck_assert_str_eq(options.send.port, "8888");
    ck_assert_uint_eq(options.send.sockets, 1);
    ck_assert_uint_eq(options.play.devices, 3);
    ck_assert_uint_eq(options.play.first_id, 101);
    ck_assert_uint_eq(options.play.start_seq, 1);
    ck_assert_uint_eq(options.play.count, 0);
    ck_assert_int_eq(options.play.pace, PLAY_TIMETABLE);
    ck_assert_uint_eq(options.play.data_ns, PLAY_DATA_NS);
    ck_assert_uint_eq(options.play.heartbeat_ns, PLAY_HEARTBEAT_NS);
    ck_assert(options.run.speed == 1 && options.run.seconds == 0);
    ck_assert(!options.quiet && options.report == NULL);
}
END_TEST

START_TEST(arguments_are_read)
{
    struct options options;

    ck_assert_int_eq(read_line(&options, "--target [::1]:9000 --loss 5% --duplicate 0.25 "
                                         "--reorder 100% --sockets each --devices 9"),
                     OPTIONS_PLAY);
    ck_assert_str_eq(options.send.host, "::1");
    ck_assert_str_eq(options.send.port, "9000");
    ck_assert_uint_eq(options.send.sockets, 9);
    ck_assert(options.play.loss == 0.05 && options.play.duplicate == 0.25 &&
              options.play.reorder == 1);

    ck_assert_int_eq(read_line(&options, "--rate 2e3 --segment --payload u16 --readings 8 "
                                         "--seed 18446744073709551615"),
                     OPTIONS_PLAY);
    ck_assert_int_eq(options.play.pace, PLAY_FLAT);
    ck_assert(options.play.interval_ns == 500000);
    ck_assert_uint_eq(options.play.turn, SEND_SEGMENTS);
    ck_assert_uint_eq(options.play.form.readings, 8);
    ck_assert_uint_eq(options.play.seed, UINT64_MAX);

    ck_assert_int_eq(read_line(&options, "--rate max --count 300000"), OPTIONS_PLAY);
    ck_assert(options.play.interval_ns == 0);
    ck_assert_int_eq(read_line(&options, "--speed 0.5 --seconds 1.5"), OPTIONS_PLAY);
    ck_assert(options.run.speed == 0.5 && options.run.seconds == 1.5);

    ck_assert_int_eq(read_line(&options, "--interval 200ms --heartbeat 2 --delay 1s --jitter 30us"),
                     OPTIONS_PLAY);
    ck_assert_uint_eq(options.play.data_ns, 200000000);
    ck_assert_uint_eq(options.play.heartbeat_ns, 2000000000);
    ck_assert_uint_eq(options.play.delay_ns, 1000000000);
    ck_assert_uint_eq(options.play.jitter_ns, 30000);
    ck_assert_int_eq(read_line(&options, "--interval=6_s --heartbeat 0 --delay 0"), OPTIONS_PLAY);
    ck_assert_uint_eq(options.play.data_ns, 6000000000);
    ck_assert_uint_eq(options.play.heartbeat_ns, 0);
    ck_assert_int_eq(read_line(&options, "--rate 1000 --delay 1s --jitter 1h"), OPTIONS_PLAY);

    ck_assert_int_eq(read_line(&options, "--format rtp --catalog c.yaml --first-id 4294967295 "
                                         "--start-seq 18446744073709551615"),
                     OPTIONS_PLAY);
    ck_assert_str_eq(options.format, "rtp");
    ck_assert_str_eq(options.catalog, "c.yaml");
    ck_assert_uint_eq(options.play.first_id, UINT32_MAX);
    ck_assert_uint_eq(options.play.start_seq, UINT64_MAX);
    ck_assert_uint_eq(options.play.form.readings, 0); /* as the format has it */
    ck_assert_int_eq(read_line(&options, "--format rtp --readings 3"), OPTIONS_PLAY);
    ck_assert_uint_eq(options.play.form.readings, 3);
    ck_assert_int_eq(read_line(&options, "--ack --devices 7 --ack-wait 20ms"), OPTIONS_PLAY);
    ck_assert(options.play.acks);
    ck_assert_uint_eq(options.ack_wait_ns, 20000000);
    ck_assert_uint_eq(options.send.sockets, 7);
}
END_TEST

static const char *const wrong_lines[] = {
    "--bogus",
    "stray",
    "--target",
    "--target 127.0.0.1",
    "--target 127.0.0.1:",
    "--target 127.0.0.1:0",
    "--target 127.0.0.1:65536",
    "--target :8888",
    "--target []:8888",
    "--target ::1:8888",
    "--devices 0",
    "--devices 65537",
    "--devices 3x",
    "--first-id 65536",
    "--first-id -1",
    "--speed 0",
    "--speed nan",
    "--speed fast",
    "--count -5",
    "--count 99999999999999999999999",
    "--seconds 0",
    "--rate 0",
    "--rate inf",
    "--loss 5",
    "--loss 101%",
    "--loss -1%",
    "--loss 5%%",
    "--reorder x",
    "--seed 18446744073709551616",
    "--sockets two",
    "--payload u32",
    "--payload u16 --readings 0",
    "--payload u16 --readings 32748",
    "--start-seq 4294967296",
    "--format rtp --first-id 4294967296",
    "--format rtp --payload u16",
    "--catalog c.yaml",
    "--ack --sockets one",
    "--ack-wait 1s",
    "--ack --ack-wait 1us",
    "--ack --scenario x.yaml",
    "--readings 2",
    "--segment",
    "--rate 5 --speed 2",
    "--interval",
    "--interval 0",
    "--interval -5s",
    "--interval 6_s_",
    "--interval _6s",
    "--interval 6__s",
    "--interval 6sec",
    "--interval 1.5s",
    "--interval 999ns",
    "--interval 2d",
    "--interval 99999999999999999999s",
    "--interval 000000000000000000000000000000000000000000000000000000000000000000001s",
    "--heartbeat x",
    "--heartbeat 25h",
    "--delay",
    "--delay fast",
    "--delay -1s",
    "--delay 2h",
    "--jitter 9223372036854775808",
    "--rate max --delay 1s",
    "--rate max --jitter 1ms",
    "--rate 5 --interval 1s",
    "--rate 5 --heartbeat 1s",
    "--rate 1000000 --delay 1m",
    "--devices 65536 --interval 1ms --delay 1s",
};

START_TEST(wrong_arguments_are_refused)
{
    struct options options;

    ck_assert_msg(read_line(&options, wrong_lines[_i]) == OPTIONS_WRONG, "%s", wrong_lines[_i]);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {defaults, arguments_are_read};
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    tcase_add_loop_test(tcase, wrong_arguments_are_refused, 0,
                        (int)(sizeof wrong_lines / sizeof *wrong_lines));
    suite_add_tcase(suite, tcase);
    return suite;
}
