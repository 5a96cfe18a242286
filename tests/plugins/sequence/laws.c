/* SPDX-License-Identifier: MIT
 *
 * What holds of a tracker's figures whatever its rules are.
 */
#include "laws.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct laws {
    uint32_t now;
    const struct muster_record *record; /* being judged */
    const char *broken;
    /* Law 1: numbers of the session that were believed, and what was taken back of them. */
    uint64_t *came; /* as they were sent */
    uint8_t bits;   /* width of the last numbers */
    size_t count, room;
    /* Law 2 */
    uint64_t highest;
    uint32_t highest_at;
    uint32_t second;          /* of which in_second is */
    uint64_t in_second, most; /* numbers that were used in a second */
    uint32_t readings;        /* the most of a datagram */
    /* Law 3 */
    uint64_t refused_next;
    unsigned refused; /* datagrams in a row that were outliers */
    bool refuses;     /* the last one was */
    bool steps; /* the message is a step ahead, and the first number that it leaves out is next */
    uint64_t next;
    bool two;
    /* Law 7 */
    uint32_t told_at;
};

struct laws *laws_new(void)
{
    struct laws *laws = calloc(1, sizeof *laws);

    ck_assert_ptr_nonnull(laws);
    return laws;
}

void laws_free(struct laws *laws)
{
    if (laws == NULL)
        return;
    free(laws->came);
    free(laws);
}

static uint64_t sent(uint64_t number, uint8_t bits)
{
    return bits < 64 ? number & ((UINT64_C(1) << bits) - 1) : number;
}

static void remember(struct laws *laws, uint64_t number)
{
    if (laws->count == laws->room) {
        laws->room = laws->room * 2 + 64;
        laws->came = realloc(laws->came, laws->room * sizeof *laws->came);
        ck_assert_ptr_nonnull(laws->came);
    }
    laws->came[laws->count++] = number;
}

static void forget(struct laws *laws, uint64_t first, uint64_t last, uint8_t bits)
{
    size_t i, left = 0;

    for (i = 0; i < laws->count; i++)
        if (sent(laws->came[i] - first, bits) > last - first)
            laws->came[left++] = laws->came[i];
    laws->count = left;
}

void laws_lose(struct laws *laws, uint64_t first, uint64_t last, uint8_t bits)
{
    size_t i;

    if (bits < 32 && laws->steps && first - laws->next < UINT64_C(1) << bits)
        return; /* it is ahead, and in the next turn what came looks like it */
    for (i = 0; i < laws->count; i++)
        if (sent(laws->came[i] - first, bits) <= last - first)
            laws->broken = "law 1: a number came and is lost";
}

/* A generous bound of what the rules allow: all numbers that a second had at most, in each. */
static void miss(struct laws *laws, uint64_t count)
{
    uint64_t pace = laws->most < 10 ? 10 : laws->most, passed = laws->now - laws->highest_at;

    if (count > 64 + 8 * pace * (passed + 1))
        laws->broken = "law 2: more is missing than was sent";
}

void laws_message(struct laws *laws, const struct muster_record *record, uint32_t now)
{
    laws->record = record;
    laws->now = now;
    laws->broken = NULL;
    laws->steps = false;
}

void laws_note(struct laws *laws, const struct tracker_note *note)
{
    switch (note->kind) {
    case TRACKER_GAP:
        miss(laws, note->last - note->first + 1);
        if (!laws->steps)
            laws->next = note->first;
        laws->steps = true;
        break;
    case TRACKER_LOST:
        laws_lose(laws, note->first, note->last, note->bits);
        break;
    case TRACKER_END:
        laws->count = 0;
        break;
    case TRACKER_OUTLIER: /* of a step that is taken back, too */
        forget(laws, note->first, note->last, note->bits);
        break;
    case TRACKER_TWO_SENDERS:
        if (laws->two && laws->now - laws->told_at <= 86400)
            laws->broken = "law 7: two senders are told twice";
        laws->two = true;
        laws->told_at = laws->now;
        break;
    default:
        break;
    }
}

/* The message is the highest, and others may have come with it. */
static void rise(struct laws *laws, const struct muster_record *record)
{
    uint64_t ahead = sent(record->seq - laws->highest, record->seq_bits);
    uint64_t numbers = ahead - record->message.gap;

    /* A row of some datagrams is believed with its last. */
    if (record->verdict == MUSTER_VERDICT_RESTART || numbers > UINT32_MAX / 2)
        numbers = 16 * laws->readings;
    if (record->verdict == MUSTER_VERDICT_FIRST)
        numbers = 0;
    if (laws->second != laws->now)
        laws->in_second = 0;
    laws->second = laws->highest_at = laws->now;
    laws->highest = record->seq;
    laws->bits = record->seq_bits;
    /* Half a turn behind they are other numbers by now. */
    if (ahead >= UINT64_C(1) << (record->seq_bits - 1))
        laws->count = 0;
    else if (record->seq_bits < 32)
        forget(laws, laws->highest + 1, laws->highest + (UINT64_C(1) << record->seq_bits >> 1),
               record->seq_bits);
    laws->in_second += numbers;
    if (laws->in_second > laws->most)
        laws->most = laws->in_second;
    remember(laws, record->seq);
}

/* Four outliers in a row, each the next number. */
static void count_refusal(struct laws *laws, const struct muster_record *record)
{
    bool goes_on = laws->refuses && record->seq == laws->refused_next;

    laws->refuses = record->verdict == MUSTER_VERDICT_OUTLIER;
    if (!laws->refuses)
        return;
    laws->refused_next = sent(record->seq + 1, record->seq_bits > 0 ? record->seq_bits : 64);
    if (goes_on && record->reading > 0)
        return;
    laws->refused = (goes_on ? laws->refused : 0) + (record->reading == 0);
    if (laws->refused >= (laws->two ? 16 : 4))
        laws->broken = "law 3: numbers in a row are refused";
}

const char *laws_verdict(struct laws *laws, const struct muster_record *record)
{
    if (record->readings > laws->readings)
        laws->readings = record->readings;
    if (record->seq_bits == 0 && record->msg_type != MUSTER_MSG_INIT)
        return laws->broken;
    if ((record->marks & MUSTER_MARK_SHARED_NUMBER) != 0 && record->reading > 0)
        return laws->broken; /* it is judged with the first */
    count_refusal(laws, record);
    if (record->seq_bits == 0)
        return laws->broken;
    switch (record->verdict) {
    case MUSTER_VERDICT_FIRST:
    case MUSTER_VERDICT_NEW:
    case MUSTER_VERDICT_GAP:
    case MUSTER_VERDICT_RESTART:
        rise(laws, record);
        break;
    case MUSTER_VERDICT_LATE:
        if (record->msg_type != MUSTER_MSG_INIT)
            remember(laws, record->seq);
        break;
    default:
        break;
    }
    return laws->broken;
}
