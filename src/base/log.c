/* SPDX-License-Identifier: MIT
 *
 * A ring of lines, filled by anybody under a short lock, emptied by one thread.
 */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"
#include "thread.h"

enum {
    LINES = 512,
    LINE_BYTES = 1024,
    LINE_SHOWN = 999,     /* bytes of a line that are written */
    CLOSE_LIMIT_MS = 2000 /* how long closing waits for a stderr that does not drain */
};

struct line {
    uint64_t time_ns;
    enum log_level level;
    char text[LINE_BYTES];
};

struct log {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled, settled;
    atomic_uint threshold; /* enum log_level */
    bool journal;
    bool closing, writing;
    uint64_t close_by_ns;
    uint64_t dropped;
    unsigned first, count;
    struct line lines[LINES];
};

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static const int journal_levels[] = {3, 4, 6, 7}; /* syslog(3) priorities */

static size_t format_line(const struct log *log, const struct line *line, char *out, size_t room)
{
    struct tm tm;
    time_t seconds = (time_t)(line->time_ns / CLOCK_SECOND);
    char stamp[32];
    int length;

    if (log->journal) {
        length = snprintf(out, room, "<%d>%s\n", journal_levels[line->level], line->text);
    } else {
        gmtime_r(&seconds, &tm);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
        length = snprintf(out, room, "%s.%03uZ %-7s %s\n", stamp,
                          (unsigned)(line->time_ns % CLOCK_SECOND / 1000000),
                          level_names[line->level], line->text);
    }
    return length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

/* Writes to stderr; once the log is closing, gives up at its limit. */
static void write_out(struct log *log, const char *bytes, size_t size)
{
    while (size > 0) {
        struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
        uint64_t now = clock_monotonic();
        bool closing;
        uint64_t close_by;
        ssize_t written;

        pthread_mutex_lock(&log->lock);
        closing = log->closing;
        close_by = log->close_by_ns;
        pthread_mutex_unlock(&log->lock);
        if (closing && now >= close_by)
            return;
        if (poll(&ready, 1, 200) == 0)
            continue;
        /* A pipe that polls writable takes PIPE_BUF bytes without blocking. */
        written = write(STDERR_FILENO, bytes, size);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
}

static void *run(void *argument)
{
    struct log *log = argument;
    char text[LINE_BYTES + 64];

    thread_begin();
    pthread_mutex_lock(&log->lock);
    for (;;) {
        struct line line;
        uint64_t dropped;

        while (log->count == 0 && log->dropped == 0 && !log->closing)
            pthread_cond_wait(&log->filled, &log->lock);
        if (log->count == 0 && log->dropped == 0)
            break;
        if (log->count > 0) {
            line = log->lines[log->first];
            log->first = (log->first + 1) % LINES;
            log->count--;
        } else {
            dropped = log->dropped;
            log->dropped = 0;
            line.time_ns = clock_wall();
            line.level = LOG_WARNING;
            snprintf(line.text, sizeof line.text,
                     "the log could not be written fast enough: %llu lines were dropped",
                     (unsigned long long)dropped);
        }
        log->writing = true;
        pthread_mutex_unlock(&log->lock);
        write_out(log, text, format_line(log, &line, text, sizeof text));
        pthread_mutex_lock(&log->lock);
        log->writing = false;
        pthread_cond_broadcast(&log->settled);
    }
    pthread_mutex_unlock(&log->lock);
    thread_end();
    return NULL;
}

/* Whether the descriptor leads to the journal: systemd.exec(5), $JOURNAL_STREAM. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

static void destroy(struct log *log)
{
    pthread_cond_destroy(&log->settled);
    pthread_cond_destroy(&log->filled);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

struct log *log_open(enum log_level threshold)
{
    struct log *log = calloc(1, sizeof *log);

    if (log == NULL)
        return NULL;
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->filled, NULL);
    pthread_cond_init(&log->settled, NULL);
    atomic_init(&log->threshold, threshold);
    log->journal = is_journal(STDERR_FILENO);
    if (log_resume(log) == 0)
        return log;
    destroy(log);
    return NULL;
}

void log_pause(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    log->closing = true;
    log->close_by_ns = clock_monotonic() + CLOSE_LIMIT_MS * CLOCK_MILLISECOND;
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->thread, NULL);
}

int log_resume(struct log *log)
{
    sigset_t all, before;
    int error;

    log->closing = false;
    sigfillset(&all); /* signals are for other threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&log->thread, NULL, run, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

void log_close(struct log *log)
{
    if (log == NULL)
        return;
    log_pause(log);
    destroy(log);
}

void log_settle(struct log *log)
{
    struct timespec until = clock_to_timespec(clock_wall() + CLOSE_LIMIT_MS * CLOCK_MILLISECOND);

    pthread_mutex_lock(&log->lock);
    while ((log->count > 0 || log->writing) &&
           pthread_cond_timedwait(&log->settled, &log->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&log->lock);
}

void log_threshold(struct log *log, enum log_level threshold)
{
    atomic_store_explicit(&log->threshold, threshold, memory_order_relaxed);
}

bool log_wants(const struct log *log, enum log_level level)
{
    return level <= atomic_load_explicit(&log->threshold, memory_order_relaxed);
}

void log_line(struct log *log, enum log_level level, const char *origin, const char *text)
{
    char whole[LINE_BYTES];
    struct line *line;
    size_t length;

    if (!log_wants(log, level))
        return;
    snprintf(whole, sizeof whole, "%s%s%s", origin != NULL ? origin : "",
             origin != NULL ? ": " : "", text);
    length = strlen(whole);
    while (length > 0 && whole[length - 1] == '\n') /* who thinks that a line needs one */
        length--;
    pthread_mutex_lock(&log->lock);
    if (log->count == LINES) {
        log->dropped++;
        pthread_mutex_unlock(&log->lock);
        return;
    }
    line = &log->lines[(log->first + log->count) % LINES];
    line->time_ns = clock_wall();
    line->level = level;
    text_fit(line->text, LINE_SHOWN + 1, whole, length, TEXT_QUOTE_NOTHING);
    log->count++;
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->lock);
}

void log_format(struct log *log, enum log_level level, const char *origin, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list arguments;

    if (!log_wants(log, level))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_line(log, level, origin, text);
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_ns, uint64_t *held_back)
{
    uint64_t refill;

    if (limit->refilled_ns == 0) {
        limit->tokens = limit->burst;
        limit->refilled_ns = now_ns;
    }
    refill = (now_ns - limit->refilled_ns) / limit->period_ns;
    if (refill > 0) {
        limit->tokens =
            limit->tokens + refill > limit->burst ? limit->burst : limit->tokens + refill;
        limit->refilled_ns += refill * limit->period_ns;
    }
    if (limit->tokens == 0) {
        limit->held_back++;
        return false;
    }
    limit->tokens--;
    *held_back = limit->held_back;
    limit->held_back = 0;
    return true;
}

uint64_t log_limit_due(struct log_limit *limit, uint64_t now_ns)
{
    uint64_t held_back = 0;

    if (limit->held_back > 0 && !log_limit_pass(limit, now_ns, &held_back))
        limit->held_back--; /* nobody was refused */
    return held_back;
}
