/* SPDX-License-Identifier: MIT
 *
 * What the numbers of a record mean, each as one word: the same in every output.
 *
 * A word is lower case, without spaces; one of several parts has hyphens, or underscores if it is a
 * part of a metric's name, too.  Numbers of a later version have no word: an output shows the
 * number, or nothing.
 */
#ifndef PLUGINS_COMMON_WORDS_H
#define PLUGINS_COMMON_WORDS_H

#include <stdint.h>
#include <string.h>

#include <muster/record.h>

struct word {
    char text[15]; /* terminated */
    uint8_t size;  /* bytes of it */
};

#define WORDS_MAX sizeof(struct word) /* bytes that words_copy writes */

/* Each returns NULL if there is no word for that number. */
const struct word *words_kind(unsigned kind);         /* "message", "event", "reject" */
const struct word *words_verdict(unsigned verdict);   /* "new" */
const struct word *words_event(unsigned event);       /* "gap-lost" */
const struct word *words_outcome(unsigned event);     /* of a gap: "open", "lost", "recovered" */
const struct word *words_reject(unsigned reason);     /* "too_short" */
const struct word *words_drop(unsigned reason);       /* "full" */
const struct word *words_msg_type(unsigned msg_type); /* "data" */
const struct word *words_value_type(unsigned value_type); /* "integer" */

/* Causes are a set: cause number i is the bit 1 << i of event.cause. */
#define WORDS_CAUSES MUSTER_CAUSES
const struct word *words_cause(unsigned i); /* "network" */

/* Writes WORDS_MAX bytes, of which only the word's count.  Returns their end. */
static inline char *words_copy(char *out, const struct word *word)
{
    memcpy(out, word, sizeof *word);
    return out + word->size;
}

#endif
