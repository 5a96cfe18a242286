/* SPDX-License-Identifier: MIT
 *
 * Fuzzes what reads spilled records.  The first byte of an input says what the rest is: a chunk as
 * it stands; a chunk whose checksums are put right, so that what is behind them is read; or the
 * file of a segment, as a disk gives it back.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "collector/flow/spill_file.h"
#include "collector/flow/spill_parts.h"

const char *const fuzz_corpus = "spill";

enum { NUMBER = 7, CHUNKS_MOST = 10000 };

static struct host host;
static const struct spill_chunk_way way = {.host = &host, .run = 1};
static volatile uint8_t seen;

/* Reads all that a record points to. */
static void look(const struct muster_record *record)
{
    const uint8_t *datagram = muster_record_datagram(record);
    uint32_t i;

    for (i = 0; i < record->payload_size; i++)
        seen ^= record->payload.bytes[i];
    for (i = 0; datagram != NULL && i < record->via.arrival->datagram_size; i++)
        seen ^= datagram[i];
}

static void read_chunk(const uint8_t *bytes, size_t size)
{
    struct muster_record record;
    struct spill_reader reader;
    uint64_t missed;

    if (!spill_chunk_is_sound(bytes, size))
        return;
    spill_reader_begin(&reader, &way, bytes, size);
    while (spill_reader_next(&reader, &record, &missed) > 0)
        look(&record);
}

/* The same with checksums that are right. */
static void read_mended(const uint8_t *data, size_t size)
{
    struct spill_chunk_header header;
    uint8_t *bytes;

    if (size < sizeof header)
        return;
    bytes = malloc(size);
    fuzz_check(bytes != NULL, "memory");
    memcpy(bytes, data, size);
    memcpy(&header, bytes, sizeof header);
    header.magic = SPILL_CHUNK_MAGIC;
    header.bytes = (uint32_t)size;
    header.header_check = spill_header_check(&header);
    header.check = 0;
    memcpy(bytes, &header, sizeof header);
    header.check = spill_check(bytes, size);
    memcpy(bytes, &header, sizeof header);
    read_chunk(bytes, size);
    free(bytes);
}

static void make_file(const char *folder, const uint8_t *data, size_t size)
{
    struct spill_store store = {.name = "fuzz"};
    char name[SPILL_FILE_NAME], path[SPILL_FILE_NAME + 64];
    int fd;

    spill_file_name(&store, NUMBER, name);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    fuzz_check(fd >= 0 && write(fd, data, size) == (ssize_t)size, "a file");
    close(fd);
}

static void remove_folder(const char *folder)
{
    DIR *list = opendir(folder);
    const struct dirent *file;

    fuzz_check(list != NULL, "the folder is there");
    while ((file = readdir(list)) != NULL)
        unlinkat(dirfd(list), file->d_name, 0);
    closedir(list);
    fuzz_check(rmdir(folder) == 0, "the folder goes");
}

static void read_segment(const uint8_t *data, size_t size)
{
    char folder[] = "fuzz-spill-XXXXXX", why[256];
    struct spill_store store = {
        .directory = folder, .name = "fuzz", .most = 1 << 24, .segment_most = 1 << 20};
    uint64_t records, settled = 0;
    uint8_t *bytes = NULL;
    size_t room = 0;
    unsigned i;

    fuzz_check(mkdtemp(folder) != NULL, "a folder");
    make_file(folder, data, size);
    store.log = host.log;
    fuzz_check(spill_store_open(&store, why) == 0, "it can be opened, whatever is there");
    records = spill_store_records(&store);
    for (i = 0; i < CHUNKS_MOST && spill_store_has_more(&store); i++) {
        uint32_t skip, left;
        int64_t got = spill_store_load(&store, &bytes, &room, &skip);
        struct spill_chunk_header header;

        if (got < 0) {
            fuzz_check(errno == EBADMSG, "what is wrong is the content");
            settled += spill_store_reject(&store);
            continue;
        }
        read_chunk(bytes, (size_t)got);
        memcpy(&header, bytes, sizeof header);
        left = header.records - skip;
        spill_store_settle(&store, left);
        settled += left;
    }
    fuzz_check(settled == records, "each record is settled, or lost");
    fuzz_check(spill_store_records(&store) == 0, "and then there is none");
    spill_store_close(&store);
    free(bytes);
    remove_folder(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (host.log == NULL)
        host.log = log_open((enum log_level) - 1); /* says nothing */
    if (size == 0)
        return 0;
    switch (data[0] % 3) {
    case 0:
        read_chunk(data + 1, size - 1);
        break;
    case 1:
        read_mended(data + 1, size - 1);
        break;
    default:
        read_segment(data + 1, size - 1);
    }
    return 0;
}
