/* SPDX-License-Identifier: MIT
 *
 * A session's begin and end, and its steps that are not plain ones.
 */
#ifndef SEQUENCE_SESSION_H
#define SEQUENCE_SESSION_H

#include <stdint.h>

struct tracker;
struct turn;

/* What is missing is lost. */
void session_end(const struct turn *turn);

/* A session begins with that number, of that width, and time stamp. */
void session_begin(const struct turn *turn, uint64_t number, uint8_t bits, uint32_t stamp);

/* The message has the session's highest number now.  Those between that came as part of another row
 * are not missing.  Returns how many are; if whole turns may be, too, the record is marked. */
uint32_t session_advance(const struct turn *turn);

/* A number of the session's width came that is not ahead: recovers it if it was missing. */
void session_recover(const struct turn *turn, uint64_t sent);

#endif
