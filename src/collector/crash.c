/* SPDX-License-Identifier: MIT
 *
 * The handler calls nothing that signal-safety(7) does not list.
 */
#include "crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/sanitized.h"
#include "base/thread.h"
#include "collector/host/note.h"
#include "collector/host/owner.h"

static const struct {
    int number;
    const char *name;
} signals[] = {
    {SIGABRT, "SIGABRT"}, /* the one that sanitizers leave alone */
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"},
};

static char main_name[17]; /* of the thread */

/* Sanitizers report the others themselves, with more. */
enum { SIGNALS = SANITIZED ? 1 : sizeof signals / sizeof signals[0] };

static const char *signal_name(int number)
{
    size_t i;

    for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (signals[i].number == number)
            return signals[i].name;
    return "a signal";
}

/* Whether another process has sent it: then it says nothing about the code that runs. */
static bool is_sent(const siginfo_t *info)
{
    return info->si_code == SI_USER && info->si_pid != getpid();
}

/* Of several threads that crash at the same time, as when all workers meet the same bug, the first
 * one says so, and ends the process; the others wait for that. */
static bool is_first(void)
{
    static atomic_flag taken = ATOMIC_FLAG_INIT;
    static _Thread_local volatile sig_atomic_t mine;

    if (mine) /* in here, again */
        return false;
    mine = !atomic_flag_test_and_set(&taken);
    while (!mine)
        pause();
    return true;
}

/* Where the thread was, if this is known of the machine. */
static const void *address_of(const ucontext_t *context)
{
#if defined __x86_64__
    return (const void *)(uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    return (const void *)(uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return NULL;
#endif
}

/* And its stack; else the handler's, which is on the same one in a thread that has no other. */
static const void *stack_of(const ucontext_t *context)
{
#if defined __x86_64__
    return (const void *)(uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined __aarch64__
    return (const void *)(uintptr_t)context->uc_mcontext.sp;
#else
    return context;
#endif
}

/* A plugin's thread that has no name of its own has that of the thread that has made it, which
 * would mislead. */
static void name_thread(char *text, size_t room)
{
    char thread[17] = "";

    prctl(PR_GET_NAME, thread);
    if (!thread_is_ours() && (strcmp(thread, main_name) == 0 || thread_has_called(thread)))
        return;
    note_append(text, room, ", thread \"");
    note_append(text, room, thread);
    note_append(text, room, "\"");
}

/* A thread that no note is of. */
static void tell_place(const ucontext_t *context, char *text, size_t room)
{
    char where[NOTE_TEXT];

    if (thread_is_ours()) {
        note_append(text, room, " in the daemon itself");
    } else if (owner_text(address_of(context), stack_of(context), where, sizeof where) == 0) {
        note_append(text, room, " in a thread of its own of ");
        note_append(text, room, where);
    } else {
        note_append(text, room, " in a thread of a plugin's own (which one is not known)");
    }
    name_thread(text, room);
}

static void handle(int number, siginfo_t *info, void *context)
{
    char text[1024] = "musterd: ", where[NOTE_TEXT];

    if (!is_first()) {
        signal(number, SIG_DFL);
        return;
    }
    note_append(text, sizeof text, signal_name(number));
    if (is_sent(info)) {
        note_append(text, sizeof text, ", which another process has sent");
    } else if (note_text(&note_mine, where, sizeof where) == 0) {
        note_append(text, sizeof text, " in ");
        note_append(text, sizeof text, where);
    } else {
        tell_place(context, text, sizeof text);
    }
    note_append(text, sizeof text, "\n");
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        /* then nobody hears of it */
    }
    /* An instruction that is at fault meets the default when it is tried again. */
    signal(number, SIG_DFL);
    if (info->si_code <= 0)
        raise(number);
}

void crash_watch(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    size_t i;

    prctl(PR_GET_NAME, main_name);
    action.sa_sigaction = handle;
    sigemptyset(&action.sa_mask);
    for (i = 0; i < SIGNALS; i++)
        sigaction(signals[i].number, &action, NULL);
}
