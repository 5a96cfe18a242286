/* SPDX-License-Identifier: MIT
 *
 * A collector that runs the filter "sequence" alone, over several runs: it is stopped in order or
 * killed, and started with what it left.  Window 64, max_jump 100.
 */
#ifndef TESTS_SEQUENCE_COLLECTOR_H
#define TESTS_SEQUENCE_COLLECTOR_H

#include <stdint.h>

#include "plugins/fake_host.h"

#define PLUGIN   (&muster_plugin_v1)
#define SECOND   UINT64_C(1000000000)            /* ns */
#define EPOCH    (UINT64_C(1762534152) * SECOND) /* when a test begins */
#define WINDOW   64
#define MAX_JUMP 100

enum { WORKERS = 4, DEVICES = 6 };

struct collector {
    struct muster_host host;
    struct muster_instance *instance;
    void *state;
    void *workers[WORKERS];
    uint32_t count;
    uint32_t devices; /* that there can be */
    void *memory;
    uint64_t bytes;
    uint64_t now_ns;
    uint64_t heartbeat_ns;  /* configured, of every device */
    const char *events;     /* the option */
    const char *lost_after; /* NULL: "0" */
};

/* A new one, started. */
void collector_new(struct collector *c, uint32_t workers);
/* The same, with tables for so many devices. */
void collector_new_small(struct collector *c, uint32_t workers, uint32_t devices);
/* Stops it, and frees its memory. */
void collector_free(struct collector *c);

/* Starts with the memory as it is, of that age; it must be believed, but for the first of these. */
void collector_start_with(struct collector *c, uint32_t age, uint32_t workers);
void collector_start(struct collector *c, uint32_t age, uint32_t workers);

/* In order.  With a state that outlives it, it reports nothing: all may go on. */
void collector_stop(struct collector *c);

/* As `left` is, or as it is now, the memory was when the process was killed. */
void collector_kill_with(struct collector *c, const void *left);
void collector_kill(struct collector *c);

void collector_pass(struct collector *c, uint64_t ns);

/* Seconds with nothing but ticks.  Returns how many events of that kind there were. */
uint32_t collector_wait(struct collector *c, uint32_t seconds, uint8_t event);

struct muster_record collector_message(uint16_t id, uint8_t type, uint32_t number,
                                       uint32_t timestamp);

/* The message arrives now.  The batch is the caller's. */
void collector_receive(struct collector *c, struct muster_record record,
                       struct muster_test_batch *batch);

/* The same, of device 5, made at `made` by its clock.  Its verdict and gap must be these.  Returns
 * how many events follow, and the last of them in *event. */
uint32_t collector_expect(struct collector *c, uint32_t number, uint32_t made, uint8_t verdict,
                          uint32_t gap, struct muster_record *event);

/* The filter's counters; the first of them count messages, each in one. */
enum { COLLECTOR_COUNTS = 15, COLLECTOR_OF_MESSAGES = 10 };
extern const char *const collector_counts[COLLECTOR_COUNTS];

uint64_t collector_counter(const struct collector *c, const char *name);
void collector_expect_numbers(const struct collector *c, uint64_t missing, uint64_t recovered,
                              uint64_t lost, uint64_t open);
void collector_expect_range(const struct muster_record *event, uint8_t kind, uint32_t first,
                            uint32_t last, uint16_t cause);

#endif
