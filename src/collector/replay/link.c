/* SPDX-License-Identifier: MIT
 *
 * The numbers that files have.  Those of libpcap's API, DLT_*, are others for some; a few programs
 * write these for raw IP.
 */
#include "link.h"

#include <stddef.h>

static const struct {
    uint32_t type;
    enum link link;
    const char *name;
} types[] = {
    {0, LINK_LOOPBACK, "NULL"},
    {1, LINK_ETHERNET, "Ethernet"},
    {6, LINK_UNKNOWN, "Token Ring"},
    {8, LINK_UNKNOWN, "SLIP"},
    {9, LINK_UNKNOWN, "PPP"},
    {10, LINK_UNKNOWN, "FDDI"},
    {12, LINK_RAW, "raw IP"}, /* DLT_RAW */
    {14, LINK_RAW, "raw IP"}, /* DLT_RAW of OpenBSD */
    {50, LINK_UNKNOWN, "PPP over HDLC"},
    {51, LINK_UNKNOWN, "PPPoE without Ethernet"},
    {101, LINK_RAW, "raw IP"},
    {104, LINK_UNKNOWN, "Cisco HDLC"},
    {105, LINK_UNKNOWN, "802.11"},
    {107, LINK_UNKNOWN, "Frame Relay"},
    {108, LINK_LOOPBACK, "LOOP"},
    {113, LINK_SLL, "Linux cooked"},
    {119, LINK_UNKNOWN, "802.11 with Prism header"},
    {127, LINK_UNKNOWN, "802.11 with radiotap header"},
    {166, LINK_UNKNOWN, "PPP of pppd"},
    {187, LINK_UNKNOWN, "Bluetooth HCI"},
    {189, LINK_UNKNOWN, "USB"},
    {195, LINK_UNKNOWN, "802.15.4"},
    {201, LINK_UNKNOWN, "Bluetooth HCI"},
    {220, LINK_UNKNOWN, "USB"},
    {227, LINK_UNKNOWN, "CAN"},
    {228, LINK_IPV4, "IPv4"},
    {229, LINK_IPV6, "IPv6"},
    {230, LINK_UNKNOWN, "802.15.4"},
    {239, LINK_UNKNOWN, "NFLOG"},
    {249, LINK_UNKNOWN, "USB"},
    {251, LINK_UNKNOWN, "Bluetooth Low Energy"},
    {252, LINK_UNKNOWN, "Wireshark's exported PDUs"},
    {253, LINK_UNKNOWN, "netlink"},
    {254, LINK_UNKNOWN, "Bluetooth monitor"},
    {276, LINK_SLL2, "Linux cooked 2"},
    {283, LINK_UNKNOWN, "802.15.4 TAP"},
};

enum link link_find(uint32_t type)
{
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return types[i].link;
    return LINK_UNKNOWN;
}

const char *link_name(uint32_t type)
{
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return types[i].name;
    return "unknown";
}
