/* SPDX-License-Identifier: MIT
 *
 * Nothing here waits for ever: an alarm ends what hangs on a stream's lock, or on a pipe that
 * nobody reads.
 */
#include "ending.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "collector.h"
#include "collector/host/note.h"
#include "collector/host/owner.h"
#include "collector/host/rule_table.h"

enum { PATIENCE = 3, /* seconds */ DRAIN_MS = 500 };

static struct {
    pthread_mutex_t lock; /* held until the process ends by whoever ends it */
    pid_t process;
    struct log *log;
    void (*print)(void *context, FILE *out);
    void *context;
} ending = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void give_up(int number)
{
    (void)number;
    _exit(COLLECTOR_PLUGIN);
}

/* Only this thread takes the alarm; others have it blocked. */
static void set_alarm(void)
{
    sigset_t set;

    signal(SIGALRM, give_up);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    alarm(PATIENCE);
}

static void write_out(const char *text, size_t size)
{
    while (size > 0) {
        struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
        ssize_t written;

        if (poll(&ready, 1, DRAIN_MS) <= 0)
            return;
        written = write(STDERR_FILENO, text, size < 512 ? size : 512);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
}

static void print_ledger(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return;
    ending.print(ending.context, out);
    if (fclose(out) == 0)
        write_out(text, size);
    free(text);
}

void ending_now(const char *text)
{
    char line[1200];

    pthread_mutex_lock(&ending.lock);
    set_alarm();
    if (ending.log != NULL) {
        log_line(ending.log, LOG_ERROR, NULL, text);
        log_settle(ending.log);
    } else {
        snprintf(line, sizeof line, "musterd: %s\n", text);
        write_out(line, strlen(line));
    }
    if (ending.print != NULL)
        print_ledger();
    _exit(COLLECTOR_PLUGIN);
}

void ending_has_ledger(void (*print)(void *context, FILE *out), void *context)
{
    pthread_mutex_lock(&ending.lock);
    ending.print = print;
    ending.context = context;
    pthread_mutex_unlock(&ending.lock);
}

void ending_has_none(void)
{
    ending_has_ledger(NULL, NULL);
}

/* ---- exit(), and threads that end ----------------------------------------------------- */

enum { EXITS = 300 }; /* threads that may call exit() at the same time: all workers, and some */

/* What a plugin does instead. */
static const char *advice(unsigned callback)
{
    switch (callback) {
    case CALLBACK_LOAD:
        return "a constructor leaves what can fail to open(), which logs why and returns "
               "MUSTER_FAILED";
    case CALLBACK_CLOSE:
    case CALLBACK_WORKER_CLOSE:
    case CALLBACK_DISCONNECT:
        return "a plugin logs what went wrong, frees what it has, and returns";
    case CALLBACK_TICK:
    case CALLBACK_WORKER_TICK:
    case CALLBACK_DEVICES:
    case CALLBACK_GAPS:
    case CALLBACK_FORGET:
        return "a plugin logs why and calls host->stop instead";
    case CALLBACK_IS_SOUND:
    case CALLBACK_CONVERT:
        return "a plugin returns 0 instead: the state is then set aside";
    default:
        return "a plugin logs why and returns MUSTER_FAILED instead, or calls host->stop";
    }
}

static void at_exit(void)
{
    char where[NOTE_TEXT], text[NOTE_TEXT + 200];

    if (getpid() != ending.process) /* a child that a plugin has made */
        return;
    if (note_text(&note_mine, where, sizeof where) == 0)
        snprintf(text, sizeof text, "exit() was called in %s; that ends the daemon; %s", where,
                 advice(atomic_load(&note_mine.callback)));
    else if (!thread_is_ours())
        snprintf(text, sizeof text,
                 "exit() was called in a thread of its own of %s; that ends the daemon; a plugin "
                 "calls host->stop instead",
                 owner_text(NULL, __builtin_frame_address(0), where, sizeof where) == 0
                     ? where
                     : "a plugin (which one is not known)");
    else
        return;
    ending_now(text);
}

static void at_lost_thread(void)
{
    char where[NOTE_TEXT], text[NOTE_TEXT + 200];

    if (note_text(&note_mine, where, sizeof where) < 0)
        snprintf(where, sizeof where, "the daemon itself");
    snprintf(text, sizeof text,
             "a thread of the daemon was ended in %s; a plugin must not call pthread_exit() or "
             "pthread_cancel() on it",
             where);
    ending_now(text);
}

void ending_watch(struct log *log)
{
    int i;

    ending.process = getpid();
    ending.log = log;
    note_tell_lost(at_lost_thread);
    /* Each is called once: of several threads that call exit() at the same time, as when all
     * workers meet the same bug, every one is to find one, and to wait in it for the first. */
    for (i = 0; i < EXITS; i++) {
        if (atexit(at_exit) != 0 || at_quick_exit(at_exit) != 0)
            return; /* no memory: fewer are caught */
    }
}
