/* SPDX-License-Identifier: MIT
 *
 * A queue of chunks in segments.
 */
#include "spill_store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spill_chunk.h"
#include "spill_file.h"

#define FIRST (UINT64_C(1) << 40) /* so that there are numbers before it, too */

/* ---- Open and close ------------------------------------------------------------------- */

static void reset(struct spill_store *store)
{
    store->folder = store->lock = store->write_fd = store->read_fd = -1;
    store->segments = NULL;
    store->count = store->room = 0;
    store->bytes = store->read_number = store->read_at = 0;
    store->loaded_first = store->loaded_count = 0;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void let_go(struct spill_store *store)
{
    close_one(&store->write_fd);
    close_one(&store->read_fd);
    close_one(&store->lock);
    close_one(&store->folder);
    free(store->segments);
    reset(store);
}

/* Makes sure that nobody else uses these files. */
static int lock_files(struct spill_store *store)
{
    char name[SPILL_FILE_NAME];

    snprintf(name, sizeof name, "%s.lock", store->name);
    store->lock =
        openat(store->folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
    return store->lock >= 0 ? flock(store->lock, LOCK_EX | LOCK_NB) : -1;
}

int spill_store_open(struct spill_store *store, char why[256])
{
    int error;

    reset(store);
    if (mkdir(store->directory, 0750) < 0 && errno != EEXIST)
        goto failed;
    store->folder = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->folder < 0 || lock_files(store) < 0 || spill_file_scan(store) < 0)
        goto failed;
    store->next = store->count > 0 ? store->segments[store->count - 1].number + 1 : FIRST;
    return 0;

failed:
    error = errno;
    if (error == EWOULDBLOCK)
        snprintf(why, 256, "another process uses the files of %s in it; name another directory",
                 store->name);
    else
        snprintf(why, 256, "%s", strerror(error));
    let_go(store);
    return -1;
}

static void finish_writing(struct spill_store *store)
{
    if (store->write_fd < 0)
        return;
    if (fdatasync(store->write_fd) < 0)
        log_format(store->log, LOG_WARNING, store->name,
                   "cannot sync what is spilled to \"%s\": %s; it would not outlive a power cut",
                   store->directory, strerror(errno));
    fsync(store->folder);
    close_one(&store->write_fd);
}

/* What is settled of any segment, since that is noted meanwhile of the one that is read alone. */
static void note_positions(const struct spill_store *store)
{
    uint32_t i;

    for (i = 0; i < store->count; i++) {
        const struct spill_segment *segment = &store->segments[i];
        int fd;

        if (segment->at == sizeof(struct spill_file_header) && segment->of == 0)
            continue;
        fd = spill_file_open(store, segment->number, O_WRONLY);
        if (fd < 0)
            continue;
        spill_file_note_position(fd, segment);
        close(fd);
    }
}

void spill_store_close(struct spill_store *store)
{
    if (store->folder < 0)
        return;
    finish_writing(store);
    note_positions(store);
    fsync(store->folder);
    let_go(store);
}

uint64_t spill_store_records(const struct spill_store *store)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < store->count; i++)
        sum += store->segments[i].records;
    return sum;
}

/* ---- Segments ------------------------------------------------------------------------- */

static void remove_segment(struct spill_store *store, uint32_t index, bool unlinks)
{
    const struct spill_segment segment = store->segments[index];
    char name[SPILL_FILE_NAME];

    if (index + 1 == store->count)
        close_one(&store->write_fd);
    if (segment.number == store->read_number)
        close_one(&store->read_fd);
    spill_file_name(store, segment.number, name);
    if (unlinks)
        unlinkat(store->folder, name, 0);
    store->bytes -= segment.size;
    store->count--;
    memmove(&store->segments[index], &store->segments[index + 1],
            (store->count - index) * sizeof *store->segments);
}

static struct spill_segment *find(struct spill_store *store, uint64_t number)
{
    uint32_t i;

    for (i = 0; i < store->count; i++)
        if (store->segments[i].number == number)
            return &store->segments[i];
    return NULL;
}

static void note_chunk(struct spill_store *store, struct spill_segment *segment,
                       const uint8_t *chunk, size_t size)
{
    struct spill_chunk_header header;

    memcpy(&header, chunk, sizeof header);
    segment->size += size;
    store->bytes += size;
    segment->records += header.records;
    if (segment->first_ns == 0 || header.first_ns < segment->first_ns)
        segment->first_ns = header.first_ns;
    if (header.last_ns > segment->last_ns)
        segment->last_ns = header.last_ns;
}

/* ---- Writing -------------------------------------------------------------------------- */

static int begin_segment(struct spill_store *store)
{
    uint64_t number;

    if (spill_file_reserve(store) < 0)
        return -1;
    do {
        number = store->next++;
        store->write_fd = spill_file_make(store, number);
    } while (store->write_fd < 0 && errno == EEXIST);
    if (store->write_fd < 0)
        return -1;
    store->segments[store->count++] =
        (struct spill_segment){.number = number,
                               .size = sizeof(struct spill_file_header),
                               .at = sizeof(struct spill_file_header)};
    store->bytes += sizeof(struct spill_file_header);
    return 0;
}

/* Writes behind what is there, all or nothing. */
static int write_chunk(struct spill_store *store, int fd, struct spill_segment *segment,
                       const uint8_t *chunk, size_t size)
{
    int error;

    if (spill_file_write(fd, chunk, size, segment->size) == 0) {
        note_chunk(store, segment, chunk, size);
        return 0;
    }
    error = errno;
    if (ftruncate(fd, (off_t)segment->size) < 0)
        log_line(store->log, LOG_DEBUG, store->name, "a part of a chunk could not be taken back");
    errno = error;
    return -1;
}

int spill_store_append(struct spill_store *store, const uint8_t *chunk, size_t size)
{
    if (store->bytes + size + sizeof(struct spill_file_header) > store->most) {
        errno = EDQUOT;
        return -1;
    }
    if (store->write_fd >= 0 && store->segments[store->count - 1].size + size > store->segment_most)
        finish_writing(store);
    if (store->write_fd < 0 && begin_segment(store) < 0)
        return -1;
    return write_chunk(store, store->write_fd, &store->segments[store->count - 1], chunk, size);
}

int spill_store_prepend(struct spill_store *store, int *fd)
{
    const uint64_t number = store->count > 0 ? store->segments[0].number - 1 : store->next;

    store->loaded_count = 0;
    finish_writing(store); /* the last is not the first */
    if (spill_file_reserve(store) < 0)
        return -1;
    *fd = spill_file_make(store, number);
    if (*fd < 0)
        return -1;
    store->next += store->count == 0;
    memmove(&store->segments[1], store->segments, store->count * sizeof *store->segments);
    store->count++;
    store->segments[0] = (struct spill_segment){.number = number,
                                                .size = sizeof(struct spill_file_header),
                                                .at = sizeof(struct spill_file_header)};
    store->bytes += sizeof(struct spill_file_header);
    return 0;
}

int spill_store_prepend_chunk(struct spill_store *store, int fd, const uint8_t *chunk, size_t size)
{
    return write_chunk(store, fd, &store->segments[0], chunk, size);
}

void spill_store_prepend_end(struct spill_store *store, int fd)
{
    if (fdatasync(fd) < 0)
        log_format(store->log, LOG_WARNING, store->name, "cannot sync what is spilled: %s",
                   strerror(errno));
    close(fd);
    if (store->segments[0].records == 0)
        remove_segment(store, 0, true);
}

uint64_t spill_store_drop(struct spill_store *store)
{
    uint64_t records;
    uint32_t index = 0;

    /* What is read is about to be written; what is written is the newest. */
    while (store->loaded_count > 0 && index < store->count &&
           store->segments[index].number <= store->read_number)
        index++;
    if (index + 1 >= store->count)
        return 0;
    records = store->segments[index].records;
    store->hole_first = store->segments[index].first_ns;
    store->hole_last = store->segments[index].last_ns;
    remove_segment(store, index, true);
    return records;
}

/* ---- Reading -------------------------------------------------------------------------- */

/* The segment that is read on: that of the last chunk, or the one behind it. */
static struct spill_segment *reading(struct spill_store *store)
{
    uint32_t i;

    for (i = 0; i < store->count; i++) {
        struct spill_segment *segment = &store->segments[i];

        if (segment->number < store->read_number)
            continue;
        if (segment->number > store->read_number) {
            close_one(&store->read_fd);
            store->read_number = segment->number;
            store->read_at = segment->at;
        }
        if (store->read_at < segment->size)
            return segment;
    }
    return NULL;
}

bool spill_store_has_more(const struct spill_store *store)
{
    uint32_t i;

    if (store->loaded_count == SPILL_LOADED_MOST)
        return false;
    for (i = 0; i < store->count; i++) {
        const struct spill_segment *segment = &store->segments[i];

        if (segment->number > store->read_number && segment->at < segment->size)
            return true;
        if (segment->number == store->read_number && store->read_at < segment->size)
            return true;
    }
    return false;
}

static int grow(uint8_t **bytes, size_t *room, size_t size)
{
    uint8_t *grown = size > *room ? realloc(*bytes, size) : *bytes;

    if (grown == NULL)
        return -1;
    *bytes = grown;
    *room = size > *room ? size : *room;
    return 0;
}

/* Reads the chunk that is next in the segment.  Returns 0, or -1 with errno: EBADMSG if it is not
 * what was written. */
static int read_chunk(struct spill_store *store, const struct spill_segment *segment,
                      uint8_t **bytes, size_t *room, struct spill_chunk_header *header)
{
    int sound = spill_file_read_sound(store->read_fd, header, store->read_at);

    if (sound > 0 && header->bytes > segment->size - store->read_at)
        sound = 0;
    if (sound > 0 && grow(bytes, room, header->bytes) < 0)
        return -1;
    if (sound > 0)
        sound = spill_file_read(store->read_fd, *bytes, header->bytes, store->read_at);
    if (sound < 0)
        return -1;
    if (sound == 0 || !spill_chunk_is_sound(*bytes, header->bytes)) {
        errno = EBADMSG;
        return -1;
    }
    return 0;
}

int64_t spill_store_load(struct spill_store *store, uint8_t **bytes, size_t *room, uint32_t *skip)
{
    struct spill_segment *segment = store->loaded_count < SPILL_LOADED_MOST ? reading(store) : NULL;
    struct spill_chunk_header header = {0};
    struct spill_loaded *loaded;

    *skip = 0;
    if (segment == NULL)
        return 0;
    if (store->read_fd < 0)
        store->read_fd = spill_file_open(store, segment->number, O_RDWR);
    if (store->read_fd < 0 || read_chunk(store, segment, bytes, room, &header) < 0)
        return -1;
    if (store->read_at == segment->at)
        *skip = segment->of < header.records ? segment->of : header.records;
    store->read_at += header.bytes;
    loaded = &store->loaded[(store->loaded_first + store->loaded_count++) % SPILL_LOADED_MOST];
    *loaded = (struct spill_loaded){
        .number = segment->number, .end = store->read_at, .records = header.records - *skip};
    return (int64_t)header.bytes;
}

/* The segment has come on; if it is through, it goes. */
static void come_on(struct spill_store *store, struct spill_segment *segment)
{
    if (segment->at >= segment->size) {
        if (segment->is_damaged)
            spill_file_set_aside(store, segment->number, "what is left of it cannot be read");
        remove_segment(store, (uint32_t)(segment - store->segments), !segment->is_damaged);
    } else if (segment->number == store->read_number && store->read_fd >= 0) {
        spill_file_note_position(store->read_fd, segment);
    }
}

void spill_store_settle(struct spill_store *store, uint64_t records)
{
    struct spill_segment *segment = NULL;

    while (store->loaded_count > 0) {
        struct spill_loaded *loaded = &store->loaded[store->loaded_first];
        uint32_t part = records < loaded->records ? (uint32_t)records : loaded->records;

        if (records == 0 && loaded->records > 0)
            break;
        if (segment == NULL || segment->number != loaded->number) {
            if (segment != NULL)
                come_on(store, segment);
            segment = find(store, loaded->number);
        }
        assert(segment != NULL || loaded->records == 0); /* what is lost may be set aside before */
        if (segment != NULL) {
            segment->records -= part;
            segment->of += part;
        }
        loaded->records -= part;
        records -= part;
        if (loaded->records > 0)
            break;
        if (segment != NULL) {
            segment->at = loaded->end;
            segment->of = 0;
        }
        store->loaded_first = (store->loaded_first + 1) % SPILL_LOADED_MOST;
        store->loaded_count--;
    }
    assert(records == 0);
    if (segment != NULL)
        come_on(store, segment);
}

void spill_store_lose(struct spill_store *store, uint32_t records)
{
    struct spill_loaded *loaded =
        &store->loaded[(store->loaded_first + store->loaded_count - 1) % SPILL_LOADED_MOST];
    struct spill_segment *segment = find(store, loaded->number);

    assert(store->loaded_count > 0 && segment != NULL && records <= loaded->records);
    loaded->records -= records;
    segment->records -= records;
    store->damaged += records;
    if (store->loaded_count == 1 && loaded->records == 0)
        spill_store_settle(store, 0);
}

uint64_t spill_store_reject(struct spill_store *store)
{
    struct spill_segment *segment = find(store, store->read_number);
    uint64_t lost, waiting = 0;
    unsigned i;

    assert(segment != NULL);
    for (i = 0; i < store->loaded_count; i++) {
        const struct spill_loaded *loaded =
            &store->loaded[(store->loaded_first + i) % SPILL_LOADED_MOST];

        if (loaded->number == segment->number)
            waiting += loaded->records;
    }
    lost = segment->records - waiting;
    store->damaged += lost;
    if (waiting == 0) {
        spill_file_set_aside(store, segment->number, "a checksum is wrong");
        remove_segment(store, (uint32_t)(segment - store->segments), false);
        return lost;
    }
    /* Its sound part is in use: it ends here, and is set aside once that is settled. */
    log_format(store->log, LOG_ERROR, store->name,
               "segment %016" PRIx64 " is damaged: a checksum is wrong; the rest of it is left out",
               segment->number);
    if (segment == &store->segments[store->count - 1])
        finish_writing(store);
    store->bytes -= segment->size - store->read_at;
    segment->size = store->read_at;
    segment->records = waiting;
    segment->is_damaged = true;
    return lost;
}
