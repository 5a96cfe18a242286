/* SPDX-License-Identifier: MIT
 *
 * A state of another format or size, taken over by its plugin.
 */
#ifndef COLLECTOR_STATE_STATE_CONVERT_H
#define COLLECTOR_STATE_STATE_CONVERT_H

#include "state_store.h"

/* Has the plugin write what it can take over from `old` to a new file, which replaces the old one
 * of that directory when it is whole; until then the old one is as it was.  MAPPED: state->found
 * is the new file's header, of the old one's age.  NOTHING: the plugin cannot, and `why` says so.
 */
enum state_outcome state_convert(struct state *state, struct muster_state *wanted,
                                 const struct state_file *old, char *why,
                                 struct problems *problems);

#endif
