/* SPDX-License-Identifier: MIT */
#include "strangers.h"

#include <stddef.h>
#include <string.h>

enum { MOST = STRANGERS_SAMPLE - STRANGERS_SAMPLE / 8 };

/* Never 0, and spread over all bits. */
static uint64_t spread(uint64_t id)
{
    id = (id ^ id >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return (id ^ id >> 29) | 1;
}

static void begin(struct strangers *strangers, const struct strangers_datagram *datagram)
{
    strangers->watches = true;
    strangers->listener = datagram->listener;
    strangers->begun_ns = datagram->arrival_ns;
    strangers->datagrams = strangers->once = strangers->sources = strangers->changed = 0;
    memset(strangers->devices, 0, sizeof strangers->devices);
    memset(strangers->from, 0, sizeof strangers->from);
}

/* The wall clock may have been set back. */
static uint64_t since(const struct strangers *strangers, const struct strangers_datagram *datagram)
{
    return datagram->arrival_ns > strangers->begun_ns ? datagram->arrival_ns - strangers->begun_ns
                                                      : 0;
}

static bool judge(struct strangers *strangers, bool are_strangers)
{
    strangers->judged[strangers->listener] = 1;
    strangers->watches = false;
    return are_strangers;
}

/* Its place, or the one where it can be. */
static struct strangers_seen *find(struct strangers_seen *places, uint64_t id)
{
    size_t i = id / 2 % STRANGERS_PLACES;

    while (places[i].id != 0 && places[i].id != id)
        i = (i + 1) % STRANGERS_PLACES;
    return &places[i];
}

static void see_device(struct strangers *strangers, const struct strangers_datagram *datagram,
                       uint64_t id, bool is_sample)
{
    struct strangers_seen *device = find(strangers->devices, id);

    if (device->id == 0 && is_sample && !datagram->is_listed) {
        *device = (struct strangers_seen){.id = id};
        strangers->once++;
    } else if (device->id != 0 && !device->marked) {
        device->marked = true;
        strangers->once--;
    }
}

/* Of a sender that is always the same device nothing is to be said, however rarely it sends. */
static void see_source(struct strangers *strangers, uint64_t id, uint64_t device, bool is_sample)
{
    struct strangers_seen *source = find(strangers->from, id);

    if (source->id == 0 && is_sample) {
        *source = (struct strangers_seen){.id = id, .device = device};
        strangers->sources++;
    } else if (source->id != 0 && source->device != device && !source->marked) {
        source->marked = true;
        strangers->changed++;
    }
}

bool strangers_see(struct strangers *strangers, const struct strangers_datagram *datagram)
{
    const uint64_t wait_ns =
        datagram->wait_ns > STRANGERS_WAIT ? datagram->wait_ns : STRANGERS_WAIT;
    const uint64_t id = spread(datagram->device);
    uint64_t passed_ns;
    bool is_sample;

    /* A quiet listener does not keep the others waiting for ever. */
    if (!strangers->watches ||
        (strangers->listener != datagram->listener && since(strangers, datagram) > 4 * wait_ns))
        begin(strangers, datagram);
    if (strangers->listener != datagram->listener)
        return false;
    passed_ns = since(strangers, datagram);
    is_sample = strangers->datagrams < STRANGERS_SAMPLE;
    see_device(strangers, datagram, id, is_sample);
    see_source(strangers, spread(datagram->source), id, is_sample);
    strangers->datagrams += is_sample;
    if (strangers->datagrams < STRANGERS_SAMPLE)
        return false;
    if (strangers->once < MOST)
        return judge(strangers, false);
    if (passed_ns >= wait_ns && strangers->changed * 2 >= strangers->sources)
        return judge(strangers, true);
    return passed_ns >= 4 * wait_ns && judge(strangers, false);
}
