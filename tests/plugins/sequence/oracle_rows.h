/* SPDX-License-Identifier: MIT
 *
 * The oracle's memory of rows of numbers that are not the session's, and of sorted numbers.
 */
#ifndef TESTS_PLUGINS_ORACLE_ROWS_H
#define TESTS_PLUGINS_ORACLE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/record.h>

/* A sorted list of numbers without duplicates. */
struct numbers {
    int64_t *list;
    size_t count, room;
};

size_t numbers_place(const struct numbers *numbers, int64_t n); /* of the first not smaller */
bool numbers_has(const struct numbers *numbers, int64_t n);
void numbers_insert(struct numbers *numbers, int64_t n);
void numbers_erase(struct numbers *numbers, size_t place, size_t count);

/* All modulo 2^32. */
struct orow {
    bool used, believed;
    uint32_t first, doubt, end; /* first to end - 1 came; doubt to end - 1 are in doubt */
    uint32_t first_time, last_time, last_at, source;
    unsigned datagrams, streak, rivalry; /* 255 is many */
};

enum { OROWS = 3 };

enum order { UNKNOWN, OLDER, SAME, NEWER };

enum order orow_order(uint32_t a, uint32_t b);
uint32_t orow_source(const struct muster_record *record);
bool orow_has(const struct orow *row, uint32_t number);

/* Moves row number i to the front. */
void orows_to_front(struct orow *rows, int i);
/* The row that ends before that number, or that has it; or -1. */
int orows_next(const struct orow *rows, uint32_t number);
int orows_with(const struct orow *rows, uint32_t number);
void orows_drop(struct orow *rows, int i);
void orow_append(struct orow *row, const struct muster_record *record, uint32_t now,
                 uint32_t window);

#endif
