/* SPDX-License-Identifier: MIT
 *
 * The options of the sink "csv".
 */
#ifndef PLUGINS_CSV_SETTINGS_H
#define PLUGINS_CSV_SETTINGS_H

#include <muster/plugin.h>

#include "output.h"
#include "row.h"

#define SETTINGS_COUNT 17

extern const struct muster_option settings_options[SETTINGS_COUNT];

/* See muster_plugin.check. */
int settings_check(const struct muster_host *host, struct muster_instance *instance);

enum row_kind settings_kind(const struct muster_host *host, struct muster_instance *instance);
enum row_layout settings_layout(const struct muster_host *host, struct muster_instance *instance);

/* Whether no cell is to be a formula. */
bool settings_is_guarded(const struct muster_host *host, struct muster_instance *instance);

/* Those that are about the file. */
void settings_read(const struct muster_host *host, struct muster_instance *instance,
                   struct output *output);

#endif
