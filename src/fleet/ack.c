/* SPDX-License-Identifier: MIT
 *
 * Messages are found by their device and the answer that they wait for; those that wait for the
 * same one, as heartbeats do, in the order in which they were sent.
 */
#include "ack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "heap.h"
#include "wire/plan_encode.h"

#define NONE           UINT32_MAX
#define AT_FIRST       1024 /* messages that there is room for, a power of two */
#define HEARTBEAT_BYTE 4    /* what answers one of the built-in format */
#define DATA_BYTE      1    /* and DATA, before its number */

_Static_assert(FORMAT_REPLY_MOST <= ACK_LARGEST, "an answer fits");

enum state { WAITING, ANSWERED, GIVEN_UP };

struct entry {
    struct play_datagram datagram;
    uint8_t *bytes; /* the datagram's; NULL when nothing is waited for */
    size_t size;
    uint64_t hash;
    uint32_t next; /* of the same bucket, or free */
    enum state state;
    uint8_t tries;
    bool arrived; /* it was sent at least once, and not withheld */
    uint8_t answer_size;
    uint8_t answer[ACK_LARGEST];
};

struct ack {
    const struct message_form *form;
    uint64_t seed, loss, wait_ns;
    struct ack_counts counts;
    struct entry *entries;
    uint32_t *buckets; /* as many as entries */
    uint32_t room, used, free;
    struct heap *timers;
};

/* ---- Memory --------------------------------------------------------------------------- */

struct ack *ack_new(const struct message_form *form, uint64_t seed, double loss, uint64_t wait_ns)
{
    struct ack *ack = calloc(1, sizeof *ack);

    if (ack == NULL)
        return NULL;
    ack->form = form;
    ack->seed = draw_splitmix(draw_splitmix(seed, 0), UINT64_MAX - 2);
    ack->loss = draw_threshold(loss);
    ack->wait_ns = wait_ns;
    ack->free = NONE;
    ack->timers = heap_new(sizeof(uint32_t), AT_FIRST, PLAY_UNDERWAY_MAX);
    if (ack->timers == NULL) {
        ack_free(ack);
        return NULL;
    }
    return ack;
}

void ack_free(struct ack *ack)
{
    uint32_t i;

    if (ack == NULL)
        return;
    for (i = 0; i < ack->used; i++)
        free(ack->entries[i].bytes);
    free(ack->entries);
    free(ack->buckets);
    heap_free(ack->timers);
    free(ack);
}

static uint32_t *bucket_of(const struct ack *ack, uint64_t hash)
{
    return &ack->buckets[hash & (ack->room - 1)];
}

/* Puts it behind the others of its bucket. */
static void link_entry(struct ack *ack, uint32_t number)
{
    uint32_t *at = bucket_of(ack, ack->entries[number].hash);

    while (*at != NONE)
        at = &ack->entries[*at].next;
    ack->entries[number].next = NONE;
    *at = number;
}

static void unlink_entry(struct ack *ack, uint32_t number)
{
    uint32_t *at = bucket_of(ack, ack->entries[number].hash);

    while (*at != number)
        at = &ack->entries[*at].next;
    *at = ack->entries[number].next;
}

/* All entries are in use.  Returns -1 if memory is short. */
static int grow(struct ack *ack)
{
    uint32_t room = ack->room > 0 ? 2 * ack->room : AT_FIRST, i;
    struct entry *entries = realloc(ack->entries, room * sizeof *entries);
    uint32_t *buckets;

    if (entries == NULL)
        return -1;
    ack->entries = entries;
    buckets = realloc(ack->buckets, room * sizeof *buckets);
    if (buckets == NULL)
        return -1;
    ack->buckets = buckets;
    ack->room = room;
    for (i = 0; i < room; i++)
        buckets[i] = NONE;
    for (i = 0; i < ack->used; i++)
        link_entry(ack, i);
    return 0;
}

/* The number of an entry that is free; NONE if memory is short. */
static uint32_t take_entry(struct ack *ack)
{
    uint32_t number = ack->free;

    if (number != NONE) {
        ack->free = ack->entries[number].next;
        return number;
    }
    if (ack->used == ack->room && grow(ack) != 0)
        return NONE;
    ack->entries[ack->used].bytes = NULL;
    return ack->used++;
}

static void free_entry(struct ack *ack, uint32_t number)
{
    struct entry *entry = &ack->entries[number];

    unlink_entry(ack, number);
    free(entry->bytes);
    entry->bytes = NULL;
    entry->next = ack->free;
    ack->free = number;
}

/* ---- Asking --------------------------------------------------------------------------- */

/* The answer that the datagram waits for.  Returns its size; 0: it asks for none. */
static uint32_t answer_to(const struct ack *ack, const struct play_datagram *datagram,
                          const uint8_t *bytes, size_t size, uint8_t out[ACK_LARGEST])
{
    struct muster_header header;
    int reply;

    if (datagram->type == MUSTER_MSG_INIT)
        return 0;
    if (ack->form->encoder != NULL) {
        const struct plan *plan = plan_encoder_plan(ack->form->encoder);

        reply = plan_reply_find(plan, bytes, size);
        return reply >= 0 ? plan_reply_make(plan, (uint32_t)reply, bytes, size, out) : 0;
    }
    if (datagram->type == MUSTER_MSG_HEARTBEAT) {
        out[0] = HEARTBEAT_BYTE;
        return 1;
    }
    if (muster_header_decode(&header, bytes, size) != 0 || (header.flags & MUSTER_FLAG_ACK) == 0)
        return 0;
    out[0] = DATA_BYTE;
    muster_put_u32(out + 1, header.seq_num);
    return 5;
}

static uint64_t hash_of(uint32_t device, const uint8_t *answer, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ device;
    size_t i;

    for (i = 0; i < size; i++)
        hash = (hash ^ answer[i]) * UINT64_C(0x100000001b3);
    return draw_splitmix(hash, size);
}

static uint64_t wait_of(const struct ack *ack, unsigned tries)
{
    unsigned doubled = tries - 1 < ACK_DOUBLED ? tries - 1 : ACK_DOUBLED;

    return ack->wait_ns << doubled;
}

int ack_sent(struct ack *ack, const struct play_datagram *datagram, const uint8_t *bytes,
             size_t size, uint64_t now_ns)
{
    uint8_t answer[ACK_LARGEST];
    uint32_t answer_size = answer_to(ack, datagram, bytes, size, answer), number;
    struct entry *entry;
    uint8_t *copy;

    if (answer_size == 0)
        return 0;
    copy = malloc(size);
    if (copy == NULL)
        return -1;
    number = take_entry(ack);
    if (number == NONE || heap_push(ack->timers, now_ns + wait_of(ack, 1), &number) != 0) {
        free(copy);
        return -1;
    }
    memcpy(copy, bytes, size);
    entry = &ack->entries[number];
    *entry = (struct entry){.datagram = *datagram,
                            .bytes = copy,
                            .size = size,
                            .hash = hash_of(datagram->device, answer, answer_size),
                            .tries = 1,
                            .arrived = !datagram->lost,
                            .answer_size = (uint8_t)answer_size};
    memcpy(entry->answer, answer, answer_size);
    link_entry(ack, number);
    ack->counts.asked++;
    ack->counts.waiting++;
    return 0;
}

/* ---- Answers -------------------------------------------------------------------------- */

void ack_came(struct ack *ack, uint32_t device, const uint8_t *bytes, size_t size)
{
    const uint64_t hash = hash_of(device, bytes, size);
    struct entry *found = NULL;
    uint32_t at;

    for (at = ack->room > 0 ? *bucket_of(ack, hash) : NONE; at != NONE;
         at = ack->entries[at].next) {
        struct entry *entry = &ack->entries[at];

        if (entry->hash != hash || entry->datagram.device != device || entry->answer_size != size ||
            memcmp(entry->answer, bytes, size) != 0)
            continue;
        if (found == NULL || (found->state != WAITING && entry->state == WAITING))
            found = entry;
    }
    if (found == NULL) {
        ack->counts.wrong++;
    } else if (found->state != WAITING) {
        ack->counts.again++;
    } else {
        found->state = ANSWERED;
        ack->counts.waiting--;
        ack->counts.answered++;
        ack->counts.late += found->tries > 1;
    }
}

/* ---- Sending again -------------------------------------------------------------------- */

bool ack_due(const struct ack *ack, uint64_t *due_ns)
{
    return heap_due(ack->timers, due_ns);
}

/* Each try has a draw of its own, and it depends on nothing else. */
static bool is_withheld(const struct ack *ack, const struct entry *entry)
{
    const struct play_datagram *datagram = &entry->datagram;
    uint64_t state = draw_splitmix(ack->seed, (uint64_t)datagram->device * PLAY_TYPES +
                                                  (uint64_t)datagram->type);

    return ack->loss != 0 &&
           draw_happens(draw_splitmix(state, datagram->index * ACK_TRIES + entry->tries),
                        ack->loss);
}

/* Its time is over.  Returns whether it is sent again. */
static bool try_again(struct ack *ack, uint32_t number, uint64_t now_ns)
{
    struct entry *entry = &ack->entries[number];
    int result;

    if (entry->state != WAITING) { /* a second answer would have come by now */
        free_entry(ack, number);
        return false;
    }
    if (entry->tries == ACK_TRIES) {
        entry->state = GIVEN_UP;
        ack->counts.waiting--;
        ack->counts.given_up++;
    } else {
        entry->tries++;
    }
    result = heap_push(ack->timers, now_ns + wait_of(ack, entry->tries), &number);
    assert(result == 0); /* there is the room that it had */
    (void)result;        /* with NDEBUG */
    if (entry->state == GIVEN_UP)
        return false;
    ack->counts.resent++;
    if (!is_withheld(ack, entry))
        return true;
    ack->counts.withheld++;
    return false;
}

bool ack_again(struct ack *ack, uint64_t now_ns, struct play_datagram *datagram,
               const uint8_t **bytes, size_t *size)
{
    uint64_t due_ns;
    uint32_t number;

    while (heap_due(ack->timers, &due_ns) && due_ns <= now_ns) {
        struct entry *entry;

        heap_pop(ack->timers, &number);
        if (!try_again(ack, number, now_ns))
            continue;
        entry = &ack->entries[number];
        *datagram = entry->datagram;
        datagram->again = true;
        datagram->lost = false;
        datagram->copy = entry->arrived;
        entry->arrived = true;
        *bytes = entry->bytes;
        *size = entry->size;
        return true;
    }
    return false;
}

const struct ack_counts *ack_counts(const struct ack *ack)
{
    return &ack->counts;
}
