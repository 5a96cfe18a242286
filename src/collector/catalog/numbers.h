/* SPDX-License-Identifier: MIT
 *
 * The numbers of devices (muster_record.device).  A device is what it calls itself, whatever its
 * format: one with a whole number below MUSTER_DEVICE_IDS has that number; any other is given one
 * at first sight, from MUSTER_DEVICE_IDS on, and keeps it with the state.  Its key is a text, and a
 * whole number is the same device as its decimal digits.
 *
 * What is kept is an entry for each number, in memory that can be a file's; the process may be
 * killed between any two stores.
 */
#ifndef COLLECTOR_CATALOG_NUMBERS_H
#define COLLECTOR_CATALOG_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <muster/record.h>

#define NUMBERS_NONE   UINT32_MAX
#define NUMBERS_FORMAT 1u                  /* raise it when the layout of an entry changes */
#define NUMBERS_MOST   (UINT32_C(1) << 21) /* given at most */

/* Most bytes of a key; as FORMAT_KEY_MOST. */
#define NUMBERS_KEY_MOST 64

struct numbers;

/* How much memory is kept for `most` numbers. */
uint64_t numbers_bytes(uint32_t most);

/* Takes over from memory for other numbers: those that are beyond `most` are gone. */
void numbers_copy(void *memory, uint32_t most, const void *old, uint64_t old_bytes);

/* Takes up what is there, or zeros.  What is damaged, and twice, is given up.  `memory` must live
 * as long.  NULL if memory is short. */
struct numbers *numbers_open(void *memory, uint32_t most, unsigned workers);
void numbers_close(struct numbers *numbers); /* NULL is ignored */

/* All numbers are below this.  NULL: there are none but those of MUSTER_DEVICE_IDS. */
uint32_t numbers_end(const struct numbers *numbers);

/* Whether a key is a whole number, as it would be shown: *id. */
bool numbers_is_whole(const char *key, size_t length, uint64_t *id);

/* [any thread] The number of a device, by its id or its key of 1 to NUMBERS_KEY_MOST bytes;
 * NUMBERS_NONE: it has none yet. */
uint32_t numbers_of_id(const struct numbers *numbers, uint64_t id);
uint32_t numbers_of_key(const struct numbers *numbers, const char *key, size_t length);

/* [any thread] Which worker a device without a number should be of, that would best be of worker
 * `first`: one that can still be given numbers, if any can. */
unsigned numbers_worker(const struct numbers *numbers, unsigned first);

/* [any thread] Gives it a number of that worker, unless it has one, which is then returned.
 * NUMBERS_NONE: all are taken. */
uint32_t numbers_give(struct numbers *numbers, const char *key, size_t length, unsigned worker);

/* [any thread] Its key, which lives as long as this; NULL: nobody has the number. */
const char *numbers_key(const struct numbers *numbers, uint32_t number);

/* [the thread whose device it is] It was heard. */
void numbers_heard(struct numbers *numbers, uint32_t number, uint64_t now_ns);

/* Takes `wanted` numbers back at most, of those that were heard longest ago; of none that is kept,
 * and of none that was heard in the last `quiet_ns` in which any was.  Returns how many, or -1 if
 * memory is short.  While nobody else looks. */
void numbers_keep(struct numbers *numbers, uint32_t number);
int64_t numbers_take_back(struct numbers *numbers, uint32_t wanted, uint64_t quiet_ns);

/* How many are given. */
uint32_t numbers_count(const struct numbers *numbers);

/* [any thread] Sets what a record says of its device, by number. */
void numbers_name(const struct numbers *numbers, struct muster_record *record, uint32_t number);

#endif
