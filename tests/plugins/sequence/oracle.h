/* SPDX-License-Identifier: MIT
 *
 * What the sequence tracker should say, worked out the slow and plain way: numbers extended to
 * 128 bits, kept in sorted lists.  Written from the table of verdicts in muster-sequence(7).
 */
#ifndef TESTS_PLUGINS_ORACLE_H
#define TESTS_PLUGINS_ORACLE_H

#include "sequence/tracker.h"

struct oracle;

struct oracle *oracle_new(const struct tracker_options *options);
void oracle_free(struct oracle *oracle);

/* So many seconds have passed. */
void oracle_pass(struct oracle *oracle, uint32_t seconds);

/* The verdict; *gap is set with MUSTER_VERDICT_GAP and 0 otherwise. */
enum muster_verdict oracle_judge(struct oracle *oracle, const struct muster_record *record,
                                 uint64_t *gap);
/* Whether whole turns of the numbers may be missing before the message that was judged last. */
bool oracle_at_least(const struct oracle *oracle);
/* The collector stops, and goes on: after a kill it cannot tell whether the number before a
 * session's first was counted in. */
void oracle_go_on(struct oracle *oracle);
void oracle_finish(struct oracle *oracle);
const struct tracker_counts *oracle_counts(const struct oracle *oracle);

/* How often two senders of one id were to be told. */
uint64_t oracle_two_senders(const struct oracle *oracle);

#endif
