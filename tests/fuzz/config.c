/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the reader of collector.conf.  An input is the file.  There are no plugins.
 */
#include "fuzz.h"

#include <string.h>

#include "collector/config/config.h"
#include "file.h"

const char *const fuzz_corpus = "config";

/* libconfig (1.5) forgets the string at which it finds a syntax error: not ours to find again. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const directories[] = {"/nowhere/at/all", NULL};
    struct problems problems = {0};
    struct fuzz_file file;
    struct config *config;

    /* What names other files would make a run depend on the machine. */
    if (memmem(data, size, "@include", 8) != NULL || memchr(data, '/', size) != NULL)
        return 0;
    fuzz_file_open(&file, data, size);
    config = config_load(file.path, directories, &problems);
    fuzz_check(config != NULL, "memory");
    fuzz_check(problems_count(&problems) > 0, "without plugins there is always a problem");
    config_free(config);
    fuzz_print(&problems);
    problems_free(&problems);
    fuzz_file_close(&file);
    return 0;
}
