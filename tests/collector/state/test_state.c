/* SPDX-License-Identifier: MIT
 *
 * State that outlives a run: how old it is said to be, what is refused and what becomes of
 * that, and which of two files counts.  A run that was killed is played by putting back the file
 * as it was in the middle of the run.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/state/checksum.h"
#include "collector/state/state.h"
#include "collector/state/state_file.h"
#include "common/runner.h"

enum {
    BYTES = 200003, /* several pieces of a copy, and no whole word at the end */
    PAGE = sizeof(struct state_header),
    FORMAT = 7,
    PATH_BYTES = 512
};

struct image {
    size_t bytes;
    uint8_t *at;
};

static char folder[64], home[80], live[80];
static int real_stderr;
static struct log *log_of_run;
static struct state_store *store;
static struct state *state;
static struct muster_state wanted;
static int sound, sound_calls;

/* ---- Files ---------------------------------------------------------------------------- */

static const char *in(const char *directory, const char *name)
{
    static char path[PATH_BYTES];

    ck_assert_int_lt(snprintf(path, sizeof path, "%s/%s", directory, name), (int)sizeof path);
    return path;
}

static const char *home_file(void)
{
    return in(home, "it.state");
}

static const char *live_file(void)
{
    return in(live, "it.state");
}

static bool exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

static struct image read_image(const char *path)
{
    struct image image = {0};
    struct stat status;
    int fd = open(path, O_RDONLY);

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(fstat(fd, &status), 0);
    image.bytes = (size_t)status.st_size;
    image.at = malloc(image.bytes + 1);
    ck_assert_ptr_nonnull(image.at);
    ck_assert_int_eq(read(fd, image.at, image.bytes), (ssize_t)image.bytes);
    image.at[image.bytes] = '\0';
    close(fd);
    return image;
}

static void write_bytes(const char *path, const void *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(write(fd, bytes, count), (ssize_t)count);
    close(fd);
}

/* Puts a file back as it was, and forgets the image. */
static void put_back(const char *path, struct image *image)
{
    write_bytes(path, image->at, image->bytes);
    free(image->at);
    image->at = NULL;
}

static void flip(const char *path, size_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= 0x10;
    ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

/* How many files of that folder have a name that begins so; *name is one of them. */
static unsigned count_files(const char *directory, const char *begin, char *name)
{
    DIR *open_folder = opendir(directory);
    struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(open_folder);
    while ((entry = readdir(open_folder)) != NULL)
        if (strncmp(entry->d_name, begin, strlen(begin)) == 0) {
            count++;
            if (name != NULL)
                snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
        }
    closedir(open_folder);
    return count;
}

static unsigned count_aside(const char *directory)
{
    return count_files(directory, "it.state.aside-", NULL);
}

static void empty(const char *directory)
{
    char name[NAME_MAX + 1];

    while (count_files(directory, "it.", name) + count_files(directory, "musterd.", name) > 0)
        ck_assert_int_eq(remove(in(directory, name)), 0);
}

static struct state_header header_of(const char *path)
{
    struct image image = read_image(path);
    struct state_header header;

    ck_assert_uint_eq(image.bytes, PAGE + BYTES);
    memcpy(&header, image.at, sizeof header);
    free(image.at);
    return header;
}

/* Changes a header, checksum and all. */
static void edit(const char *directory, void (*change)(struct state_header *header))
{
    struct state_directory there = {.path = directory,
                                    .fd = open(directory, O_RDONLY | O_DIRECTORY)};
    struct state_owner owner = {
        .instance = "it", .plugin = "keeper", .format = FORMAT, .bytes = BYTES};
    struct state_file file;
    char why[STATE_WHY];

    ck_assert_int_ge(there.fd, 0);
    ck_assert_int_eq(state_file_find(&file, &there, &owner, why), STATE_GOOD);
    change(&file.header);
    ck_assert_int_eq(state_file_write_header(&file), 0);
    state_file_close(&file);
    close(there.fd);
}

static void other_boot(struct state_header *header)
{
    header->boot[0] ^= 1;
}

static void later_run(struct state_header *header)
{
    header->started_ns += UINT64_C(1000000000);
}

static void next_year(struct state_header *header)
{
    header->started_ns += UINT64_C(31536000000000000);
}

static void other_order(struct state_header *header)
{
    header->byte_order = __builtin_bswap32(header->byte_order);
}

static void other_layout(struct state_header *header)
{
    header->layout++;
}

static void other_pages(struct state_header *header)
{
    header->content_offset *= 4;
}

static void unknown_run(struct state_header *header)
{
    header->run = 9;
}

/* ---- Runs ----------------------------------------------------------------------------- */

static void set_up(void)
{
    int fd;

    strcpy(folder, "/tmp/muster-state-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(home, sizeof home, "%s/home", folder);
    snprintf(live, sizeof live, "%s/live", folder);
    ck_assert_int_eq(mkdir(home, 0700), 0);
    ck_assert_int_eq(mkdir(live, 0700), 0);
    real_stderr = dup(STDERR_FILENO);
    fd = open(in(folder, "log"), O_RDWR | O_CREAT | O_APPEND, 0600);
    ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
    close(fd);
    signal(SIGXFSZ, SIG_IGN);
    unsetenv("JOURNAL_STREAM");
    log_of_run = NULL;
    store = NULL;
    state = NULL;
    sound = 1;
    sound_calls = 0;
}

static void tear_down(void)
{
    ck_assert_int_ge(dup2(real_stderr, STDERR_FILENO), 0);
    close(real_stderr);
    empty(home);
    empty(live);
    unlink(in(folder, "log"));
    ck_assert_int_eq(rmdir(home), 0);
    ck_assert_int_eq(rmdir(live), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* How many lines of the log contain this. */
static unsigned logged(const char *part)
{
    struct image image;
    const char *at;
    unsigned count = 0;

    if (log_of_run != NULL)
        log_settle(log_of_run);
    image = read_image(in(folder, "log"));
    for (at = (const char *)image.at; (at = strstr(at, part)) != NULL; at++)
        count++;
    free(image.at);
    return count;
}

static void forget_log(void)
{
    if (log_of_run != NULL)
        log_settle(log_of_run);
    ck_assert_int_eq(truncate(in(folder, "log"), 0), 0);
}

static int is_sound(const struct muster_state *kept)
{
    ck_assert_ptr_nonnull(kept->memory);
    ck_assert_uint_ne(kept->age, MUSTER_STATE_NEW);
    ck_assert_uint_eq(kept->is_kept, 1);
    sound_calls++;
    return sound;
}

static void start(const char *directory, const char *live_directory, uint64_t interval)
{
    struct state_settings settings = {
        .directory = directory, .live_directory = live_directory, .interval_ns = interval};

    log_of_run = log_open(LOG_INFO);
    ck_assert_ptr_nonnull(log_of_run);
    store = state_store_open(&settings, log_of_run);
    ck_assert_ptr_nonnull(store);
}

static bool try_open(void)
{
    wanted = (struct muster_state){
        .size = sizeof wanted, .format = FORMAT, .bytes = BYTES, .is_sound = is_sound};
    state = state_open(store, "it", "keeper", &wanted);
    return state != NULL;
}

static uint8_t *open_it(void)
{
    ck_assert(try_open());
    ck_assert_uint_eq((uintptr_t)wanted.memory % 4096, 0);
    return wanted.memory;
}

static void end_as(bool in_order)
{
    state_close(state, in_order);
    state_store_close(store);
    log_close(log_of_run);
    state = NULL;
    store = NULL;
    log_of_run = NULL;
}

static void end(void)
{
    end_as(true);
}

/* What the tests keep: something in every piece, and holes. */
static void fill(uint8_t *memory, uint8_t seed)
{
    size_t i;

    for (i = 0; i < BYTES; i++)
        memory[i] = i / 10000 % 3 == 0 ? (uint8_t)(i * 7 + seed) : 0;
    memory[BYTES - 1] = seed;
}

static bool is_filled(const uint8_t *memory, uint8_t seed)
{
    static uint8_t expected[BYTES];

    fill(expected, seed);
    return memcmp(memory, expected, BYTES) == 0;
}

static bool is_zero(const uint8_t *memory)
{
    static const uint8_t zeros[BYTES];

    return memcmp(memory, zeros, BYTES) == 0;
}

/* A run from start to its orderly stop. */
static void run(const char *live_directory, uint8_t seed)
{
    start(home, live_directory, 0);
    open_it();
    state_store_begin(store);
    fill(wanted.memory, seed);
    end();
}

/* A run that is killed. */
static void run_killed(uint8_t seed)
{
    struct image image;

    start(home, NULL, 0);
    open_it();
    state_store_begin(store);
    fill(wanted.memory, seed);
    image = read_image(home_file());
    end();
    put_back(home_file(), &image);
}

static void expect(uint32_t age, uint8_t seed)
{
    uint8_t *memory = open_it();

    ck_assert_uint_eq(wanted.age, age);
    ck_assert_uint_eq(wanted.is_kept, 1);
    ck_assert(seed == 0 ? is_zero(memory) : is_filled(memory, seed));
}

/* ---- Ages ----------------------------------------------------------------------------- */

START_TEST(of_a_run_that_stopped)
{
    start(home, NULL, 0);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert_int_eq(sound_calls, 0);
    ck_assert_uint_eq(logged("it: the state begins anew, in \""), 1);
    state_store_begin(store);
    fill(wanted.memory, 3);
    ck_assert_uint_eq(header_of(home_file()).run, STATE_RUNNING);
    ck_assert_uint_eq(header_of(home_file()).pid, (uint32_t)getpid());
    end();
    ck_assert_uint_eq(header_of(home_file()).run, STATE_STOPPED);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 3);
    ck_assert_int_eq(sound_calls, 1);
    ck_assert_uint_eq(logged("it: state of the last run, which stopped in order at 20"), 1);
    ck_assert_uint_eq(header_of(home_file()).run, STATE_RUNNING);
    end();
    ck_assert_uint_eq(count_aside(home), 0);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
}
END_TEST

START_TEST(of_a_run_that_was_killed)
{
    run_killed(4);
    start(home, NULL, 0);
    expect(MUSTER_STATE_KILLED, 4);
    ck_assert_int_eq(sound_calls, 1);
    ck_assert_uint_eq(logged("it: state of the last run, which began at 20"), 1);
    ck_assert_uint_eq(logged(" and was killed"), 1);
    end();
}
END_TEST

START_TEST(of_a_machine_that_went_down)
{
    run_killed(5);
    edit(home, other_boot);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STALE, 5);
    ck_assert_uint_eq(logged("it: state of the run that began at 20"), 1);
    end();
}
END_TEST

START_TEST(a_stopped_run_does_not_mind_a_boot)
{
    run(NULL, 6);
    edit(home, other_boot);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 6);
    end();
}
END_TEST

START_TEST(stale_until_the_run_has_begun)
{
    struct image at_start, begun;

    run_killed(7);
    edit(home, other_boot);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STALE, 7);
    at_start = read_image(home_file());
    state_store_begin(store);
    begun = read_image(home_file());
    end();
    put_back(home_file(), &at_start); /* killed before all plugins were open */
    start(home, NULL, 0);
    expect(MUSTER_STATE_STALE, 7);
    end();
    put_back(home_file(), &begun);
    start(home, NULL, 0);
    expect(MUSTER_STATE_KILLED, 7);
    end();
}
END_TEST

/* ---- A start that comes to nothing ---------------------------------------------------- */

static void expect_as_found(void)
{
    struct image before = read_image(home_file()), after;

    start(home, NULL, 0);
    open_it();
    end();
    after = read_image(home_file());
    ck_assert_uint_eq(before.bytes, after.bytes);
    ck_assert_int_eq(memcmp(before.at, after.at, before.bytes), 0);
    free(before.at);
    free(after.at);
}

START_TEST(a_failed_start_leaves_it_as_found)
{
    run(NULL, 8);
    expect_as_found();
    run_killed(9);
    expect_as_found();
    edit(home, other_boot);
    expect_as_found();
}
END_TEST

START_TEST(a_failed_start_leaves_no_new_file)
{
    start(home, NULL, 0);
    open_it();
    ck_assert(exists(home_file()));
    end();
    ck_assert_uint_eq(count_files(home, "it.", NULL), 0);
    run(live, 1);
    unlink(live_file());
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 1);
    ck_assert(exists(live_file()));
    end();
    ck_assert_uint_eq(count_files(live, "it.", NULL), 0);
    ck_assert_uint_eq(header_of(home_file()).run, STATE_STOPPED);
}
END_TEST

START_TEST(what_a_failed_start_wrote_is_not_in_order)
{
    run(NULL, 8);
    start(home, NULL, 0);
    fill(open_it(), 9); /* and fails */
    end_as(false);
    start(home, NULL, 0);
    expect(MUSTER_STATE_KILLED, 9);
    end();
    ck_assert_uint_eq(count_aside(home), 0);
}
END_TEST

START_TEST(a_failed_start_that_closes_its_plugins_is)
{
    run(NULL, 8);
    start(home, NULL, 0);
    fill(open_it(), 9); /* then another plugin fails */
    end();
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 9);
    end();
    ck_assert_uint_eq(count_aside(home), 0);
}
END_TEST

START_TEST(removed_while_it_runs)
{
    start(home, NULL, 0);
    open_it();
    state_store_begin(store);
    ck_assert_int_eq(unlink(home_file()), 0);
    state_close(state, true);
    ck_assert_uint_eq(logged("it.state\" was removed while musterd ran"), 1);
    state_store_close(store);
    log_close(log_of_run);
    state = NULL;
    store = NULL;
    log_of_run = NULL;
}
END_TEST

/* ---- What is refused ------------------------------------------------------------------ */

/* It is set aside whole, for that reason, and the instance begins anew. */
static void expect_aside(const char *why)
{
    struct image before = read_image(home_file()), after;
    char name[NAME_MAX + 1];
    unsigned count = count_aside(home);

    forget_log();
    start(home, NULL, 0);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert_msg(logged(why) == 1, "not logged: %s", why);
    ck_assert_uint_eq(logged("warning"), 1);
    ck_assert_uint_eq(logged("it is set aside as \""), 1);
    ck_assert_uint_eq(count_aside(home), count + 1);
    if (count == 0) {
        count_files(home, "it.state.aside-", name);
        ck_assert_uint_eq(logged(name), 1);
        after = read_image(in(home, name));
        ck_assert_uint_eq(before.bytes, after.bytes);
        ck_assert_int_eq(memcmp(before.at, after.at, before.bytes), 0);
        free(after.at);
    }
    free(before.at);
    end();
    empty(home);
}

START_TEST(damaged_content)
{
    static const size_t places[] = {0, 1, 65535, 65536, 100000, 199999, BYTES - 1};
    size_t i;

    for (i = 0; i < sizeof places / sizeof places[0]; i++) {
        run(NULL, 11);
        flip(home_file(), PAGE + places[i]);
        expect_aside("its content is damaged: the checksum is another");
    }
}
END_TEST

START_TEST(damaged_header)
{
    size_t at;

    for (at = 16; at < PAGE; at += at < 256 ? 13 : 601) {
        run(NULL, 12);
        flip(home_file(), at);
        expect_aside("its header is damaged");
    }
}
END_TEST

START_TEST(not_ours)
{
    static const struct {
        void (*change)(struct state_header *header);
        const char *why;
    } cases[] = {{other_order, "it is from a machine with another byte order"},
                 {other_layout, "its layout is of version 2, expected 1"},
                 {other_pages, "it is from a machine with pages of "},
                 {unknown_run, "its header is damaged"}};
    static const uint8_t text[PAGE + BYTES] = "a letter to somebody else";
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(NULL, 13);
        edit(home, cases[i].change);
        expect_aside(cases[i].why);
    }
    write_bytes(home_file(), text, sizeof text);
    expect_aside("it is not a state that musterd wrote");
    write_bytes(home_file(), text, 10);
    expect_aside("it is too short for a header");
    write_bytes(home_file(), text, 0);
    expect_aside("it is too short for a header");
    run(NULL, 13);
    ck_assert_int_eq(truncate(home_file(), PAGE + BYTES - 1), 0);
    expect_aside("its length is 204098 bytes, expected 204099");
    run(NULL, 13);
    ck_assert_int_eq(truncate(home_file(), PAGE + BYTES + 1), 0);
    expect_aside("its length is 204100 bytes, expected 204099");
}
END_TEST

/* A run with another plugin, format or size. */
static void run_other(const char *plugin, uint32_t format, uint64_t bytes)
{
    start(home, NULL, 0);
    wanted = (struct muster_state){.size = sizeof wanted, .format = format, .bytes = bytes};
    state = state_open(store, "it", plugin, &wanted);
    ck_assert_ptr_nonnull(state);
    state_store_begin(store);
    end();
}

START_TEST(of_another_plugin)
{
    run_other("other", FORMAT, BYTES);
    expect_aside("it is of the plugin \"other\", expected \"keeper\"");
    run_other("keeper", 6, BYTES);
    expect_aside("its format is 6, expected 7");
    run_other("keeper", FORMAT, 10);
    expect_aside("it is for 10 bytes, expected 200003");
}
END_TEST

START_TEST(not_sound)
{
    sound = 0;
    run(NULL, 14);
    expect_aside("the plugin keeper says that its content is damaged");
    ck_assert_int_eq(sound_calls, 1);
    run_killed(14);
    expect_aside("the plugin keeper says that its content is damaged");
}
END_TEST

START_TEST(set_aside_under_names_of_their_own)
{
    unsigned i;

    for (i = 0; i < 5; i++) {
        write_bytes(home_file(), "no", 2);
        start(home, NULL, 0);
        expect(MUSTER_STATE_NEW, 0);
        end();
    }
    ck_assert_uint_eq(count_aside(home), 5);
}
END_TEST

static void expect_refused(const char *why)
{
    forget_log();
    start(home, NULL, 0);
    ck_assert(!try_open());
    ck_assert_msg(logged(why) == 1, "not logged: %s", why);
    end();
    ck_assert_uint_eq(count_aside(home), 0);
}

START_TEST(no_regular_file)
{
    char target[PATH_BYTES];

    snprintf(target, sizeof target, "%s", in(folder, "log"));
    ck_assert_int_eq(symlink(target, home_file()), 0);
    expect_refused("home/it.state\": it is a symbolic link");
    unlink(home_file());
    ck_assert_int_eq(mkfifo(home_file(), 0600), 0);
    expect_refused("home/it.state\": it is not a regular file");
    unlink(home_file());
    ck_assert_int_eq(mkdir(home_file(), 0700), 0);
    expect_refused("home/it.state\": Is a directory");
    rmdir(home_file());
}
END_TEST

START_TEST(too_large_and_too_long)
{
    char name[300];

    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    start(home, NULL, 0);
    wanted = (struct muster_state){.size = sizeof wanted, .bytes = UINT64_MAX - 5};
    ck_assert_ptr_null(state_open(store, "it", "keeper", &wanted));
    ck_assert_uint_eq(logged("more memory for its state than there can be"), 1);
    wanted.bytes = 8;
    ck_assert_ptr_null(state_open(store, name, "keeper", &wanted));
    ck_assert_uint_eq(logged("its name is too long"), 1);
    end();
}
END_TEST

/* ---- Directories ---------------------------------------------------------------------- */

static bool try_start(const char *directory, const char *live_directory)
{
    struct state_settings settings = {.directory = directory, .live_directory = live_directory};
    struct log *log = log_open(LOG_INFO);
    struct state_store *other = state_store_open(&settings, log);
    bool started = other != NULL;

    state_store_close(other);
    log_settle(log);
    log_close(log);
    return started;
}

START_TEST(one_collector_at_a_time)
{
    char expected[PATH_BYTES];

    start(home, live, 0);
    ck_assert(!try_start(home, NULL));
    snprintf(expected, sizeof expected, "the state in \"%s\" is in use by musterd, pid %d; ", home,
             (int)getpid());
    ck_assert_uint_eq(logged(expected), 1);
    ck_assert(!try_start(live, NULL));
    snprintf(expected, sizeof expected, "the state in \"%s\" is in use by musterd, pid %d; ", live,
             (int)getpid());
    ck_assert_uint_eq(logged(expected), 1);
    end();
    ck_assert(try_start(home, live));
}
END_TEST

START_TEST(no_directory)
{
    char nowhere[PATH_BYTES], linked[PATH_BYTES], target[PATH_BYTES];

    snprintf(nowhere, sizeof nowhere, "%s/nowhere", folder);
    ck_assert(!try_start(nowhere, NULL));
    ck_assert_uint_eq(logged("there is no state_dir \""), 1);
    ck_assert_uint_eq(logged("; make it: mkdir -p "), 1);
    ck_assert(!try_start(home, nowhere));
    ck_assert_uint_eq(logged("there is no state_live_dir \""), 1);
    snprintf(nowhere, sizeof nowhere, "%s/log", folder);
    ck_assert(!try_start(nowhere, NULL));
    ck_assert_uint_eq(logged("log\": Not a directory"), 1);
    snprintf(linked, sizeof linked, "%s", in(home, "musterd.lock"));
    unlink(linked);
    snprintf(target, sizeof target, "%s", in(folder, "log"));
    ck_assert_int_eq(symlink(target, linked), 0);
    ck_assert(!try_start(home, NULL));
    ck_assert_uint_eq(logged("musterd.lock\": it is a symbolic link"), 1);
}
END_TEST

START_TEST(nothing_is_kept_without_one)
{
    struct state_settings replay = {.directory = home, .is_replay = true};
    struct muster_state more = {.size = sizeof more, .bytes = 100};
    struct state *second;

    start(NULL, NULL, 0);
    ck_assert(is_zero(open_it()));
    ck_assert_uint_eq(wanted.age, MUSTER_STATE_NEW);
    ck_assert_uint_eq(wanted.is_kept, 0);
    second = state_open(store, "second", "keeper", &more);
    ck_assert_ptr_nonnull(second);
    state_store_begin(store);
    fill(wanted.memory, 15);
    memset(more.memory, 1, 100);
    ck_assert_uint_eq(state_store_copy(store, 5), 0);
    ck_assert_uint_eq(logged("no state_dir is set"), 1);
    state_close(second, true);
    end();
    forget_log();

    run(NULL, 16);
    forget_log();
    log_of_run = log_open(LOG_INFO);
    store = state_store_open(&replay, log_of_run);
    ck_assert_ptr_nonnull(store);
    ck_assert(is_zero(open_it()));
    ck_assert_uint_eq(wanted.is_kept, 0);
    state_store_begin(store);
    fill(wanted.memory, 17);
    ck_assert_uint_eq(logged("state"), 0);
    end();
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 16);
    end();
}
END_TEST

/* ---- Full disks ----------------------------------------------------------------------- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(no_room_for_a_file)
{
    limit_files(100000);
    start(home, NULL, 0);
    ck_assert(is_zero(open_it()));
    ck_assert_uint_eq(wanted.age, MUSTER_STATE_NEW);
    ck_assert_uint_eq(wanted.is_kept, 0);
    ck_assert_uint_eq(logged("error"), 1);
    ck_assert_uint_eq(logged("home\" has no room for the state, which takes 204099 bytes: File too "
                             "large; what was kept is not used"),
                      1);
    state_store_begin(store);
    fill(wanted.memory, 18);
    end();
    ck_assert_uint_eq(count_files(home, "it.", NULL), 0);
    limit_files(RLIM_INFINITY);
}
END_TEST

START_TEST(a_run_without_room_makes_the_rest_stale)
{
    run(live, 19);
    unlink(live_file());
    limit_files(100000);
    start(home, live, 0);
    open_it();
    ck_assert_uint_eq(wanted.is_kept, 0);
    state_store_begin(store);
    end();
    limit_files(RLIM_INFINITY);
    ck_assert_uint_eq(count_files(live, "it.", NULL), 0);
    start(home, live, 0);
    expect(MUSTER_STATE_STALE, 19);
    end();
}
END_TEST

START_TEST(a_full_disk)
{
    /* In a mount namespace of its own, so that nothing of it stays. */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", home, "tmpfs", 0, "size=64k") != 0)
        return; /* not root */
    start(home, NULL, 0);
    ck_assert(is_zero(open_it()));
    ck_assert_uint_eq(wanted.is_kept, 0);
    ck_assert_uint_eq(logged("home\" lacks "), 1);
    ck_assert_uint_eq(logged(" bytes for the state, which takes 204099: No space left on device"),
                      1);
    fill(wanted.memory, 20);
    end();
    ck_assert_uint_eq(count_files(home, "it.", NULL), 0);
    ck_assert_int_eq(umount(home), 0);
}
END_TEST

/* ---- Two directories ------------------------------------------------------------------ */

START_TEST(copies_while_it_runs)
{
    struct image copy;
    uint64_t next;

    start(home, live, 1000);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert(exists(live_file()));
    ck_assert(!exists(home_file()));
    state_store_begin(store);
    next = state_store_copy(store, 5000);
    ck_assert_uint_eq(next, 6000);
    fill(wanted.memory, 21);
    ck_assert_uint_eq(state_store_copy(store, 5999), 6000);
    ck_assert(!exists(home_file()));
    ck_assert_uint_eq(state_store_copy(store, 6000), 7000);
    ck_assert_uint_eq(header_of(home_file()).run, STATE_SNAPSHOT);
    copy = read_image(home_file());
    ck_assert(is_filled(copy.at + PAGE, 21));
    fill(wanted.memory, 22);
    end();
    ck_assert_uint_eq(header_of(home_file()).run, STATE_STOPPED);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
    unlink(live_file()); /* it was in memory, and the machine was down */
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 22);
    ck_assert(exists(live_file()));
    end();

    put_back(home_file(), &copy);
    ck_assert(!exists(live_file())); /* since that run did not begin */
    start(home, live, 0);
    expect(MUSTER_STATE_STALE, 21);
    ck_assert_uint_eq(logged("it: state from a snapshot of 20"), 1);
    end();
    flip(home_file(), PAGE + 100000);
    start(home, live, 0);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert_uint_eq(count_aside(home), 1);
    end();
}
END_TEST

START_TEST(copies_leave_holes_out)
{
    struct stat status;

    start(home, live, 0);
    open_it();
    state_store_begin(store);
    ((uint8_t *)wanted.memory)[150000] = 1;
    end();
    ck_assert_int_eq(stat(home_file(), &status), 0);
    ck_assert_int_lt(status.st_blocks * 512, 100000);
    start(home, NULL, 0); /* used in its place now, so that a store must not find a hole */
    open_it();
    ck_assert_uint_eq(((uint8_t *)wanted.memory)[150000], 1);
    ck_assert_int_eq(stat(home_file(), &status), 0);
    ck_assert_int_ge(status.st_blocks * 512, BYTES);
    end();
}
END_TEST

START_TEST(no_copy_until_the_stop)
{
    start(home, live, 0);
    open_it();
    state_store_begin(store);
    ck_assert_uint_eq(state_store_copy(store, 1), 0);
    ck_assert_uint_eq(state_store_copy(store, UINT64_C(1) << 60), 0);
    ck_assert(!exists(home_file()));
    end();
    ck_assert_uint_eq(header_of(home_file()).run, STATE_STOPPED);
}
END_TEST

START_TEST(a_copy_from_before_the_run_is_stale)
{
    struct image old;

    run(live, 23);
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 23);
    state_store_begin(store);
    fill(wanted.memory, 24);
    old = read_image(home_file());
    end();
    put_back(home_file(), &old); /* power cut: no copy was made */
    unlink(live_file());
    start(home, live, 0);
    expect(MUSTER_STATE_STALE, 23);
    end();
}
END_TEST

START_TEST(the_live_one_of_the_same_run)
{
    struct image killed, copy;

    start(home, live, 1);
    open_it();
    state_store_begin(store);
    fill(wanted.memory, 25);
    state_store_copy(store, 1);
    state_store_copy(store, 2);
    fill(wanted.memory, 26);
    copy = read_image(home_file());
    killed = read_image(live_file());
    end();
    put_back(home_file(), &copy);
    put_back(live_file(), &killed);
    start(home, live, 0);
    expect(MUSTER_STATE_KILLED, 26);
    end();
}
END_TEST

START_TEST(the_one_of_the_later_run)
{
    run(live, 27);
    run(NULL, 28); /* for once without */
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 28);
    state_store_begin(store);
    fill(wanted.memory, 29);
    end();
    edit(live, later_run);
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 29);
    end();
    ck_assert_uint_eq(count_aside(home) + count_aside(live), 0);
}
END_TEST

START_TEST(the_later_run_by_a_clock_that_was_set_back)
{
    struct image killed, copy;

    run(live, 34);
    edit(home, next_year);
    edit(live, next_year);
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 34);
    state_store_begin(store);
    fill(wanted.memory, 35);
    copy = read_image(home_file());
    killed = read_image(live_file());
    end();
    put_back(home_file(), &copy);
    put_back(live_file(), &killed);
    start(home, live, 0);
    expect(MUSTER_STATE_KILLED, 35);
    end();
}
END_TEST

START_TEST(the_copy_if_the_live_one_is_damaged)
{
    run(live, 30);
    flip(live_file(), PAGE + 5);
    start(home, live, 0);
    expect(MUSTER_STATE_STALE, 30); /* nobody knows what was in the other */
    ck_assert_uint_eq(count_aside(live), 1);
    state_store_begin(store);
    end();
    sound = 0;
    start(home, live, 0);
    expect(MUSTER_STATE_NEW, 0);
    ck_assert_int_eq(sound_calls, 3);
    ck_assert_uint_ge(count_aside(live), 2);
    ck_assert_uint_eq(count_aside(home), 1);
    end();
}
END_TEST

START_TEST(copies_that_fail)
{
    struct image old;

    start(home, live, 1);
    open_it();
    state_store_begin(store);
    fill(wanted.memory, 31);
    state_store_copy(store, 10);
    state_store_copy(store, 20);
    fill(wanted.memory, 32);
    limit_files(100000);
    state_store_copy(store, 30);
    state_store_copy(store, 40);
    ck_assert_uint_eq(logged("it: cannot copy the state to \""), 1);
    ck_assert_uint_eq(logged("home/it.state\": File too large; the last copy stays"), 1);
    old = read_image(home_file());
    ck_assert(is_filled(old.at + PAGE, 31));
    free(old.at);
    ck_assert_uint_eq(count_files(home, "it.", NULL), 1);
    limit_files(RLIM_INFINITY);
    state_store_copy(store, 50);
    state_store_copy(store, 60);
    ck_assert_uint_eq(logged("home/it.state\" again"), 1);
    limit_files(100000);
    end();
    limit_files(RLIM_INFINITY);
    ck_assert_uint_eq(logged("it: cannot copy the state to \""), 2);
    start(home, live, 0);
    expect(MUSTER_STATE_STOPPED, 32);
    end();
}
END_TEST

START_TEST(two_names_for_one_directory)
{
    char linked[PATH_BYTES];

    snprintf(linked, sizeof linked, "%s/linked", folder);
    ck_assert_int_eq(symlink(home, linked), 0);
    start(home, linked, 1);
    open_it();
    state_store_begin(store);
    fill(wanted.memory, 33);
    ck_assert_uint_eq(state_store_copy(store, 1), 0);
    end();
    unlink(linked);
    start(home, NULL, 0);
    expect(MUSTER_STATE_STOPPED, 33);
    end();
}
END_TEST

/* ---- The checksum --------------------------------------------------------------------- */

static uint64_t sum_of(const void *bytes, size_t count)
{
    struct checksum sum = {0};

    checksum_add(&sum, bytes, count);
    return checksum_end(&sum);
}

START_TEST(the_checksum_sees_each_bit_and_place)
{
    uint8_t bytes[203] = {0}, swap;
    uint64_t first, other;
    size_t i, bit;

    ck_assert_uint_ne(sum_of(bytes, 200), sum_of(bytes, 203)); /* zeros count */
    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37);
    first = sum_of(bytes, sizeof bytes);
    for (i = 0; i < sizeof bytes; i++)
        for (bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1 << bit);
            other = sum_of(bytes, sizeof bytes);
            bytes[i] ^= (uint8_t)(1 << bit);
            ck_assert_uint_ne(first, other);
        }
    for (i = 8; i < sizeof bytes; i++) {
        swap = bytes[i];
        bytes[i] = bytes[i - 8];
        bytes[i - 8] = swap;
        other = sum_of(bytes, sizeof bytes);
        bytes[i - 8] = bytes[i];
        bytes[i] = swap;
        ck_assert_uint_ne(first, other);
    }
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {of_a_run_that_stopped,
                                  of_a_run_that_was_killed,
                                  of_a_machine_that_went_down,
                                  a_stopped_run_does_not_mind_a_boot,
                                  stale_until_the_run_has_begun,
                                  a_failed_start_leaves_it_as_found,
                                  a_failed_start_leaves_no_new_file,
                                  what_a_failed_start_wrote_is_not_in_order,
                                  a_failed_start_that_closes_its_plugins_is,
                                  removed_while_it_runs,
                                  damaged_content,
                                  damaged_header,
                                  not_ours,
                                  of_another_plugin,
                                  not_sound,
                                  set_aside_under_names_of_their_own,
                                  no_regular_file,
                                  too_large_and_too_long,
                                  one_collector_at_a_time,
                                  no_directory,
                                  nothing_is_kept_without_one,
                                  no_room_for_a_file,
                                  a_run_without_room_makes_the_rest_stale,
                                  a_full_disk,
                                  copies_while_it_runs,
                                  copies_leave_holes_out,
                                  no_copy_until_the_stop,
                                  a_copy_from_before_the_run_is_stale,
                                  the_live_one_of_the_same_run,
                                  the_one_of_the_later_run,
                                  the_later_run_by_a_clock_that_was_set_back,
                                  the_copy_if_the_live_one_is_damaged,
                                  copies_that_fail,
                                  two_names_for_one_directory,
                                  the_checksum_sees_each_bit_and_place};
    Suite *suite = suite_create("state");
    TCase *tcase = tcase_create("state");
    size_t i;

    tcase_set_timeout(tcase, 60); /* fsync on a busy disk */
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
