/* SPDX-License-Identifier: MIT
 *
 * The finished segments of a file, by their names: STEM-20261127T190000Z-000042ENDING beside
 * STEMENDING, when it was finished, and a number that is never used twice.
 *
 * A segment that is compressed has ".zst" behind its name, and its manifest ".json" behind the name
 * that it had before.  What has a manifest is complete.
 */
#ifndef PLUGINS_CSV_SERIES_H
#define PLUGINS_CSV_SERIES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SERIES_PACKED   ".zst"
#define SERIES_MANIFEST ".json"

/* Bytes of an explanation: what does not work, and why. */
#define SERIES_WHY 512

struct series {
    char *directory;
    char *stem;
    char *ending;    /* with its '.', or empty */
    char *counter;   /* the path of the file that keeps the number */
    uint64_t number; /* the last one that was used */
};

/* What is there of one segment. */
struct segment {
    char name[NAME_MAX + 1]; /* as it was finished: without ".zst" */
    uint64_t number;
    uint64_t bytes; /* of all files of it */
    int64_t second; /* when it was finished, since the epoch */
    bool is_plain, is_packed, has_manifest;
};

struct segments {
    struct segment *list; /* by number */
    size_t count;
};

/* Of the file at that path, which is absolute.  Returns 0, or -1 if memory is short; series_free in
 * any case. */
int series_init(struct series *series, const char *path);
void series_free(struct series *series);

/* Finds what is there.  Returns 0, or an errno; to be freed by segments_free. */
int series_list(const struct series *series, struct segments *segments);
void segments_free(struct segments *segments);

/* Finds the last number that was used, and ends a renaming that a crash has cut short.  Whoever
 * calls it holds the lock of the file.  Returns 0; 1 if nothing is at the path any more; or -1
 * after an explanation. */
int series_begin(struct series *series, const char *path, char why[SERIES_WHY]);

/* Gives the file at the path the name of the next segment, of that time; fills in `name`.  It stays
 * at the path, too, where the file system has second names.  Returns 0, or -1 after an explanation;
 * then the file is where it was. */
int series_finish(struct series *series, const char *path, uint64_t wall_ns,
                  char name[NAME_MAX + 1], char why[SERIES_WHY]);

/* Makes what has been done to names in the directory outlive a crash of the machine.  Returns 0, or
 * an errno. */
int series_sync(const struct series *series);

/* Of the name with that behind it: its path, to be freed; or NULL. */
char *series_path(const struct series *series, const char *name, const char *behind);

#endif
