/* SPDX-License-Identifier: MIT
 *
 * Reading the command line, and saying what is wrong with it.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ack.h"
#include "build.h"
#include "values.h"

#define DEFAULT_TARGET  "127.0.0.1:8888"
#define INTERVAL_MIN_NS 1000u
#define DELAY_MAX_NS    UINT64_C(3600000000000)

enum option_code {
    OPTION_TARGET = 256,
    OPTION_SCENARIO,
    OPTION_FORMAT,
    OPTION_CATALOG,
    OPTION_DEVICES,
    OPTION_FIRST_ID,
    OPTION_INTERVAL,
    OPTION_HEARTBEAT,
    OPTION_SPEED,
    OPTION_COUNT,
    OPTION_SECONDS,
    OPTION_RATE,
    OPTION_LOSS,
    OPTION_DUPLICATE,
    OPTION_REORDER,
    OPTION_DELAY,
    OPTION_JITTER,
    OPTION_SEED,
    OPTION_SOCKETS,
    OPTION_ACK,
    OPTION_ACK_WAIT,
    OPTION_PAYLOAD,
    OPTION_READINGS,
    OPTION_START_SEQ,
    OPTION_SEGMENT,
    OPTION_REPORT,
    OPTION_QUIET,
    OPTION_NO_PROGRESS,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"target", required_argument, NULL, OPTION_TARGET},
    {"scenario", required_argument, NULL, OPTION_SCENARIO},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"catalog", required_argument, NULL, OPTION_CATALOG},
    {"devices", required_argument, NULL, OPTION_DEVICES},
    {"first-id", required_argument, NULL, OPTION_FIRST_ID},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"heartbeat", required_argument, NULL, OPTION_HEARTBEAT},
    {"speed", required_argument, NULL, OPTION_SPEED},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"loss", required_argument, NULL, OPTION_LOSS},
    {"duplicate", required_argument, NULL, OPTION_DUPLICATE},
    {"reorder", required_argument, NULL, OPTION_REORDER},
    {"delay", required_argument, NULL, OPTION_DELAY},
    {"jitter", required_argument, NULL, OPTION_JITTER},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"sockets", required_argument, NULL, OPTION_SOCKETS},
    {"ack", no_argument, NULL, OPTION_ACK},
    {"ack-wait", required_argument, NULL, OPTION_ACK_WAIT},
    {"payload", required_argument, NULL, OPTION_PAYLOAD},
    {"readings", required_argument, NULL, OPTION_READINGS},
    {"start-seq", required_argument, NULL, OPTION_START_SEQ},
    {"segment", no_argument, NULL, OPTION_SEGMENT},
    {"report", required_argument, NULL, OPTION_REPORT},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "Usage: muster-fleet [OPTION]...\n"
    "Plays a fleet of devices, and says what a collector must have seen.\n"
    "\n"
    "  --target ADDRESS:PORT  where the datagrams go (127.0.0.1:8888)\n"
    "  --scenario FILE        play what this file says, instead of the rest\n"
    "  --format NAME          play devices of this declared format\n"
    "  --catalog FILE         the catalog that has it (those that come with Muster)\n"
    "Devices:\n"
    "  --devices N            how many devices, 1 to 65536 (3)\n"
    "  --first-id ID          id of the first one, 0 to 65535 (101)\n"
    "  --payload text|u16     readings as text, or as 16-bit numbers (text)\n"
    "  --readings N           readings in a datagram; --payload u16 or --format (1)\n"
    "  --start-seq S          sequence number of each device's first data (1)\n"
    "  --sockets one|each     one socket for all devices, or one for each (one)\n"
    "  --ack                  wait for answers, and send again what has none\n"
    "  --ack-wait D           how long for the first answer; then twice that (1s)\n"
    "Pace:\n"
    "  --interval D           each device sends data every D, such as 200ms (6s)\n"
    "  --heartbeat D          and a heartbeat every D; 0 is none (30s)\n"
    "  --speed N              the devices' time runs N times as fast (1)\n"
    "  --rate R|max           R datagrams a second in total instead of the timetable\n"
    "  --segment              with --rate: several datagrams in a send (UDP_SEGMENT)\n"
    "  --count N              stop after N datagrams; 0 is no limit (0)\n"
    "  --seconds S            stop after S seconds (no limit)\n"
    "What the network does, as 5% or 0.05:\n"
    "  --loss P               share of datagrams withheld (0)\n"
    "  --duplicate P          share sent twice (0)\n"
    "  --reorder P            share of data sent late (0)\n"
    "  --delay D              how long each datagram is under way (0)\n"
    "  --jitter D             and up to D longer, so that they overtake (0)\n"
    "  --seed N               the same seed plays the same (1)\n"
    "Output:\n"
    "  --report FILE          write the figures as JSON; - is standard output\n"
    "  --quiet                print errors only\n"
    "  --no-progress          no progress line on a terminal\n"
    "  --help, --version\n";

/* Says that an argument is wrong, and what would be right.  Always false. */
static bool wrong(const char *option, const char *argument, const char *expected)
{
    fprintf(stderr, "muster-fleet: --%s: \"%s\" is not %s\n", option, argument, expected);
    return false;
}

static bool read_whole(const char *option, const char *argument, uint64_t min, uint64_t max,
                       uint64_t *value)
{
    char expected[96];

    if (value_whole(argument, min, max, value))
        return true;
    snprintf(expected, sizeof expected, "a whole number from %" PRIu64 " to %" PRIu64, min, max);
    return wrong(option, argument, expected);
}

static bool read_u32(const char *option, const char *argument, uint32_t min, uint32_t max,
                     uint32_t *value)
{
    uint64_t number;

    if (!read_whole(option, argument, min, max, &number))
        return false;
    *value = (uint32_t)number;
    return true;
}

static bool read_real(const char *option, const char *argument, double min, double max,
                      double *value)
{
    char expected[96];
    char *end;
    double number;

    if (!value_real(argument, &number, &end) || *end != '\0' || number < min || number > max) {
        snprintf(expected, sizeof expected, "a number from %g to %.15g", min, max);
        return wrong(option, argument, expected);
    }
    *value = number;
    return true;
}

static bool read_duration(const char *option, const char *argument, const char *expected,
                          uint64_t min, uint64_t max, uint64_t *value)
{
    return value_duration(argument, min, max, value) || wrong(option, argument, expected);
}

static bool read_share(const char *option, const char *argument, double *value)
{
    return value_share(argument, value) ||
           wrong(option, argument, "a share from 0% to 100%, written as 5% or 0.05");
}

/* Returns the index of the argument in `names`, which NULL ends, or -1. */
static int read_choice(const char *option, const char *argument, const char *const *names)
{
    char expected[64];
    int i;

    for (i = 0; names[i] != NULL; i++) {
        if (strcmp(argument, names[i]) == 0)
            return i;
    }
    snprintf(expected, sizeof expected, "\"%s\" or \"%s\"", names[0], names[1]);
    wrong(option, argument, expected);
    return -1;
}

static bool read_target(struct options *options, const char *argument)
{
    static const char expected[] =
        "ADDRESS:PORT, such as 127.0.0.1:8888 or [::1]:8888, with a port from 1 to 65535";
    const char *colon = strrchr(argument, ':');
    const char *host = argument;
    size_t length;
    unsigned long port;
    char *end;

    if (colon == NULL || !isdigit((unsigned char)colon[1]))
        return wrong("target", argument, expected);
    errno = 0;
    port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || errno != 0 || port < 1 || port > 65535)
        return wrong("target", argument, expected);
    length = (size_t)(colon - argument);
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    } else if (memchr(host, ':', length) != NULL) {
        return wrong("target", argument,
                     "ADDRESS:PORT: an IPv6 address stands in brackets, such as [::1]:8888");
    }
    if (length == 0 || length + 8 > sizeof options->target)
        return wrong("target", argument, expected);
    memcpy(options->target, host, length);
    options->target[length] = '\0';
    snprintf(options->target + length + 1, 7, "%lu", port);
    options->send.host = options->target;
    options->send.port = options->target + length + 1;
    options->target_text = argument;
    return true;
}

static bool read_rate(struct options *options, const char *argument)
{
    options->play.pace = PLAY_FLAT;
    options->play.interval_ns = 0;
    options->rate = 0;
    if (strcmp(argument, "max") == 0)
        return true;
    if (!read_real("rate", argument, 0.001, 1e9, &options->rate)) {
        fprintf(stderr, "muster-fleet: --rate max sends as fast as possible\n");
        return false;
    }
    options->play.interval_ns = 1e9 / options->rate;
    return true;
}

/* What was given, as far as it matters for what may not go together. */
struct given {
    bool speed, readings, intervals, payload, one_socket, ack_wait;
    const char *first_id, *start_seq;
    const char *other; /* an option of those that a scenario replaces */
};

/* How often devices send, and how long that is under way. */
static bool read_times(struct options *options, struct given *given, int option,
                       const char *argument)
{
    static const char way[] = "a duration of 1h at most, such as 200ms";
    struct play_plan *play = &options->play;

    switch (option) {
    case OPTION_INTERVAL:
        given->intervals = true;
        return read_duration("interval", argument, "a duration from 1us to 1d, such as 6s or 200ms",
                             INTERVAL_MIN_NS, PLAY_INTERVAL_MAX_NS, &play->data_ns);
    case OPTION_HEARTBEAT:
        given->intervals = true;
        if (strcmp(argument, "0") == 0) {
            play->heartbeat_ns = 0;
            return true;
        }
        return read_duration("heartbeat", argument,
                             "a duration from 1us to 1d, such as 30s, or 0 for none",
                             INTERVAL_MIN_NS, PLAY_INTERVAL_MAX_NS, &play->heartbeat_ns);
    case OPTION_ACK_WAIT:
        given->ack_wait = true;
        return read_duration("ack-wait", argument, "a duration from 1ms to 1h, such as 500ms",
                             1000 * INTERVAL_MIN_NS, DELAY_MAX_NS, &options->ack_wait_ns);
    case OPTION_DELAY:
        return read_duration("delay", argument, way, 0, DELAY_MAX_NS, &play->delay_ns);
    default:
        return read_duration("jitter", argument, way, 0, DELAY_MAX_NS, &play->jitter_ns);
    }
}

static bool read_option(struct options *options, struct given *given, int option,
                        const char *argument)
{
    static const char *const payloads[] = {"text", "u16", NULL};
    static const char *const sockets[] = {"one", "each", NULL};
    struct play_plan *play = &options->play;
    int choice;

    switch (option) {
    case OPTION_FORMAT:
        options->format = argument;
        return true;
    case OPTION_CATALOG:
        options->catalog = argument;
        return true;
    case OPTION_TARGET:
        return read_target(options, argument);
    case OPTION_SCENARIO:
        options->scenario = argument;
        return true;
    case OPTION_DEVICES:
        return read_u32("devices", argument, 1, PLAY_DEVICES_MAX, &play->devices);
    case OPTION_FIRST_ID:
        given->first_id = argument;
        return read_whole("first-id", argument, 0, UINT32_MAX, &play->first_id);
    case OPTION_INTERVAL:
    case OPTION_HEARTBEAT:
    case OPTION_DELAY:
    case OPTION_JITTER:
    case OPTION_ACK_WAIT:
        return read_times(options, given, option, argument);
    case OPTION_SPEED:
        given->speed = true;
        return read_real("speed", argument, 0.001, 1e6, &options->run.speed);
    case OPTION_COUNT:
        return read_whole("count", argument, 0, INT64_MAX, &play->count);
    case OPTION_SECONDS:
        return read_real("seconds", argument, 0.001, 1e9, &options->run.seconds);
    case OPTION_RATE:
        return read_rate(options, argument);
    case OPTION_LOSS:
        return read_share("loss", argument, &play->loss);
    case OPTION_DUPLICATE:
        return read_share("duplicate", argument, &play->duplicate);
    case OPTION_REORDER:
        return read_share("reorder", argument, &play->reorder);
    case OPTION_SEED:
        options->has_seed = true;
        return read_whole("seed", argument, 0, UINT64_MAX, &play->seed);
    case OPTION_SOCKETS:
        choice = read_choice("sockets", argument, sockets);
        options->sockets_each = choice == 1;
        given->one_socket = choice == 0;
        return choice >= 0;
    case OPTION_PAYLOAD:
        choice = read_choice("payload", argument, payloads);
        play->form.payload = choice == 1 ? MESSAGE_U16 : MESSAGE_TEXT;
        given->payload = true;
        return choice >= 0;
    case OPTION_READINGS:
        given->readings = true;
        return read_u32("readings", argument, 1, MESSAGE_READINGS_MAX, &play->form.readings);
    case OPTION_START_SEQ:
        given->start_seq = argument;
        return read_whole("start-seq", argument, 0, UINT64_MAX, &play->start_seq);
    case OPTION_SEGMENT:
        options->send.segment = true;
        return true;
    case OPTION_ACK:
        play->acks = true;
        return true;
    case OPTION_REPORT:
        options->report = argument;
        return true;
    case OPTION_NO_PROGRESS:
        options->no_progress = true;
        return true;
    default:
        options->quiet = true;
        return true;
    }
}

static bool conflict(const char *text)
{
    fprintf(stderr, "muster-fleet: %s\n", text);
    return false;
}

/* A delay keeps as many datagrams under way as are sent in that time. */
static bool check_delay(const struct play_plan *play)
{
    if (play->delay_ns + play->jitter_ns == 0)
        return true;
    if (play->pace == PLAY_FLAT && play->interval_ns <= 0)
        return conflict("--delay and --jitter need a pace, which --rate max has not: "
                        "give a number of datagrams a second");
    if (play_underway(play) <= PLAY_UNDERWAY_MAX)
        return true;
    fprintf(stderr,
            "muster-fleet: --delay and --jitter keep %" PRIu64 " datagrams under way at that pace; "
            "expected at most %u: shorten them, or send less often\n",
            play_underway(play), PLAY_UNDERWAY_MAX);
    return false;
}

/* A scenario says what is played; whom to, how fast and what to tell of it is left. */
static void note_other(struct given *given, int option)
{
    static const int allowed[] = {OPTION_TARGET, OPTION_SCENARIO, OPTION_SPEED, OPTION_SOCKETS,
                                  OPTION_SEED,   OPTION_REPORT,   OPTION_QUIET, OPTION_NO_PROGRESS,
                                  OPTION_FORMAT, OPTION_CATALOG};
    size_t i;

    for (i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (allowed[i] == option)
            return;
    for (i = 0; long_options[i].name != NULL; i++)
        if (long_options[i].val == option)
            given->other = long_options[i].name;
}

/* What is of the built-in format, and what of others. */
static bool check_format(struct options *options, const struct given *given)
{
    struct play_plan *play = &options->play;

    if (options->format != NULL) {
        if (given->payload)
            return conflict("--payload is of the built-in format, which --format replaces: "
                            "leave it out");
        if (!given->readings)
            play->form.readings = 0; /* as the format has it */
        return true;
    }
    if (options->catalog != NULL && options->scenario == NULL)
        return conflict("--catalog has the format that --format names: give that, too");
    if (play->first_id > UINT16_MAX)
        return wrong("first-id", given->first_id,
                     "a whole number from 0 to 65535; a --format may have larger ones");
    if (play->start_seq > UINT32_MAX)
        return wrong("start-seq", given->start_seq,
                     "a whole number from 0 to 4294967295; a --format may have larger ones");
    if (play->form.payload == MESSAGE_TEXT && given->readings)
        return conflict("--readings needs --payload u16: a text holds one reading");
    return true;
}

/* An answer does not say which device it is for, so each has a socket. */
static bool check_ack(struct options *options, const struct given *given)
{
    if (!options->play.acks)
        return !given->ack_wait || conflict("--ack-wait is of --ack: give that, too");
    if (given->one_socket && options->play.devices > 1)
        return conflict("--ack needs a socket for each device, since an answer does not say which "
                        "it is for: leave out --sockets one");
    options->sockets_each = true;
    return true;
}

/* What follows from several options together. */
static bool combine(struct options *options, const struct given *given)
{
    struct play_plan *play = &options->play;

    if (options->scenario != NULL && given->other != NULL) {
        fprintf(stderr, "muster-fleet: --scenario says what is played: leave out --%s\n",
                given->other);
        return false;
    }
    if (play->pace == PLAY_FLAT && given->speed)
        return conflict("--speed is about the timetable, which --rate replaces: give one of them");
    if (play->pace == PLAY_FLAT && given->intervals)
        return conflict("--interval and --heartbeat are of the timetable, which --rate replaces: "
                        "give one of them");
    if (!check_delay(play))
        return false;
    if (play->pace != PLAY_FLAT && options->send.segment)
        return conflict("--segment needs --rate: the timetable sends datagrams one by one");
    if (!check_format(options, given) || !check_ack(options, given))
        return false;
    options->send.sockets = options->sockets_each ? play->devices : 1;
    play->turn = options->send.segment ? SEND_SEGMENTS : 1;
    return true;
}

enum options_result options_read(struct options *options, int argc, char **argv)
{
    struct given given = {0};
    int option;

    *options = (struct options){
        .play = {.devices = 3,
                 .first_id = 101,
                 .start_seq = 1,
                 .form.readings = 1,
                 .seed = 1,
                 .data_ns = PLAY_DATA_NS,
                 .heartbeat_ns = PLAY_HEARTBEAT_NS},
        .run = {.speed = 1},
        .ack_wait_ns = ACK_WAIT_NS,
    };
    if (!read_target(options, DEFAULT_TARGET))
        return OPTIONS_WRONG;
    optind = 0; /* GNU: begins anew */
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_HELP:
            fputs(usage, stdout);
            return OPTIONS_SHOWN;
        case OPTION_VERSION:
            puts("muster-fleet " PACKAGE_VERSION);
            return OPTIONS_SHOWN;
        case '?':
            fprintf(stderr, "muster-fleet --help lists the options\n");
            return OPTIONS_WRONG;
        default:
            note_other(&given, option);
            if (!read_option(options, &given, option, optarg))
                return OPTIONS_WRONG;
        }
    }
    if (optind < argc) {
        fprintf(stderr,
                "muster-fleet: \"%s\" belongs to no option; muster-fleet --help lists them\n",
                argv[optind]);
        return OPTIONS_WRONG;
    }
    return combine(options, &given) ? OPTIONS_PLAY : OPTIONS_WRONG;
}
