/* SPDX-License-Identifier: MIT
 *
 * For tests that read files: a folder of their own, so that messages say "devices.yaml", and the
 * problems as they are printed.
 */
#ifndef TESTS_COLLECTOR_CONFIG_FILES_H
#define TESTS_COLLECTOR_CONFIG_FILES_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/problems.h"

static char files_folder[64];

static inline void files_enter(void)
{
    snprintf(files_folder, sizeof files_folder, "/tmp/muster-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(files_folder));
    ck_assert_int_eq(chdir(files_folder), 0);
}

static inline void files_leave(void)
{
    char command[128];

    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -r %s", files_folder);
    ck_assert_int_eq(system(command), 0);
}

static inline void files_write_bytes(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void files_write(const char *name, const char *text)
{
    files_write_bytes(name, text, strlen(text));
}

/* What was said, a line each; to be freed.  Empties the problems. */
static inline char *files_said(struct problems *problems)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);

    ck_assert_ptr_nonnull(stream);
    problems_print(problems, stream);
    ck_assert_int_eq(fclose(stream), 0);
    problems_free(problems);
    return out;
}

static inline void files_expect_said(struct problems *problems, const char *expected)
{
    char *said = files_said(problems);

    ck_assert_str_eq(said, expected);
    free(said);
}

#endif
