/* SPDX-License-Identifier: MIT
 *
 * Values of declared formats, as a test gives them.
 */
#ifndef TESTING_VALUES_H
#define TESTING_VALUES_H

#include <stdint.h>

#include <muster/test.h>

struct testing_format {
    const struct muster_value *values; /* of each of its messages; the test's */
    uint32_t count;
};

/* All zeros at first. */
struct testing_values {
    struct testing_format *formats; /* number n is at n - 1 */
    uint32_t format_count;
    struct muster_value_column *columns; /* the first is that of the built-in format */
    uint32_t column_count;
};

void testing_values_begin(struct testing_values *all);
void testing_values_free(struct testing_values *all);

/* The host's functions. */
uint32_t testing_values(struct muster_instance *instance, const struct muster_record *record,
                        struct muster_value *out, uint32_t value_size, uint32_t room);
int testing_value_column(struct muster_instance *instance, uint32_t index,
                         struct muster_value_column *column);

#endif
