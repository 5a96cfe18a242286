/* SPDX-License-Identifier: MIT
 *
 * Finishes a segment: compresses it, and puts a manifest beside it.
 */
#include "finish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/replace.h"
#include "pack.h"

#define PIECE ((size_t)256 * 1024) /* bytes that are read at once */

/* One segment at work. */
struct work {
    const struct finish *finish;
    const struct finish_job *job;
    char *why;
    int fd;         /* of the plain file */
    mode_t mode;    /* its mode */
    uint64_t bytes; /* of it */
    uint64_t unsure_bytes;
    struct digest digest;
    struct figures figures;
    struct pack pack;
    char packed_sha256[DIGEST_TEXT];
};

static int explain(const struct work *work, const char *what, int error)
{
    snprintf(work->why, SERIES_WHY, "cannot %s segment \"%s\": %s", what, work->job->name,
             strerror(error));
    return error;
}

/* ---- Reading -------------------------------------------------------------------------- */

static int open_plain(struct work *work)
{
    char *path = series_path(work->finish->series, work->job->name, "");
    struct stat status = {0};
    int error;

    if (path == NULL)
        return explain(work, "open", ENOMEM);
    work->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    error = work->fd < 0 || fstat(work->fd, &status) != 0 ? errno : 0;
    free(path);
    if (error != 0)
        return explain(work, "open", error);
    work->mode = status.st_mode & 0666;
    work->unsure_bytes = work->job->unsure_bytes;
    (void)posix_fadvise(work->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    /* So that what has a manifest is on the disk.  Where that has failed once, a second try would
     * say that all is well. */
    if (work->unsure_bytes == 0 && fdatasync(work->fd) != 0)
        work->unsure_bytes = UINT64_MAX;
    return 0;
}

static int take_piece(struct work *work, const char *piece, size_t size)
{
    int error = 0;

    work->bytes += size;
    digest_add(&work->digest, piece, size);
    if (figures_add(&work->figures, piece, size) != 0)
        return explain(work, "read", ENOMEM);
    if (work->finish->level > 0)
        error = pack_add(&work->pack, piece, size);
    return error == 0 ? 0 : explain(work, "compress", error);
}

static int read_all(struct work *work)
{
    char *piece = malloc(PIECE);
    int error = 0;

    if (piece == NULL)
        return explain(work, "read", ENOMEM);
    while (error == 0) {
        ssize_t n = read(work->fd, piece, PIECE);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            error = n < 0 ? explain(work, "read", errno) : 0;
            break;
        }
        error = take_piece(work, piece, (size_t)n);
        if (error == 0 && atomic_load(work->finish->ends))
            error = explain(work, "finish", ECANCELED);
    }
    free(piece);
    return error;
}

/* ---- Writing -------------------------------------------------------------------------- */

static int read_and_pack(struct work *work)
{
    const struct replace how = {.mode = work->mode, .is_durable = true};
    char *path = series_path(work->finish->series, work->job->name, SERIES_PACKED);
    struct replacement replacement = {.fd = -1};
    struct destination to = {.directory = -1};
    char reason[DESTINATION_WHY];
    int error = path == NULL ? ENOMEM : destination_find(&to, path, reason);

    if (error == 0)
        error = replacement_begin(&replacement, &to, &how, reason);
    if (error != 0) {
        error = explain(work, "compress", error);
        goto out;
    }
    error = pack_begin(&work->pack, replacement.fd, work->finish->level);
    if (error == 0)
        error = read_all(work);
    else
        explain(work, "compress", error);
    if (error != 0)
        goto out;
    error = pack_end(&work->pack);
    if (error == 0)
        error = replacement_end(&replacement, true);
    if (error != 0)
        explain(work, "compress", error);
    digest_end(&work->pack.digest, work->packed_sha256);
out:
    replacement_discard(&replacement);
    destination_close(&to);
    free(path);
    return error;
}

static int write_manifest(struct work *work)
{
    const struct finish_job *job = work->job;
    const bool is_packed = work->finish->level > 0;
    const struct replace how = {.mode = work->mode, .is_durable = true};
    struct manifest manifest = {
        .file = job->name,
        .number = job->number,
        .second = job->second,
        .bytes = work->bytes,
        .figures = &work->figures,
        .holes = job->knows_holes ? &job->holes : NULL,
        .unsure_bytes = work->unsure_bytes < work->bytes ? work->unsure_bytes : work->bytes};
    char packed[NAME_MAX + 1], reason[DESTINATION_WHY];
    char *path = series_path(work->finish->series, job->name, SERIES_MANIFEST), *text;
    size_t size = 0;
    int error = ENOMEM;

    digest_end(&work->digest, manifest.sha256);
    if (is_packed) {
        snprintf(packed, sizeof packed, "%.*s%s", (int)(NAME_MAX - sizeof SERIES_PACKED), job->name,
                 SERIES_PACKED);
        manifest.file = packed;
        manifest.content = job->name;
        manifest.content_bytes = work->bytes;
        memcpy(manifest.content_sha256, manifest.sha256, sizeof manifest.sha256);
        manifest.bytes = work->pack.bytes;
        memcpy(manifest.sha256, work->packed_sha256, sizeof manifest.sha256);
    }
    text = manifest_text(&manifest, &size);
    if (path != NULL && text != NULL)
        error = replace_file(path, &how, text, size, reason);
    free(text);
    free(path);
    return error == 0 ? 0 : explain(work, "write the manifest of", error);
}

/* All that it became is on the disk. */
static void remove_plain(const struct finish *finish, const char *name)
{
    char *path = series_path(finish->series, name, "");

    if (path != NULL && unlink(path) == 0)
        (void)series_sync(finish->series);
    free(path);
}

int finish_segment(const struct finish *finish, const struct finish_job *job, char why[SERIES_WHY])
{
    struct work work = {.finish = finish, .job = job, .why = why, .fd = -1};
    int error;

    digest_begin(&work.digest);
    figures_begin(&work.figures);
    error = open_plain(&work);
    if (error == 0)
        error = finish->level > 0 ? read_and_pack(&work) : read_all(&work);
    if (error == 0)
        error = write_manifest(&work);
    if (error == 0 && finish->level > 0)
        remove_plain(finish, job->name);
    if (work.fd >= 0)
        close(work.fd);
    pack_free(&work.pack);
    figures_free(&work.figures);
    return error;
}

/* ---- What is left over ---------------------------------------------------------------- */

/* Removes the files that one who was killed had not completed. */
static void tidy(const struct finish *finish, const char *name, const char *behind)
{
    const struct replace how = {.is_durable = true};
    char *path = series_path(finish->series, name, behind);
    char reason[DESTINATION_WHY];

    if (path != NULL)
        (void)replace_check(path, &how, reason);
    free(path);
}

static int add_job(const struct finish *finish, const struct segment *segment,
                   struct finish_job **jobs)
{
    struct finish_job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return ENOMEM;
    memcpy(job->name, segment->name, sizeof job->name);
    job->number = segment->number;
    job->second = segment->second;
    job->next = *jobs;
    *jobs = job;
    tidy(finish, job->name, SERIES_PACKED);
    tidy(finish, job->name, SERIES_MANIFEST);
    return 0;
}

int finish_left_over(const struct finish *finish, struct finish_job **jobs)
{
    struct segments segments;
    int error = series_list(finish->series, &segments);
    size_t i;

    *jobs = NULL;
    for (i = 0; error == 0 && i < segments.count; i++) {
        const struct segment *segment = &segments.list[i];

        if (!segment->is_plain)
            continue;
        if (!segment->has_manifest)
            error = add_job(finish, segment, jobs);
        else if (segment->is_packed)
            remove_plain(finish, segment->name); /* that was all there was left to do */
    }
    segments_free(&segments);
    return error;
}

void finish_free(struct finish_job *job)
{
    if (job != NULL)
        holes_free(&job->holes);
    free(job);
}
