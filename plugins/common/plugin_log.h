/* SPDX-License-Identifier: MIT
 *
 * A line for the host's log, put together as printf does.
 */
#ifndef PLUGINS_COMMON_PLUGIN_LOG_H
#define PLUGINS_COMMON_PLUGIN_LOG_H

#include <stdint.h>

#include <muster/plugin.h>

/* `level` is one of enum muster_level. */
__attribute__((format(printf, 4, 5))) void plugin_log(const struct muster_host *host,
                                                      struct muster_instance *instance,
                                                      uint32_t level, const char *format, ...);

#endif
