/* SPDX-License-Identifier: MIT
 *
 * What the tests of scenarios share: a scenario from a text.
 */
#ifndef TESTS_FLEET_SCENES_H
#define TESTS_FLEET_SCENES_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fleet/scenario.h"

#define SCENE_WALL UINT64_C(1700000000000000000) /* what the devices' clocks show at the start */
#define NS_PER_MS  UINT64_C(1000000)

/* Reads a scenario from a file that holds `text`.  Returns what scenario_read() does. */
static inline int scene_read(struct scenario *scenario, const char *text, struct problems *problems)
{
    char name[] = "/tmp/test_scene.XXXXXX";
    int fd = mkstemp(name), result;
    FILE *file;

    ck_assert_int_ge(fd, 0);
    file = fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    result = scenario_read(scenario, name, false, problems);
    ck_assert_int_eq(unlink(name), 0);
    return result;
}

/* One that must be right. */
static inline void scene_load(struct scenario *scenario, const char *text)
{
    struct problems problems = {0};

    if (scene_read(scenario, text, &problems) != 0) {
        problems_print(&problems, stderr);
        ck_abort_msg("the scenario is wrong");
    }
    problems_free(&problems);
}

#endif
