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
#include <sys/random.h>

#include "base/clock.h"

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

struct numbers {
    struct entry *entries;
    uint32_t most;
    unsigned workers;
    uint64_t seed; /* so that nobody can choose where a key is */
    place *places;
    uint32_t mask;        /* how many there are, less one */
    pthread_mutex_t lock; /* of what is given */
    uint32_t *fresh;      /* of each worker: its first free entry; `most`: it has none */
    uint8_t *kept;        /* of each entry */
    uint32_t count;
};

/* ---- keys ----------------------------------------------------------------------------- */

bool numbers_is_whole(const char *key, size_t length, uint64_t *id)
{
    uint64_t number = 0;
    size_t i;

    if (length == 0 || length > 20 || (key[0] == '0' && length > 1))
        return false;
    for (i = 0; i < length; i++) {
        unsigned digit = (unsigned)(key[i] - '0');

        if (key[i] < '0' || key[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return false;
    }
    *id = number;
    return true;
}

static uint64_t hash(const struct numbers *numbers, const char *key, size_t length)
{
    uint64_t hash = numbers->seed ^ length;

    while (length > 0) {
        size_t piece = length < sizeof hash ? length : sizeof hash;
        uint64_t word = 0;

        memcpy(&word, key, piece);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
        key += piece;
        length -= piece;
    }
    hash *= UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 29;
}

static place place_of(uint64_t hash, uint32_t index)
{
    return (hash & ~(uint64_t)UINT32_MAX) | (index + 1);
}

/* Of a key: the place that it has, or the first that is free there. */
static uint32_t look(const struct numbers *numbers, const char *key, size_t length, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & numbers->mask;

    for (;; at = (at + 1) & numbers->mask) {
        place there = __atomic_load_n(&numbers->places[at], __ATOMIC_ACQUIRE);
        const struct entry *entry;

        if (there == 0)
            return at;
        if ((there ^ hash) >> 32 != 0)
            continue;
        entry = &numbers->entries[(uint32_t)there - 1];
        if (entry->length == length && memcmp(entry->key, key, length) == 0)
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
        uint64_t sum;

        if (entry->length == 0 && entry->key[0] == '\0')
            continue; /* do not write where nothing ever was */
        sum = hash(numbers, entry->key, entry->length % (NUMBERS_KEY_MOST + 1));
        at = is_sound(entry) ? look(numbers, entry->key, entry->length, sum) : 0;
        if (!is_sound(entry) || numbers->places[at] != 0) {
            memset(entry, 0, sizeof *entry);
            continue;
        }
        numbers->places[at] = place_of(sum, i);
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
    numbers->kept = calloc(most, 1);
    if (numbers->places == NULL || numbers->fresh == NULL || numbers->kept == NULL) {
        numbers_close(numbers);
        return NULL;
    }
    if (getrandom(&numbers->seed, sizeof numbers->seed, GRND_NONBLOCK) != sizeof numbers->seed)
        numbers->seed = clock_monotonic();
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
    free(numbers->kept);
    free(numbers);
}

/* ---- look-ups ------------------------------------------------------------------------- */

uint32_t numbers_end(const struct numbers *numbers)
{
    return MUSTER_DEVICE_IDS + (numbers != NULL ? numbers->most : 0);
}

uint32_t numbers_of_key(const struct numbers *numbers, const char *key, size_t length)
{
    uint64_t sum, id;
    place there;

    assert(length > 0 && length <= NUMBERS_KEY_MOST);
    if (numbers_is_whole(key, length, &id) && id < MUSTER_DEVICE_IDS)
        return (uint32_t)id;
    if (numbers == NULL)
        return NUMBERS_NONE;
    sum = hash(numbers, key, length);
    there = __atomic_load_n(&numbers->places[look(numbers, key, length, sum)], __ATOMIC_ACQUIRE);
    return there == 0 ? NUMBERS_NONE : MUSTER_DEVICE_IDS + (uint32_t)there - 1;
}

uint32_t numbers_of_id(const struct numbers *numbers, uint64_t id)
{
    char digits[20];
    size_t at = sizeof digits;

    if (id < MUSTER_DEVICE_IDS)
        return (uint32_t)id;
    for (; id > 0; id /= 10)
        digits[--at] = (char)('0' + id % 10);
    return numbers_of_key(numbers, digits + at, sizeof digits - at);
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
    const char *key;

    record->device = number;
    record->device_id = number;
    record->marks = (uint8_t)((record->marks & ~MUSTER_MARK_KEY) | MUSTER_MARK_DEVICE);
    if (number < MUSTER_DEVICE_IDS)
        return;
    key = numbers_key(numbers, number);
    if (key == NULL || !numbers_is_whole(key, strlen(key), &record->device_id)) {
        record->device_id = 0;
        record->marks |= MUSTER_MARK_KEY;
    }
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
    const uint64_t sum = hash(numbers, key, length);
    struct entry *entry;
    uint32_t at, index;

    assert(length > 0 && length <= NUMBERS_KEY_MOST && worker < numbers->workers);
    pthread_mutex_lock(&numbers->lock);
    at = look(numbers, key, length, sum);
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
    entry->heard = 0;
    /* Whoever is killed before this has given nothing. */
    __atomic_store_n(&entry->length, (uint8_t)length, __ATOMIC_RELEASE);
    __atomic_store_n(&numbers->places[at], place_of(sum, index), __ATOMIC_RELEASE);
    __atomic_store_n(&numbers->count, numbers->count + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&numbers->fresh[worker], find_free(numbers, index), __ATOMIC_RELAXED);

done:
    pthread_mutex_unlock(&numbers->lock);
    return index == NUMBERS_NONE ? NUMBERS_NONE : MUSTER_DEVICE_IDS + index;
}

void numbers_heard(struct numbers *numbers, uint32_t number, uint64_t now_ns)
{
    struct entry *entry = (struct entry *)entry_of(numbers, number);
    uint32_t now = (uint32_t)(now_ns / HOUR);

    if (entry->heard != now)
        entry->heard = now;
}

void numbers_keep(struct numbers *numbers, uint32_t number)
{
    entry_of(numbers, number);
    numbers->kept[number - MUSTER_DEVICE_IDS] = 1;
}

uint32_t numbers_take_back(struct numbers *numbers, uint64_t since_ns)
{
    const uint32_t since = (uint32_t)(since_ns / HOUR);
    uint32_t i, count = 0;

    for (i = 0; i < numbers->most; i++) {
        struct entry *entry = &numbers->entries[i];

        if (entry->length == 0 || numbers->kept[i] || entry->heard >= since)
            continue;
        memset(entry, 0, sizeof *entry);
        count++;
    }
    if (count == 0)
        return 0;
    memset(numbers->places, 0, ((size_t)numbers->mask + 1) * sizeof *numbers->places);
    numbers->count = 0;
    take_up(numbers);
    return count;
}
