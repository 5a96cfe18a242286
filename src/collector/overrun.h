/* SPDX-License-Identifier: MIT
 *
 * What is lost before it is in a pipeline: it is said when it begins, each minute while it lasts,
 * and with a sum when it ends; whatever the chain, and whatever its workers do.
 */
#ifndef COLLECTOR_OVERRUN_H
#define COLLECTOR_OVERRUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/episode.h"
#include "base/log.h"
#include "collector/flow/chain.h"

#define OVERRUN_LOOK CLOCK_SECOND /* between two looks */

enum { OVERRUN_KERNEL, OVERRUN_CHECKSUM, OVERRUN_WORKER, OVERRUN_KINDS };

/* All zeros is how it begins. */
struct overrun {
    struct episode episodes[OVERRUN_KINDS];
};

/* Says what is to be said of these figures; at the end (`is_last`) of what is not over, too. */
void overrun_look(struct overrun *overrun, const struct chain_account *account, struct log *log,
                  struct episode_moment now, bool is_last);

#endif
