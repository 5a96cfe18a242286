/* SPDX-License-Identifier: MIT
 *
 * A line for the host's log, put together as printf does.
 */
#include "plugin_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void plugin_log(const struct muster_host *host, struct muster_instance *instance, uint32_t level,
                const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    int size;

    va_start(arguments, format);
    size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        /* Short of memory: what was meant is better than nothing. */
        host->log(instance, level, format);
        return;
    }
    host->log(instance, level, text);
    free(text);
}
