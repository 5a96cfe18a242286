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

/* Numbers as they are, far beyond any wrap. */
__extension__ typedef __int128 wide;

/* A sorted list of numbers without duplicates. */
struct numbers {
    wide *list;
    size_t count, room;
};

size_t numbers_place(const struct numbers *numbers, wide n); /* of the first not smaller */
bool numbers_has(const struct numbers *numbers, wide n);
void numbers_insert(struct numbers *numbers, wide n);
void numbers_erase(struct numbers *numbers, size_t place, size_t count);

/* Numbers of a width, as they were sent. */
struct orow {
    bool used, believed;
    unsigned bits;
    uint64_t end;            /* behind the last one that came */
    uint32_t count, doubted; /* of the last ones */
    wide highest;            /* the session's, when the last one came */
    uint32_t first_time, last_time, last_at, source;
    unsigned datagrams, streak, rivalry; /* 255 is many */
};

enum { OROWS = 3 };

enum order { UNKNOWN, OLDER, SAME, NEWER };

enum order orow_order(uint32_t a, uint32_t b);
uint32_t orow_source(const struct muster_record *record);
bool orow_has(const struct orow *row, uint64_t number, unsigned bits);

/* A number as it is sent. */
uint64_t osent(wide number, unsigned bits);
/* How many numbers a window has. */
uint32_t owindow(uint32_t window, unsigned bits);

/* Moves row number i to the front. */
void orows_to_front(struct orow *rows, int i);
/* The row that ends before that number, or that has it; or -1. */
int orows_next(const struct orow *rows, uint64_t number, unsigned bits);
int orows_with(const struct orow *rows, uint64_t number, unsigned bits);
void orows_drop(struct orow *rows, int i);
void orow_append(struct orow *row, const struct muster_record *record, bool further, uint32_t now,
                 uint32_t window, wide highest);

#endif
