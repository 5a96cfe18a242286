/* SPDX-License-Identifier: MIT
 *
 * Where the host's functions may be called from, against the words of the header.
 */
#include <check.h>
#include <pthread.h>
#include <string.h>

#include "collector/host/callback.h"
#include "collector/host/rules.h"
#include "common/runner.h"

static struct host host;
static struct entry entry = {.name = (char *)"odd", .plugin.path = (char *)"odd.so"};
static struct muster_instance instance;

static void set_up(void)
{
    host.log = log_open(LOG_ERROR);
    entry.plugin.api.name = "odd";
    entry.plugin.api.version = "1";
    instance_init(&instance, &entry, &host);
}

static void tear_down(void)
{
    log_close(host.log);
}

/* As written in <muster/plugin.h>: in these callbacks, and on a thread of the plugin's own or not.
 */
static const struct {
    enum rule rule;
    bool own_thread;
    enum callback callbacks[8];
} written[] = {
    {RULE_GET_INT,
     false,
     {CALLBACK_CHECK, CALLBACK_OPEN, CALLBACK_WORKER_OPEN, CALLBACK_CONNECT, CALLBACK_RELOAD}},
    {RULE_CONFIG_ERROR, false, {CALLBACK_CHECK}},
    {RULE_PROBLEM, false, {CALLBACK_CHECK}},
    {RULE_TAKE, false, {CALLBACK_OPEN}},
    {RULE_METRIC, false, {CALLBACK_OPEN, CALLBACK_WORKER_OPEN}},
    {RULE_VALUES, false, {CALLBACK_PROCESS, CALLBACK_WRITE}},
    {RULE_EMIT,
     false,
     {CALLBACK_PROCESS, CALLBACK_WORKER_TICK, CALLBACK_WORKER_CLOSE, CALLBACK_FORGET}},
    {RULE_DROP,
     false,
     {CALLBACK_PROCESS, CALLBACK_WORKER_TICK, CALLBACK_WORKER_CLOSE, CALLBACK_FORGET}},
    {RULE_HOLD, false, {CALLBACK_PROCESS}},
    {RULE_RELEASE,
     false,
     {CALLBACK_PROCESS, CALLBACK_WORKER_TICK, CALLBACK_WORKER_CLOSE, CALLBACK_FORGET}},
    {RULE_STATE, false, {CALLBACK_OPEN}},
    {RULE_WAIT,
     true,
     {CALLBACK_CONNECT, CALLBACK_WRITE, CALLBACK_FLUSH, CALLBACK_DISCONNECT, CALLBACK_ROTATE,
      CALLBACK_TICK}},
};

START_TEST(as_written)
{
    const unsigned i = (unsigned)_i;
    unsigned callback, k;

    ck_assert_int_eq(rules_allow(&instance, written[i].rule), written[i].own_thread);
    for (callback = CALLBACK_CHECK; callback < CALLBACKS; callback++) {
        bool allowed = false;

        for (k = 0; k < 8; k++)
            allowed |= written[i].callbacks[k] == callback;
        callback_enter(&instance, (enum callback)callback);
        ck_assert_msg(rules_allow(&instance, written[i].rule) == allowed, "rule %u in %s",
                      written[i].rule, rule_table_callback((enum callback)callback));
        callback_leave();
    }
}
END_TEST

/* "Any thread, any time after check began." */
START_TEST(from_check_on)
{
    char text[300];

    callback_enter(&instance, CALLBACK_CHECK);
    ck_assert(rules_allow(&instance, RULE_VALUE_COLUMN));
    callback_leave();
    ck_assert(rules_allow(&instance, RULE_VALUE_COLUMN)); /* a thread of the plugin's own */
    ck_assert(!rule_table_allows(RULE_VALUE_COLUMN, CALLBACK_LOAD));
    rule_table_explain(RULE_VALUE_COLUMN, CALLBACK_LOAD, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "expected in check, or what comes behind it"));
}
END_TEST

/* "Any thread from open on." */
START_TEST(from_open_on)
{
    static const enum rule rules[] = {
        RULE_READ_METRIC, RULE_FIND_METRIC, RULE_DEVICE_COUNT, RULE_DEVICE, RULE_DEVICE_BY_ID,
        RULE_OWN_NAME,    RULE_ENTRY_NAME,  RULE_WAKE,         RULE_STOP,
    };
    unsigned callback;
    size_t i;

    for (i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        ck_assert(rules_allow(&instance, rules[i]));
        for (callback = CALLBACK_CHECK; callback < CALLBACKS; callback++) {
            callback_enter(&instance, (enum callback)callback);
            ck_assert_int_eq(rules_allow(&instance, rules[i]), callback != CALLBACK_CHECK);
            callback_leave();
        }
    }
}
END_TEST

static struct batch batch;

static void *ask_elsewhere(void *is_inside)
{
    static struct batch others;
    bool allowed;

    if (is_inside != NULL)
        callback_enter_batch(&instance, CALLBACK_PROCESS, &others.view);
    allowed = rules_allow_batch(&batch.view, RULE_DROP);
    if (is_inside != NULL)
        callback_leave();
    return allowed ? &batch : NULL;
}

START_TEST(a_batch_is_its_threads)
{
    pthread_t thread;
    void *allowed;
    int i;

    batch.instance = &instance;
    ck_assert(!rules_allow_batch(&batch.view, RULE_EMIT));
    callback_enter_batch(&instance, CALLBACK_PROCESS, &batch.view);
    ck_assert(rules_allow_batch(&batch.view, RULE_EMIT));
    /* A thread of the plugin's own, and another worker. */
    for (i = 0; i < 2; i++) {
        ck_assert_int_eq(
            pthread_create(&thread, NULL, ask_elsewhere, i == 0 ? NULL : (void *)&batch), 0);
        ck_assert_int_eq(pthread_join(thread, &allowed), 0);
        ck_assert_ptr_null(allowed);
    }
    ck_assert(rules_allow_batch(&batch.view, RULE_EMIT));
    ck_assert(!rules_allow_batch(NULL, RULE_EMIT)); /* nor is it looked into */
    callback_leave();
    callback_enter(&instance, CALLBACK_WRITE);
    ck_assert(!rules_allow_batch(NULL, RULE_DROP));
    callback_leave();
}
END_TEST

START_TEST(a_callback_in_another)
{
    callback_enter(&instance, CALLBACK_OPEN);
    callback_enter(&instance, CALLBACK_IS_SOUND);
    ck_assert(!rules_allow(&instance, RULE_STATE));
    callback_leave();
    ck_assert(rules_allow(&instance, RULE_STATE));
    callback_leave();
    ck_assert(!rules_allow(&instance, RULE_STATE));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rules");
    TCase *tcase = tcase_create("rules");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, as_written, 0, sizeof written / sizeof written[0]);
    tcase_add_test(tcase, from_check_on);
    tcase_add_test(tcase, from_open_on);
    tcase_add_test(tcase, a_batch_is_its_threads);
    tcase_add_test(tcase, a_callback_in_another);
    suite_add_tcase(suite, tcase);
    return suite;
}
