/* SPDX-License-Identifier: MIT
 *
 * A table of entries, by number, which is kept; and one of places, by key, which is made anew at
 * each start: open addressing, at most half full, and nothing is ever taken out of it while threads
 * look.
 */
#include "numbers.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

#define HOUR (3600 * CLOCK_SECOND)

/* The layout is in files. */
struct entry {
    char key[NUMBERS_KEY_MOST + 1]; /* terminated */
    uint8_t length;                 /* 0: nobody has the number */
    uint8_t reserved[2];
    uint32_t heard; /* hours since the Unix epoch */
};

_Static_assert(sizeof(struct entry) == 72, "the layout is in files");

/* Where a key's entry is: the upper half of its hash, and the entry's index + 1.  0: none. */
typedef uint64_t place;

/* Of an entry: what a datagram needs. */
struct known {
    uint64_t id;    /* the key, if it is a whole number; else 0 */
    uint32_t heard; /* as the entry has it */
    uint32_t kept;
};

struct numbers {
    struct entry *entries;
    struct known *known; /* of each entry */
    uint32_t most;
    unsigned workers;
    struct hash_secret secret;
    place *places;
    uint32_t mask;        /* how many there are, less one */
    pthread_mutex_t lock; /* of what is given */
    uint32_t *fresh;      /* of each worker: its first free entry; `most`: it has none */
    uint32_t count;
};

/* ---- keys ----------------------------------------------------------------------------- */

bool numbers_is_whole(const char *key, size_t length, uint64_t *id)
{
    const size_t safe = length < 20 ? length : 19; /* digits that always fit */
    uint64_t number = 0;
    size_t i;

    if (length == 0 || length > 20 || (key[0] == '0' && length > 1))
        return false;
    for (i = 0; i < safe; i++) {
        unsigned digit = (unsigned)(key[i] - '0');

        if (digit > 9)
            return false;
        number = number * 10 + digit;
    }
    if (safe < length) {
        unsigned digit = (unsigned)(key[safe] - '0');

        if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return false;
    }
    *id = number;
    return true;
}

/* What a device is looked up by. */
struct wanted {
    uint64_t id; /* its key, if that is a whole number; else 0 */
    const char *key;
    size_t length;
    uint64_t hash;
};

static struct wanted want_id(const struct numbers *numbers, uint64_t id)
{
    return (struct wanted){.id = id,
                           .hash = hash_word(&numbers->secret, numbers->secret.first, id)};
}

static struct wanted want(const struct numbers *numbers, const char *key, size_t length)
{
    struct wanted wanted = {.key = key, .length = length};
    uint64_t id;

    if (numbers_is_whole(key, length, &id))
        return want_id(numbers, id);
    wanted.hash = hash_bytes(&numbers->secret, numbers->secret.first, key, length);
    return wanted;
}

static place place_of(uint64_t hash, uint32_t index)
{
    return (hash & ~(uint64_t)UINT32_MAX) | (index + 1);
}

static bool is_it(const struct numbers *numbers, uint32_t index, const struct wanted *wanted)
{
    const struct entry *entry = &numbers->entries[index];

    if (wanted->id != 0)
        return numbers->known[index].id == wanted->id;
    assert(wanted->key != NULL);
    return entry->length == wanted->length && memcmp(entry->key, wanted->key, wanted->length) == 0;
}

/* The place that it has, or the first that is free there. */
static uint32_t look(const struct numbers *numbers, const struct wanted *wanted)
{
    uint32_t at = (uint32_t)wanted->hash & numbers->mask;

    for (;; at = (at + 1) & numbers->mask) {
        place there = __atomic_load_n(&numbers->places[at], __ATOMIC_ACQUIRE);

        if (there == 0)
            return at;
        if ((there ^ wanted->hash) >> 32 == 0 && is_it(numbers, (uint32_t)there - 1, wanted))
            return at;
    }
}

/* ---- open ----------------------------------------------------------------------------- */

uint64_t numbers_bytes(uint32_t most)
{
    return (uint64_t)most * sizeof(struct entry);
}

void numbers_copy(void *memory, uint32_t most, const void *old, uint64_t old_bytes)
{
    uint64_t bytes = numbers_bytes(most);

    old_bytes -= old_bytes % sizeof(struct entry);
    memcpy(memory, old, old_bytes < bytes ? old_bytes : bytes);
}

static bool is_sound(const struct entry *entry)
{
    uint64_t id;
    uint8_t i;

    if (entry->length == 0 || entry->length > NUMBERS_KEY_MOST || entry->key[entry->length] != '\0')
        return false;
    for (i = 0; i < entry->length; i++)
        if (entry->key[i] < 0x20 || entry->key[i] > 0x7e)
            return false;
    return !numbers_is_whole(entry->key, entry->length, &id) || id >= MUSTER_DEVICE_IDS;
}

/* The first free entry of that worker from `at` on, or `most`. */
static uint32_t find_free(const struct numbers *numbers, uint32_t at)
{
    while (at < numbers->most && numbers->entries[at].length != 0)
        at += numbers->workers;
    return at < numbers->most ? at : numbers->most;
}

/* The first entry of a worker. */
static uint32_t first_of(const struct numbers *numbers, unsigned worker)
{
    return (worker + numbers->workers - MUSTER_DEVICE_IDS % numbers->workers) % numbers->workers;
}

/* Those that are given. */
static void take_up(struct numbers *numbers)
{
    unsigned worker;
    uint32_t i, at;

    for (i = 0; i < numbers->most; i++) {
        struct entry *entry = &numbers->entries[i];
        struct wanted wanted;

        numbers->known[i].id = 0;
        if (entry->length == 0 && entry->key[0] == '\0')
            continue; /* do not write where nothing ever was */
        if (!is_sound(entry)) {
            memset(entry, 0, sizeof *entry);
            continue;
        }
        wanted = want(numbers, entry->key, entry->length);
        at = look(numbers, &wanted);
        if (numbers->places[at] != 0) { /* twice */
            memset(entry, 0, sizeof *entry);
            continue;
        }
        numbers->known[i].id = wanted.id;
        numbers->known[i].heard = entry->heard;
        numbers->places[at] = place_of(wanted.hash, i);
        numbers->count++;
    }
    for (worker = 0; worker < numbers->workers; worker++)
        numbers->fresh[worker] = find_free(numbers, first_of(numbers, worker));
}

struct numbers *numbers_open(void *memory, uint32_t most, unsigned workers)
{
    struct numbers *numbers = calloc(1, sizeof *numbers);
    uint32_t size = 2;

    assert(most > 0 && most <= NUMBERS_MOST && workers > 0);
    if (numbers == NULL)
        return NULL;
    while (size < 2 * most)
        size *= 2;
    pthread_mutex_init(&numbers->lock, NULL);
    numbers->entries = memory;
    numbers->most = most;
    numbers->workers = workers;
    numbers->mask = size - 1;
    numbers->places = calloc(size, sizeof *numbers->places);
    numbers->fresh = calloc(workers, sizeof *numbers->fresh);
    numbers->known = calloc(most, sizeof *numbers->known);
    if (numbers->places == NULL || numbers->fresh == NULL || numbers->known == NULL) {
        numbers_close(numbers);
        return NULL;
    }
    numbers->secret = hash_new_secret();
    take_up(numbers);
    return numbers;
}

void numbers_close(struct numbers *numbers)
{
    if (numbers == NULL)
        return;
    pthread_mutex_destroy(&numbers->lock);
    free(numbers->places);
    free(numbers->fresh);
    free(numbers->known);
    free(numbers);
}

/* ---- look-ups ------------------------------------------------------------------------- */

uint32_t numbers_end(const struct numbers *numbers)
{
    return MUSTER_DEVICE_IDS + (numbers != NULL ? numbers->most : 0);
}

static uint32_t find(const struct numbers *numbers, const struct wanted *wanted)
{
    place there = __atomic_load_n(&numbers->places[look(numbers, wanted)], __ATOMIC_ACQUIRE);

    return there == 0 ? NUMBERS_NONE : MUSTER_DEVICE_IDS + (uint32_t)there - 1;
}

uint32_t numbers_of_id(const struct numbers *numbers, uint64_t id)
{
    struct wanted wanted;

    if (id < MUSTER_DEVICE_IDS)
        return (uint32_t)id;
    if (numbers == NULL)
        return NUMBERS_NONE;
    wanted = want_id(numbers, id);
    return find(numbers, &wanted);
}

uint32_t numbers_of_key(const struct numbers *numbers, const char *key, size_t length)
{
    struct wanted wanted;
    uint64_t id;

    assert(length > 0 && length <= NUMBERS_KEY_MOST);
    if (numbers_is_whole(key, length, &id))
        return numbers_of_id(numbers, id);
    if (numbers == NULL)
        return NUMBERS_NONE;
    wanted = want(numbers, key, length);
    return find(numbers, &wanted);
}

static const struct entry *entry_of(const struct numbers *numbers, uint32_t number)
{
    assert(numbers != NULL && number >= MUSTER_DEVICE_IDS &&
           number - MUSTER_DEVICE_IDS < numbers->most);
    return &numbers->entries[number - MUSTER_DEVICE_IDS];
}

const char *numbers_key(const struct numbers *numbers, uint32_t number)
{
    const struct entry *entry = entry_of(numbers, number);

    return __atomic_load_n(&entry->length, __ATOMIC_ACQUIRE) != 0 ? entry->key : NULL;
}

void numbers_name(const struct numbers *numbers, struct muster_record *record, uint32_t number)
{
    record->device = number;
    record->device_id = number;
    record->marks = (uint8_t)((record->marks & ~MUSTER_MARK_KEY) | MUSTER_MARK_DEVICE);
    if (number < MUSTER_DEVICE_IDS)
        return;
    entry_of(numbers, number); /* there is such a number */
    record->device_id =
        __atomic_load_n(&numbers->known[number - MUSTER_DEVICE_IDS].id, __ATOMIC_RELAXED);
    if (record->device_id == 0)
        record->marks |= MUSTER_MARK_KEY;
}

uint32_t numbers_count(const struct numbers *numbers)
{
    return __atomic_load_n(&numbers->count, __ATOMIC_RELAXED);
}

/* ---- giving --------------------------------------------------------------------------- */

unsigned numbers_worker(const struct numbers *numbers, unsigned first)
{
    unsigned i;

    for (i = 0; numbers != NULL && i < numbers->workers; i++) {
        unsigned worker = (first + i) % numbers->workers;

        if (__atomic_load_n(&numbers->fresh[worker], __ATOMIC_RELAXED) < numbers->most)
            return worker;
    }
    return first;
}

uint32_t numbers_give(struct numbers *numbers, const char *key, size_t length, unsigned worker)
{
    const struct wanted wanted = want(numbers, key, length);
    struct entry *entry;
    uint32_t at, index;

    assert(length > 0 && length <= NUMBERS_KEY_MOST && worker < numbers->workers);
    assert(wanted.key != NULL || wanted.id >= MUSTER_DEVICE_IDS);
    pthread_mutex_lock(&numbers->lock);
    at = look(numbers, &wanted);
    index = (uint32_t)numbers->places[at] - 1;
    if (numbers->places[at] != 0)
        goto done;
    index = numbers->fresh[worker];
    if (index == numbers->most) {
        index = NUMBERS_NONE;
        goto done;
    }
    entry = &numbers->entries[index];
    memcpy(entry->key, key, length);
    memset(entry->key + length, 0, sizeof entry->key - length);
    entry->heard = numbers->known[index].heard = 0;
    __atomic_store_n(&numbers->known[index].id, wanted.id, __ATOMIC_RELAXED);
    /* Whoever is killed before this has given nothing. */
    __atomic_store_n(&entry->length, (uint8_t)length, __ATOMIC_RELEASE);
    __atomic_store_n(&numbers->places[at], place_of(wanted.hash, index), __ATOMIC_RELEASE);
    __atomic_store_n(&numbers->count, numbers->count + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&numbers->fresh[worker], find_free(numbers, index), __ATOMIC_RELAXED);

done:
    pthread_mutex_unlock(&numbers->lock);
    return index == NUMBERS_NONE ? NUMBERS_NONE : MUSTER_DEVICE_IDS + index;
}

void numbers_heard(struct numbers *numbers, uint32_t number, uint64_t now_ns)
{
    struct entry *entry = (struct entry *)entry_of(numbers, number);
    struct known *known = &numbers->known[number - MUSTER_DEVICE_IDS];
    uint32_t now = (uint32_t)(now_ns / HOUR);

    if (known->heard != now)
        known->heard = entry->heard = now;
}

/* ---- taking back ---------------------------------------------------------------------- */

void numbers_keep(struct numbers *numbers, uint32_t number)
{
    entry_of(numbers, number);
    numbers->known[number - MUSTER_DEVICE_IDS].kept = 1;
}

struct quiet {
    uint32_t index, heard;
};

static int compare(const void *left, const void *right)
{
    const struct quiet *a = left, *b = right;

    if (a->heard != b->heard)
        return a->heard < b->heard ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Those that are not kept, and were not heard in the last `quiet` hours that any was.  Returns how
 * many. */
static uint32_t find_quiet(const struct numbers *numbers, struct quiet *list, uint32_t quiet)
{
    uint32_t newest = 0, count = 0, i;

    for (i = 0; i < numbers->most; i++)
        if (numbers->entries[i].length != 0 && numbers->entries[i].heard > newest)
            newest = numbers->entries[i].heard;
    for (i = 0; i < numbers->most; i++) {
        const struct entry *entry = &numbers->entries[i];

        if (entry->length != 0 && !numbers->known[i].kept && newest - entry->heard >= quiet)
            list[count++] = (struct quiet){i, entry->heard};
    }
    return count;
}

int64_t numbers_take_back(struct numbers *numbers, uint32_t wanted, uint64_t quiet_ns)
{
    struct quiet *list = calloc(numbers->most, sizeof *list);
    uint32_t count, i;

    if (list == NULL)
        return -1;
    count = find_quiet(numbers, list, (uint32_t)(quiet_ns / HOUR));
    qsort(list, count, sizeof *list, compare);
    if (count > wanted)
        count = wanted;
    for (i = 0; i < count; i++)
        memset(&numbers->entries[list[i].index], 0, sizeof(struct entry));
    free(list);
    if (count == 0)
        return 0;
    memset(numbers->places, 0, ((size_t)numbers->mask + 1) * sizeof *numbers->places);
    numbers->count = 0;
    take_up(numbers);
    return count;
}
