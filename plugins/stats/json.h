/* SPDX-License-Identifier: MIT
 *
 * Parts of the JSON file.
 */
#ifndef PLUGINS_STATS_JSON_H
#define PLUGINS_STATS_JSON_H

#include <stdint.h>
#include <stdio.h>

#include <muster/plugin.h>

/* A string, see text_print_json; or null if it is NULL. */
void json_text_or_null(FILE *out, const char *text);

/* A number with as many digits as it takes; or null, since JSON has none for what is not finite. */
void json_real(FILE *out, double number);

/* The beginning of an object about a device: {"device_id": 7, "name": "boiler" */
void json_device(FILE *out, const struct muster_host *host, struct muster_instance *instance,
                 uint32_t number);

#endif
