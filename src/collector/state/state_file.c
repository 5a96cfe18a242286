/* SPDX-License-Identifier: MIT
 *
 * One file, from its creation to its copy.  Content is read and written through the
 * descriptor, not the mapping: that shares the page cache with the mapping, and leaves
 * the daemon's resident memory alone.
 */
#include "state_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "checksum.h"
#include "base/clock.h"

#define LAYOUT          1
#define BYTE_ORDER_MARK UINT32_C(0x01020304)

enum {
    BLOCK = 4096,       /* what a hole is made of */
    PIECE = 16 * BLOCK, /* of a copy */
    ASIDE_MOST = 1000,  /* files set aside in one second */
    FILE_MODE = 0640
};

static const char magic[8] = {'M', 'U', 'S', 'T', 'A', 'T', 'E', '\n'};

/* ---- Reading and writing -------------------------------------------------------------- */

static uint64_t header_checksum(const struct state_file_header *header)
{
    struct state_file_header copy = *header;
    struct checksum sum = {0};

    copy.header_checksum = 0;
    checksum_add(&sum, &copy, sizeof copy);
    return checksum_end(&sum);
}

/* All of it.  0, or an errno; EIO if the file ends before. */
static int read_all(int fd, void *to, size_t bytes, uint64_t offset)
{
    uint8_t *at = to;

    while (bytes > 0) {
        ssize_t got = pread(fd, at, bytes, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : EIO;
        at += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return 0;
}

static int write_all(int fd, const void *from, size_t bytes, uint64_t offset)
{
    const uint8_t *at = from;

    while (bytes > 0) {
        ssize_t put = pwrite(fd, at, bytes, (off_t)offset);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : EIO;
        at += put;
        offset += (uint64_t)put;
        bytes -= (size_t)put;
    }
    return 0;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0;
}

/* Writes what is not zero, in runs of blocks. */
static int write_blocks(int fd, const uint8_t *from, size_t bytes, uint64_t offset)
{
    size_t begin = 0, at, size;
    int error = 0;

    for (at = 0; at < bytes && error == 0; at += size) {
        size = bytes - at < BLOCK ? bytes - at : BLOCK;
        if (!is_zero(from + at, size))
            continue;
        error = write_all(fd, from + begin, at - begin, offset + begin);
        begin = at + size;
    }
    return error != 0 ? error : write_all(fd, from + begin, bytes - begin, offset + begin);
}

/* Copies the content, or with no file to copy to makes its checksum alone. */
static int pour(const struct state_file *from, int to, uint64_t *checksum)
{
    struct checksum sum = {0};
    uint8_t piece[PIECE];
    uint64_t at, offset = from->header.content_offset, bytes = from->header.content_bytes;
    size_t size;
    int error;

    for (at = 0; at < bytes; at += size) {
        size = bytes - at < PIECE ? (size_t)(bytes - at) : PIECE;
        error = read_all(from->fd, piece, size, offset + at);
        if (error == 0 && to >= 0)
            error = write_blocks(to, piece, size, offset + at);
        if (error != 0)
            return error;
        checksum_add(&sum, piece, size);
    }
    *checksum = checksum_end(&sum);
    return 0;
}

int state_file_checksum(const struct state_file *file, uint64_t *checksum)
{
    assert(file->fd >= 0);

    return pour(file, -1, checksum);
}

int state_file_write_header(struct state_file *file)
{
    assert(file->fd >= 0);

    file->header.header_checksum = header_checksum(&file->header);
    return write_all(file->fd, &file->header, sizeof file->header, 0);
}

int state_file_sync(const struct state_file *file)
{
    return fsync(file->fd) < 0 ? errno : 0;
}

int state_file_outdate(const struct state_directory *directory, const char *name)
{
    struct state_file file = {
        .directory = directory,
        .fd = openat(directory->fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK),
    };
    struct stat status;
    int error = 0;

    if (file.fd < 0)
        return errno == ELOOP ? 0 : errno;
    if (fstat(file.fd, &status) == 0 && S_ISREG(status.st_mode) &&
        read_all(file.fd, &file.header, sizeof file.header, 0) == 0 &&
        memcmp(file.header.magic, magic, sizeof magic) == 0 && file.header.layout == LAYOUT &&
        file.header.header_checksum == header_checksum(&file.header) && !file.header.stale) {
        file.header.stale = 1;
        error = state_file_write_header(&file);
        if (error == 0)
            error = state_file_sync(&file);
    }
    close(file.fd);
    return error;
}

/* ---- Finding -------------------------------------------------------------------------- */

struct state_file_header state_file_header_new(const struct state_file_owner *owner)
{
    struct state_file_header header = {
        .byte_order = BYTE_ORDER_MARK,
        .layout = LAYOUT,
        .content_bytes = owner->bytes,
        .format = owner->format,
        .run = STATE_FILE_RUNNING,
    };
    long page = sysconf(_SC_PAGESIZE);

    memcpy(header.magic, magic, sizeof magic);
    header.content_offset = page > (long)sizeof header ? (uint64_t)page : (uint64_t)sizeof header;
    snprintf(header.plugin, sizeof header.plugin, "%s", owner->plugin);
    return header;
}

static bool is_known_run(uint32_t run)
{
    return run == STATE_FILE_RUNNING || run == STATE_FILE_STOPPED || run == STATE_FILE_SNAPSHOT;
}

/* Whether the header makes sense, and is of this owner's plugin. */
static bool is_good(const struct state_file_header *header, const struct state_file_owner *owner,
                    uint64_t length, char *why)
{
    struct state_file_header expected = state_file_header_new(owner);

    if (memcmp(header->magic, magic, sizeof magic) != 0)
        snprintf(why, STATE_FILE_WHY, "it is not a state that musterd wrote");
    else if (header->byte_order != BYTE_ORDER_MARK)
        snprintf(why, STATE_FILE_WHY, "it is from a machine with another byte order");
    else if (header->layout != LAYOUT)
        snprintf(why, STATE_FILE_WHY, "its layout is of version %" PRIu32 ", expected %d",
                 header->layout, LAYOUT);
    else if (header->header_checksum != header_checksum(header) || !is_known_run(header->run))
        snprintf(why, STATE_FILE_WHY, "its header is damaged");
    else if (strncmp(header->plugin, expected.plugin, sizeof header->plugin) != 0)
        snprintf(why, STATE_FILE_WHY, "it is of the plugin \"%.*s\", expected \"%s\"",
                 (int)sizeof header->plugin, header->plugin, expected.plugin);
    else if (header->content_offset != expected.content_offset)
        snprintf(why, STATE_FILE_WHY, "it is from a machine with pages of %" PRIu64 " bytes",
                 header->content_offset);
    else if (length != header->content_offset + header->content_bytes)
        snprintf(why, STATE_FILE_WHY, "its length is %" PRIu64 " bytes, expected %" PRIu64, length,
                 header->content_offset + header->content_bytes);
    else
        return true;
    return false;
}

/* Whether it is of this owner's format and size, too. */
static bool is_same(const struct state_file_header *header, const struct state_file_owner *owner,
                    char *why)
{
    if (header->format != owner->format)
        snprintf(why, STATE_FILE_WHY,
                 "its format is %" PRIu32 ", expected %" PRIu32
                 ": it was written with other options, or by another version of the plugin; with "
                 "those it can be used again under its old name",
                 header->format, owner->format);
    else if (header->content_bytes != owner->bytes)
        snprintf(why, STATE_FILE_WHY, "it is for %" PRIu64 " bytes, expected %" PRIu64,
                 header->content_bytes, owner->bytes);
    else
        return true;
    return false;
}

enum state_file_found state_file_find(struct state_file *file,
                                      const struct state_directory *directory,
                                      const struct state_file_owner *owner, char *why)
{
    char foreign[DESTINATION_WHY];
    struct stat status;
    int error;

    memset(file, 0, sizeof *file);
    file->directory = directory;
    snprintf(file->name, sizeof file->name, "%s" STATE_FILE_SUFFIX, owner->instance);
    /* Not blocking: a named pipe must not hold up the start. */
    file->fd = openat(directory->fd, file->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file->fd < 0) {
        if (errno == ENOENT)
            return STATE_FILE_NONE;
        snprintf(why, STATE_FILE_WHY, "cannot open \"%s/%s\": %s", directory->path, file->name,
                 errno == ELOOP ? "it is a symbolic link" : strerror(errno));
        return STATE_FILE_ERROR;
    }
    error = fstat(file->fd, &status) < 0 ? errno : 0;
    if (error == 0 && !S_ISREG(status.st_mode)) {
        snprintf(why, STATE_FILE_WHY, "cannot use \"%s/%s\": it is not a regular file",
                 directory->path, file->name);
        goto failed;
    }
    if (error == 0 && state_directory_is_foreign(directory, &status, foreign)) {
        snprintf(why, STATE_FILE_WHY, "cannot use \"%.160s/%.80s\": %.240s", directory->path,
                 file->name, foreign);
        goto failed;
    }
    if (error == 0 && status.st_size < (off_t)sizeof file->header) {
        snprintf(why, STATE_FILE_WHY, "it is too short for a header");
        return STATE_FILE_BAD;
    }
    if (error == 0)
        error = read_all(file->fd, &file->header, sizeof file->header, 0);
    if (error == 0 && !is_good(&file->header, owner, (uint64_t)status.st_size, why))
        return STATE_FILE_BAD;
    if (error == 0)
        return is_same(&file->header, owner, why) ? STATE_FILE_GOOD : STATE_FILE_OTHER;
    snprintf(why, STATE_FILE_WHY, "cannot read \"%s/%s\": %s", directory->path, file->name,
             strerror(error));

failed:
    state_file_close(file);
    return STATE_FILE_ERROR;
}

bool state_file_is_whole(const struct state_file *file, char *why)
{
    uint64_t checksum;
    int error;

    if (file->header.run == STATE_FILE_RUNNING)
        return true;
    error = state_file_checksum(file, &checksum);
    if (error != 0)
        snprintf(why, STATE_FILE_WHY, "its content cannot be read: %s", strerror(error));
    else if (checksum != file->header.content_checksum)
        snprintf(why, STATE_FILE_WHY, "its content is damaged: the checksum is another");
    else
        return true;
    return false;
}

/* ---- Making, naming, copying ---------------------------------------------------------- */

bool state_file_is_no_space(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

int state_file_reserve(const struct state_file *file)
{
    uint64_t length = file->header.content_offset + file->header.content_bytes;

    assert(file->fd >= 0);

    /* A store into a hole for which there is no block would be a SIGBUS. */
    while (fallocate(file->fd, 0, 0, (off_t)length) < 0) {
        if (errno == EINTR)
            continue;
        return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : errno;
    }
    return 0;
}

static void temporary_name(const struct state_file *file, char name[NAME_MAX + 1])
{
    snprintf(name, NAME_MAX + 1, "%.*s.new", NAME_MAX - 4, file->name);
}

/* What a rename did is durable when its directory is.  0, or an errno. */
static int sync_directory(const struct state_directory *directory)
{
    return fsync(directory->fd) < 0 && errno != EINVAL ? errno : 0; /* EINVAL: it has no need */
}

/* Makes the file under its temporary name, with its length, but no space and no header. */
static int make(struct state_file *file, const struct state_directory *directory,
                const char *instance, const struct state_file_header *header)
{
    char name[NAME_MAX + 1];
    int error;

    memset(file, 0, sizeof *file);
    file->directory = directory;
    file->header = *header;
    snprintf(file->name, sizeof file->name, "%s" STATE_FILE_SUFFIX, instance);
    temporary_name(file, name);
    unlinkat(directory->fd, name, 0); /* what a run left that was killed just there */
    file->fd = openat(directory->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (file->fd < 0)
        return errno;
    if (ftruncate(file->fd, (off_t)(header->content_offset + header->content_bytes)) == 0)
        return 0;
    error = errno;
    unlinkat(directory->fd, name, 0);
    state_file_close(file);
    return error;
}

void state_file_discard(struct state_file *file)
{
    char name[NAME_MAX + 1];

    if (file->fd < 0)
        return;
    temporary_name(file, name);
    unlinkat(file->directory->fd, name, 0);
    state_file_close(file);
}

/* Gives it its name, and closes it if that fails. */
static int give_name(struct state_file *file)
{
    char name[NAME_MAX + 1];
    int error = state_file_sync(file);

    temporary_name(file, name);
    if (error == 0 && renameat(file->directory->fd, name, file->directory->fd, file->name) < 0)
        error = errno;
    if (error != 0) {
        state_file_discard(file);
        return error;
    }
    error = sync_directory(file->directory);
    if (error != 0)
        state_file_close(file);
    return error;
}

int state_file_begin(struct state_file *file, const struct state_directory *directory,
                     const char *instance, const struct state_file_header *header)
{
    int error = make(file, directory, instance, header);

    if (error == 0) {
        error = state_file_reserve(file);
        if (error != 0)
            state_file_discard(file);
    }
    return error;
}

int state_file_publish(struct state_file *file)
{
    int error = state_file_write_header(file);

    if (error == 0)
        return give_name(file);
    state_file_discard(file);
    return error;
}

/* Without a file to copy from: zeros. */
static int fill(struct state_file *file, const struct state_directory *directory,
                const char *instance, const struct state_file_header *header,
                const struct state_file *from, bool reserve)
{
    int error = reserve ? state_file_begin(file, directory, instance, header)
                        : make(file, directory, instance, header);

    if (error != 0)
        return error;
    if (from != NULL)
        error = pour(from, file->fd, &file->header.content_checksum);
    if (error != 0) {
        state_file_discard(file);
        return error;
    }
    error = state_file_publish(file);
    file->is_made = error == 0;
    return error;
}

int state_file_create(struct state_file *file, const struct state_directory *directory,
                      const char *instance, const struct state_file_header *header)
{
    assert(header->content_bytes > 0);

    return fill(file, directory, instance, header, NULL, true);
}

int state_file_copy(struct state_file *file, const struct state_directory *directory,
                    const char *instance, const struct state_file_header *header,
                    const struct state_file *from, bool reserve)
{
    assert(from->fd >= 0);
    assert(from->header.content_bytes == header->content_bytes);

    return fill(file, directory, instance, header, from, reserve);
}

/* Renames, and never replaces.  0, or an errno; EEXIST if the name is taken. */
static int rename_to_free(int directory, const char *from, const char *to)
{
    /* The call itself, which not every C library has a function for. */
    if (syscall(SYS_renameat2, directory, from, directory, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    /* This file system cannot; a link does not replace anything either. */
    if (linkat(directory, from, directory, to, 0) < 0 || unlinkat(directory, from, 0) < 0)
        return errno;
    return 0;
}

int state_file_set_aside(struct state_file *file, char name[NAME_MAX + 1])
{
    time_t now = (time_t)(clock_wall() / CLOCK_SECOND);
    char stamp[32], number[16] = "";
    struct tm tm;
    int error = EEXIST;
    unsigned i;

    assert(file->fd >= 0);

    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
    for (i = 1; i <= ASIDE_MOST && error == EEXIST; i++) {
        if (i > 1)
            snprintf(number, sizeof number, "-%u", i);
        if (snprintf(name, NAME_MAX + 1, "%s.aside-%s%s", file->name, stamp, number) > NAME_MAX)
            error = ENAMETOOLONG;
        else
            error = rename_to_free(file->directory->fd, file->name, name);
    }
    if (error == 0)
        error = sync_directory(file->directory);
    state_file_close(file);
    return error;
}

void state_file_close(struct state_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

void state_file_drop(struct state_file *file)
{
    if (file->is_made && file->fd >= 0)
        unlinkat(file->directory->fd, file->name, 0);
    file->is_made = false;
    state_file_close(file);
}
