/* SPDX-License-Identifier: MIT
 *
 * What a worker takes in: from its sockets, and from the other workers; and in which order, by the
 * turns of the steering.  All of this is [worker].
 */
#ifndef COLLECTOR_LIVE_INTAKE_H
#define COLLECTOR_LIVE_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "worker.h"

/* Takes what has come; from the other workers first, since at a turn that is older than what the
 * sockets hold.  worker->fds says where to look, as poll does; `is_called`: into the inbox,
 * whatever is there.  Returns whether there may be more. */
bool intake_receive(struct worker *worker, bool is_called);

/* What others have received that is this worker's. */
void intake_take_handed_over(struct worker *worker);

/* All that the sockets hold, when nothing comes any more. */
void intake_receive_rest(struct worker *worker);

/* About once a second: does what worker 0 would do if it hangs in a plugin while it receives for
 * all. */
void intake_watch_0(struct worker *worker, uint64_t now_ns);

/* Of receive errors: the lines that were held back, when their time is over. */
void intake_report_held_back(struct worker *worker);

#endif
