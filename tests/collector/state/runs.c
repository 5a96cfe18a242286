/* SPDX-License-Identifier: MIT
 *
 * The folders, and the run with its one state.
 */
#include "runs.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

char folder[64], home[80], live[80];
struct state_store *store;
struct state *state;
struct muster_state wanted;
struct problems said;
int sound, sound_calls;

static int real_stderr;
static struct log *log_of_run;

/* ---- Files ---------------------------------------------------------------------------- */

const char *in(const char *directory, const char *name)
{
    static char path[PATH_BYTES];

    ck_assert_int_lt(snprintf(path, sizeof path, "%s/%s", directory, name), (int)sizeof path);
    return path;
}

const char *home_file(void)
{
    return in(home, "it.state");
}

const char *live_file(void)
{
    return in(live, "it.state");
}

bool exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

struct image read_image(const char *path)
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

void write_bytes(const char *path, const void *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(write(fd, bytes, count), (ssize_t)count);
    close(fd);
}

/* Puts a file back as it was, and forgets the image. */
void put_back(const char *path, struct image *image)
{
    write_bytes(path, image->at, image->bytes);
    free(image->at);
    image->at = NULL;
}

void flip(const char *path, size_t at)
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
unsigned count_files(const char *directory, const char *begin, char *name)
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

unsigned count_aside(const char *directory)
{
    return count_files(directory, "it.state.aside-", NULL);
}

void empty(const char *directory)
{
    char name[NAME_MAX + 1];

    while (count_files(directory, "it.", name) + count_files(directory, "musterd.", name) > 0)
        ck_assert_int_eq(remove(in(directory, name)), 0);
}

struct state_file_header header_of(const char *path)
{
    struct image image = read_image(path);
    struct state_file_header header;

    ck_assert_uint_eq(image.bytes, PAGE + BYTES);
    memcpy(&header, image.at, sizeof header);
    free(image.at);
    return header;
}

/* Changes a header, checksum and all. */
void edit(const char *directory, void (*change)(struct state_file_header *header))
{
    struct state_directory there = {.path = directory,
                                    .fd = open(directory, O_RDONLY | O_DIRECTORY)};
    struct state_file_owner owner = {
        .instance = "it", .plugin = "keeper", .format = FORMAT, .bytes = BYTES};
    struct state_file file;
    char why[STATE_FILE_WHY];

    ck_assert_int_ge(there.fd, 0);
    ck_assert_int_eq(state_file_find(&file, &there, &owner, why), STATE_FILE_GOOD);
    change(&file.header);
    ck_assert_int_eq(state_file_write_header(&file), 0);
    state_file_close(&file);
    close(there.fd);
}

void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* ---- Runs ----------------------------------------------------------------------------- */

void set_up(void)
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
    log_of_run = log_open(LOG_INFO);
    ck_assert_ptr_nonnull(log_of_run);
    store = NULL;
    state = NULL;
    sound = 1;
    sound_calls = 0;
}

void tear_down(void)
{
    problems_free(&said);
    log_close(log_of_run);
    ck_assert_int_ge(dup2(real_stderr, STDERR_FILENO), 0);
    close(real_stderr);
    empty(home);
    empty(live);
    unlink(in(folder, "log"));
    ck_assert_int_eq(rmdir(home), 0);
    ck_assert_int_eq(rmdir(live), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* Brings what was said to the log's file. */
static void settle_log(void)
{
    problems_log(&said, log_of_run);
    log_settle(log_of_run);
}

unsigned logged(const char *part)
{
    struct image image;
    const char *at;
    unsigned count = 0;

    settle_log();
    image = read_image(in(folder, "log"));
    for (at = (const char *)image.at; (at = strstr(at, part)) != NULL; at++)
        count++;
    free(image.at);
    return count;
}

void forget_log(void)
{
    settle_log();
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

void start(const char *directory, const char *live_directory, uint64_t interval)
{
    struct state_settings settings = {
        .directory = directory, .live_directory = live_directory, .interval_ns = interval};

    store = state_store_open(&settings, &said);
    ck_assert_ptr_nonnull(store);
}

bool try_open(void)
{
    wanted = (struct muster_state){
        .size = sizeof wanted, .format = FORMAT, .bytes = BYTES, .is_sound = is_sound};
    state = state_open(store, "it", "keeper", &wanted, &said);
    return state != NULL;
}

uint8_t *open_it(void)
{
    ck_assert(try_open());
    ck_assert_uint_eq((uintptr_t)wanted.memory % 4096, 0);
    return wanted.memory;
}

void end_as(bool in_order)
{
    state_close(state, in_order, &said);
    state_store_close(store);
    state = NULL;
    store = NULL;
}

void end(void)
{
    end_as(true);
}

/* What the tests keep: something in every piece, and holes. */
void fill(uint8_t *memory, uint8_t seed)
{
    size_t i;

    for (i = 0; i < BYTES; i++)
        memory[i] = i / 10000 % 3 == 0 ? (uint8_t)(i * 7 + seed) : 0;
    memory[BYTES - 1] = seed;
}

bool is_filled(const uint8_t *memory, uint8_t seed)
{
    static uint8_t expected[BYTES];

    fill(expected, seed);
    return memcmp(memory, expected, BYTES) == 0;
}

bool is_zero(const uint8_t *memory)
{
    static const uint8_t zeros[BYTES];

    return memcmp(memory, zeros, BYTES) == 0;
}

/* A run from start to its orderly stop. */
void run(const char *live_directory, uint8_t seed)
{
    start(home, live_directory, 0);
    open_it();
    state_store_begin(store, &said);
    fill(wanted.memory, seed);
    end();
}

/* A run that is killed. */
void run_killed(uint8_t seed)
{
    struct image image;

    start(home, NULL, 0);
    open_it();
    state_store_begin(store, &said);
    fill(wanted.memory, seed);
    image = read_image(home_file());
    end();
    put_back(home_file(), &image);
}

void expect(uint32_t age, uint8_t seed)
{
    uint8_t *memory = open_it();

    ck_assert_uint_eq(wanted.age, age);
    ck_assert_uint_eq(wanted.is_kept, 1);
    ck_assert(seed == 0 ? is_zero(memory) : is_filled(memory, seed));
}
