/* SPDX-License-Identifier: MIT
 *
 * What holds of a tracker's figures whatever its rules are, watched from outside:
 *   1  no number of a session is both in a row and lost
 *   2  no more is missing than the device can have sent in the time that passed
 *   3  four numbers in a row are believed, whatever their time stamps say; sixteen, if two send
 *   7  two senders of one id are told once
 */
#ifndef TESTS_PLUGINS_LAWS_H
#define TESTS_PLUGINS_LAWS_H

#include "sequence/tracker.h"

struct laws;

/* One device's. */
struct laws *laws_new(void);
void laws_free(struct laws *laws);

/* Before the tracker judges a message, `now` seconds after the start. */
void laws_message(struct laws *laws, const struct muster_record *record, uint32_t now);

/* What is lost meanwhile, in the session so far; before its end is noted. */
void laws_lose(struct laws *laws, uint64_t first, uint64_t last, uint8_t bits);

/* What it notes meanwhile. */
void laws_note(struct laws *laws, const struct tracker_note *note);

/* And its verdict.  Returns NULL, or what is broken. */
const char *laws_verdict(struct laws *laws, const struct muster_record *record);

#endif
