/* SPDX-License-Identifier: MIT
 *
 * Writes a packet capture for the replay benchmarks: the datagrams of a fleet whose
 * devices send in turn, as pcap with nanoseconds, Ethernet, IPv4 and UDP.
 *
 *     capture FILE DATAGRAMS DEVICES READINGS INTERVAL_NS PORT
 *
 * READINGS 0 is the payload of the reference devices, a text such as "26.6"; else each
 * datagram has that many readings of 16 bits.  Each device begins with INIT.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <muster/wire.h>

#define START_NS UINT64_C(1762534152000000000)

enum {
    ETHERNET = 14,
    IPV4 = 20,
    UDP = 8,
    HEADERS = ETHERNET + IPV4 + UDP,
    READINGS_MAX = 700, /* what goes through an Ethernet in one piece */
    LINKTYPE_ETHERNET = 1
};

struct pcap_file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snapshot, link;
};

struct pcap_packet_header {
    uint32_t seconds, nanoseconds, captured, length;
};

struct fleet {
    uint64_t datagrams, interval_ns;
    uint32_t devices, readings;
    uint16_t port;
};

static uint16_t ipv4_checksum(const uint8_t *header)
{
    uint32_t sum = 0;
    int i;

    for (i = 0; i < IPV4; i += 2)
        sum += muster_get_u16(header + i);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

/* The headers that stay the same; lengths and checksum follow for each packet. */
static void put_headers(uint8_t *packet, uint16_t port)
{
    static const uint8_t addresses[] = {192, 0, 2, 1, 192, 0, 2, 2};
    uint8_t *ip = packet + ETHERNET, *udp = ip + IPV4;

    muster_put_u16(packet + 12, 0x0800);
    ip[0] = 0x45;
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, addresses, sizeof addresses);
    muster_put_u16(udp, 40000);
    muster_put_u16(udp + 2, port);
}

static void put_lengths(uint8_t *packet, size_t payload)
{
    uint8_t *ip = packet + ETHERNET, *udp = ip + IPV4;

    muster_put_u16(ip + 2, (uint16_t)(IPV4 + UDP + payload));
    muster_put_u16(ip + 10, 0);
    muster_put_u16(ip + 10, ipv4_checksum(ip));
    muster_put_u16(udp + 4, (uint16_t)(UDP + payload)); /* and no checksum, which IPv4 allows */
}

static size_t put_datagram(uint8_t *out, const struct fleet *fleet, uint64_t n, uint64_t now_ns)
{
    uint64_t turn = n / fleet->devices; /* 0 is INIT */
    uint32_t tenths = 266 + (uint32_t)(turn % 40) * 10;
    struct muster_header header = {
        .device_id = (uint16_t)(n % fleet->devices),
        .timestamp = (uint32_t)(now_ns / 1000000000),
        .msg_type = turn == 0 ? MUSTER_MSG_INIT : MUSTER_MSG_DATA,
    };
    char text[16];
    size_t room = MUSTER_HEADER_SIZE + READINGS_MAX * MUSTER_READING_SIZE;

    if (turn == 0)
        return muster_text_encode(out, room, &header, NULL, 0);
    if (fleet->readings == 0) {
        int length = snprintf(text, sizeof text, "%u.%u", tenths / 10, tenths % 10);

        header.seq_num = (uint32_t)turn;
        header.flags = MUSTER_FLAG_ACK;
        return muster_text_encode(out, room, &header, text, (size_t)length);
    } else {
        uint16_t readings[READINGS_MAX];
        uint32_t i;

        for (i = 0; i < fleet->readings; i++)
            readings[i] = (uint16_t)(tenths + i);
        header.seq_num = (uint32_t)((turn - 1) * fleet->readings + 1);
        return muster_u16_encode(out, room, &header, readings, fleet->readings);
    }
}

static int write_capture(FILE *file, const struct fleet *fleet)
{
    const struct pcap_file_header top = {0xa1b23c4d, 2, 4, 0, 0, 262144, LINKTYPE_ETHERNET};
    uint8_t packet[HEADERS + MUSTER_HEADER_SIZE + READINGS_MAX * MUSTER_READING_SIZE] = {0};
    uint64_t n;

    put_headers(packet, fleet->port);
    if (fwrite(&top, sizeof top, 1, file) != 1)
        return -1;
    for (n = 0; n < fleet->datagrams; n++) {
        uint64_t now_ns = START_NS + n * fleet->interval_ns;
        size_t payload = put_datagram(packet + HEADERS, fleet, n, now_ns);
        uint32_t size = (uint32_t)(HEADERS + payload);
        struct pcap_packet_header head = {(uint32_t)(now_ns / 1000000000),
                                          (uint32_t)(now_ns % 1000000000), size, size};

        put_lengths(packet, payload);
        if (fwrite(&head, sizeof head, 1, file) != 1 || fwrite(packet, size, 1, file) != 1)
            return -1;
    }
    return 0;
}

/* A whole number from 0 to `most`. */
static uint64_t number(const char *text, uint64_t most)
{
    char *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || n > most) {
        fprintf(stderr, "capture: \"%s\" is no number from 0 to %llu\n", text,
                (unsigned long long)most);
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    struct fleet fleet;
    FILE *file;

    if (argc != 7) {
        fprintf(stderr, "usage: capture FILE DATAGRAMS DEVICES READINGS INTERVAL_NS PORT\n");
        return 2;
    }
    fleet.datagrams = number(argv[2], UINT32_MAX);
    fleet.devices = (uint32_t)number(argv[3], 65536);
    fleet.readings = (uint32_t)number(argv[4], READINGS_MAX);
    fleet.interval_ns = number(argv[5], 1000000000);
    fleet.port = (uint16_t)number(argv[6], UINT16_MAX);
    if (fleet.devices == 0) {
        fprintf(stderr, "capture: there must be a device\n");
        return 2;
    }
    file = fopen(argv[1], "wb");
    if (file == NULL) {
        fprintf(stderr, "capture: cannot open \"%s\": %s\n", argv[1], strerror(errno));
        return EXIT_FAILURE;
    }
    if (write_capture(file, &fleet) < 0 || fflush(file) != 0) {
        fprintf(stderr, "capture: cannot write \"%s\": %s\n", argv[1], strerror(errno));
        fclose(file);
        return EXIT_FAILURE;
    }
    if (fclose(file) != 0) {
        fprintf(stderr, "capture: cannot write \"%s\": %s\n", argv[1], strerror(errno));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
