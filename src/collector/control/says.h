/* SPDX-License-Identifier: MIT
 *
 * The functions that answer, for the table in commands.c.
 */
#ifndef COLLECTOR_CONTROL_SAYS_H
#define COLLECTOR_CONTROL_SAYS_H

#include <jansson.h>

#include "command.h"

struct sink;

enum command_step says_help(struct report *report);
enum command_step says_status(struct report *report);
enum command_step says_sinks(struct report *report);
enum command_step says_plugins(struct report *report);
enum command_step says_devices(struct report *report);
enum command_step says_loss(struct report *report);
enum command_step says_gaps(struct report *report);
enum command_step says_forget(struct report *report);
enum command_step says_reload(struct report *report);
enum command_step says_rotate(struct report *report);
enum command_step says_restart(struct report *report);
enum command_step says_log_level(struct report *report);

/* What they leave behind. */
void says_end(struct report *report);
void says_end_loss(struct report *report);
void says_end_order(struct report *report);

/* A sink and its account, as an object. */
json_t *says_sink(const struct sink *sink);

#endif
