/* SPDX-License-Identifier: MIT
 *
 * A stack that a handler can use when the thread's own is used up, and numbers as C writes them.
 */
#include <check.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sanitized.h"
#include "base/thread.h"
#include "common/runner.h"

static sigjmp_buf back;

static void jump_back(int number)
{
    siglongjmp(back, number);
}

/* No compiler makes a loop of it. */
static int use_up(int depth)
{
    volatile char room[4096];

    memset((char *)room, depth, sizeof room);
    return depth < 0 ? 0 : use_up(depth + 1) + room[depth % 4096];
}

static void *overflow(void *unused)
{
    struct sigaction action = {.sa_flags = SA_ONSTACK};
    volatile int caught = 0;

    (void)unused;
    ck_assert(!thread_is_ours());
    thread_begin();
    ck_assert(thread_is_ours());
    action.sa_handler = jump_back;
    sigaction(SIGSEGV, &action, NULL);
    if (sigsetjmp(back, 1) == 0)
        use_up(0);
    else
        caught = 1;
    thread_end();
    ck_assert(!thread_is_ours());
    return caught ? &back : NULL;
}

START_TEST(a_stack_for_handlers)
{
    pthread_t thread;
    void *caught;

    if (SANITIZED)
        return; /* they have one of their own */
    ck_assert_int_eq(pthread_create(&thread, NULL, overflow, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, &caught), 0);
    ck_assert_ptr_nonnull(caught);
}
END_TEST

START_TEST(the_c_locale)
{
    static const char *const others[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    char text[32];
    size_t i;

    thread_begin();
    for (i = 0; i < sizeof others / sizeof others[0]; i++)
        if (setlocale(LC_ALL, others[i]) != NULL)
            break;
    snprintf(text, sizeof text, "%.1f", 99.5);
    ck_assert_str_eq(text, "99.5");
    ck_assert(strtod("99.5", NULL) > 99.2);
    uselocale(LC_GLOBAL_LOCALE); /* as libconfig does */
    thread_settle();
    snprintf(text, sizeof text, "%.1f", 99.5);
    ck_assert_str_eq(text, "99.5");
    thread_end();
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(names)
{
    char name[16];

    ck_assert(!thread_has_called("worker-77"));
    thread_call(pthread_self(), "worker-77");
    ck_assert(thread_has_called("worker-77"));
    pthread_getname_np(pthread_self(), name, sizeof name);
    ck_assert_str_eq(name, "worker-77");
    thread_call(pthread_self(), "a name that is too long");
    ck_assert(!thread_has_called("a name that is too long"));
    ck_assert(!thread_has_called("worker-7"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("threads");
    TCase *tcase = tcase_create("threads");

    tcase_add_test(tcase, a_stack_for_handlers);
    tcase_add_test(tcase, the_c_locale);
    tcase_add_test(tcase, names);
    suite_add_tcase(suite, tcase);
    return suite;
}
