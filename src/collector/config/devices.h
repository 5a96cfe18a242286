/* SPDX-License-Identifier: MIT
 *
 * devices.yaml becomes a catalog.
 */
#ifndef COLLECTOR_CONFIG_DEVICES_H
#define COLLECTOR_CONFIG_DEVICES_H

#include <stdio.h>

#include "base/problems.h"
#include "collector/catalog/catalog.h"

/* Reads the catalog from a file.  All that is wrong with it goes to `problems`, and the result is
 * NULL then. */
struct catalog *devices_load(const char *path, struct problems *problems);

/* Prints what the file may say, from the tables that it is checked against. */
void devices_describe(FILE *out);

#endif
