/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the known word nearest to a misspelt one.
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

/* Returns the candidate with the fewest letters to insert, delete, replace or swap with a
 * neighbour, the first of several; or NULL if none is near enough to be meant (one such change for
 * three letters).  Upper and lower case are the same.  Words over 64 bytes are never near. */
const char *suggest(const char *word, const char *const *candidates, size_t n);

/* Writes `did you mean "X"?` to `out`, or, if no candidate is near enough, `expected A, B or C`.
 * What does not fit into `room` bytes is cut off.  Returns `out`. */
const char *suggest_hint(char *out, size_t room, const char *word, const char *const *candidates,
                         size_t n);

/* Room for a hint of a handful of candidates of the length of an option's name. */
#define SUGGEST_ROOM 512

#endif
