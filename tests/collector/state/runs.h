/* SPDX-License-Identifier: MIT
 *
 * Runs of a daemon that has one state, in two folders of their own.  What is said of it goes to a
 * log of a file.
 */
#ifndef TESTS_STATE_RUNS_H
#define TESTS_STATE_RUNS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "collector/state/state.h"
#include "collector/state/state_file.h"

enum {
    BYTES = 200003, /* several pieces of a copy, and no whole word at the end */
    PAGE = sizeof(struct state_file_header),
    FORMAT = 7,
    PATH_BYTES = 512
};

/* A file's content. */
struct image {
    size_t bytes;
    uint8_t *at;
};

extern char folder[64], home[80], live[80]; /* `home` is the state_dir */
extern struct state_store *store;
extern struct state *state;
extern struct muster_state wanted;
extern struct problems said;
extern int sound, sound_calls; /* what the plugin says of it, and how often it was asked */

/* Checked fixtures. */
void set_up(void);
void tear_down(void);

/* ---- Files ---------------------------------------------------------------------------- */

/* The path of a name in that directory, until the next call. */
const char *in(const char *directory, const char *name);
const char *home_file(void);
const char *live_file(void);

bool exists(const char *path);
struct image read_image(const char *path);
void write_bytes(const char *path, const void *bytes, size_t count);

/* Puts a file back as it was, and forgets the image. */
void put_back(const char *path, struct image *image);

/* Changes a bit. */
void flip(const char *path, size_t at);

/* How many files of that folder have a name that begins so; *name (or NULL) is one of them. */
unsigned count_files(const char *directory, const char *begin, char *name);
unsigned count_aside(const char *directory);

/* Removes the files of states. */
void empty(const char *directory);

/* Of a file of the right size. */
struct state_file_header header_of(const char *path);

/* Changes the header of a directory's file, checksum and all. */
void edit(const char *directory, void (*change)(struct state_file_header *header));

/* Lets no file of this process grow beyond that. */
void limit_files(rlim_t bytes);

/* ---- Runs ----------------------------------------------------------------------------- */

/* How many lines of the log contain this. */
unsigned logged(const char *part);
void forget_log(void);

/* From start to end, the one state is opened in between. */
void start(const char *directory, const char *live_directory, uint64_t interval);
bool try_open(void);
uint8_t *open_it(void);
void end(void);
void end_as(bool in_order);

/* What the tests keep: something in every piece, and holes. */
void fill(uint8_t *memory, uint8_t seed);
bool is_filled(const uint8_t *memory, uint8_t seed);
bool is_zero(const uint8_t *memory);

/* A run from start to its orderly stop, and one that is killed. */
void run(const char *live_directory, uint8_t seed);
void run_killed(uint8_t seed);

/* Opens the state, and expects it of that age, and filled; seed 0: with zeros. */
void expect(uint32_t age, uint8_t seed);

#endif
