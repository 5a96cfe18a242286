/* SPDX-License-Identifier: MIT
 *
 * Captured packets of every link type, built by hand: what is a datagram, and why others are not.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "collector/replay/packet.h"
#include "common/runner.h"

/* A packet under construction. */
struct bytes {
    uint8_t at[512];
    size_t size;
};

static void put(struct bytes *to, const void *bytes, size_t size)
{
    ck_assert_uint_le(to->size + size, sizeof to->at);
    memcpy(to->at + to->size, bytes, size);
    to->size += size;
}

static void put_u16(struct bytes *to, unsigned value)
{
    uint8_t two[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(to, two, 2);
}

static void put_zeros(struct bytes *to, size_t size)
{
    static const uint8_t zeros[64];

    put(to, zeros, size);
}

static struct bytes udp(const char *payload)
{
    struct bytes to = {.size = 0};

    put_u16(&to, 40000);
    put_u16(&to, 8888);
    put_u16(&to, (unsigned)strlen(payload) + 8);
    put_u16(&to, 0);
    put(&to, payload, strlen(payload));
    return to;
}

static struct bytes ipv4(const struct bytes *body, uint8_t protocol, unsigned fragment,
                         size_t option_bytes)
{
    struct bytes to = {.size = 0};
    uint8_t first[2] = {(uint8_t)(0x45 + option_bytes / 4), 0}, life[2] = {64, protocol};
    const uint8_t addresses[8] = {192, 0, 2, 1, 192, 0, 2, 2};

    put(&to, first, 2);
    put_u16(&to, (unsigned)(20 + option_bytes + body->size));
    put_u16(&to, 7);
    put_u16(&to, fragment);
    put(&to, life, 2);
    put_u16(&to, 0);
    put(&to, addresses, 8);
    put_zeros(&to, option_bytes);
    put(&to, body->at, body->size);
    return to;
}

/* `extensions` has the headers between; the first of them, or the body, is of kind `next`. */
static struct bytes ipv6(const struct bytes *body, uint8_t next, const void *extensions,
                         size_t extension_bytes)
{
    struct bytes to = {.size = 0};
    const uint8_t first[4] = {0x60, 0, 0, 0}, tail[2] = {next, 64};
    uint8_t source[16] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};

    put(&to, first, 4);
    put_u16(&to, (unsigned)(extension_bytes + body->size));
    put(&to, tail, 2);
    put(&to, source, 16);
    put(&to, source, 16);
    if (extension_bytes > 0)
        put(&to, extensions, extension_bytes);
    put(&to, body->at, body->size);
    return to;
}

static struct bytes behind(const void *front, size_t size, const struct bytes *body)
{
    struct bytes to = {.size = 0};

    put(&to, front, size);
    put(&to, body->at, body->size);
    return to;
}

/* An Ethernet header with these tags and types behind the addresses. */
static struct bytes ethernet(const char *types, size_t size, const struct bytes *body)
{
    struct bytes front = {.size = 0};

    put_zeros(&front, 12);
    put(&front, types, size);
    return behind(front.at, front.size, body);
}

/* From memory of exactly that size, so that a sanitizer sees a byte too far. */
static enum packet_outcome parse(enum link link, const struct bytes *bytes, size_t captured,
                                 size_t on_wire, struct packet *packet, char *payload)
{
    uint8_t *exact = malloc(captured > 0 ? captured : 1);
    enum packet_outcome outcome;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, bytes->at, captured);
    outcome = packet_parse(link, exact, captured, on_wire, packet);
    if (payload != NULL && outcome == PACKET_DATAGRAM) {
        memcpy(payload, packet->payload, packet->size);
        payload[packet->size] = '\0';
    }
    free(exact);
    return outcome;
}

static void expect_datagram(enum link link, const struct bytes *bytes, const char *expected)
{
    struct packet packet;
    char payload[512], source[INET6_ADDRSTRLEN];

    ck_assert_int_eq(parse(link, bytes, bytes->size, bytes->size, &packet, payload),
                     PACKET_DATAGRAM);
    ck_assert_str_eq(payload, expected);
    ck_assert(packet.is_sound);
    ck_assert(packet.has_ports);
    ck_assert_uint_eq(packet.source_port, 40000);
    ck_assert_uint_eq(packet.destination_port, 8888);
    if (packet.source.any.sa_family == AF_INET6) {
        ck_assert_uint_eq(ntohs(packet.source.v6.sin6_port), 40000);
        inet_ntop(AF_INET6, &packet.source.v6.sin6_addr, source, sizeof source);
        ck_assert_str_eq(source, "2001:db8::9");
    } else {
        ck_assert_int_eq(packet.source.any.sa_family, AF_INET);
        ck_assert_uint_eq(ntohs(packet.source.v4.sin_port), 40000);
        inet_ntop(AF_INET, &packet.source.v4.sin_addr, source, sizeof source);
        ck_assert_str_eq(source, "192.0.2.1");
    }
}

static void expect(enum link link, const struct bytes *bytes, enum packet_outcome outcome)
{
    struct packet packet;

    ck_assert_int_eq(parse(link, bytes, bytes->size, bytes->size, &packet, NULL), outcome);
    ck_assert_int_eq(packet.outcome, outcome);
    ck_assert_int_eq(packet.is_sound,
                     bytes->size > 0 && outcome != PACKET_MALFORMED && link != LINK_UNKNOWN);
    ck_assert_ptr_null(packet.payload);
}

START_TEST(every_link_type)
{
    const struct bytes body = udp("hello"), four = ipv4(&body, 17, 0, 0),
                       six = ipv6(&body, 17, NULL, 0);
    const uint8_t sll[] = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x08, 0x00};
    const uint8_t sll2[] = {0x86, 0xdd, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0};
    struct bytes packet;

    packet = ethernet("\x08\x00", 2, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = ethernet("\x86\xdd", 2, &six);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = behind(sll, sizeof sll, &four);
    expect_datagram(LINK_SLL, &packet, "hello");
    packet = behind(sll2, sizeof sll2, &six);
    expect_datagram(LINK_SLL2, &packet, "hello");
    expect_datagram(LINK_RAW, &four, "hello");
    expect_datagram(LINK_RAW, &six, "hello");
    expect_datagram(LINK_IPV4, &four, "hello");
    expect_datagram(LINK_IPV6, &six, "hello");
    packet = behind("\x02\0\0\0", 4, &four);
    expect_datagram(LINK_LOOPBACK, &packet, "hello");
    packet = behind("\0\0\0\x02", 4, &four);
    expect_datagram(LINK_LOOPBACK, &packet, "hello");
    packet = behind("\0\0\0\x1c", 4, &six);
    expect_datagram(LINK_LOOPBACK, &packet, "hello");
    packet = behind("\x1e\0\0\0", 4, &six);
    expect_datagram(LINK_LOOPBACK, &packet, "hello");

    packet = behind("\x50", 1, &four);
    expect(LINK_RAW, &packet, PACKET_MALFORMED);
    expect(LINK_IPV4, &six, PACKET_MALFORMED);
    expect(LINK_IPV6, &four, PACKET_MALFORMED);
    packet = behind("\x07\0\0\0", 4, &four);
    expect(LINK_LOOPBACK, &packet, PACKET_NOT_UDP);
}
END_TEST

START_TEST(vlan_tags)
{
    const struct bytes body = udp("hello"), four = ipv4(&body, 17, 0, 0);
    struct bytes packet;

    packet = ethernet("\x81\x00\x00\x05\x08\x00", 6, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = ethernet("\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00", 10, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = ethernet("\x91\x00\x00\x05\x92\x00\x00\x06\x08\x00", 10, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = ethernet("\x88\xa8\0\5\x81\0\0\6\x91\0\0\7\x92\0\0\7\x08\0", 18, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = ethernet("\x81\0\0\5\x81\0\0\6\x81\0\0\7\x81\0\0\7\x81\0\0\x08\x08\0", 22, &four);
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
    packet = behind("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x81\0\0\5\x08\0", 20, &four);
    expect_datagram(LINK_SLL, &packet, "hello");
    packet = behind("\x88\xa8\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0\0\5\x81\0\0\5\x08\0", 28, &four);
    expect_datagram(LINK_SLL2, &packet, "hello");
}
END_TEST

/* PPPoE's header, and PPP's protocol, which may be one byte. */
static struct bytes pppoe(const char *protocol, size_t size, const struct bytes *body)
{
    struct bytes front = {.size = 0};

    put(&front, "\x88\x64\x11\0\0\7", 6);
    put_u16(&front, (unsigned)(size + body->size));
    put(&front, protocol, size);
    return ethernet((const char *)front.at, front.size, body);
}

START_TEST(pppoe_sessions)
{
    enum { VERSION_AT = 14, CODE_AT = 15, LENGTH_AT = 19 };
    const struct bytes body = udp("hello"), four = ipv4(&body, 17, 0, 0),
                       six = ipv6(&body, 17, NULL, 0), nothing = {.size = 0};
    struct bytes packet, label = behind("\0\x10\1\x40", 4, &four);

    packet = pppoe("\0\x21", 2, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet.at[LENGTH_AT]++;
    expect(LINK_ETHERNET, &packet, PACKET_MALFORMED);
    put_zeros(&packet, 7); /* Ethernet's padding */
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet.at[LENGTH_AT] -= 2;
    expect(LINK_ETHERNET, &packet, PACKET_MALFORMED);
    packet.at[LENGTH_AT]++;
    packet.at[CODE_AT] = 0xa7; /* the session's end */
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
    packet.at[CODE_AT] = 0;
    packet.at[VERSION_AT] = 0x12;
    expect(LINK_ETHERNET, &packet, PACKET_MALFORMED);
    packet = pppoe("\0\x57", 2, &six);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = pppoe("\x21", 1, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = pppoe("\x57", 1, &six);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = pppoe("\x02\x81", 2, &label);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = pppoe("\xc0\x21", 2, &four); /* LCP */
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
    packet = pppoe("\0\x21", 2, &six);
    expect(LINK_ETHERNET, &packet, PACKET_MALFORMED);
    packet = pppoe("", 0, &nothing);
    expect(LINK_ETHERNET, &packet, PACKET_MALFORMED);
    packet = ethernet("\x88\x63\x11\x09\0\0\0\4\1\1\0\0", 12, &nothing); /* discovery */
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
}
END_TEST

START_TEST(mpls_labels)
{
    const struct bytes body = udp("hello"), four = ipv4(&body, 17, 0, 0),
                       six = ipv6(&body, 17, NULL, 0);
    struct bytes packet;

    packet = ethernet("\x88\x47\0\x10\1\x40", 6, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = ethernet("\x88\x48\0\x10\0\x40\0\x20\0\x40\0\x30\1\x40", 14, &six);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = ethernet("\x81\0\0\5\x88\x47\0\x10\1\x40", 10, &four);
    expect_datagram(LINK_ETHERNET, &packet, "hello");
    packet = behind("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x88\x47\0\x10\1\x40", 20, &four);
    expect_datagram(LINK_SLL, &packet, "hello");
    packet = ethernet("\x88\x47\0\x10\1\x40\0\0\0\0", 10, &four); /* a pseudowire's word */
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
    packet = ethernet("\x88\x47\0\x10\0\x40\0\x10\0\x40\0\0\0\0", 14, &body); /* no end */
    packet.size = 12 + 14;
    expect(LINK_ETHERNET, &packet, PACKET_MALFORMED);
}
END_TEST

/* It is looked into no further. */
START_TEST(unknown_link_type)
{
    const struct bytes body = udp("hello"), four = ipv4(&body, 17, 0, 0);

    expect(LINK_UNKNOWN, &four, PACKET_NOT_UDP);
}
END_TEST

START_TEST(other_than_udp)
{
    const struct bytes body = udp("hello"), tcp = ipv4(&body, 6, 0, 0),
                       icmp6 = ipv6(&body, 58, NULL, 0), nothing = {.size = 0};
    struct bytes packet;

    packet = ethernet("\x08\x00", 2, &tcp);
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
    packet = ethernet("\x86\xdd", 2, &icmp6);
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
    packet = ethernet("\x08\x06", 2, &body); /* ARP */
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
    packet = ethernet("\x00\x26", 2, &body); /* 802.3 with a length */
    expect(LINK_ETHERNET, &packet, PACKET_NOT_UDP);
    packet = ipv4(&body, 6, 0x2000, 0); /* a fragment, but of TCP */
    expect(LINK_RAW, &packet, PACKET_NOT_UDP);
    expect(LINK_ETHERNET, &nothing, PACKET_MALFORMED);
}
END_TEST

START_TEST(ipv4_headers)
{
    const struct bytes body = udp("hello");
    struct bytes packet = ipv4(&body, 17, 0, 40);

    expect_datagram(LINK_IPV4, &packet, "hello");
    packet = ipv4(&body, 17, 0x4000, 0); /* "do not fragment" */
    expect_datagram(LINK_IPV4, &packet, "hello");
    put_zeros(&packet, 18); /* Ethernet's padding */
    expect_datagram(LINK_IPV4, &packet, "hello");

    packet = ipv4(&body, 17, 0x2000, 0);
    expect(LINK_IPV4, &packet, PACKET_FRAGMENT);
    packet = ipv4(&body, 17, 185, 0);
    expect(LINK_IPV4, &packet, PACKET_FRAGMENT);

    packet = ipv4(&body, 17, 0, 0);
    packet.at[0] = 0x44; /* a header shorter than a header */
    expect(LINK_IPV4, &packet, PACKET_MALFORMED);
    packet.at[0] = 0x4f; /* longer than the packet */
    expect(LINK_IPV4, &packet, PACKET_MALFORMED);
    packet = ipv4(&body, 17, 0, 0);
    packet.at[3]++; /* a total length beyond the packet */
    expect(LINK_IPV4, &packet, PACKET_MALFORMED);
    packet.at[3] = 19;
    expect(LINK_IPV4, &packet, PACKET_MALFORMED);
}
END_TEST

START_TEST(ipv6_headers)
{
    const struct bytes body = udp("hello");
    /* hop by hop, destination (24 bytes), routing, each naming the next */
    const uint8_t chain[8 + 24 + 8] = {[0] = 60, [8] = 43, [9] = 2, [32] = 17};
    const uint8_t first[8] = {17, 0, 0x00, 0x01}, later[8] = {17, 0, 0x05, 0xa8},
                  atomic[8] = {17, 0, 0, 0}, tcp[8] = {6, 0, 0, 1}, hidden[8] = {60, 0, 5, 0xa8};
    const uint8_t endless[8] = {60, 255};
    struct bytes packet;

    packet = ipv6(&body, 0, chain, sizeof chain);
    expect_datagram(LINK_IPV6, &packet, "hello");
    packet = ipv6(&body, 44, atomic, sizeof atomic);
    expect_datagram(LINK_IPV6, &packet, "hello");
    packet = ipv6(&body, 44, first, sizeof first);
    expect(LINK_IPV6, &packet, PACKET_FRAGMENT);
    packet = ipv6(&body, 44, later, sizeof later);
    expect(LINK_IPV6, &packet, PACKET_FRAGMENT);
    packet = ipv6(&body, 44, hidden, sizeof hidden);
    expect(LINK_IPV6, &packet, PACKET_FRAGMENT);
    packet = ipv6(&body, 44, tcp, sizeof tcp);
    expect(LINK_IPV6, &packet, PACKET_NOT_UDP);
    packet = ipv6(&body, 60, endless, sizeof endless);
    expect(LINK_IPV6, &packet, PACKET_MALFORMED);
    packet = ipv6(&body, 17, NULL, 0);
    packet.at[5]++;
    expect(LINK_IPV6, &packet, PACKET_MALFORMED);
}
END_TEST

START_TEST(udp_lengths)
{
    struct bytes body = udp(""), packet = ipv4(&body, 17, 0, 0);
    struct packet parsed;

    expect_datagram(LINK_IPV4, &packet, "");
    body = udp("hello");
    body.at[5] -= 2; /* shorter than IP's: the rest is not the datagram's */
    packet = ipv4(&body, 17, 0, 0);
    expect_datagram(LINK_IPV4, &packet, "hel");
    body.at[5] = 7;
    packet = ipv4(&body, 17, 0, 0);
    expect(LINK_IPV4, &packet, PACKET_MALFORMED);
    body.at[5] = 14;
    packet = ipv4(&body, 17, 0, 0);
    expect(LINK_IPV4, &packet, PACKET_MALFORMED);
    /* The ports are known nevertheless. */
    parse(LINK_IPV4, &packet, packet.size, packet.size, &parsed, NULL);
    ck_assert(parsed.has_ports);
    ck_assert_uint_eq(parsed.destination_port, 8888);
}
END_TEST

/* Cut off at every length, once by the snap length, once on the wire. */
START_TEST(cut_off)
{
    const struct bytes body = udp("hello"), four = ipv4(&body, 17, 0, 8);
    const uint8_t chain[16] = {[0] = 60, [8] = 17};
    const struct bytes six = ipv6(&body, 0, chain, sizeof chain);
    const struct {
        enum link link;
        struct bytes packet;
    } list[] = {
        {LINK_ETHERNET, ethernet("\x81\x00\x00\x05\x08\x00", 6, &four)},
        {LINK_ETHERNET, ethernet("\x86\xdd", 2, &six)},
        {LINK_LOOPBACK, behind("\x02\0\0\0", 4, &four)},
        {LINK_SLL, behind("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0", 16, &four)},
        {LINK_SLL2, behind("\x86\xdd\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0", 20, &six)},
        {LINK_ETHERNET, pppoe("\0\x21", 2, &four)},
        {LINK_ETHERNET, pppoe("\x57", 1, &six)},
        {LINK_ETHERNET, ethernet("\x88\x47\0\x10\0\x40\0\x20\1\x40", 10, &six)},
        {LINK_RAW, four},
        {LINK_RAW, six},
        {LINK_IPV4, four},
        {LINK_IPV6, six},
    };
    size_t i, cut;

    for (i = 0; i < sizeof list / sizeof list[0]; i++) {
        const struct bytes *whole = &list[i].packet;
        struct packet packet;

        for (cut = 0; cut < whole->size; cut++) {
            ck_assert_int_eq(parse(list[i].link, whole, cut, whole->size, &packet, NULL),
                             PACKET_TRUNCATED);
            ck_assert_int_eq(packet.is_sound, cut > 0);
            ck_assert_int_eq(packet.has_ports, cut >= whole->size - body.size + 4);
            if (packet.has_ports)
                ck_assert_uint_eq(packet.destination_port, 8888);
            ck_assert_int_eq(parse(list[i].link, whole, cut, cut, &packet, NULL), PACKET_MALFORMED);
        }
        expect_datagram(list[i].link, whole, "hello");
        /* A writer that does not know the size on the wire. */
        ck_assert_int_eq(parse(list[i].link, whole, whole->size, 0, &packet, NULL),
                         PACKET_DATAGRAM);
    }
}
END_TEST

/* What is behind the datagram may be cut off. */
START_TEST(cut_off_padding)
{
    const struct bytes body = udp("hello"), four = ipv4(&body, 17, 0, 0);
    struct packet packet;
    char payload[512];

    ck_assert_int_eq(parse(LINK_IPV4, &four, four.size, four.size + 13, &packet, payload),
                     PACKET_DATAGRAM);
    ck_assert_str_eq(payload, "hello");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("packet");
    TCase *tcase = tcase_create("packet");

    tcase_add_test(tcase, every_link_type);
    tcase_add_test(tcase, vlan_tags);
    tcase_add_test(tcase, pppoe_sessions);
    tcase_add_test(tcase, mpls_labels);
    tcase_add_test(tcase, unknown_link_type);
    tcase_add_test(tcase, other_than_udp);
    tcase_add_test(tcase, ipv4_headers);
    tcase_add_test(tcase, ipv6_headers);
    tcase_add_test(tcase, udp_lengths);
    tcase_add_test(tcase, cut_off);
    tcase_add_test(tcase, cut_off_padding);
    suite_add_tcase(suite, tcase);
    return suite;
}
