/* SPDX-License-Identifier: MIT
 *
 * The oracle's memory.
 */
#include "oracle_rows.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

size_t numbers_place(const struct numbers *numbers, wide n)
{
    size_t low = 0, high = numbers->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (numbers->list[middle] < n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool numbers_has(const struct numbers *numbers, wide n)
{
    size_t place = numbers_place(numbers, n);

    return place < numbers->count && numbers->list[place] == n;
}

void numbers_insert(struct numbers *numbers, wide n)
{
    size_t place = numbers_place(numbers, n);

    if (place < numbers->count && numbers->list[place] == n)
        return;
    if (numbers->count == numbers->room) {
        numbers->room = numbers->room * 2 + 64;
        numbers->list = realloc(numbers->list, numbers->room * sizeof *numbers->list);
        ck_assert_ptr_nonnull(numbers->list);
    }
    memmove(&numbers->list[place + 1], &numbers->list[place],
            (numbers->count - place) * sizeof *numbers->list);
    numbers->list[place] = n;
    numbers->count++;
}

void numbers_erase(struct numbers *numbers, size_t place, size_t count)
{
    if (count == 0)
        return;
    memmove(&numbers->list[place], &numbers->list[place + count],
            (numbers->count - place - count) * sizeof *numbers->list);
    numbers->count -= count;
}

enum order orow_order(uint32_t a, uint32_t b)
{
    const int64_t ten_years = 3652LL * 86400 + 43200;
    int64_t difference = (int32_t)(a - b);

    if (a == 0 || b == 0 || difference >= ten_years || -difference >= ten_years)
        return UNKNOWN;
    return difference == 0 ? SAME : difference > 0 ? NEWER : OLDER;
}

/* Tests have sources that differ in their ports. */
uint32_t orow_source(const struct muster_record *record)
{
    return record->via.arrival != NULL ? record->via.arrival->source_port : 0;
}

uint64_t osent(wide number, unsigned bits)
{
    const wide all = (wide)1 << bits;

    return (uint64_t)((number % all + all) % all);
}

uint32_t owindow(uint32_t window, unsigned bits)
{
    while (bits < 32 && window > UINT64_C(1) << bits >> 1)
        window /= 2;
    return window;
}

bool orow_has(const struct orow *row, uint64_t number, unsigned bits)
{
    return row->used && row->bits == bits && osent((wide)row->end - 1 - number, bits) < row->count;
}

void orows_to_front(struct orow *rows, int i)
{
    const struct orow row = rows[i];

    for (; i > 0; i--)
        rows[i] = rows[i - 1];
    rows[0] = row;
}

int orows_next(const struct orow *rows, uint64_t number, unsigned bits)
{
    int i;

    for (i = 0; i < OROWS; i++)
        if (rows[i].used && rows[i].bits == bits && rows[i].end == number)
            return i;
    return -1;
}

int orows_with(const struct orow *rows, uint64_t number, unsigned bits)
{
    int i;

    for (i = 0; i < OROWS; i++)
        if (orow_has(&rows[i], number, bits))
            return i;
    return -1;
}

void orows_drop(struct orow *rows, int i)
{
    for (; i < OROWS - 1; i++)
        rows[i] = rows[i + 1];
    memset(&rows[OROWS - 1], 0, sizeof *rows);
}

void orow_append(struct orow *row, const struct muster_record *record, bool further, uint32_t now,
                 uint32_t window, wide highest)
{
    bool begins = !row->used;

    if (begins) {
        row->used = true;
        row->bits = record->seq_bits;
        row->first_time = (uint32_t)(record->device_time_ns / 1000000000);
    }
    row->end = osent((wide)record->seq + 1, row->bits);
    row->doubted++;
    row->count += row->count < owindow(window, row->bits);
    row->highest = highest;
    row->last_time = (uint32_t)(record->device_time_ns / 1000000000);
    row->last_at = now;
    row->source = orow_source(record);
    if (begins || !further) {
        row->datagrams += row->datagrams < 255;
        row->streak += row->streak < 255;
    }
}
