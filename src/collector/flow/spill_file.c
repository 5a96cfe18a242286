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

/* Reads a header, and takes over the position if it is one.  Returns false if it is none. */
static bool read_header(int fd, struct spill_segment *segment)
{
    struct spill_file_header header;

    if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header || header.magic != MAGIC ||
        header.number != segment->number)
        return false;
    segment->at = sizeof header;
    if (header.at_check == position_check(header.number, header.at, header.of) &&
        header.at >= sizeof header) {
        segment->at = header.at;
        segment->of = header.of;
    }
    return true;
}

/* Whether the chunk is whole, byte for byte. */
static bool is_whole(int fd, uint64_t at, uint32_t size)
{
    uint8_t *bytes = malloc(size);
    bool is_sound = bytes != NULL && pread(fd, bytes, size, (off_t)at) == (ssize_t)size &&
                    spill_chunk_is_sound(bytes, size);

    free(bytes);
    return is_sound;
}

/* Walks over the chunks, up to `size`, the file's: *torn are the records of the first that is not
 * whole.  Returns where they end. */
static uint64_t walk(int fd, struct spill_segment *segment, uint64_t size, bool is_last,
                     uint64_t *torn)
{
    struct spill_chunk_header header;
    uint64_t at = sizeof(struct spill_file_header);
    bool met = segment->at == at;

    *torn = 0;
    while (at < size && pread(fd, &header, sizeof header, (off_t)at) == (ssize_t)sizeof header &&
           spill_chunk_header_is_sound(&header)) {
        if (header.bytes > size - at || (is_last && !is_whole(fd, at, header.bytes))) {
            *torn = header.records;
            break;
        }
        met |= at == segment->at;
        if (at >= segment->at)
            segment->records += header.records;
        if (segment->first_ns == 0 || header.first_ns < segment->first_ns)
            segment->first_ns = header.first_ns;
        if (header.last_ns > segment->last_ns)
            segment->last_ns = header.last_ns;
        at += header.bytes;
    }
    if (!met && segment->at != at) { /* a position that is none */
        segment->at = sizeof(struct spill_file_header);
        segment->of = 0;
    }
    if (segment->of > segment->records)
        segment->of = 0;
    segment->records -= segment->of;
    return at;
}

/* Takes up a segment.  Returns 0, or -1 with errno. */
static int take_up(struct spill_store *store, uint64_t number, bool is_last)
{
    struct spill_segment segment = {.number = number};
    int fd = spill_file_open(store, number, O_RDWR);
    struct stat status;
    uint64_t end, torn;

    if (fd < 0 || fstat(fd, &status) < 0 || spill_file_reserve(store) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (!S_ISREG(status.st_mode) || !read_header(fd, &segment)) {
        close(fd);
        spill_file_set_aside(store, number, "it has no header of a segment");
        return 0;
    }
    end = walk(fd, &segment, (uint64_t)status.st_size, is_last, &torn);
    segment.size = end;
    if (end < (uint64_t)status.st_size) {
        store->damaged += torn;
        log_format(store->log, LOG_WARNING, store->name,
                   "the last %" PRIu64 " bytes of segment %016" PRIx64
                   " are torn or damaged, and cut off; at least %" PRIu64 " records were in them",
                   (uint64_t)status.st_size - end, number, torn);
        if (ftruncate(fd, (off_t)end) < 0)
            log_line(store->log, LOG_WARNING, store->name, "they could not be cut off");
    }
    close(fd);
    store->segments[store->count++] = segment;
    store->bytes += segment.size;
    return 0;
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
    result = 0;

done:
    free(numbers);
    closedir(folder);
    return result;
}
