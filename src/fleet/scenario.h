/* SPDX-License-Identifier: MIT
 *
 * A scenario: groups of devices, and what happens to them when.  Values; nothing is played here.
 */
#ifndef FLEET_SCENARIO_H
#define FLEET_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/node.h"
#include "base/problems.h"
#include "message.h"

#define SCENARIO_LONGEST_NS   UINT64_C(31536000000000000) /* a year */
#define SCENARIO_GROUPS_MOST  64
#define SCENARIO_ACTS_MOST    1000
#define SCENARIO_SENDERS_MOST (4 * MUSTER_DEVICE_IDS)
#define SCENARIO_END          UINT64_MAX
#define SCENARIO_STRANGERS    UINT32_MAX /* as a device: none of the scenario's */

enum scenario_verb {
    SCENARIO_STOP,
    SCENARIO_LOSE,
    SCENARIO_DELAY,
    SCENARIO_JITTER,
    SCENARIO_DUPLICATE,
    SCENARIO_REBOOT,
    SCENARIO_CLOCK,
    SCENARIO_SHARE,
    SCENARIO_RANDOM,
    SCENARIO_STRANGERS_COME,
    SCENARIO_BURST,
    SCENARIO_BROADCAST,
    SCENARIO_SEGMENT,
    SCENARIO_VERBS
};

enum scenario_what { SCENARIO_ALL, SCENARIO_DATA, SCENARIO_HEARTBEAT }; /* which messages */

enum scenario_clock { SCENARIO_OFFSET, SCENARIO_STANDS, SCENARIO_ZERO, SCENARIO_UPTIME };

/* The number of a device that begins: its group's, a given one, or any. */
enum scenario_first { SCENARIO_START, SCENARIO_GIVEN, SCENARIO_ANY };

struct scenario_group {
    const char *name;
    const char *from;      /* the address that its devices send from; NULL: as the system picks */
    uint32_t first, count; /* its devices: so many, from this one on */
    uint64_t interval_ns, heartbeat_ns; /* no heartbeats if 0 */
    uint64_t start_seq;
    uint32_t readings; /* as the file says; 0: it does not */
    struct message_form form;
    unsigned line;
};

struct scenario_act {
    enum scenario_verb verb;
    uint64_t at_ns, end_ns; /* SCENARIO_END: to the end of the scenario */
    uint64_t groups;        /* bit by bit */
    double share;           /* LOSE, DUPLICATE, CLOCK: of the messages */
    uint64_t by_ns;         /* DELAY, JITTER */
    uint64_t every_ns;      /* STRANGERS_COME, BURST; 0: once */
    uint64_t count;         /* BURST, SEGMENT */
    uint64_t size;          /* STRANGERS_COME; 0: any */
    int64_t offset_ns;      /* CLOCK */
    enum scenario_clock clock;
    enum scenario_what what;   /* STOP, LOSE */
    const char *from;          /* SHARE, STRANGERS_COME */
    const char *to;            /* BROADCAST */
    enum scenario_first first; /* REBOOT, SHARE: its first number */
    uint64_t number;           /* that, if it is given */
    bool init;                 /* REBOOT, SHARE: with an INIT */
    uint32_t twins; /* SHARE: the first of its second senders, numbered behind all devices */
};

struct scenario {
    struct scenario_group groups[SCENARIO_GROUPS_MOST];
    uint32_t group_count;
    struct scenario_act *acts;
    size_t act_count;
    uint16_t *ids;    /* by device */
    uint32_t devices; /* of all groups */
    uint32_t senders; /* these, and the second senders of an id */
    uint64_t length_ns, seed;
    const char *format, *catalog; /* a declared format, and the file that has it; NULL: none */
    struct node_tree tree;        /* the texts live there */
};

/* Reads the file.  `is_declared`: its devices speak a declared format, whether the file names one
 * or not.  Returns 0, or -1 after adding to `problems`.  To be freed in both cases. */
int scenario_read(struct scenario *scenario, const char *path, bool is_declared,
                  struct problems *problems);
void scenario_free(struct scenario *scenario);

#endif
