/* SPDX-License-Identifier: MIT
 *
 * The declared format that devices speak: found in a catalog, or among those that come with Muster.
 */
#ifndef FLEET_DIALECT_H
#define FLEET_DIALECT_H

#include "play.h"
#include "scenario.h"

struct dialect;

/* Finds the format in the catalog, a file; NULL: among those that come with Muster.  What is wrong
 * is said on standard error, and NULL returned. */
struct dialect *dialect_open(const char *format, const char *catalog);
void dialect_close(struct dialect *dialect); /* NULL is ignored */

/* Has a plan, or a scenario, played in it: sets its forms.  The dialect must stay.  Returns false
 * after saying on standard error what cannot be. */
bool dialect_play(struct dialect *dialect, struct play_plan *plan);
bool dialect_scenario(struct dialect *dialect, struct scenario *scenario);

/* Whether a device is the address that it sends from. */
bool dialect_is_by_source(const struct dialect *dialect);

/* Says what is not sent, if there is any. */
void dialect_announce(const struct dialect *dialect);

#endif
