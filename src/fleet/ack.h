/* SPDX-License-Identifier: MIT
 *
 * Devices that wait for answers: what they are to be, and what is sent again until they come.  No
 * clock, no socket.
 */
#ifndef FLEET_ACK_H
#define FLEET_ACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "play.h"

#define ACK_WAIT_NS UINT64_C(1000000000) /* for the first answer, if nothing else is said */
#define ACK_TRIES   6                    /* that a message is sent, at most */
#define ACK_DOUBLED 4                    /* how often the wait is doubled */
#define ACK_LARGEST 64                   /* bytes of an answer */

struct ack_counts {
    uint64_t asked;    /* messages that ask for an answer: answered + given_up + waiting */
    uint64_t answered; /* that got it, while it was waited for */
    uint64_t late;     /* of these, when they had been sent again */
    uint64_t given_up; /* that were sent ACK_TRIES times, and not answered */
    uint64_t waiting;  /* whose answer may still come */
    uint64_t resent;   /* how often one was sent again */
    uint64_t withheld; /* of these, by the network */
    uint64_t again;    /* right answers to what was answered, or given up */
    uint64_t wrong;    /* answers to nothing that was asked */
};

struct ack;

/* The form must stay.  `loss` is the network's, `wait_ns` for the first answer.  NULL if memory is
 * short. */
struct ack *ack_new(const struct message_form *form, uint64_t seed, double loss, uint64_t wait_ns);
void ack_free(struct ack *ack); /* NULL is ignored */

/* A device sent a message, or the network withheld it, and waits for its answer, if it asks for
 * one. An INIT is not sent again, so it is not waited for.  Returns 0, or -1 if memory is short. */
int ack_sent(struct ack *ack, const struct play_datagram *datagram, const uint8_t *bytes,
             size_t size, uint64_t now_ns);

/* Something came back to a device. */
void ack_came(struct ack *ack, uint32_t device, const uint8_t *bytes, size_t size);

/* When something is to be done next.  Returns false if there is nothing. */
bool ack_due(const struct ack *ack, uint64_t *due_ns);

/* Does what is due at `now_ns`.  Returns true if a datagram is to be sent again: it is in
 * *datagram, and its bytes, which stay until the next call, in *bytes.  To be called until there is
 * none. */
bool ack_again(struct ack *ack, uint64_t now_ns, struct play_datagram *datagram,
               const uint8_t **bytes, size_t *size);

const struct ack_counts *ack_counts(const struct ack *ack);

#endif
