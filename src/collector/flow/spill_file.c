/* SPDX-License-Identifier: MIT
 *
 * Segments as files.  What is found at the start is believed as far as its checksums go: of each
 * chunk the header, since there may be a lot of them, and of the last segment, where a power cut
 * shows, all.
 */
#include "spill_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/state/checksum.h"
#include "spill_chunk.h"

#define MAGIC UINT64_C(0x314c4c4950534d55) /* "UMSPILL1" on a little-endian machine */

_Static_assert(sizeof(struct spill_file_header) == 64, "the layout is kept");

void spill_file_name(const struct spill_store *store, uint64_t number, char out[SPILL_FILE_NAME])
{
    snprintf(out, SPILL_FILE_NAME, "%s.%016" PRIx64 ".spill", store->name, number);
}

int spill_file_open(const struct spill_store *store, uint64_t number, int flags)
{
    char name[SPILL_FILE_NAME];

    spill_file_name(store, number, name);
    return openat(store->folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
}

int spill_file_write(int fd, const void *bytes, size_t size, uint64_t at)
{
    const char *next = bytes;

    while (size > 0) {
        ssize_t done = pwrite(fd, next, size, (off_t)at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            errno = done == 0 ? ENOSPC : errno;
            return -1;
        }
        next += done;
        at += (uint64_t)done;
        size -= (size_t)done;
    }
    return 0;
}

static uint64_t position_check(uint64_t number, uint64_t at, uint32_t of)
{
    const uint64_t words[] = {number, at, of};
    struct checksum sum = {0};

    checksum_add(&sum, words, sizeof words);
    return checksum_end(&sum);
}

int spill_file_make(struct spill_store *store, uint64_t number)
{
    const struct spill_file_header header = {
        .magic = MAGIC,
        .number = number,
        .at = sizeof header,
        .at_check = position_check(number, sizeof header, 0),
    };
    int fd = spill_file_open(store, number, O_RDWR | O_CREAT | O_EXCL), error;
    char name[SPILL_FILE_NAME];

    if (fd < 0)
        return -1;
    if (spill_file_write(fd, &header, sizeof header, 0) == 0)
        return fd;
    error = errno;
    close(fd);
    spill_file_name(store, number, name);
    unlinkat(store->folder, name, 0);
    errno = error;
    return -1;
}

void spill_file_note_position(int fd, const struct spill_segment *segment)
{
    const struct {
        uint64_t at;
        uint32_t of, zero;
        uint64_t check;
    } position = {segment->at, segment->of, 0,
                  position_check(segment->number, segment->at, segment->of)};

    /* If that fails, something comes twice after a kill. */
    (void)!pwrite(fd, &position, sizeof position, offsetof(struct spill_file_header, at));
}

void spill_file_set_aside(struct spill_store *store, uint64_t number, const char *why)
{
    char name[SPILL_FILE_NAME], aside[SPILL_FILE_NAME + 16];

    spill_file_name(store, number, name);
    snprintf(aside, sizeof aside, "%s.damaged", name);
    if (renameat(store->folder, name, store->folder, aside) < 0)
        unlinkat(store->folder, name, 0);
    log_format(store->log, LOG_ERROR, store->name,
               "\"%s/%s\" is damaged: %s; it is set aside as \"%s\"", store->directory, name, why,
               aside);
}

int spill_file_reserve(struct spill_store *store)
{
    struct spill_segment *grown;

    if (store->count < store->room)
        return 0;
    grown = reallocarray(store->segments, (size_t)store->room + 64, sizeof *grown);
    if (grown == NULL)
        return -1;
    store->segments = grown;
    store->room += 64;
    return 0;
}

/* ---- What is found -------------------------------------------------------------------- */

int spill_file_read(int fd, void *bytes, size_t size, uint64_t at)
{
    char *next = bytes;

    while (size > 0) {
        ssize_t done = pread(fd, next, size, (off_t)at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return (int)done;
        next += done;
        at += (uint64_t)done;
        size -= (size_t)done;
    }
    return 1;
}

int spill_file_read_sound(int fd, struct spill_chunk_header *header, uint64_t at)
{
    int result = spill_file_read(fd, header, sizeof *header, at);

    return result > 0 ? spill_chunk_header_is_sound(header) : result;
}

/* Reads a header, and takes over the position if it is one.  Returns 1; 0 if it is none; or -1 with
 * errno. */
static int read_header(int fd, struct spill_segment *segment)
{
    struct spill_file_header header;
    int result = spill_file_read(fd, &header, sizeof header, 0);

    if (result <= 0)
        return result;
    if (header.magic != MAGIC || header.number != segment->number)
        return 0;
    segment->at = sizeof header;
    if (header.at_check == position_check(header.number, header.at, header.of) &&
        header.at >= sizeof header) {
        segment->at = header.at;
        segment->of = header.of;
    }
    return 1;
}

/* Whether the chunk is whole, byte for byte: 1, 0, or -1 with errno. */
static int is_whole(int fd, uint64_t at, uint32_t size)
{
    uint8_t *bytes = malloc(size);
    int result = bytes != NULL ? spill_file_read(fd, bytes, size, at) : -1;

    if (result > 0)
        result = spill_chunk_is_sound(bytes, size);
    free(bytes);
    return result;
}

/* What a walk over a segment has found. */
struct found {
    uint64_t size;    /* of the file */
    uint64_t end;     /* of the chunks that are sound */
    uint64_t records; /* in them */
    uint32_t torn;    /* in the one behind them, if its header at least is sound */
    uint64_t lost;    /* that were not settled, in all that is behind them: about */
};

static void take_note(struct spill_segment *segment, const struct spill_chunk_header *header,
                      uint64_t at, bool *met)
{
    if (at == segment->at) {
        *met = true;
        if (segment->of >= header->records)
            segment->of = 0;
    }
    if (at >= segment->at)
        segment->records += header->records;
    if (segment->first_ns == 0 || header->first_ns < segment->first_ns)
        segment->first_ns = header->first_ns;
    if (header->last_ns > segment->last_ns)
        segment->last_ns = header->last_ns;
}

/* Walks over the chunks, up to the first that is not whole.  A position behind it says that they
 * all are settled; one that is not at a chunk says nothing.  Returns 0, or -1 with errno. */
static int walk(int fd, struct spill_segment *segment, bool is_last, struct found *found)
{
    struct spill_chunk_header header;
    uint64_t at = sizeof(struct spill_file_header);
    bool met = false;
    int sound;

    while ((sound = at < found->size ? spill_file_read_sound(fd, &header, at) : 0) > 0) {
        if (header.bytes > found->size - at)
            sound = 0;
        else if (is_last)
            sound = is_whole(fd, at, header.bytes);
        if (sound <= 0) {
            found->torn = header.records;
            break;
        }
        take_note(segment, &header, at, &met);
        found->records += header.records;
        at += header.bytes;
    }
    if (sound < 0)
        return -1;
    found->end = at;
    if (!met && segment->at < at) {
        segment->at = sizeof(struct spill_file_header);
        segment->of = 0;
        segment->records = found->records;
    }
    if (segment->at >= at)
        segment->of = 0;
    segment->records -= segment->of;
    return 0;
}

/* Adds the chunks whose headers are sound, wherever they begin from `at` on.  Returns 0, or -1 with
 * errno. */
static int search(int fd, uint64_t at, uint64_t size, uint64_t *records, uint64_t *bytes)
{
    const uint32_t magic = SPILL_CHUNK_MAGIC;
    struct spill_chunk_header header;
    uint8_t part[16384];

    while (at < size) {
        ssize_t got = pread(fd, part, sizeof part, (off_t)at);
        const uint8_t *hit = got > 0 ? memmem(part, (size_t)got, &magic, sizeof magic) : NULL;
        int sound;

        if (got < (ssize_t)sizeof magic)
            return got < 0 ? -1 : 0;
        if (hit == NULL) {
            at += (size_t)got - (sizeof magic - 1);
            continue;
        }
        at += (uint64_t)(hit - part);
        sound = spill_file_read_sound(fd, &header, at);
        if (sound < 0)
            return -1;
        *records += sound > 0 ? header.records : 0;
        *bytes += sound > 0 ? header.bytes : 0;
        at += sound > 0 ? header.bytes : 1;
    }
    return 0;
}

/* Looks at what is behind the sound chunks.  Returns 1 if that is no more than the end of the last
 * write, which a power cut has torn; 0 if it is damaged; or -1 with errno. */
static int judge_rest(int fd, const struct spill_segment *segment, bool is_last,
                      struct found *found)
{
    const uint64_t from = segment->at > found->end ? segment->at : found->end;
    uint64_t records = 0, bytes = 0, gap;

    if (from >= found->size)
        return is_last;
    if (search(fd, from > found->end ? from : from + 1, found->size, &records, &bytes) < 0)
        return -1;
    found->lost = records + (from == found->end ? found->torn : 0);
    if (is_last && records == 0)
        return 1;
    /* Where there is no header, as many as elsewhere. */
    gap = from == found->end && found->torn > 0 ? 0 : found->size - from;
    gap -= bytes < gap ? bytes : gap;
    records += found->records;
    bytes += found->end - sizeof(struct spill_file_header);
    found->lost += records > 0 ? gap * records / bytes : gap / SPILL_FILE_RECORD;
    return 0;
}

/* What is behind the sound chunks is cut off, or kept with its segment until that is set aside.
 * Returns 0, or -1 with errno. */
static int leave_rest(struct spill_store *store, int fd, struct spill_segment *segment,
                      bool is_last, struct found *found)
{
    int is_torn = judge_rest(fd, segment, is_last, found);

    if (is_torn < 0)
        return -1;
    if (is_torn == 0) {
        segment->is_damaged = true;
        segment->lost = found->lost;
        log_format(store->log, LOG_ERROR, store->name,
                   "the last %" PRIu64 " bytes of segment %016" PRIx64
                   " are damaged, and left out; about %" PRIu64 " records were in them",
                   found->size - found->end, segment->number, found->lost);
        return 0;
    }
    store->damaged += found->lost;
    log_format(store->log, LOG_WARNING, store->name,
               "the last %" PRIu64 " bytes of segment %016" PRIx64
               " are torn or damaged, and cut off; at least %" PRIu64 " records were in them",
               found->size - found->end, segment->number, found->lost);
    if (ftruncate(fd, (off_t)found->end) < 0)
        log_line(store->log, LOG_WARNING, store->name, "they could not be cut off");
    return 0;
}

/* It is not a segment, whatever else is in it. */
static int refuse(struct spill_store *store, int fd, uint64_t number, uint64_t size)
{
    uint64_t records = 0, bytes = 0;

    if (search(fd, 0, size, &records, &bytes) < 0)
        return -1;
    spill_file_set_aside(store, number, "it has no header of a segment");
    store->damaged += records;
    return 0;
}

/* Nothing of it is left to read. */
static void dismiss(struct spill_store *store, const struct spill_segment *segment)
{
    char name[SPILL_FILE_NAME];

    spill_file_name(store, segment->number, name);
    if (segment->is_damaged)
        spill_file_set_aside(store, segment->number, "what is left of it cannot be read");
    else
        unlinkat(store->folder, name, 0);
    store->damaged += segment->lost;
}

/* Takes up a segment that is open.  Returns 0, or -1 with errno. */
static int take_up_open(struct spill_store *store, int fd, uint64_t number, bool is_last)
{
    struct spill_segment segment = {.number = number};
    struct found found = {0};
    struct stat status;
    int is_segment;

    if (fstat(fd, &status) < 0 || spill_file_reserve(store) < 0)
        return -1;
    if (!S_ISREG(status.st_mode)) {
        spill_file_set_aside(store, number, "it is no file");
        return 0;
    }
    found.size = (uint64_t)status.st_size;
    is_segment = read_header(fd, &segment);
    if (is_segment <= 0)
        return is_segment < 0 ? -1 : refuse(store, fd, number, found.size);
    if (walk(fd, &segment, is_last, &found) < 0 ||
        (found.end < found.size && leave_rest(store, fd, &segment, is_last, &found) < 0))
        return -1;
    segment.size = found.end;
    if (segment.at >= segment.size) {
        dismiss(store, &segment);
        return 0;
    }
    store->segments[store->count++] = segment;
    store->bytes += segment.size;
    return 0;
}

/* Takes up a segment.  Returns 0, or -1 with errno. */
static int take_up(struct spill_store *store, uint64_t number, bool is_last)
{
    int fd = spill_file_open(store, number, O_RDWR), result, error;

    if (fd < 0)
        return -1;
    result = take_up_open(store, fd, number, is_last);
    error = errno;
    close(fd);
    errno = error;
    return result;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;

    return (*one > *other) - (*one < *other);
}

/* The number of a segment's file; false if that is none of this store. */
static bool read_number(const struct spill_store *store, const char *file, uint64_t *number)
{
    const size_t length = strlen(store->name);
    char name[SPILL_FILE_NAME];

    if (strncmp(file, store->name, length) != 0 || file[length] != '.')
        return false;
    *number = strtoull(file + length + 1, NULL, 16);
    spill_file_name(store, *number, name);
    return strcmp(file, name) == 0;
}

int spill_file_scan(struct spill_store *store)
{
    int fd = dup(store->folder), result = -1;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    uint64_t *numbers = NULL, number;
    size_t count = 0, i;
    const struct dirent *file;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    rewinddir(folder);
    /* cppcheck-suppress readdirCalled; safe for a stream of one's own */
    while ((file = readdir(folder)) != NULL) {
        uint64_t *grown;

        if (!read_number(store, file->d_name, &number))
            continue;
        grown = reallocarray(numbers, count + 1, sizeof *numbers);
        if (grown == NULL)
            goto done;
        numbers = grown;
        numbers[count++] = number;
    }
    if (count > 0)
        qsort(numbers, count, sizeof *numbers, compare);
    for (i = 0; i < count; i++)
        if (take_up(store, numbers[i], i + 1 == count) < 0)
            goto done;
    /* Not before: after an error they are found once more. */
    for (i = 0; i < store->count; i++)
        store->damaged += store->segments[i].lost;
    result = 0;

done:
    free(numbers);
    closedir(folder);
    return result;
}
