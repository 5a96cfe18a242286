/* SPDX-License-Identifier: MIT
 *
 * What the files of a chain share.
 */
#ifndef COLLECTOR_FLOW_CHAIN_PARTS_H
#define COLLECTOR_FLOW_CHAIN_PARTS_H

#include "chain.h"

/* Says what was opened, and with which options. */
void chain_tell_opened(const struct muster_instance *instance);

/* Has all workers wait between two batches.  Returns whether they do; in both cases chain_open_gate
 * too. */
bool chain_shut_gate(struct chain *chain);
void chain_open_gate(struct chain *chain);

#endif
