/* SPDX-License-Identifier: MIT
 *
 * Lines on their way to a descriptor: what is out, what is held, and what is forgotten.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/line_buffer.h"
#include "common/runner.h"

enum { PIPE_ROOM = 4096 };

static struct line_buffer buffer;
static int reader, writer;
static char found[70000];

static void set_up(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    reader = ends[0];
    writer = ends[1];
    ck_assert_int_eq(fcntl(writer, F_SETPIPE_SZ, PIPE_ROOM), PIPE_ROOM);
    memset(&buffer, 0, sizeof buffer);
}

static void tear_down(void)
{
    line_buffer_free(&buffer);
    ck_assert_ptr_null(buffer.bytes);
    close(reader);
    close(writer);
}

/* Appends a line of `size` bytes, its '\n' included. */
static void add(char byte, size_t size)
{
    char *next;

    ck_assert_int_eq(line_buffer_reserve(&buffer, size), 0);
    next = line_buffer_next(&buffer);
    memset(next, byte, size - 1);
    next[size - 1] = '\n';
    line_buffer_add(&buffer, next + size);
}

/* Reads all that is in the pipe.  Returns how many bytes that was. */
static size_t drain(void)
{
    size_t size = 0;
    ssize_t n;

    while ((n = read(reader, found + size, sizeof found - 1 - size)) > 0)
        size += (size_t)n;
    found[size] = '\0';
    return size;
}

START_TEST(all_is_sent)
{
    struct line_buffer_sent sent;
    size_t i;

    for (i = 0; i < 100; i++)
        add((char)('a' + i % 26), i % 7 + 1);
    ck_assert_uint_eq(buffer.count, 100);
    sent = line_buffer_send(&buffer, writer, 0);
    ck_assert_int_eq(sent.error, 0);
    ck_assert_uint_eq(sent.whole, 100);
    ck_assert_uint_eq(sent.calls, 1);
    ck_assert_uint_eq(sent.torn, 0);
    ck_assert(!sent.held_done);
    ck_assert_uint_eq(sent.bytes, drain());
    ck_assert_int_eq(memcmp(found, "\nb\ncc\nddd\n", 10), 0);
    ck_assert_uint_eq(buffer.size + buffer.count + buffer.held, 0);
    sent = line_buffer_send(&buffer, writer, 0); /* nothing */
    ck_assert(sent.error == 0 && sent.calls == 0 && sent.whole == 0);
}
END_TEST

START_TEST(a_torn_line_is_held)
{
    struct line_buffer_sent sent;

    add('a', 1000);
    add('b', 6000);
    add('c', 10);
    sent = line_buffer_send(&buffer, writer, 0);
    ck_assert_int_eq(sent.error, EAGAIN);
    ck_assert_uint_eq(sent.bytes, PIPE_ROOM);
    ck_assert_uint_eq(sent.whole, 1);
    ck_assert_uint_eq(sent.torn, PIPE_ROOM - 1000);
    ck_assert_uint_eq(buffer.held, 7000 - PIPE_ROOM); /* and "c" is forgotten */
    ck_assert_uint_eq(buffer.size, buffer.held);
    ck_assert_uint_eq(buffer.count, 0);

    add('d', 3);
    sent = line_buffer_send(&buffer, writer, 0); /* still no room */
    ck_assert_int_eq(sent.error, EAGAIN);
    ck_assert(sent.bytes == 0 && sent.whole == 0 && sent.torn == 0 && !sent.held_done);
    ck_assert_uint_eq(buffer.size, 7000 - PIPE_ROOM);

    ck_assert_uint_eq(drain(), PIPE_ROOM);
    add('d', 3);
    sent = line_buffer_send(&buffer, writer, 0);
    ck_assert_int_eq(sent.error, 0);
    ck_assert_uint_eq(sent.whole, 1);
    ck_assert(sent.held_done);
    ck_assert_uint_eq(drain(), 7000 - PIPE_ROOM + 3);
    ck_assert_str_eq(found + 7000 - PIPE_ROOM - 2, "b\ndd\n");
}
END_TEST

START_TEST(held_and_torn_again)
{
    struct line_buffer_sent sent;

    add('a', 3 * PIPE_ROOM);
    sent = line_buffer_send(&buffer, writer, 0);
    ck_assert_uint_eq(sent.torn, PIPE_ROOM);
    drain();
    sent = line_buffer_send(&buffer, writer, 0); /* the same line, shorter */
    ck_assert(sent.error == EAGAIN && sent.torn == 0 && sent.whole == 0 && !sent.held_done);
    ck_assert_uint_eq(buffer.held, PIPE_ROOM);
    drain();
    add('b', 1);
    add('c', 9);
    sent = line_buffer_send(&buffer, writer, 0); /* the held line is out, the next is not */
    ck_assert(sent.error == EAGAIN && sent.held_done && sent.whole == 0 && sent.torn == 0);
    ck_assert_uint_eq(buffer.size, 0);
    drain();
    add('a', PIPE_ROOM + 1);
    line_buffer_send(&buffer, writer, 0);
    drain();
    add('b', 5);
    add('c', PIPE_ROOM);
    sent = line_buffer_send(&buffer, writer, 0); /* the held line, one more, and a torn one */
    ck_assert(sent.error == EAGAIN && sent.held_done && sent.whole == 1);
    ck_assert_uint_eq(sent.torn, PIPE_ROOM - 6);
    ck_assert_uint_eq(buffer.held, 6);
}
END_TEST

START_TEST(held_is_forgotten_or_abandoned)
{
    struct line_buffer_sent sent;

    add('a', PIPE_ROOM + 10);
    line_buffer_send(&buffer, writer, 0);
    ck_assert_uint_eq(buffer.held, 10);
    line_buffer_forget_held(&buffer);
    drain();
    add('b', 3);
    sent = line_buffer_send(&buffer, writer, 0);
    ck_assert(sent.error == 0 && sent.whole == 1 && !sent.held_done);
    drain();
    ck_assert_str_eq(found, "bb\n");

    add('a', PIPE_ROOM + 10);
    line_buffer_send(&buffer, writer, 0);
    line_buffer_abandon_held(&buffer);
    ck_assert(buffer.abandoned);
    sent = line_buffer_send(&buffer, writer, 0);
    ck_assert(sent.error == EAGAIN && buffer.abandoned && buffer.held == 1);
    drain();
    add('b', 3);
    sent = line_buffer_send(&buffer, writer, 0);
    ck_assert(sent.error == 0 && sent.whole == 1 && !sent.held_done && !buffer.abandoned);
    drain();
    ck_assert_str_eq(found, "\nbb\n");

    add('a', PIPE_ROOM + 10);
    line_buffer_send(&buffer, writer, 0);
    line_buffer_abandon_held(&buffer);
    drain();
    add('b', PIPE_ROOM);
    sent = line_buffer_send(&buffer, writer, 0); /* the newline, and a torn line */
    ck_assert(sent.error == EAGAIN && !sent.held_done && sent.whole == 0 && !buffer.abandoned);
    ck_assert(sent.torn == PIPE_ROOM - 1 && buffer.held == 1);
}
END_TEST

/* The descriptor itself would block; the pipe may be shared with a shell, and stays as it is. */
START_TEST(never_blocks)
{
    struct line_buffer_sent sent;

    ck_assert_int_eq(fcntl(writer, F_SETFL, 0), 0);
    buffer.never_block = true;
    add('a', 10 * PIPE_ROOM);
    sent = line_buffer_send(&buffer, writer, 10);
    ck_assert_int_eq(sent.error, EAGAIN);
    ck_assert_uint_eq(sent.torn, PIPE_ROOM);
    ck_assert_str_eq(line_buffer_error(sent.error), "whoever reads it takes nothing more");
}
END_TEST

START_TEST(errors)
{
    struct line_buffer_sent sent;

    add('a', 10);
    sent = line_buffer_send(&buffer, -1, 0);
    ck_assert_int_eq(sent.error, EBADF);
    ck_assert(sent.calls == 1 && sent.bytes == 0 && sent.whole == 0 && sent.torn == 0);
    ck_assert_uint_eq(buffer.size, 0); /* will be offered again */
    ck_assert_str_eq(line_buffer_error(EBADF), strerror(EBADF));
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {all_is_sent,         a_torn_line_is_held,
                                  held_and_torn_again, held_is_forgotten_or_abandoned,
                                  never_blocks,        errors};
    Suite *suite = suite_create("line buffer");
    TCase *tcase = tcase_create("line buffer");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
