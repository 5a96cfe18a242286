/* SPDX-License-Identifier: MIT
 *
 * A step ahead that one datagram claims.  It is believed at once if it is small and possible; but
 * if the row that it left goes on, and nothing goes on from it, it was none: it is taken back, and
 * what it made missing is not.
 */
#ifndef SEQUENCE_LEAP_H
#define SEQUENCE_LEAP_H

#include <stdbool.h>
#include <stdint.h>

struct turn;

/* Whether the message's step ahead is believed of one datagram. */
bool leap_is_believed(const struct turn *turn);

/* The message has led ahead from `from`, over `missing` numbers. */
void leap_begin(const struct turn *turn, uint64_t from, uint32_t missing);

/* The message is ahead, or in order, and of the session's row: confirms the step if it is another
 * datagram's. */
void leap_go_on(const struct turn *turn);

/* Whether the message is of the row that the step has left, and farther than any before. */
bool leap_has_left(const struct turn *turn);

/* Whether it was made later than what claimed the step, too. */
bool leap_is_refuted(const struct turn *turn);

/* Such a message was missing, and has been recovered.  Takes the step back if it was none. */
void leap_recovered(const struct turn *turn, bool refuted);

#endif
