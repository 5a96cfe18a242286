/* SPDX-License-Identifier: MIT
 *
 * Answers that wait for a sink: from the datagram to its records in the sink's queue, and from
 * there to the word that they are written.
 *
 * A device that has got no answer sends the same datagram again, and a tracker that leaves
 * duplicates out would take it out.  That is right if its reading is written already, or about to
 * be: so the last datagrams that were answered are remembered, by a hash, and those that wait are
 * found by it.  Else the first one may be lost, so its record is marked to be kept.
 */
#include <stdatomic.h>

#include "answers_parts.h"
#include "fanout.h"

/* ---- Those that wait ------------------------------------------------------------------ */

static struct answers_waiting *place(const struct answers *answers, uint32_t token)
{
    return &answers->waiting[token % ANSWERS_HELD_MOST];
}

static struct answers_waiting *find(const struct answers *answers, uint32_t token)
{
    struct answers_waiting *waiting = place(answers, token);

    return token != 0 && waiting->token == token ? waiting : NULL;
}

static void hold(struct answers *answers, int change)
{
    counter_add(&answers->counters.held, (uint64_t)(int64_t)change);
}

/* It waits no longer. */
static void let_go(struct answers *answers, struct answers_waiting *waiting)
{
    answers->open -= waiting->state == ANSWERS_OPEN;
    waiting->token = 0;
    waiting->state = ANSWERS_FREE;
    hold(answers, -1);
}

/* With all that follow it. */
static void give_up(struct answers *answers, struct answers_waiting *waiting,
                    enum answers_reason reason)
{
    uint32_t next = waiting->followers;

    let_go(answers, waiting);
    answers_refuse(answers, reason);
    while (next != 0) {
        struct answers_waiting *follower = place(answers, next);

        next = follower->next;
        let_go(answers, follower);
        answers_refuse(answers, reason);
    }
}

/* The same. */
static void give(struct answers *answers, struct answers_waiting *waiting)
{
    uint32_t next = waiting->followers;

    answers->written[waiting->key % ANSWERS_KNOWN] = waiting->key;
    answers_give(answers, &waiting->answer);
    let_go(answers, waiting);
    while (next != 0) {
        struct answers_waiting *follower = place(answers, next);

        next = follower->next;
        answers_give(answers, &follower->answer);
        let_go(answers, follower);
    }
}

static void queue_up(struct answers *answers, struct answers_waiting *waiting)
{
    struct answers_line *line = &answers->lines[waiting->line];

    answers->open -= waiting->state == ANSWERS_OPEN;
    waiting->state = ANSWERS_WAITS;
    waiting->next = 0;
    if (line->first == 0)
        line->first = waiting->token;
    else
        place(answers, line->last)->next = waiting->token;
    line->last = waiting->token;
}

/* All of its records that come have been offered. */
static void complete(struct answers *answers, struct answers_waiting *waiting)
{
    uint32_t next = waiting->followers;

    if (waiting->lost) {
        give_up(answers, waiting, ANSWERS_NOT_WRITTEN);
        return;
    }
    waiting->followers = 0;
    queue_up(answers, waiting);
    while (next != 0) {
        struct answers_waiting *follower = place(answers, next);

        next = follower->next;
        follower->from = waiting->from;
        follower->to = waiting->to;
        queue_up(answers, follower);
    }
}

/* ---- One more ------------------------------------------------------------------------- */

/* The place for one more that waits, or NULL after refusing it.  Those of a sink that does not
 * write are passed over, so that they do not keep others from theirs; the next one looks on from
 * there. */
static struct answers_waiting *take_place(struct answers *answers)
{
    struct answers_waiting *waiting;
    uint32_t token;
    unsigned i;

    for (i = 0; i < ANSWERS_TRIES; i++) {
        token = answers->next_token++;
        if (answers->next_token == 0)
            answers->next_token = 1;
        waiting = place(answers, token);
        if (waiting->token != 0 && waiting->state == ANSWERS_OPEN)
            give_up(answers, waiting, ANSWERS_FILTERED); /* no filter holds it for so long */
        if (waiting->token == 0)
            break;
    }
    if (i == ANSWERS_TRIES) {
        answers_refuse(answers, ANSWERS_ROOM);
        return NULL;
    }
    waiting->token = token;
    waiting->next = waiting->followers = 0;
    waiting->from = waiting->to = 0;
    waiting->any = waiting->lost = waiting->is_known = false;
    hold(answers, 1);
    return waiting;
}

/* The same datagram waits already. */
static void follow(struct answers *answers, struct answers_waiting *leader,
                   struct answers_waiting *waiting)
{
    waiting->missing = 0;
    if (leader->state == ANSWERS_WAITS) {
        waiting->from = leader->from;
        waiting->to = answers->lines[leader->line].queue->placed;
        waiting->state = ANSWERS_FREE;
        queue_up(answers, waiting);
        return;
    }
    waiting->state = ANSWERS_FOLLOWS;
    waiting->next = leader->followers;
    leader->followers = waiting->token;
}

struct answers_ticket answers_wait(struct answers *answers, const struct answer *answer,
                                   unsigned line, uint64_t key, uint32_t records)
{
    const bool is_known = answers->written[key % ANSWERS_KNOWN] == key;
    struct answers_waiting *waiting = take_place(answers);
    struct answers_waiting *leader = find(answers, answers->waits[key % ANSWERS_KNOWN]);

    if (leader != NULL && (leader->key != key || leader->line != line))
        leader = NULL;
    if (waiting == NULL) /* it will be sent again */
        return (struct answers_ticket){.keep = !is_known && leader == NULL};
    waiting->answer = *answer;
    waiting->line = (uint8_t)line;
    waiting->key = key;
    if (leader != NULL) {
        follow(answers, leader, waiting);
        return (struct answers_ticket){0};
    }
    waiting->state = ANSWERS_OPEN;
    waiting->missing = records;
    waiting->is_known = is_known;
    answers->open++;
    answers->waits[key % ANSWERS_KNOWN] = waiting->token;
    answers->taking = waiting->token;
    return (struct answers_ticket){.token = waiting->token, .keep = !waiting->is_known};
}

/* ---- Its records are offered ---------------------------------------------------------- */

bool answers_await(const struct answers *answers)
{
    return answers->open > 0;
}

static void note_offered(struct answers *answers, const struct muster_record *record)
{
    struct answers_waiting *waiting = find(answers, record->answer);
    const struct answers_line *line;

    if (waiting == NULL || waiting->state != ANSWERS_OPEN || waiting->missing == 0)
        return;
    line = &answers->lines[waiting->line];
    if (!sink_wants(line->sink, record))
        return;
    if (line->queue->placed == line->before)
        waiting->lost = true;
    else if (!waiting->any)
        waiting->from = line->before;
    waiting->any = true;
    waiting->to = line->queue->placed;
    if (--waiting->missing == 0)
        complete(answers, waiting);
}

void answers_offer(struct answers *answers, const struct run *run)
{
    unsigned i;

    for (i = 0; i < answers->line_count; i++)
        answers->lines[i].before = answers->lines[i].queue->placed;
    fanout_offer(&answers->pipeline->fanout, run);
    for (i = 0; i < run->count; i++) {
        const struct muster_record *record = &run->block->records[run->from + i];

        /* One that a filter has added may be a copy. */
        if (record->answer != 0 && record->origin == 0)
            note_offered(answers, record);
    }
}

/* ---- Its records are published -------------------------------------------------------- */

static bool do_filters_hold(const struct answers *answers)
{
    const struct pipeline *pipeline = answers->pipeline;
    unsigned i;

    for (i = 0; i < pipeline->filter_count; i++)
        if (counter_value(&pipeline->filters[i].held) > 0)
            return true;
    return false;
}

/* Some of its records did not come out of the filters with the others. */
static void judge(struct answers *answers, struct answers_waiting *waiting, bool are_held)
{
    if (waiting->is_known && !waiting->any)
        give(answers, waiting);
    else if (waiting->is_known)
        complete(answers, waiting);
    else if (waiting->lost)
        give_up(answers, waiting, ANSWERS_NOT_WRITTEN);
    else if (!are_held)
        give_up(answers, waiting, ANSWERS_FILTERED);
}

/* Those that are open since a filter held their records, when none does any more. */
static void judge_all(struct answers *answers)
{
    uint32_t i;

    for (i = 0; i < ANSWERS_HELD_MOST && answers->open > 0; i++) {
        struct answers_waiting *waiting = &answers->waiting[i];

        if (waiting->state == ANSWERS_OPEN && waiting->token != answers->taking)
            judge(answers, waiting, false);
    }
}

void answers_published(struct answers *answers)
{
    const bool are_held = answers->open > 0 && do_filters_hold(answers);
    uint32_t token = answers->judged;

    while (answers->open > 0 && token != answers->next_token && token != answers->taking) {
        struct answers_waiting *waiting = find(answers, token);

        if (waiting != NULL && waiting->state == ANSWERS_OPEN)
            judge(answers, waiting, are_held);
        token = token == UINT32_MAX ? 1 : token + 1;
    }
    answers->judged = answers->taking != 0 ? answers->taking : answers->next_token;
    if (answers->open > (answers->taking != 0) && !are_held)
        judge_all(answers);
    answers_look(answers);
}

/* ---- Its records are written ---------------------------------------------------------- */

/* Those at the front of the line for which the sink is through with so many records.  Of records
 * that are lost it is known behind which place there are none: who is in front of it may be
 * refused in vain, and will ask again. */
static void advance(struct answers *answers, struct answers_line *line, uint64_t settled)
{
    const uint64_t lost_to = atomic_load(&line->queue->lost_to);

    while (line->first != 0) {
        struct answers_waiting *waiting = place(answers, line->first);

        if (waiting->to > settled)
            return;
        line->first = waiting->next;
        if (waiting->from < lost_to)
            give_up(answers, waiting, ANSWERS_NOT_WRITTEN);
        else
            give(answers, waiting);
    }
}

static void look_at(struct answers *answers, struct answers_line *line)
{
    struct queue *queue = line->queue;

    while (line->first != 0) {
        uint64_t wanted;

        advance(answers, line, atomic_load(&queue->consumed));
        wanted = line->first != 0 ? place(answers, line->first)->to : UINT64_MAX;
        atomic_store(&queue->told_at, wanted);
        if (atomic_load(&queue->consumed) < wanted) /* else it has come to that meanwhile */
            return;
    }
}

void answers_look(struct answers *answers)
{
    unsigned i;

    for (i = 0; i < answers->line_count; i++)
        look_at(answers, &answers->lines[i]);
    answers_send(answers);
}

/* ---- The end -------------------------------------------------------------------------- */

void answers_drain(struct answers *answers, int fd)
{
    atomic_store(&answers->fd, fd);
    answers_look(answers);
}

void answers_end(struct answers *answers)
{
    uint32_t i;

    answers_taken(answers);
    answers_published(answers);
    for (i = 0; i < ANSWERS_HELD_MOST && counter_value(&answers->counters.held) > 0; i++) {
        struct answers_waiting *waiting = &answers->waiting[i];

        if (waiting->state == ANSWERS_OPEN)
            give_up(answers, waiting, ANSWERS_FILTERED);
        else if (waiting->state == ANSWERS_WAITS)
            give_up(answers, waiting, ANSWERS_NOT_WRITTEN);
    }
    for (i = 0; i < answers->line_count; i++)
        answers->lines[i].first = 0;
}
