/* SPDX-License-Identifier: MIT
 *
 * One life of an instance, from the loading of its plugin to its end, and what it must not leave
 * behind.
 */
#ifndef PLUGIN_TOOL_LIFE_H
#define PLUGIN_TOOL_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include <muster/test.h>

/* The plugin that is checked, and its options: OPTION=VALUE, NULL at the end. */
struct subject {
    const char *file;
    char *const *options;
};

/* The first one: says what is wrong with the file, the options or check().  NULL: something is. */
struct muster_instance *life_load(const struct subject *subject);

/* Has it opened.  `must`: nothing has failed on purpose, so it has to succeed. */
bool life_open(struct muster_instance *instance, bool must);

/* The log must say why a callback failed: how many lines it had before, and what it returned. */
uint32_t life_lines(struct muster_instance *instance);
void life_said(struct muster_instance *instance, uint32_t lines_before, const char *callback,
               const char *result);
/* What the plugin said last, or "nothing". */
const char *life_last_line(struct muster_instance *instance);

/* Which descriptors the process has, and how many threads. */
struct belongings {
    uint64_t descriptors[4]; /* a bit each */
    uint32_t threads;
};
struct belongings life_count(void);
bool life_has_more(const struct belongings *before, const struct belongings *after);
/* After close: there are no more than before open. */
void life_compare(struct belongings before);

#endif
