/* SPDX-License-Identifier: MIT
 *
 * The reference mode.
 */
#include "reference.h"

enum muster_verdict reference_judge(struct session *session, struct tracker_counts *counts,
                                    struct muster_record *record)
{
    uint32_t last = session->highest;
    bool is_first = !session->begun;

    session->highest = record->seq_num;
    session->begun = true;
    if (is_first) {
        counts->first++;
        return MUSTER_VERDICT_FIRST;
    }
    if (record->seq_num == last) {
        counts->duplicates++;
        return MUSTER_VERDICT_DUPLICATE;
    }
    if (record->seq_num > last && record->seq_num - last > 1) {
        record->gap = record->seq_num - last - 1;
        counts->missing += record->gap;
        counts->lost += record->gap;
        counts->gaps++;
        return MUSTER_VERDICT_GAP;
    }
    counts->in_order++;
    return MUSTER_VERDICT_NEW;
}
