/* SPDX-License-Identifier: MIT
 *
 * The device catalog: what the devices are called, and how they speak.
 *
 * Devices are looked up by their numbers, see numbers.h.  Whoever builds it has it alone; then it
 * does not change any more, so any thread may read it.
 */
#ifndef COLLECTOR_CATALOG_CATALOG_H
#define COLLECTOR_CATALOG_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "base/network.h"
#include "wire/datagram.h"
#include "wire/steering.h"

#define CATALOG_CLASSES_MOST 256    /* the built-in class included */
#define CATALOG_BUILT_IN     "text" /* the class that is always there, with index 0 */

/* The format that is always there, with number 0. */
#define CATALOG_FORMAT_BUILT_IN "built-in"
#define CATALOG_FORMATS_MOST    1000 /* besides */

struct catalog;
struct numbers; /* numbers.h */
struct plan;    /* wire/plan.h */

/* ---- Building ------------------------------------------------------------------------- */

/* How the devices of a class speak, and how often. */
struct catalog_class {
    struct wire_class speech;
    uint64_t heartbeat_ns, data_ns; /* expected between two messages; 0: not configured */
};

struct catalog_device {
    const char *name, *place;      /* NULL: not given */
    unsigned class;                /* its index */
    const struct muster_tag *tags; /* `tag_count` of them */
    uint32_t tag_count;
    const struct network *sources; /* the only ones that it sends from: `source_count`; 0: any */
    unsigned source_count;
};

/* A catalog of no device, and the built-in class, whose payload is text and whose DATA messages are
 * numbered.  NULL if memory is short. */
struct catalog *catalog_default(void);

/* NULL is ignored. */
void catalog_free(struct catalog *catalog);

/* The index of the class of that name, or -1. */
int catalog_find_class(const struct catalog *catalog, const char *name);

/* The name of a class. */
const char *catalog_class_name(const struct catalog *catalog, unsigned index);

/* Adds a class that speaks as the built-in one does at first.  The name must be new, and there must
 * be fewer than CATALOG_CLASSES_MOST.  Returns its index, or -1 if memory is short. */
int catalog_add_class(struct catalog *catalog, const char *name);

/* Defines a class, the built-in one too. */
void catalog_set_class(struct catalog *catalog, unsigned index, const struct catalog_class *class);

/* The class of every device that is not listed; at first the built-in one. */
void catalog_set_default(struct catalog *catalog, unsigned index);

/* Lists a device that is not listed yet, by its id as text, which is its key: see numbers.h.  The
 * texts are copied.  Returns 0, or -1 if memory is short. */
int catalog_add_device(struct catalog *catalog, const char *key,
                       const struct catalog_device *device);

/* Every device that is listed gets a number, or keeps it; one of a whole number best of the worker
 * that the kernel steers it to as an integer; *missing: how many got none, since all are taken.
 * `numbers` lives as long as the catalog.  Returns 0, or -1 if memory is short. */
int catalog_give_numbers(struct catalog *catalog, struct numbers *numbers, unsigned workers,
                         size_t *missing);

/* Adds a format, whose name must be new; there must be fewer than CATALOG_FORMATS_MOST.  The plan
 * is the catalog's then, and freed with it.  Returns its number, from 1 on, or -1 if memory is
 * short.
 */
int catalog_add_format(struct catalog *catalog, struct plan *plan);

/* What it was made of, as numbers that other content does not have: all of it, and its formats, of
 * several files perhaps; 0: that cannot be told. */
void catalog_mark(struct catalog *catalog, uint64_t mark);
void catalog_mark_formats(struct catalog *catalog, uint64_t mark);

/* Whether two are made of the same; or their formats are. */
bool catalog_same(const struct catalog *a, const struct catalog *b);
bool catalog_same_formats(const struct catalog *a, const struct catalog *b);

/* ---- Look-ups ------------------------------------------------------------------------- */

/* How the device speaks.  Never NULL.  A look-up in a table, made for every datagram. */
const struct wire_class *catalog_class(const struct catalog *catalog, uint32_t number);

/* Fills in as much of *out as out->size has room for; see muster_host.device.  Strings live as
 * long as the catalog.  Returns 1 if the catalog lists the device, else 0 and the default class.
 * Any thread. */
int catalog_device(const struct catalog *catalog, uint32_t number, struct muster_device *out);

/* The same for a device that has no number: that is UINT32_MAX, and its key empty.  Returns 0. */
int catalog_no_device(const struct catalog *catalog, uint64_t device_id, struct muster_device *out);

/* Whether the catalog lists the device. */
bool catalog_lists(const struct catalog *catalog, uint32_t number);

/* Where the device may send from: returns how many *sources there are, 0 if it may from anywhere.
 */
unsigned catalog_sources(const struct catalog *catalog, uint32_t number,
                         const struct network **sources);

/* Whether that is said of any device. */
bool catalog_has_sources(const struct catalog *catalog);

/* Where the device is, as the catalog says; NULL if it does not say. */
const char *catalog_place(const struct catalog *catalog, uint32_t number);

/* The number of the format of that name: 0 for the built-in one, else from 1 on; or -1. */
int catalog_find_format(const struct catalog *catalog, const char *name);

/* What decodes the format of that number, from 1 to catalog_format_count. */
const struct plan *catalog_plan(const struct catalog *catalog, unsigned number);

/* Where the device's id is in the datagrams of all of these formats, `count` of them. */
struct wire_place catalog_formats_place(const struct catalog *catalog, const uint16_t numbers[],
                                        unsigned count);

/* How many formats it has besides the built-in one. */
unsigned catalog_format_count(const struct catalog *catalog);

/* How many devices it lists, how many of those are not their own numbers, and how many classes it
 * has, the built-in one included. */
size_t catalog_device_count(const struct catalog *catalog);
size_t catalog_key_count(const struct catalog *catalog);
size_t catalog_class_count(const struct catalog *catalog);

#endif
