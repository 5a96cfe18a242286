/* SPDX-License-Identifier: MIT
 *
 * A binary heap, the next to come out on top: Knuth, The Art of Computer Programming, vol. 3,
 * 5.2.3.
 */
#include "flight.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
    uint64_t due_ns;
    uint64_t order; /* how many went in before it */
    struct play_datagram datagram;
};

struct flight {
    size_t room, count, most;
    uint64_t pushed;
    struct entry *entries;
};

struct flight *flight_new(size_t most)
{
    struct flight *flight = calloc(1, sizeof *flight);

    if (flight == NULL)
        return NULL;
    flight->room = most;
    flight->entries = calloc(most, sizeof *flight->entries);
    if (flight->entries == NULL) {
        free(flight);
        return NULL;
    }
    return flight;
}

void flight_free(struct flight *flight)
{
    if (flight == NULL)
        return;
    free(flight->entries);
    free(flight);
}

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

void flight_push(struct flight *flight, uint64_t due_ns, const struct play_datagram *datagram)
{
    const struct entry entry = {due_ns, flight->pushed++, *datagram};
    size_t place = flight->count;

    assert(flight->count < flight->room);
    flight->count++;
    if (flight->count > flight->most)
        flight->most = flight->count;
    while (place > 0 && is_before(&entry, &flight->entries[(place - 1) / 2])) {
        flight->entries[place] = flight->entries[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    flight->entries[place] = entry;
}

bool flight_due(const struct flight *flight, uint64_t *due_ns)
{
    if (flight->count == 0)
        return false;
    *due_ns = flight->entries[0].due_ns;
    return true;
}

bool flight_pop(struct flight *flight, struct play_datagram *datagram)
{
    const struct entry *last;
    size_t place = 0, below;

    if (flight->count == 0)
        return false;
    *datagram = flight->entries[0].datagram;
    flight->count--;
    last = &flight->entries[flight->count];
    for (below = 1; below < flight->count; below = 2 * place + 1) {
        if (below + 1 < flight->count &&
            is_before(&flight->entries[below + 1], &flight->entries[below]))
            below++;
        if (!is_before(&flight->entries[below], last))
            break;
        flight->entries[place] = flight->entries[below];
        place = below;
    }
    flight->entries[place] = *last;
    return true;
}

size_t flight_most(const struct flight *flight)
{
    return flight->most;
}
