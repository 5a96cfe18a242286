/* SPDX-License-Identifier: MIT
 *
 * The reference mode.
 */
#include "reference.h"

enum muster_verdict reference_judge(struct session *session, struct tracker_counts *counts,
                                    struct muster_record *record)
{
    uint64_t last = session->highest, number = record->seq;
    bool is_first = !session->begun;

    session->highest = number;
    session->begun = true;
    if (is_first) {
        counts->first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (number == last) {
        counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (number > last && number - last > 1) {
        record->message.gap = number - last - 1;
        counts->missing += record->message.gap;
        counts->lost += record->message.gap;
        counts->gaps++;
        return MUSTER_VERDICT_GAP;
    }
    counts->in_order++;
    return MUSTER_VERDICT_NEW;
}
