/* SPDX-License-Identifier: MIT
 *
 * See sigaltstack(2), uselocale(3).
 */
#include "thread.h"

#include <locale.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "sanitized.h"

/* Sanitizers have a stack of their own for each thread, and take it back themselves. */
enum { HAS_STACK = !SANITIZED };

static _Thread_local struct {
    bool ours;
    locale_t locale;
    uint8_t *memory; /* of the stack, a guard page in front of it */
    size_t size;
} own;

/* The names that were given, each in two halves; one that is being written is nobody's yet. */
enum { NAMES = 128, NAME = 16 };
static atomic_uint_least64_t names[NAMES][2];
static atomic_uint names_begun;

/* What this CPU's registers need of a stack; a C library may know of one size alone. */
static long signal_stack(void)
{
#ifdef _SC_SIGSTKSZ
    return sysconf(_SC_SIGSTKSZ);
#else
    return SIGSTKSZ;
#endif
}

static void make_stack(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), least = 64 * 1024;
    long wanted = signal_stack();
    size_t stack = wanted > (long)least ? ((size_t)wanted + page - 1) / page * page : least;
    stack_t use = {.ss_size = stack};
    void *memory =
        mmap(NULL, page + stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return;
    own.memory = memory;
    own.size = page + stack;
    use.ss_sp = own.memory + page;
    mprotect(memory, page, PROT_NONE);
    sigaltstack(&use, NULL);
}

void thread_begin(void)
{
    own.ours = true;
    own.locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (own.locale != (locale_t)0)
        uselocale(own.locale);
    if (HAS_STACK)
        make_stack();
}

void thread_end(void)
{
    const stack_t none = {.ss_flags = SS_DISABLE};

    if (own.memory != NULL) {
        sigaltstack(&none, NULL);
        munmap(own.memory, own.size);
        own.memory = NULL;
    }
    if (own.locale != (locale_t)0) {
        uselocale(LC_GLOBAL_LOCALE);
        freelocale(own.locale);
        own.locale = (locale_t)0;
    }
    own.ours = false;
}

void thread_settle(void)
{
    if (own.locale != (locale_t)0)
        uselocale(own.locale);
}

void thread_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void split(const char *name, uint64_t halves[2])
{
    char whole[NAME] = {0};

    memcpy(whole, name, strnlen(name, NAME - 1));
    memcpy(halves, whole, NAME);
}

void thread_call(pthread_t thread, const char *name)
{
    uint64_t halves[2];
    unsigned place;

    if (pthread_setname_np(thread, name) != 0 || thread_has_called(name))
        return;
    place = atomic_fetch_add(&names_begun, 1);
    if (place >= NAMES)
        return;
    split(name, halves);
    atomic_store(&names[place][0], halves[0]);
    atomic_store(&names[place][1], halves[1]);
}

bool thread_has_called(const char *name)
{
    unsigned count = atomic_load(&names_begun), i;
    uint64_t halves[2];

    split(name, halves);
    for (i = 0; i < count && i < NAMES; i++)
        if (atomic_load(&names[i][0]) == halves[0] && atomic_load(&names[i][1]) == halves[1])
            return true;
    return false;
}

bool thread_is_ours(void)
{
    return own.ours;
}
