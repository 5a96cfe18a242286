/* SPDX-License-Identifier: MIT
 *
 * What is in the file that rows are appended to: its header, and a row that is torn.
 */
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/line_buffer.h"
#include "../common/text.h"

#define QUOTED_LINE  1024          /* bytes of a strange first line that a message shows */
#define QUOTED_PIECE 1000          /* bytes of a torn row that one log line shows */
#define TAIL_MAX     (1024 * 1024) /* bytes: longer than any row of a UDP datagram */

#define LOG(file, level, ...) file_log(file, level, __VA_ARGS__)

char *content_shown(const char *bytes, size_t size)
{
    char *text = malloc(size * TEXT_ESCAPE_MAX + 1);

    if (text != NULL)
        *text_escape(text, (const uint8_t *)bytes, size, TEXT_QUOTE_KEEP) = '\0';
    return text;
}

/* Reads up to `size` bytes at `offset`.  Returns how many there were, or -1
 * after a log line. */
static ssize_t read_at(const struct file *file, int fd, char *bytes, size_t size, off_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(fd, bytes + done, size - done, offset + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            LOG(file, MUSTER_LOG_ERROR, "cannot read %s: %s", file->label, strerror(errno));
            return -1;
        }
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int content_write_header(const struct file *file, int fd, bool regular)
{
    struct line_buffer buffer = {0};
    struct line_buffer_sent sent;

    if (line_buffer_reserve(&buffer, file->header_size) != 0) {
        LOG(file, MUSTER_LOG_ERROR, "cannot write to %s: %s", file->label, strerror(errno));
        return -1;
    }
    memcpy(line_buffer_next(&buffer), file->header, file->header_size);
    line_buffer_add(&buffer, line_buffer_next(&buffer) + file->header_size);
    sent = line_buffer_send(&buffer, fd, LINE_BUFFER_TIMEOUT_MS);
    line_buffer_free(&buffer);
    if (sent.error == 0)
        return 0;
    LOG(file, MUSTER_LOG_ERROR, "cannot write the header to %s: %s", file->label,
        strerror(sent.error));
    if (regular && sent.bytes > 0 && ftruncate(fd, 0) != 0)
        LOG(file, MUSTER_LOG_ERROR, "cannot take back half a header from %s: %s", file->label,
            strerror(errno));
    return -1;
}

/* So that a new file's name survives a crash of the machine, too. */
static int sync_directory(const struct file *file)
{
    char *directory = strdup(file->path);
    char *slash;
    int result = -1;
    int fd = -1;

    if (directory == NULL) {
        LOG(file, MUSTER_LOG_ERROR, "cannot sync the directory of %s: %s", file->label,
            strerror(errno));
        return -1;
    }
    slash = strrchr(directory, '/');
    slash[slash == directory ? 1 : 0] = '\0';
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        LOG(file, MUSTER_LOG_ERROR,
            "cannot sync the directory of %s: %s; set sync to \"none\" if "
            "its file system can not",
            file->label, strerror(errno));
    else
        result = 0;
    if (fd >= 0)
        close(fd);
    free(directory);
    return result;
}

/* Whether one of the names between commas in `line` is that one. */
static bool has_column(const char *line, size_t size, const char *name, size_t length)
{
    const char *end = line + size;

    while (line < end) {
        const char *comma = memchr(line, ',', (size_t)(end - line));
        size_t here = (size_t)((comma != NULL ? comma : end) - line);

        if (here == length && memcmp(line, name, length) == 0)
            return true;
        line += here + 1;
    }
    return false;
}

/* The names of the header that are not in that line: "a", "b".  To be freed; or NULL. */
static char *list_new(const struct file *file, const char *line, size_t size)
{
    const char *name = file->header, *end = file->header + file->header_size - 1;
    char *list = malloc(2 * file->header_size + 4), *out = list;

    while (list != NULL && name < end) {
        const char *comma = memchr(name, ',', (size_t)(end - name));
        size_t length = (size_t)((comma != NULL ? comma : end) - name);

        if (!has_column(line, size, name, length))
            out += sprintf(out, "%s%.*s", out != list ? ", " : "", (int)length, name);
        name += length + 1;
    }
    if (list != NULL)
        *out = '\0';
    return list;
}

/* The first line is not the header.  Says so with both, and what is new. */
static void refuse_header(const struct file *file, const char *start, size_t size)
{
    const char *newline = memchr(start, '\n', size);
    size_t length = newline == NULL ? size : (size_t)(newline - start);
    char *found = content_shown(start, length), *news = list_new(file, start, length);
    bool has_news = news != NULL && news[0] != '\0' && newline != NULL;

    LOG(file, MUSTER_LOG_ERROR,
        "cannot append to %s: its first line is \"%s\"%s, but these rows need \"%.*s\"%s%s; move "
        "the file away, set `path` to another one, or set `columns` to what it has",
        file->label, found == NULL ? "?" : found, newline == NULL ? "..." : "",
        (int)file->header_size - 1, file->header, has_news ? ", of which it does not have " : "",
        has_news ? news : "");
    free(found);
    free(news);
}

/* Returns 1 if the file begins with the header, 0 if a crash has left nothing but
 * a part of one, or what open_checked does. */
static int check_header(const struct file *file, int fd, off_t size)
{
    const size_t room = file->header_size > QUOTED_LINE ? file->header_size : QUOTED_LINE;
    char *start = malloc(room);
    int result = MUSTER_FAILED;
    ssize_t n = -1;

    if (start == NULL)
        LOG(file, MUSTER_LOG_ERROR, "cannot read %s: %s", file->label, strerror(errno));
    else
        n = read_at(file, fd, start, room, 0);
    if (n < 0)
        result = MUSTER_AGAIN;
    else if ((size_t)n >= file->header_size && memcmp(start, file->header, file->header_size) == 0)
        result = 1;
    else if (size < (off_t)file->header_size && memcmp(start, file->header, (size_t)n) == 0)
        result = 0;
    else
        refuse_header(file, start, (size_t)n);
    free(start);
    return result;
}

/* Shows what is cut off, all of it: the log is the only place left for it. */
static void show_torn(const struct file *file, const char *torn, size_t size)
{
    size_t at, length;

    LOG(file, MUSTER_LOG_WARNING,
        "%s ends in the middle of a row, as after a crash of the machine; cutting off these %zu "
        "bytes",
        file->label, size);
    for (at = 0; at < size; at += length) {
        char *text;

        length = size - at < QUOTED_PIECE ? size - at : QUOTED_PIECE;
        text = content_shown(torn + at, length);
        LOG(file, MUSTER_LOG_WARNING, "cut off, bytes %zu to %zu: \"%s\"", at + 1, at + length,
            text == NULL ? "?" : text);
        free(text);
    }
}

/* Rows are written whole, so a last line without an end is torn: by a crash of
 * the machine, or by a disk that was full.  Cuts it off. */
static int cut_torn_row(const struct file *file, int fd, off_t size)
{
    size_t length = size < TAIL_MAX ? (size_t)size : TAIL_MAX;
    const char *newline;
    size_t torn;
    char last;
    char *tail;
    int result = MUSTER_AGAIN;

    if (read_at(file, fd, &last, 1, size - 1) != 1)
        return MUSTER_AGAIN;
    if (last == '\n')
        return 0;
    tail = malloc(length);
    if (tail == NULL) {
        LOG(file, MUSTER_LOG_ERROR, "cannot read %s: %s", file->label, strerror(errno));
        return MUSTER_AGAIN;
    }
    if (read_at(file, fd, tail, length, size - (off_t)length) != (ssize_t)length)
        goto out;
    newline = memrchr(tail, '\n', length);
    if (newline == NULL) {
        LOG(file, MUSTER_LOG_ERROR,
            "cannot append to %s: its last line has no end and is longer than any row; look at "
            "it, and end or remove that line",
            file->label);
        result = MUSTER_FAILED;
        goto out;
    }
    torn = length - (size_t)(newline + 1 - tail);
    show_torn(file, newline + 1, torn);
    if (ftruncate(fd, size - (off_t)torn) != 0) {
        LOG(file, MUSTER_LOG_ERROR, "cannot cut the torn row off %s: %s", file->label,
            strerror(errno));
        goto out;
    }
    result = 0;
out:
    free(tail);
    return result;
}

int content_prepare(const struct file *file, int fd, off_t size)
{
    int headed = 0;

    if (size > 0) {
        headed = check_header(file, fd, size);
        if (headed < 0)
            return headed;
        if (headed == 0 && ftruncate(fd, 0) != 0) {
            LOG(file, MUSTER_LOG_ERROR, "cannot renew the torn header of %s: %s", file->label,
                strerror(errno));
            return MUSTER_AGAIN;
        }
    }
    if (headed) {
        int result = cut_torn_row(file, fd, size);

        if (result != 0)
            return result;
        LOG(file, MUSTER_LOG_INFO, "appending to %s", file->label);
        return 0;
    }
    if (content_write_header(file, fd, true) != 0)
        return MUSTER_AGAIN;
    if (file->sync && sync_directory(file) != 0)
        return MUSTER_AGAIN;
    LOG(file, MUSTER_LOG_INFO, "new file %s", file->label);
    return 0;
}
