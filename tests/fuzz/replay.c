/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target without a fuzzer: over the files of its corpus, and over mutations of them
 * that are the same on every machine.
 *
 *     fuzz-TARGET [FOLDER-OR-FILE [MUTATIONS]]
 *
 * The folder is the target's in tests/fuzz/corpus of $top_srcdir; there are 200 mutations of each
 * file.  When the target dies, the input that it had is in fuzz-TARGET.input.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "common/random.h"
#include "fuzz.h"

enum { LARGEST = 1 << 17, MUTATIONS = 200 };

/* Changes the input in one place, and returns its new size. */
static size_t mutate(uint8_t *data, size_t size)
{
    static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, '\n', '"', '\\', '{', ')', ':', '9', '-'};
    uint32_t at = size > 0 ? below((uint32_t)size) : 0, n = 1 + below(16), from;

    switch (size == 0 ? 3 : below(6)) {
    case 0:
        data[at] = (uint8_t)(data[at] ^ 1u << below(8));
        return size;
    case 1:
        data[at] = odd[below(sizeof odd)];
        return size;
    case 2: /* cut some out */
        n = at + n > size ? (uint32_t)size - at : n;
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    case 3: /* put some in */
        if (size + n > LARGEST)
            return size;
        memmove(data + at + n, data + at, size - at);
        while (n-- > 0) {
            data[at + n] = below(2) ? odd[below(sizeof odd)] : (uint8_t)below(256);
            size++;
        }
        return size;
    case 4: /* repeat a piece elsewhere */
        from = below((uint32_t)size);
        n = below(64);
        n = at + n > size ? (uint32_t)size - at : n;
        n = from + n > size ? (uint32_t)size - from : n;
        memmove(data + at, data + from, n);
        return size;
    default:
        return at; /* cut off the rest */
    }
}

static void save(const uint8_t *data, size_t size)
{
    char name[NAME_MAX];
    FILE *out;

    snprintf(name, sizeof name, "fuzz-%s.input", fuzz_corpus);
    out = fopen(name, "wb");
    if (out == NULL)
        return; /* the run is worth more than its trace */
    fwrite(data, 1, size, out);
    fclose(out);
}

static void run(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1); /* so that a sanitizer sees the end */

    fuzz_check(exact != NULL, "memory");
    memcpy(exact, data, size);
    save(data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static int replay(const char *path, uint32_t mutations)
{
    static uint8_t original[LARGEST], data[LARGEST];
    FILE *in = fopen(path, "rb");
    size_t size, changed;
    uint32_t i, n;

    if (in == NULL) {
        fprintf(stderr, "cannot open \"%s\": %s\n", path, strerror(errno));
        return -1;
    }
    size = fread(original, 1, sizeof original, in);
    fclose(in);
    run(original, size);
    random_seed(size);
    for (i = 0; i < mutations; i++) {
        memcpy(data, original, size);
        changed = size;
        for (n = 1 + below(8); n > 0; n--)
            changed = mutate(data, changed);
        run(data, changed);
    }
    return 0;
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns how many files there are, or -1. */
static int replay_folder(const char *folder, uint32_t mutations)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_file, alphasort), i, result = count;
    char path[PATH_MAX + NAME_MAX + 2];

    if (count < 0) {
        fprintf(stderr, "cannot read \"%s\": %s\n", folder, strerror(errno));
        return -1;
    }
    for (i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (replay(path, mutations) < 0)
            result = -1;
        free(entries[i]);
    }
    free(entries);
    return result;
}

int main(int argc, char **argv)
{
    const char *top = getenv("top_srcdir");
    uint32_t mutations = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : MUTATIONS;
    char path[PATH_MAX], trace[NAME_MAX];
    struct stat status;
    int files = 1;

    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".", fuzz_corpus);
    if (argc > 1)
        snprintf(path, sizeof path, "%s", argv[1]);
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
        files = replay(path, mutations) == 0 ? 1 : -1;
    else
        files = replay_folder(path, mutations);
    if (files == 0)
        fprintf(stderr, "\"%s\" is empty\n", path);
    if (files <= 0)
        return EXIT_FAILURE;
    snprintf(trace, sizeof trace, "fuzz-%s.input", fuzz_corpus);
    remove(trace);
    printf("fuzz %s: %d files, %u mutations of each\n", fuzz_corpus, files, mutations);
    return EXIT_SUCCESS;
}
