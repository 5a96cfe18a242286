/* SPDX-License-Identifier: MIT
 *
 * A process that runs a plugin.  A crash is explained where it happens, by a signal handler on a
 * stack of its own, since only there the address is known; what is said is in the shared report.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "pages.h"
#include "report.h"
#include "testing/callback_note.h"

enum { EXPLAINED = 97, STACK = 65536 };

#define PATIENCE (10 * CLOCK_SECOND) /* with a callback */

static bool is_write_fault(const void *context)
{
#if defined __x86_64__
    return (((const ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
    (void)context;
    return false;
#endif
}

static const char *signal_text(int number)
{
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV: it touches memory that is not there";
    case SIGBUS:
        return "SIGBUS: a file that it has mapped is shorter";
    case SIGFPE:
        return "SIGFPE: a division by zero";
    case SIGILL:
        return "SIGILL";
    default:
        return "SIGABRT: an assertion, a C++ exception that escapes, or memory that is damaged";
    }
}

static void crashed(int number, siginfo_t *info, void *context)
{
    const char *callback = callback_note_name();
    const char *parts[PAGES_PARTS];

    if ((number != SIGSEGV && number != SIGBUS) ||
        !pages_explain(info->si_addr, is_write_fault(context), callback, parts)) {
        parts[0] = callback != NULL ? callback : "the plugin, outside of a callback,";
        parts[1] = callback != NULL ? "() crashes: " : " crashes: ";
        parts[2] = signal_text(number);
        parts[3] = NULL;
    }
    report_crash(parts);
    _exit(EXPLAINED);
}

static void catch_crashes(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_sp = malloc(STACK), .ss_size = STACK};
    size_t i;

    if (stack.ss_sp != NULL)
        sigaltstack(&stack, NULL);
    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}

static void run(void (*work)(const void *context), const void *context)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        close(nowhere);
    }
    catch_crashes();
    work(context);
    atomic_store(&report->done, true);
    _exit(0);
}

/* The callback in which a thread is for too long; NULL: none. */
static const char *hanging(void)
{
    uint64_t now = clock_monotonic();
    unsigned i;

    for (i = 0; i < REPORT_THREADS; i++) {
        const struct report_thread *thread = &report->threads[i];
        const char *callback = thread->callback;

        if (callback != NULL && now > thread->since_ns + PATIENCE)
            return callback;
    }
    return NULL;
}

static const char *running(void)
{
    unsigned i;

    for (i = 0; i < REPORT_THREADS; i++)
        if (report->threads[i].callback != NULL)
            return report->threads[i].callback;
    return NULL;
}

/* What a process that ended without a word has done. */
static void explain(int status)
{
    const char *callback = running();

    if (WIFSIGNALED(status))
        report_finding("%s%s ended the process: %s", callback != NULL ? callback : "the plugin",
                       callback != NULL ? "()" : "", strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != EXPLAINED)
        report_finding("%s%s calls exit(), which would end the daemon",
                       callback != NULL ? callback : "the loading of the plugin",
                       callback != NULL ? "()" : "");
}

int child_run(void (*work)(const void *context), const void *context)
{
    const struct timespec nap = {.tv_nsec = 2000000};
    unsigned i;
    int status;
    pid_t pid;

    atomic_store(&report->done, false);
    for (i = 0; i < REPORT_THREADS; i++)
        atomic_store(&report->threads[i].callback, NULL);
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        report_finding("cannot start a process: %s", strerror(errno));
        return -1;
    }
    if (pid == 0)
        run(work, context);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        const char *callback = hanging();

        if (callback != NULL) {
            report_finding("%s() has not returned for 10 s", callback);
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        nanosleep(&nap, NULL);
    }
    if (report->done)
        return 0;
    explain(status);
    return -1;
}
