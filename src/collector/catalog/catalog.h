/* SPDX-License-Identifier: MIT
 *
 * The device catalog, devices.yaml: what the devices are called, and how they speak.
 *
 * A catalog does not change once it is loaded, so any thread may read it.
 */
#ifndef COLLECTOR_CATALOG_CATALOG_H
#define COLLECTOR_CATALOG_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "base/problems.h"
#include "wire/datagram.h"

#define CATALOG_CLASSES_MOST 256 /* the built-in class included */

struct catalog;

/* Reads the catalog from a file.  All that is wrong with it goes to `problems`, and the result is
 * NULL then. */
struct catalog *catalog_load(const char *path, struct problems *problems);

/* The catalog without a file: no device, and the built-in class "text", whose payload is text and
 * whose DATA messages are numbered.  NULL if memory is short. */
struct catalog *catalog_default(void);

/* NULL is ignored. */
void catalog_free(struct catalog *catalog);

/* How the device speaks.  Never NULL.  A look-up in a table, made for every datagram. */
const struct wire_class *catalog_class(const struct catalog *catalog, uint16_t device_id);

/* Fills in as much of *out as out->size has room for; see muster_host.device.  Strings live as
 * long as the catalog.  Returns 1 if the catalog lists the device, else 0 and the default class. */
int catalog_device(const struct catalog *catalog, uint16_t device_id, struct muster_device *out);

/* Where the device is, as the catalog says; NULL if it does not say. */
const char *catalog_place(const struct catalog *catalog, uint16_t device_id);

/* How many devices it lists, and how many classes it has, the built-in one included. */
size_t catalog_device_count(const struct catalog *catalog);
size_t catalog_class_count(const struct catalog *catalog);

#endif
