/* SPDX-License-Identifier: MIT
 *
 * Lines that are requests, and lines that are none; each of these is cut at every length, and has
 * each of its bytes changed, too.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "collector/control/request.h"
#include "common/runner.h"

static const struct command_argument arguments[] = {{"filter", ARGUMENT_TEXT, "which"},
                                                    {"dry_run", ARGUMENT_FLAG, "only say"},
                                                    {NULL, ARGUMENT_TEXT, NULL}};
static const struct command commands[] = {{"status", "all", NULL, NULL, NULL},
                                          {"devices", "some", arguments, NULL, NULL}};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct {
    const char *line, *why; /* NULL: it is a request */
} lines[] = {
    {"{\"command\":\"status\"}", NULL},
    {" { \"command\" : \"status\" } ", NULL},
    {"{\"command\":\"devices\",\"filter\":\"place=a b\",\"dry_run\":true}", NULL},
    {"{\"filter\":\"\",\"command\":\"devices\"}", NULL},
    {"", "that is no JSON"},
    {"status", "that is no JSON"},
    {"{\"command\":\"status\"", "that is no JSON"},
    {"{\"command\":\"status\"} {}", "that is no JSON"},
    {"{\"command\":\"status\",\"command\":\"status\"}", "that is no JSON"},
    {"\"status\"", "that is no JSON"},
    {"[\"status\"]", "an array; expected an object"},
    {"12", "that is no JSON"},
    {"null", "that is no JSON"},
    {"{}", "an object without \"command\""},
    {"{\"command\":null}", "a \"command\" that is no text"},
    {"{\"command\":[]}", "a \"command\" that is no text"},
    {"{\"command\":\"\"}", "there is no command \"\"; expected status or devices"},
    {"{\"command\":\"device\"}", "there is no command \"device\"; did you mean \"devices\"?"},
    {"{\"command\":\"status\",\"filter\":\"a\"}", "status: there is no argument \"filter\""},
    {"{\"command\":\"devices\",\"fliter\":\"a\"}", "did you mean \"filter\"?"},
    {"{\"command\":\"devices\",\"filter\":1}", "\"filter\" is a number; expected a text"},
    {"{\"command\":\"devices\",\"dry_run\":\"yes\"}", "is a text; expected true or false"},
    {"{\"command\":\"devices\",\"dry_run\":null}", "is null; expected true or false"},
};

START_TEST(line)
{
    struct request request;
    char why[REQUEST_WHY] = "";
    int result =
        request_parse(&request, lines[_i].line, strlen(lines[_i].line), commands, COMMANDS, why);

    if (lines[_i].why == NULL) {
        ck_assert_msg(result == 0, "%s: %s", lines[_i].line, why);
        ck_assert_ptr_nonnull(request.command);
    } else {
        ck_assert_int_eq(result, -1);
        ck_assert_msg(strstr(why, lines[_i].why) != NULL, "%s: %s", lines[_i].line, why);
    }
    request_free(&request);
}
END_TEST

START_TEST(values)
{
    const char *text = "{\"command\":\"devices\",\"filter\":\"place=a\"}";
    struct request request;
    char why[REQUEST_WHY];

    ck_assert_int_eq(request_parse(&request, text, strlen(text), commands, COMMANDS, why), 0);
    ck_assert_str_eq(request_text(&request, "filter"), "place=a");
    ck_assert_ptr_null(request_text(&request, "absent"));
    ck_assert(!request_flag(&request, "dry_run"));
    request_free(&request);
}
END_TEST

/* In memory of exactly that size, so that a sanitizer sees who reads beyond it. */
static void try(const char *text, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1), why[REQUEST_WHY] = "";
    struct request request;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    if (request_parse(&request, copy, size, commands, COMMANDS, why) == 0)
        ck_assert_ptr_nonnull(request.command);
    else
        ck_assert_str_ne(why, "");
    request_free(&request);
    free(copy);
}

START_TEST(damaged)
{
    static const char others[] = {'\0', '"', '\\', '{', '}', '\xff', 'a', '9'};
    const size_t size = strlen(lines[_i].line);
    char *copy = strdup(lines[_i].line);
    size_t i, k;

    ck_assert_ptr_nonnull(copy);
    for (i = 0; i <= size; i++)
        try(copy, i);
    for (i = 0; i < size; i++) {
        for (k = 0; k < sizeof others; k++) {
            copy[i] = others[k];
            try(copy, size);
        }
        copy[i] = lines[_i].line[i];
    }
    free(copy);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("request");
    TCase *tc = tcase_create("request");

    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, line, 0, sizeof lines / sizeof lines[0]);
    tcase_add_loop_test(tc, damaged, 0, sizeof lines / sizeof lines[0]);
    tcase_add_test(tc, values);
    return suite;
}
