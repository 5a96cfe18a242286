/* SPDX-License-Identifier: MIT
 *
 * Where the outputs of a replay go: not to the files of the live collector, whose configuration it
 * shares.  An output is a plugin's option that is a path, and not marked as an input.
 */
#ifndef COLLECTOR_REPLAY_OUTPUTS_H
#define COLLECTOR_REPLAY_OUTPUTS_H

#include "base/problems.h"
#include "collector/host/entry.h"

/* Moves every output below the directory `into`: what is below the current directory to the same
 * place there, "a/b.csv" to "INTO/a/b.csv", and any other with its whole path, "/var/b.csv" to
 * "INTO/var/b.csv".  Makes nothing yet.  Returns 0; or -1, and says so, if one would still be where
 * an output is without this, or two would be at one place. */
int outputs_move(struct entry *chain, unsigned count, const char *into, struct problems *problems);

/* Makes the directories that the moved outputs are in, and `into`.  Returns 0, or -1 and says
 * why. */
int outputs_make_room(const struct entry *chain, unsigned count, const char *into,
                      struct problems *problems);

/* For a replay whose outputs are not moved: returns 0; or -1, and says which, if an output is a
 * file that has something in it. */
int outputs_refuse(const struct entry *chain, unsigned count, struct problems *problems);

#endif
