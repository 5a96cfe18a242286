/* SPDX-License-Identifier: MIT
 *
 * The values that messages can have: "value", that of the built-in format, and those of the
 * declared formats, each name once.  A sink has a column for each.
 *
 * Whoever builds them has them alone; then they do not change, so any thread may read them.
 */
#ifndef COLLECTOR_HOST_COLUMNS_H
#define COLLECTOR_HOST_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/plugin.h>

#include "base/problems.h"
#include "wire/plan.h"

struct columns;

/* Those of the built-in format.  NULL if memory is short. */
struct columns *columns_new(void);
void columns_free(struct columns *columns); /* NULL is ignored */

/* Adds the values of the format that records have as that number, 1 or more.  The plan must outlive
 * the columns.  A name that another format has with another unit is a warning.  Returns 0, or -1 if
 * memory is short. */
int columns_add(struct columns *columns, uint16_t format, const struct plan *plan,
                struct problems *problems);

/* The rest may be asked of NULL, too: it has those of the built-in format. */

/* The index of the value of that name, or -1. */
int64_t columns_find(const struct columns *columns, const char *name);

/* The name of the value that is nearest to a word; or NULL if none is near enough. */
const char *columns_suggest(const struct columns *columns, const char *word);

/* See muster_host.value_column and, of a record of a declared format, muster_host.values. */
int columns_show(const struct columns *columns, uint32_t index, struct muster_value_column *out);
uint32_t columns_values(const struct columns *columns, const struct muster_record *record,
                        struct muster_value *out, uint32_t value_size, uint32_t room);

#endif
