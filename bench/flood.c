/* SPDX-License-Identifier: MIT
 *
 * The sender of the comparison with other programs, and of the scale benchmark: the same
 * readings of the same fleet, at the same pace, in the format that each receiver reads.
 *
 *     flood --port N [--format muster|syslog|netflow|collectd|line] [--devices N]
 *           [--first ID] [--step N] [--sockets N] [--segments N] [--rate N] [--count N]
 *           [--seconds S]
 *
 * Without --rate as fast as it can.  With --segments up to so many datagrams of one device
 * go to the kernel in one send (UDP_SEGMENT), 64 at most; all datagrams of a format have one
 * size for that.
 * Prints, as a line of JSON, how many datagrams were sent and how long it took.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <muster/wire.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { BATCH = 64, SIZE_MAX_EACH = 128, DEVICES_MAX = 65536, SOCKETS_MAX = 4096 };

#define PAUSE_NS 250000 /* between batches that a rate leaves time for */

struct reading {
    uint32_t device, seq, now, tenths;
};

typedef size_t encoder(uint8_t *out, const struct reading *reading);

/* ---- Formats --------------------------------------------------------------------------- */

static size_t encode_muster(uint8_t *out, const struct reading *reading)
{
    const struct muster_header header = {.device_id = (uint16_t)reading->device,
                                         .seq_num = reading->seq,
                                         .timestamp = reading->now,
                                         .msg_type = MUSTER_MSG_DATA,
                                         .flags = MUSTER_FLAG_ACK};
    char text[16];

    snprintf(text, sizeof text, "%2u.%u", reading->tenths / 10 % 100, reading->tenths % 10);
    return muster_text_encode(out, SIZE_MAX_EACH, &header, text, 4);
}

/* RFC 5424: the device as HOSTNAME, the number as PROCID, the type as MSGID. */
static size_t encode_syslog(uint8_t *out, const struct reading *reading)
{
    time_t now = (time_t)reading->now;
    struct tm tm;

    gmtime_r(&now, &tm);
    return (size_t)snprintf((char *)out, SIZE_MAX_EACH,
                            "<134>1 %04d-%02d-%02dT%02d:%02d:%02dZ d%05u fleet %010u 1 - %2u.%u",
                            tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                            tm.tm_sec, reading->device, reading->seq, reading->tenths / 10 % 100,
                            reading->tenths % 10);
}

/* NetFlow version 5 with one flow: its source address is the device, its octets the reading. */
static size_t encode_netflow(uint8_t *out, const struct reading *reading)
{
    memset(out, 0, 72);
    muster_put_u16(out, 5);
    muster_put_u16(out + 2, 1);
    muster_put_u32(out + 4, 3600000); /* since boot, ms */
    muster_put_u32(out + 8, reading->now);
    muster_put_u32(out + 16, reading->seq); /* flows seen so far */
    muster_put_u32(out + 24, 0x0a000000 + reading->device);
    muster_put_u32(out + 28, 0xc0000201);
    muster_put_u32(out + 40, 1); /* packets */
    muster_put_u32(out + 44, reading->tenths);
    muster_put_u32(out + 48, 3599000); /* first and last, ms since boot */
    muster_put_u32(out + 52, 3599500);
    muster_put_u16(out + 56, 40000);
    muster_put_u16(out + 58, 8888);
    out[62] = 17;
    return 72;
}

static uint8_t *collectd_part(uint8_t *out, uint16_t type, const void *value, size_t size)
{
    muster_put_u16(out, type);
    muster_put_u16(out + 2, (uint16_t)(4 + size));
    memcpy(out + 4, value, size);
    return out + 4 + size;
}

/* The binary protocol of collectd's plugin "network": host, time, plugin, type, one gauge. */
static size_t encode_collectd(uint8_t *out, const struct reading *reading)
{
    uint64_t time = (uint64_t)reading->now << 30; /* 2^-30 s */
    uint8_t time_bytes[8], values[11] = {0, 1, 1};
    double value = reading->tenths / 10.0; /* little-endian on the wire, as on this machine */
    uint8_t *at = out;
    char host[16];

    /* The daemon takes one value of a series for each time, so each has a time of its own. */
    time += reading->seq;
    muster_put_u32(time_bytes, (uint32_t)(time >> 32));
    muster_put_u32(time_bytes + 4, (uint32_t)time);
    snprintf(host, sizeof host, "d%05u", reading->device);
    memcpy(values + 3, &value, sizeof value);
    at = collectd_part(at, 0x0000, host, strlen(host) + 1);
    at = collectd_part(at, 0x0008, time_bytes, sizeof time_bytes);
    at = collectd_part(at, 0x0002, "fleet", sizeof "fleet");
    at = collectd_part(at, 0x0004, "gauge", sizeof "gauge");
    at = collectd_part(at, 0x0006, values, sizeof values);
    return (size_t)(at - out);
}

static size_t encode_line(uint8_t *out, const struct reading *reading)
{
    return (size_t)snprintf((char *)out, SIZE_MAX_EACH, "%05u,%010u,%u,1,%2u.%u\n", reading->device,
                            reading->seq, reading->now, reading->tenths / 10 % 100,
                            reading->tenths % 10);
}

static const struct {
    const char *name;
    encoder *encode;
} formats[] = {
    {"muster", encode_muster},     {"syslog", encode_syslog}, {"netflow", encode_netflow},
    {"collectd", encode_collectd}, {"line", encode_line},
};

/* ---- Sending --------------------------------------------------------------------------- */

struct flood {
    encoder *encode;
    uint16_t port;
    uint32_t devices, first, step; /* ids: first, first + step, ... modulo 65,536 */
    uint32_t sockets;
    uint32_t segments;    /* 0: each datagram by itself */
    double rate, seconds; /* 0: as fast as it can, without end */
    uint64_t count;       /* 0: without end */
    int fds[SOCKETS_MAX];
    uint32_t seq[DEVICES_MAX];
    uint32_t turn; /* the device that is next */
    uint64_t sent;
    uint8_t bytes[BATCH][SIZE_MAX_EACH];
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static double seconds_now(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "flood: cannot %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void connect_all(struct flood *flood)
{
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons(flood->port)};
    uint32_t i;

    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (i = 0; i < flood->sockets; i++) {
        flood->fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (flood->fds[i] < 0 ||
            connect(flood->fds[i], (struct sockaddr *)&target, sizeof target) < 0)
            fail("open a socket");
    }
}

static size_t encode_next(struct flood *flood, uint32_t turn, uint32_t now, uint32_t slot)
{
    uint32_t device = (flood->first + turn % flood->devices * flood->step) % DEVICES_MAX;
    struct reading reading = {.device = device, .seq = ++flood->seq[device], .now = now};

    reading.tenths = 266 + reading.seq % 40 * 10;
    flood->vectors[slot].iov_base = flood->bytes[slot];
    flood->vectors[slot].iov_len = flood->encode(flood->bytes[slot], &reading);
    return flood->vectors[slot].iov_len;
}

/* An error that an earlier datagram has brought about: the port is closed, or there was
 * no room for it; what is at hand is sent again. */
static bool is_passing(void)
{
    return errno == ECONNREFUSED || errno == EINTR || errno == ENOBUFS || errno == EAGAIN;
}

/* A device uses another socket each time round, as behind a gateway that is not to be
 * relied on: only what is in the datagram says whose it is. */
static int socket_of(const struct flood *flood, uint32_t turn)
{
    return flood->fds[(turn + turn / flood->devices) % flood->sockets];
}

/* Datagrams of one device in one send. */
static void send_segments(struct flood *flood, uint32_t count, uint32_t now)
{
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control = {.header = {.cmsg_level = IPPROTO_UDP,
                            .cmsg_type = UDP_SEGMENT,
                            .cmsg_len = CMSG_LEN(sizeof(uint16_t))}};
    struct msghdr message = {.msg_iov = flood->vectors,
                             .msg_iovlen = count,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    uint32_t turn = flood->turn++, i;
    int fd = socket_of(flood, turn);
    uint16_t size = 0;

    for (i = 0; i < count; i++)
        size = (uint16_t)encode_next(flood, turn, now, i);
    memcpy(CMSG_DATA(&control.header), &size, sizeof size);
    while (sendmsg(fd, &message, 0) < 0)
        if (!is_passing())
            fail("send");
    flood->sent += count;
}

/* A datagram from each of the next devices, which are sent together if they have one socket. */
static void send_singly(struct flood *flood, uint32_t count, uint32_t now)
{
    uint32_t first = flood->turn, done = 0, i;

    for (i = 0; i < count; i++) {
        encode_next(flood, flood->turn++, now, i);
        flood->messages[i].msg_hdr =
            (struct msghdr){.msg_iov = &flood->vectors[i], .msg_iovlen = 1};
    }
    while (done < count) {
        uint32_t together = flood->sockets == 1 ? count - done : 1;
        int sent = sendmmsg(socket_of(flood, first + done), &flood->messages[done], together, 0);

        if (sent > 0)
            done += (uint32_t)sent;
        else if (!is_passing())
            fail("send");
    }
    flood->sent += count;
}

static void send_all(struct flood *flood)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_NS};
    double begin = seconds_now(CLOCK_MONOTONIC);

    while (!stopped && (flood->count == 0 || flood->sent < flood->count)) {
        double since = seconds_now(CLOCK_MONOTONIC) - begin;
        uint64_t due = flood->rate > 0 ? (uint64_t)(since * flood->rate) : UINT64_MAX;
        uint32_t now = (uint32_t)seconds_now(CLOCK_REALTIME);
        uint32_t count = flood->segments > 0 ? flood->segments : BATCH;

        if (flood->seconds > 0 && since >= flood->seconds)
            break;
        if (due <= flood->sent) {
            nanosleep(&pause, NULL);
            continue;
        }
        if (due - flood->sent < count)
            count = (uint32_t)(due - flood->sent);
        if (flood->count != 0 && flood->count - flood->sent < count)
            count = (uint32_t)(flood->count - flood->sent);
        if (flood->segments > 0)
            send_segments(flood, count, now);
        else
            send_singly(flood, count, now);
    }
    printf("{\"sent\": %" PRIu64 ", \"seconds\": %.6f}\n", flood->sent,
           seconds_now(CLOCK_MONOTONIC) - begin);
}

/* ---- The command line ------------------------------------------------------------------ */

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: flood --port N [--format muster|syslog|netflow|collectd|line]\n"
                    "             [--devices N] [--first ID] [--step N] [--sockets N]\n"
                    "             [--segments N] [--rate N] [--count N] [--seconds S]\n");
    exit(2);
}

static double number(const char *text, double least, double most)
{
    char *end;
    double n = strtod(text, &end);

    if (end == text || *end != '\0' || !(n >= least && n <= most)) {
        fprintf(stderr, "flood: \"%s\" is no number from %.0f to %.0f\n", text, least, most);
        exit(2);
    }
    return n;
}

static encoder *find_format(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].encode;
    usage();
}

static void read_options(struct flood *flood, int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"format", required_argument, NULL, 'f'},
        {"devices", required_argument, NULL, 'd'},
        {"sockets", required_argument, NULL, 's'},
        {"segments", required_argument, NULL, 'g'},
        {"rate", required_argument, NULL, 'r'},
        {"count", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 't'},
        {"first", required_argument, NULL, 'i'},
        {"step", required_argument, NULL, 'e'},
        {NULL, 0, NULL, 0},
    };
    int option;

    flood->encode = encode_muster;
    flood->devices = 1000;
    flood->step = 1;
    flood->sockets = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case 'p':
            flood->port = (uint16_t)number(optarg, 1, 65535);
            break;
        case 'f':
            flood->encode = find_format(optarg);
            break;
        case 'd':
            flood->devices = (uint32_t)number(optarg, 1, DEVICES_MAX);
            break;
        case 'i':
            flood->first = (uint32_t)number(optarg, 0, DEVICES_MAX - 1);
            break;
        case 'e':
            flood->step = (uint32_t)number(optarg, 1, DEVICES_MAX);
            break;
        case 's':
            flood->sockets = (uint32_t)number(optarg, 1, SOCKETS_MAX);
            break;
        case 'g':
            flood->segments = (uint32_t)number(optarg, 1, BATCH);
            break;
        case 'r':
            flood->rate = number(optarg, 1, 1e9);
            break;
        case 'c':
            flood->count = (uint64_t)number(optarg, 1, 1e12);
            break;
        case 't':
            flood->seconds = number(optarg, 0.001, 86400);
            break;
        default:
            usage();
        }
    if (optind != argc || flood->port == 0 || (flood->count == 0 && flood->seconds <= 0))
        usage();
}

int main(int argc, char **argv)
{
    static struct flood flood;

    read_options(&flood, argc, argv);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    connect_all(&flood);
    send_all(&flood);
    return EXIT_SUCCESS;
}
