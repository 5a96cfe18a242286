/* SPDX-License-Identifier: MIT
 *
 * muster-plugin check.  Each life is a process of its own, so that what one of them breaks is not
 * held against the next.  After the first life that shows something wrong no other is tried: most
 * of them would show the same.
 */
#include "check.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "drive_filter.h"
#include "drive_sink.h"
#include "life.h"
#include "report.h"
#include "symbols.h"
#include "testing/callback_note.h"
#include "testing/instance.h"

enum { STEPS = 16, WALKS = 24, FAILURES = 24 };

struct plan {
    const struct subject *subject;
    const char *steps;
    uint32_t workers;
    int fails;      /* enum muster_test_function, or -1 */
    uint32_t after; /* that many calls */
};

static void note_misuse(void *context, const char *text)
{
    (void)context;
    report_finding("%s", text);
}

static void begin(void)
{
    muster_test_on_misuse(note_misuse, NULL);
    callback_note_watch(report_watch);
}

/* ---- Lives ---------------------------------------------------------------------------- */

/* The first: is it a plugin, and are its options right? */
static void look(const void *context)
{
    const struct plan *plan = context;
    struct muster_instance *instance;
    uint32_t i;

    begin();
    instance = life_load(plan->subject);
    if (instance == NULL)
        return;
    report->is_filter = instance->plugin.api.filter != NULL;
    snprintf(report->plugin, sizeof report->plugin, "%s %s, a %s", instance->plugin.api.name,
             instance->plugin.api.version, report->is_filter ? "filter" : "sink");
    symbols_check(instance->plugin.path);
    if (muster_test_check(instance) != 0)
        for (i = 0; i < instance->errors.count; i++)
            report_finding(
                "check() says: %s%s%.400s",
                instance->errors.all[i].option != NULL ? instance->errors.all[i].option : "",
                instance->errors.all[i].option != NULL ? ": " : "", instance->errors.all[i].text);
    muster_test_free(instance);
}

static void drive(const struct plan *plan, struct muster_instance *instance)
{
    if (plan->steps == NULL)
        return;
    if (report->is_filter)
        drive_filter(instance, plan->steps, plan->workers);
    else
        drive_sink(instance, plan->steps);
}

static void live(const void *context)
{
    const struct plan *plan = context;
    struct muster_instance *instance;
    struct belongings before, after;
    int i;

    begin();
    instance = life_load(plan->subject);
    if (instance == NULL)
        return;
    muster_test_check(instance);
    before = life_count();
    if (plan->fails >= 0)
        muster_test_fail(instance, (enum muster_test_function)plan->fails, plan->after);
    if (life_open(instance, plan->fails < 0)) {
        after = life_count();
        if (!report->is_filter && life_has_more(&before, &after))
            report_note("open() opens a file or socket; an output waits for connect(), so that "
                        "it cannot keep the daemon from starting");
        drive(plan, instance);
        muster_test_set_call(instance, MUSTER_CALL_STOPPING | MUSTER_CALL_FINAL, 1);
        muster_test_close(instance);
    }
    life_compare(before);
    if (plan->fails < 0)
        for (i = 0; i < MUSTER_TEST_FUNCTIONS; i++)
            report->calls[i] = muster_test_calls(instance, (enum muster_test_function)i);
    muster_test_free(instance);
}

/* Two instances at a time, as of two entries of the chain. */
static void live_twice(const void *context)
{
    const struct plan *plan = context;
    struct muster_instance *a, *b;

    begin();
    a = life_load(plan->subject);
    b = life_load(plan->subject);
    if (a == NULL || b == NULL)
        return;
    if (life_open(a, true) && life_open(b, true)) {
        drive(plan, a);
        muster_test_close(a);
        drive(plan, b);
        muster_test_close(b);
    }
    muster_test_free(a);
    muster_test_free(b);
}

/* ---- Orders --------------------------------------------------------------------------- */

static bool go(const struct plan *plan)
{
    return child_run(live, plan) == 0 && report->findings.count == 0;
}

/* All pairs of steps between two writes, each prefix of a longer life, and random walks. */
static bool orders(struct plan plan, const char *alphabet)
{
    const char first = report->is_filter ? 'p' : 'w';
    const size_t letters = strlen(alphabet);
    uint32_t random = 1;
    char steps[STEPS];
    size_t i, k;

    for (i = 0; i < letters; i++)
        for (k = 0; k < letters; k++) {
            snprintf(steps, sizeof steps, "%c%c%c", alphabet[i], alphabet[k], first);
            plan.steps = steps;
            plan.workers = 1 + (uint32_t)(k % 2);
            if (!go(&plan))
                return false;
        }
    for (i = 0; i < WALKS; i++) {
        for (k = 0; k < STEPS - 1; k++) {
            random = random * UINT32_C(1664525) + UINT32_C(1013904223);
            steps[k] = random >> 30 == 0 ? first : alphabet[(random >> 16) % letters];
        }
        steps[i % 2 ? STEPS - 1 : i / 2 + 1] = '\0';
        steps[STEPS - 1] = '\0';
        plan.steps = steps;
        plan.workers = 2;
        if (!go(&plan))
            return false;
    }
    return true;
}

/* Each host function that can fail does so once, in each of its first calls. */
static bool failures(struct plan plan, const char *steps)
{
    uint32_t calls[MUSTER_TEST_FUNCTIONS], i;
    int function;

    plan.steps = steps;
    plan.workers = 2;
    if (!go(&plan))
        return false;
    memcpy(calls, report->calls, sizeof calls);
    for (function = 0; function < MUSTER_TEST_FUNCTIONS; function++)
        for (i = 0; i < calls[function] && i < FAILURES; i++) {
            plan.fails = function;
            plan.after = i;
            atomic_fetch_add(&report->failures, 1);
            if (!go(&plan))
                return false;
        }
    return true;
}

static void all_lives(struct plan plan)
{
    if (child_run(look, &plan) != 0 || report->findings.count > 0 || !go(&plan))
        return;
    plan.steps = "";
    plan.workers = 2;
    if (!go(&plan))
        return;
    if (!orders(plan, report->is_filter ? "ptl" : "wfrltxd"))
        return;
    plan.steps = report->is_filter ? "pptlp" : "wfwtrfw";
    if (!failures(plan, plan.steps))
        return;
    child_run(live_twice, &plan);
}

/* ---- Result --------------------------------------------------------------------------- */

static int print_result(const char *file)
{
    const char *name = report->plugin[0] != '\0' ? report->plugin : file;
    unsigned count = report->findings.count, i;

    for (i = 0; i < report->notes.count; i++)
        printf("note: %s\n", report->notes.text[i]);
    for (i = 0; i < count; i++)
        printf("%s\n", report->findings.text[i]);
    if (count > 0) {
        printf("%s: %u thing%s wrong\n", name, count, count > 1 ? "s are" : " is");
        return 1;
    }
    printf("%s: fine (%llu lives, %llu callbacks, %llu records, %llu failure%s of the host)\n",
           name, report->lives, report->callbacks, report->records, report->failures,
           report->failures == 1 ? "" : "s");
    return 0;
}

int check_run(const char *file, char *const *options)
{
    char path[4096];
    const struct subject subject = {path, options};

    /* A name without a slash would be looked for where plugins are installed. */
    snprintf(path, sizeof path, "%s%s", strchr(file, '/') == NULL ? "./" : "", file);
    if (report_begin() < 0) {
        perror("muster-plugin: no memory");
        return 1;
    }
    all_lives((struct plan){.subject = &subject, .fails = -1});
    return print_result(file);
}
