/* SPDX-License-Identifier: MIT
 *
 * What a check has found: in memory that the process which runs the plugin shares with the one that
 * watches it, and which outlives a crash.
 */
#ifndef PLUGIN_TOOL_REPORT_H
#define PLUGIN_TOOL_REPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { REPORT_LINES = 48, REPORT_ROOM = 600, REPORT_THREADS = 4 };

struct report_lines {
    char text[REPORT_LINES][REPORT_ROOM];
    atomic_uint count;
};

/* What a thread of the check is in. */
struct report_thread {
    _Atomic(const char *) callback; /* a literal; NULL: in the check itself */
    atomic_ullong since_ns;
};

struct report {
    struct report_lines findings, notes;
    struct report_thread threads[REPORT_THREADS];
    atomic_flag busy;
    atomic_bool done; /* the child has come to its end */
    atomic_ullong lives, callbacks, records, failures;
    char plugin[REPORT_ROOM]; /* "csv 1.0, a sink" */
    bool is_filter;
    uint32_t calls[8]; /* of the host functions that can fail, in a life without failure */
};

extern struct report *report;

/* Maps it.  Returns 0, or -1. */
int report_begin(void);

/* Each text once.  Not in a signal handler. */
void report_finding(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* In one, with parts that are put together. */
void report_crash(const char *const *parts);

/* For callback_note_watch.  Each thread that calls the plugin has a number of its own. */
extern _Thread_local unsigned report_thread_number;
void report_watch(const char *callback);

#endif
