/* SPDX-License-Identifier: MIT
 *
 * One life of an instance.
 */
#include "life.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
#include "testing/instance.h"

static bool set_options(struct muster_instance *instance, char *const *options)
{
    char why[OPTION_ROOM];

    for (; *options != NULL; options++) {
        char *name = strdup(*options), *value = name != NULL ? strchr(name, '=') : NULL;
        bool good = false;

        if (value != NULL) {
            *value++ = '\0';
            good = testing_instance_set(instance, name, value, why);
        } else {
            snprintf(why, sizeof why, "\"%s\" is no OPTION=VALUE", *options);
        }
        free(name);
        if (!good) {
            report_finding("%.500s", why);
            return false;
        }
    }
    if (testing_instance_complete(instance, why))
        return true;
    report_finding("%.400s; give what it needs as OPTION=VALUE behind the file", why);
    return false;
}

/* Some of those that generate.c has records of are in the catalog, in two places. */
static void list_devices(struct muster_instance *instance)
{
    static const struct muster_tag tag = {"floor", "2"};
    static const struct muster_device devices[] = {
        {.number = 0, .id = 0, .name = "zero", .place = "north", .class_name = "node"},
        {.number = 1, .id = 1, .name = "one", .place = "north", .class_name = "node"},
        {.number = 100, .id = 100, .place = "south", .heartbeat_ns = 1000000000, .data_ns = 1},
        {.number = 101, .id = 101, .name = "\"", .place = "s, \"x\"", .tags = &tag, .tag_count = 1},
        {.number = 4711, .id = 4711, .name = "pump", .place = "south", .class_name = "pump"},
    };
    size_t i;

    for (i = 0; i < sizeof devices / sizeof devices[0]; i++)
        muster_test_add_device(instance, &devices[i]);
}

struct muster_instance *life_load(const struct subject *subject)
{
    static const char *const nowhere[] = {NULL};
    struct muster_instance *instance = testing_instance_new();
    char why[REPORT_ROOM];

    atomic_fetch_add(&report->lives, 1);
    if (plugin_load(&instance->plugin, subject->file, nowhere, why, sizeof why) != 0) {
        report_finding("%s", why);
        return NULL;
    }
    instance->values = calloc(instance->plugin.options.count + 1u, sizeof *instance->values);
    if (instance->values == NULL || !set_options(instance, subject->options))
        return NULL;
    list_devices(instance);
    instance->takes = instance->plugin.api.sink != NULL ? instance->plugin.sink.takes : 0;
    return instance;
}

const char *life_last_line(struct muster_instance *instance)
{
    uint32_t lines = life_lines(instance);

    return lines > 0 ? muster_test_log_line(instance, lines - 1) : "nothing";
}

uint32_t life_lines(struct muster_instance *instance)
{
    return muster_test_logged(instance, -1, "");
}

void life_said(struct muster_instance *instance, uint32_t lines_before, const char *callback,
               const char *result)
{
    if (life_lines(instance) == lines_before && report->findings.count == 0)
        report_finding("%s() returned %s without a log line that says why", callback, result);
}

bool life_open(struct muster_instance *instance, bool must)
{
    uint32_t lines = life_lines(instance);

    if (muster_test_open(instance) == 0)
        return true;
    life_said(instance, lines, "open", "MUSTER_FAILED");
    if (must && report->findings.count == 0)
        report_finding("open() returned MUSTER_FAILED, and said: %.400s", life_last_line(instance));
    return false;
}

/* ---- What is left behind -------------------------------------------------------------- */

/* The number of entries, and which of them are numbers below 256. */
static uint32_t count_entries(const char *folder, uint64_t numbers[4])
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    uint32_t count = 0;

    if (directory == NULL)
        return 0;
    /* cppcheck-suppress readdirCalled; readdir_r is deprecated, see its manual page */
    while ((entry = readdir(directory)) != NULL) {
        long number = atol(entry->d_name);

        count++;
        if (number > STDERR_FILENO && number < 256 && number != dirfd(directory))
            numbers[number / 64] |= UINT64_C(1) << (number % 64);
    }
    closedir(directory);
    return count;
}

struct belongings life_count(void)
{
    struct belongings count = {0};
    uint64_t ignored[4] = {0};

    count_entries("/proc/self/fd", count.descriptors);
    count.threads = count_entries("/proc/self/task", ignored);
    return count;
}

/* The first descriptor that is new, or -1. */
static int new_descriptor(const struct belongings *before, const struct belongings *after)
{
    int i;

    for (i = 0; i < 4; i++) {
        uint64_t more = after->descriptors[i] & ~before->descriptors[i];

        if (more != 0)
            return i * 64 + __builtin_ctzll(more);
    }
    return -1;
}

bool life_has_more(const struct belongings *before, const struct belongings *after)
{
    return new_descriptor(before, after) >= 0;
}

void life_compare(struct belongings before)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    struct belongings after = life_count();
    int fd = new_descriptor(&before, &after), tries;
    char link[64], name[200];
    ssize_t length;

    if (fd >= 0) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        length = readlink(link, name, sizeof name);
        report_finding("it leaves a file or socket open after close(): %.*s",
                       (int)(length > 0 ? length : 0), name);
    }
    for (tries = 0; tries < 100 && after.threads > before.threads; tries++) {
        nanosleep(&nap, NULL); /* one that was joined may still be on its way out */
        after = life_count();
    }
    if (after.threads > before.threads)
        report_finding("a thread of its own still runs after close()");
}
