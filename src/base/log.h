/* SPDX-License-Identifier: MIT
 *
 * The daemon's log: lines on stderr, written by a thread of its own, so that
 * nobody who logs ever waits for a terminal or a pipe that does not drain.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level {
    LOG_ERROR = 0,   /* something does not work, and needs somebody */
    LOG_WARNING = 1, /* something is lost or odd */
    LOG_INFO = 2,    /* what an operator wants to see at start and stop */
    LOG_DEBUG = 3    /* what a developer wants to see */
};

struct log;

/* Lines less urgent than `threshold` are not written.  Under a systemd journal
 * (JOURNAL_STREAM is set) lines bear a level prefix as in sd-daemon(3) and no
 * time stamp.  NULL if memory or threads are short. */
struct log *log_open(enum log_level threshold);

/* Waits until what was logged so far is written, for at most two seconds. */
void log_settle(struct log *log);

/* Writes out what is waiting (for at most two seconds) and ends the log's thread; then starts one
 * anew, which writes what was logged meanwhile.  For whoever changes what threads may do.
 * log_resume returns 0, or an errno: then the process is to end without log_close. */
void log_pause(struct log *log);
int log_resume(struct log *log);

/* Writes out what is waiting (for at most two seconds) and frees the log. */
void log_close(struct log *log);

void log_threshold(struct log *log, enum log_level threshold);

/* Whether such a line would be written; for what is costly to put together. */
bool log_wants(const struct log *log, enum log_level level);

/* Any thread.  `origin` is a plugin instance's name, or NULL for the daemon.
 * What shows nothing is escaped, see text.h; a line is cut at 1000 bytes.  When too many
 * lines wait, this one is dropped and counted. */
void log_line(struct log *log, enum log_level level, const char *origin, const char *text);
void log_format(struct log *log, enum log_level level, const char *origin, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Lets `burst` lines pass, and then one line each `period_ns`; tells how many
 * were held back since the last that passed.  One thread, no lock. */
struct log_limit {
    uint64_t burst, period_ns;
    uint64_t tokens, refilled_ns, held_back;
};

/* Returns whether a line may pass now; *held_back is the number suppressed
 * since the last one that did. */
bool log_limit_pass(struct log_limit *limit, uint64_t now_ns, uint64_t *held_back);

/* For when it is quiet again: how many were suppressed since, once a line may pass; 0 if there is
 * nothing to be said, or not yet. */
uint64_t log_limit_due(struct log_limit *limit, uint64_t now_ns);

#endif
