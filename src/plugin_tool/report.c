/* SPDX-License-Identifier: MIT
 *
 * What a check has found.
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"

struct report *report;
_Thread_local unsigned report_thread_number;

int report_begin(void)
{
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return report != MAP_FAILED ? 0 : -1;
}

static void add(struct report_lines *lines, const char *text)
{
    unsigned count, i;

    while (atomic_flag_test_and_set(&report->busy))
        continue;
    count = lines->count;
    for (i = 0; i < count && strcmp(lines->text[i], text) != 0; i++)
        continue;
    if (i == count && count < REPORT_LINES) {
        snprintf(lines->text[count], REPORT_ROOM, "%s", text);
        lines->count = count + 1;
    }
    atomic_flag_clear(&report->busy);
}

void report_finding(const char *format, ...)
{
    char text[REPORT_ROOM];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add(&report->findings, text);
}

void report_note(const char *format, ...)
{
    char text[REPORT_ROOM];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add(&report->notes, text);
}

void report_crash(const char *const *parts)
{
    char text[REPORT_ROOM] = "";
    size_t length = 0, i;

    for (i = 0; parts[i] != NULL; i++) {
        size_t more = strlen(parts[i]);

        if (more >= sizeof text - length)
            break;
        memcpy(text + length, parts[i], more + 1);
        length += more;
    }
    add(&report->findings, text);
}

void report_watch(const char *callback)
{
    struct report_thread *thread = &report->threads[report_thread_number];

    atomic_store(&thread->since_ns, clock_monotonic());
    atomic_store(&thread->callback, callback);
    if (callback != NULL)
        atomic_fetch_add(&report->callbacks, 1);
}
