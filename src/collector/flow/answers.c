/* SPDX-License-Identifier: MIT
 *
 * Which answers are given.
 */
#include "answers.h"

#include <assert.h>
#include <string.h>

#include "answers_parts.h"
#include "base/address.h"
#include "base/rate.h"

const char *answers_reason_name(enum answers_reason reason)
{
    static const char *const names[ANSWERS_REASONS] = {[ANSWERS_UNLISTED] = "unlisted",
                                                       [ANSWERS_RATE] = "rate",
                                                       [ANSWERS_LONGER] = "longer",
                                                       [ANSWERS_FILTERED] = "filtered",
                                                       [ANSWERS_NOT_WRITTEN] = "not_written",
                                                       [ANSWERS_ROOM] = "room",
                                                       [ANSWERS_SOCKET] = "socket"};

    return names[reason];
}

/* ---- What is sent, and what is not ---------------------------------------------------- */

void answers_refuse(struct answers *answers, enum answers_reason reason)
{
    counter_add(&answers->counters.refused[reason], 1);
}

void answers_send(struct answers *answers)
{
    const unsigned count = answers->out_count;
    unsigned sent;

    if (count == 0)
        return;
    answers->out_count = 0;
    sent = answers->front.send(answers->front.context, answers->pipeline->id, answers->out, count);
    assert(sent <= count);
    counter_add(&answers->counters.sent, sent);
    if (sent < count)
        counter_add(&answers->counters.refused[ANSWERS_SOCKET], count - sent);
}

void answers_give(struct answers *answers, const struct answer *answer)
{
    answers->out[answers->out_count++] = *answer;
    if (answers->out_count == ANSWERS_OUT)
        answers_send(answers);
}

/* ---- A datagram asks ------------------------------------------------------------------ */

/* Of what a device sends again, to be written by the same sink: its device, number and readings,
 * since the time may be another. */
static uint64_t key_of(const struct answers *answers, unsigned format, unsigned line,
                       const struct datagram *datagram, const struct plan_header *header)
{
    const struct hash_secret *secret = &answers->secret;
    uint64_t hash = hash_word(secret, hash_word(secret, secret->first, format), line);
    uint32_t from = 0, to = datagram->size;

    if (header->seq_bits > 0) {
        const struct plan_device *device = &header->device;

        hash = hash_word(secret, hash, device->is_number ? device->id : 0);
        hash = hash_bytes(secret, hash, device->key, device->is_number ? 0 : device->length);
        hash = hash_word(secret, hash_word(secret, hash, header->seq), header->msg_type);
        from = header->first;
        if (header->has_reading && header->stride > 0)
            to = from + header->readings * header->stride;
    }
    hash = hash_bytes(secret, hash, datagram->bytes + from, to - from);
    return hash != 0 ? hash : 1;
}

static void fill_in(struct answer *answer, const struct plan *plan, unsigned reply,
                    const struct datagram *datagram)
{
    answer->size =
        (uint8_t)plan_reply_make(plan, reply, datagram->bytes, datagram->size, answer->bytes);
    answer->listener = datagram->listener;
    answer->has_local = datagram->local != NULL && !datagram->to_many;
    if (answer->has_local)
        memcpy(answer->local, datagram->local, sizeof answer->local);
    answer->scope = 0;
    address_split(datagram->source, &answer->family, &answer->port, answer->to, &answer->scope);
}

struct answers_ticket answers_ask(struct answers *answers, unsigned format,
                                  const struct datagram *datagram, const struct plan_header *header,
                                  bool is_listed, uint32_t records)
{
    const struct plan *plan = catalog_plan(answers->pipeline->host->catalog, format);
    const int index = plan_reply_find(plan, datagram->bytes, datagram->size);
    struct answers_rate *rate = &answers->rates[datagram->listener];
    const struct plan_reply *reply;
    struct answer answer;
    uint8_t line;

    if (index < 0)
        return (struct answers_ticket){0};
    counter_add(&answers->counters.asked, 1);
    reply = plan_reply(plan, (uint32_t)index);
    line = answers->line_of[format][index];
    if (!reply->to_all && !is_listed) {
        answers_refuse(answers, ANSWERS_UNLISTED);
    } else if (reply->size > datagram->size) {
        answers_refuse(answers, ANSWERS_LONGER);
    } else if (rate->rate > 0 && !rate_pass(&rate->due_ns, rate->rate, datagram->arrival_ns)) {
        answers_refuse(answers, ANSWERS_RATE);
    } else {
        fill_in(&answer, plan, (unsigned)index, datagram);
        if (line != ANSWERS_AT_ONCE)
            return answers_wait(answers, &answer, line,
                                key_of(answers, format, line, datagram, header), records);
        answers_give(answers, &answer);
    }
    return (struct answers_ticket){0};
}

void answers_taken(struct answers *answers)
{
    answers->taking = 0;
}

/* ---- Sums ----------------------------------------------------------------------------- */

const struct answers_counters *answers_counters(const struct answers *answers)
{
    return &answers->counters;
}

bool answers_add_up(const struct answers *answers)
{
    const struct answers_counters *c = &answers->counters;
    uint64_t sum = counter_value(&c->sent) + counter_value(&c->held);
    unsigned i;

    for (i = 0; i < ANSWERS_REASONS; i++)
        sum += counter_value(&c->refused[i]);
    return counter_value(&c->asked) == sum;
}
