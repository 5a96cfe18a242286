/* SPDX-License-Identifier: MIT
 *
 * Four wheels of 256 slots, each a list: what is due within 256 steps is in the slot of its step;
 * within 256 times that, in the slot of its 256 steps, and moves on when they begin; and so on.
 */
#include "wheel.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    SLOT_BITS = 8,
    SLOTS = 1 << SLOT_BITS,
    LEVELS = 32 / SLOT_BITS,
    LISTS = LEVELS * SLOTS + 1 /* the last: what is due */
};

/* Lists are rings; each begins and ends with a link of its own. */
struct link {
    uint32_t next, before; /* indices + 1; 0: in no list */
};

struct wheel {
    uint32_t now, count;
    uint32_t *due;      /* of each thing */
    struct link *links; /* of the lists, then of the things */
};

static bool is_alone(const struct wheel *wheel, uint32_t list)
{
    return wheel->links[list].next == list + 1;
}

static void take_out(struct wheel *wheel, uint32_t index)
{
    struct link *link = &wheel->links[index];

    wheel->links[link->before - 1].next = link->next;
    wheel->links[link->next - 1].before = link->before;
    link->next = link->before = 0;
}

/* As the last of the list. */
static void put_in(struct wheel *wheel, uint32_t list, uint32_t index)
{
    struct link *link = &wheel->links[index], *head = &wheel->links[list];

    link->next = list + 1;
    link->before = head->before;
    wheel->links[head->before - 1].next = index + 1;
    head->before = index + 1;
}

struct wheel *wheel_new(uint32_t count, uint32_t now)
{
    struct wheel *wheel = calloc(1, sizeof *wheel);
    uint32_t i;

    assert(count < UINT32_MAX / 2);
    if (wheel == NULL)
        return NULL;
    wheel->now = now;
    wheel->count = count;
    wheel->due = calloc(count, sizeof *wheel->due);
    wheel->links = calloc((size_t)LISTS + count, sizeof *wheel->links);
    if (wheel->due == NULL || wheel->links == NULL) {
        wheel_free(wheel);
        return NULL;
    }
    for (i = 0; i < LISTS; i++)
        wheel->links[i] = (struct link){i + 1, i + 1};
    return wheel;
}

void wheel_free(struct wheel *wheel)
{
    if (wheel == NULL)
        return;
    free(wheel->due);
    free(wheel->links);
    free(wheel);
}

uint32_t wheel_now(const struct wheel *wheel)
{
    return wheel->now;
}

/* Where it belongs at this time. */
static uint32_t list_of(const struct wheel *wheel, uint32_t due)
{
    uint32_t delay = due - wheel->now, level = 0;

    while (level < LEVELS - 1 && delay >> (level + 1) * SLOT_BITS != 0)
        level++;
    return level * SLOTS + (due >> level * SLOT_BITS) % SLOTS;
}

void wheel_set(struct wheel *wheel, uint32_t thing, uint32_t delay)
{
    assert(thing < wheel->count);
    wheel_unset(wheel, thing);
    wheel->due[thing] = wheel->now + (delay > INT32_MAX ? INT32_MAX : delay);
    put_in(wheel, list_of(wheel, wheel->due[thing]), LISTS + thing);
}

void wheel_unset(struct wheel *wheel, uint32_t thing)
{
    assert(thing < wheel->count);
    if (wheel->links[LISTS + thing].next != 0)
        take_out(wheel, LISTS + thing);
}

/* Hands out what is in a slot whose time has begun: to lower slots, or to what is due. */
static void empty(struct wheel *wheel, uint32_t list)
{
    while (!is_alone(wheel, list)) {
        uint32_t index = wheel->links[list].next - 1, due = wheel->due[index - LISTS];

        take_out(wheel, index);
        put_in(wheel, due == wheel->now ? LISTS - 1 : list_of(wheel, due), index);
    }
}

void wheel_turn(struct wheel *wheel, uint32_t steps)
{
    uint32_t end = wheel->now + steps, level;

    assert(is_alone(wheel, LISTS - 1));
    empty(wheel, wheel->now % SLOTS); /* what was set without a delay */
    while (wheel->now != end) {
        wheel->now++;
        for (level = LEVELS - 1; level > 0; level--)
            if (wheel->now << (32 - level * SLOT_BITS) == 0)
                empty(wheel, level * SLOTS + (wheel->now >> level * SLOT_BITS) % SLOTS);
        empty(wheel, wheel->now % SLOTS);
    }
}

uint32_t wheel_next(struct wheel *wheel)
{
    uint32_t index;

    if (is_alone(wheel, LISTS - 1))
        return WHEEL_NONE;
    index = wheel->links[LISTS - 1].next - 1;
    take_out(wheel, index);
    return index - LISTS;
}
