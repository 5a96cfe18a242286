/* SPDX-License-Identifier: MIT
 *
 * The contract between musterd and its plugins.
 *
 * A plugin is a shared object with one exported symbol,
 *
 *     const struct muster_plugin muster_plugin_v1 = { .size = sizeof muster_plugin_v1, ... };
 *
 * and no undefined symbol of the host: the host hands it a table of functions.
 * The structs that cross the border carry their size, and grow at their end
 * only.  The host reads as much of a plugin as is there: an absent callback is
 * NULL, an absent field 0.  A plugin asks MUSTER_HOST_HAS before it uses a function
 * that is newer than version 1.0.
 * Once version 1.0 of musterd is out, what is appended raises MUSTER_ABI_MINOR; anything else would
 * be a new symbol (muster_plugin_v2), and this one would still load.
 *
 * What a plugin is, the table says that it has:
 * A FILTER runs on the threads that receive.  It judges records, changes them
 * in place, drops them, and adds records of its own.  It must not block.
 * A SINK has a thread and a bounded queue of its own.  It may block: its queue
 * fills, what does not fit is dropped and counted, and nobody else notices.
 *
 * Every callback says on which thread it is called.  There are three:
 *   [main]    the thread that starts and stops the daemon
 *   [worker]  one of the threads that receive; each has a number from 0
 *   [sink]    the sink's own thread
 * The host never calls two callbacks of one state at the same time, except that
 * filters have a state for each worker, and those run side by side.  All records of
 * a device reach one worker's state.
 * All run in the C locale, whatever a plugin sets.
 * A callback must not call exit(), change the signal mask, or let a C++
 * exception escape.  If it crashes, exits, does not come back, or breaks a rule of this
 * file, the daemon says which plugin it was, of which file, and in which callback.
 */
#ifndef MUSTER_PLUGIN_H
#define MUSTER_PLUGIN_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <muster/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Until version 1.0 of musterd is out, 1.0 of this contract may still change. */
#define MUSTER_ABI_MAJOR 1
#define MUSTER_ABI_MINOR 0

/* One entry of the chain in collector.conf.  Opaque; a plugin passes it back. */
struct muster_instance;

/* The records of one step through the filters.  Opaque beyond these fields, which
 * are the host's; the records may be changed in place, but not their kind, payload, payload_size,
 * payload_at, format, device_id, device, via, origin and marks: to change those, drop the record
 * and emit another. */
struct muster_batch {
    struct muster_record *records; /* `count` of them, in order of arrival, aligned to 16 bytes */
    uint32_t count;                /* may be 0 in a tick */
    uint32_t reserved;
};

/* What a callback that can fail returns, if not a count. */
#define MUSTER_FAILED (-1) /* for good */
#define MUSTER_AGAIN  (-2) /* not yet: try again */
#define MUSTER_LOST   (-3) /* the output is gone: disconnect, and connect again */
#define MUSTER_RENEW  (-4) /* reload: not in this instance; it takes a new one */

/* The circumstances of a call. */
struct muster_call {
    uint32_t size;        /* bytes of this struct in the running host */
    uint32_t flags;       /* MUSTER_CALL_* */
    uint64_t deadline_ns; /* MUSTER_CLOCK_STEADY: when it must be done; 0: there is no hurry */
};

#define MUSTER_CALL_STOPPING 0x1u /* the daemon, or this entry, is being stopped */
#define MUSTER_CALL_FINAL                                                                          \
    0x2u                        /* the last call of this callback: what cannot be done now, is not \
                                 */
#define MUSTER_CALL_REPLAY 0x4u /* the records are those of a capture */
#define MUSTER_CALL_DURABLE                                                                        \
    0x8u /* flush: devices are told that what it delivers is safe; what the sink makes durable     \
            from time to time, if its options say so, it does now */

/* ---- Options -------------------------------------------------------------------------- */

enum muster_option_type {
    MUSTER_OPTION_BOOL = 1,     /* true or false */
    MUSTER_OPTION_INT = 2,      /* a whole number */
    MUSTER_OPTION_SIZE = 3,     /* bytes: a number, or "64KiB", "2MiB", "1GiB" (powers of 1024) */
    MUSTER_OPTION_DURATION = 4, /* ns: "250ms", "10s", "5m", "1h", "1d"; a bare number is seconds */
    MUSTER_OPTION_STRING = 5,   /* text */
    MUSTER_OPTION_CHOICE = 6,   /* one of `choices` */
    MUSTER_OPTION_LIST = 7,     /* a list of texts; each one of `choices`, if there are any */
    MUSTER_OPTION_REAL = 8,     /* a number with or without a fraction: 0.5, -3, 1e6; finite */
    MUSTER_OPTION_PATH = 9,     /* a file or directory, not empty; the getter gives it absolute: a
                                   relative one begins in the directory that musterd runs in */
    MUSTER_OPTION_SECRET = 10 /* text that is never shown; "file:PATH" stands for the first line of
                                 that file, "env:NAME" for that variable of the environment */
};

#define MUSTER_OPTION_REQUIRED 0x1u /* the configuration must name it; it has no default */
#define MUSTER_OPTION_INPUT                                                                        \
    0x2u /* of a PATH: it is only read.  A replay writes to no file that is there: it refuses to   \
            start, or --into moves the path elsewhere; an input is left as it is */
#define MUSTER_OPTION_VALUES                                                                       \
    0x4u /* of a LIST with choices: the names of values are choices, too; see                      \
            muster_host.value_column */

/* The host checks the configuration against this before it calls the plugin:
 * names, types, ranges, choices.  So the getters of the host cannot fail. */
struct muster_option {
    const char *name;           /* lower case, with underscores */
    const char *summary;        /* one line, without a full stop */
    const char *fallback;       /* the default as one would write it, such as "10s"; a LIST's items
                                   are separated by commas.  In the range, unless it is "0".  NULL:
                                   none; the getter gives 0, NULL or an empty list */
    const char *const *choices; /* for CHOICE and LIST: the names, NULL at the end; or NULL */
    int64_t min, max;           /* for INT, SIZE (bytes) and DURATION (ns), both included;
                                   both 0: from 0 to 2^63 - 1 */
    uint32_t type;              /* enum muster_option_type */
    uint32_t flags;             /* MUSTER_OPTION_* */
    double real_min, real_max;  /* for REAL, both included; both 0: any */
    const char *alias;          /* what it was called once: still read, with a warning; or NULL */
};

/* ---- What the host offers ------------------------------------------------------------- */

enum muster_level {
    MUSTER_LOG_ERROR = 0,   /* something does not work, and needs somebody */
    MUSTER_LOG_WARNING = 1, /* something is lost or odd */
    MUSTER_LOG_INFO = 2,    /* what an operator wants to see at start and stop */
    MUSTER_LOG_DEBUG = 3    /* what a developer wants to see */
};

enum muster_clock {
    MUSTER_CLOCK_WALL = 0,      /* ns since the Unix epoch; in a replay the capture's time */
    MUSTER_CLOCK_MONOTONIC = 1, /* ns since some start; in a replay the capture's time */
    MUSTER_CLOCK_STEADY = 2,    /* ns since some start; real time even in a replay: for deadlines */
    MUSTER_CLOCK_BOOT = 3       /* as MONOTONIC, and goes on while the machine sleeps; in a replay
                                   the capture's time */
};

enum muster_metric_kind {
    MUSTER_METRIC_COUNTER = 0, /* only grows */
    MUSTER_METRIC_GAUGE = 1    /* goes up and down */
};

enum muster_metric_type { MUSTER_METRIC_U64 = 0, MUSTER_METRIC_I64 = 1, MUSTER_METRIC_DOUBLE = 2 };

/* A number that the plugin keeps and the host reads, whatever its type.  One writer: the callbacks
 * of the state that it was declared for.  See muster_cell_add and its like. */
struct muster_cell {
    uint64_t bits;
};

/* A metric: what a plugin declares, and what it finds. */
struct muster_metric {
    uint32_t size;           /* set by the caller: sizeof (struct muster_metric) */
    uint16_t kind;           /* enum muster_metric_kind */
    uint16_t type;           /* enum muster_metric_type */
    const char *name;        /* declared: lower case, digits, '_' and '.', beginning with a letter;
                                found: with the entry in front, such as "sequence.lost"; the
                                daemon's own begin with "collector." */
    const char *unit;        /* such as "datagrams", "records", "bytes", "ns" */
    const char *help;        /* one line */
    const char *label;       /* what several of the same name differ by, such as "table"; or NULL */
    const char *label_value; /* such as "gaps"; NULL if there is no label */
    union {                  /* found: the sum of its cells, of that type */
        uint64_t u64;
        int64_t i64;
        double real;
    } value;
};

/* Something that the catalog says of a device, in words of its own. */
struct muster_tag {
    const char *key, *value;
};

/* What is known of a device. */
struct muster_device {
    uint32_t size;                 /* set by the caller: sizeof (struct muster_device) */
    uint32_t number;               /* muster_record.device */
    uint64_t id;                   /* muster_record.device_id; 0 if the key is no whole number */
    const char *key;               /* what it calls itself, as text: its id in decimal, or printable
                                      ASCII of at most 64 bytes; never NULL */
    const char *name;              /* NULL: the catalog does not name it */
    const char *place;             /* NULL: the catalog does not say */
    const char *class_name;        /* never NULL */
    uint64_t heartbeat_ns;         /* expected interval between heartbeats; 0: not configured */
    uint64_t data_ns;              /* expected interval between data messages; 0: not configured */
    const struct muster_tag *tags; /* `tag_count` of them, as the catalog has them */
    uint32_t tag_count;
    uint32_t reserved; /* 0 */
};

/* One value of a message. */
struct muster_value {
    const char *name;     /* "value" in the built-in format; never NULL */
    const char *unit;     /* NULL: not known */
    uint32_t type;        /* enum muster_value_type; NONE: it is absent from this message */
    uint32_t quality;     /* enum muster_quality */
    const uint8_t *bytes; /* TEXT and BYTES: `bytes_size` of them */
    uint64_t bytes_size;
    union {
        int64_t integer;
        uint64_t natural;
        double real;
    } value;
    uint32_t column; /* which of the values that messages can have: see muster_host.value_column */
    uint32_t reserved; /* 0 */
};

/* A value that messages can have. */
struct muster_value_column {
    uint32_t size;    /* set by the caller: sizeof (struct muster_value_column) */
    uint32_t type;    /* enum muster_value_type; NONE: that differs */
    const char *name; /* as in muster_value; each is there once */
    const char *unit; /* NULL: not known, or it differs; muster_value.unit is right in any case */
};

/* How old the state is that an instance finds (muster_state.age). */
enum muster_state_age {
    MUSTER_STATE_NEW = 0,     /* nothing was kept: every byte is 0 */
    MUSTER_STATE_STOPPED = 1, /* as the last run left it, which stopped in order */
    MUSTER_STATE_KILLED = 2,  /* as the last run left it, which was killed, perhaps in the middle of
                                 a callback, of open too: every store of the machine up to there is
                                 in it, and none after.  The compiler may have put stores in
                                 another order: atomic_signal_fence() keeps them apart */
    MUSTER_STATE_STALE = 3    /* from before the last run's end: the machine went down with it, or a
                                 later run did not have this state, or has lost it; what a
                                 callback wrote may be there in part, in any order */
};

/* Memory of an instance that outlives the daemon, where the configuration has a
 * state_dir. */
struct muster_state {
    uint32_t size;   /* set by the caller: sizeof (struct muster_state) */
    uint32_t format; /* set by the caller: a number for what is in it; other content has another */
    uint64_t bytes;  /* set by the caller: how much memory */
    /* Set by the caller, or NULL: [main] whether what is kept, which the struct that
     * it is handed shows, can have been written by this plugin.  Returns 1, or 0 if it is
     * damaged.  The host has looked at format, size and, after an orderly stop, a checksum.  It
     * may be called more than once, or not at all, and must not write. */
    int (*is_sound)(const struct muster_state *state);
    /* Set by the caller, or NULL: [main] what is kept is of another format or another size, which
     * `old` shows, and may be damaged.  Writes to state->memory, which is zeros, what can be taken
     * over.  Returns 1, or 0 if it cannot be: then it is set aside, and the state is new.  It must
     * not write to old->memory, which goes when it returns. */
    int (*convert)(const struct muster_state *old, const struct muster_state *state);
    void *context; /* set by the caller, for is_sound and convert: it is in what they are handed */
    void *memory;  /* set by the host: `bytes` of it, aligned to a page */
    uint32_t age; /* set by the host: enum muster_state_age; of what was converted, the old one's */
    uint32_t is_kept; /* set by the host: 1 if it outlives the daemon; 0 if there is no state_dir,
                         or in a replay */
};

/* Functions of the host.  Strings that they return live until the instance is
 * closed.  `instance` is the one that the callback was given.  A call in another callback, or on
 * another thread, than the line says is a bug in the plugin: the daemon says so, and the function
 * does nothing. */
struct muster_host {
    uint32_t size;      /* bytes of this struct in the running host */
    uint16_t abi_major; /* of the running host */
    uint16_t abi_minor;
    const char *version; /* of the running host, for a log line */

    /* Any thread, any time after check began, until close returns.  One line, without a newline;
     * the host adds time, level and the instance's name.  Never blocks: when the log cannot be
     * written, lines are dropped, and their number is logged later. */
    void (*log)(struct muster_instance *instance, uint32_t level, const char *text);

    /* Any thread, any time after check began.  One of enum muster_clock, in ns. */
    uint64_t (*now)(struct muster_instance *instance, uint32_t clock);

    /* In check, open, worker_open, connect and reload.  The value of a declared option.
     * get_int serves BOOL (0 or 1), INT, SIZE (bytes), DURATION (ns) and CHOICE (index
     * into `choices`); get_real serves REAL; get_string serves STRING, CHOICE, PATH and SECRET,
     * and is NULL if the option has neither value nor default, which cannot be if it is required;
     * the list functions serve LIST.  An option that the plugin did not declare, or of another
     * type, is a bug in the plugin: the daemon says so, and does not start if it is about to. */
    int64_t (*get_int)(struct muster_instance *instance, const char *option);
    double (*get_real)(struct muster_instance *instance, const char *option);
    const char *(*get_string)(struct muster_instance *instance, const char *option);
    uint32_t (*list_length)(struct muster_instance *instance, const char *option);
    const char *(*list_item)(struct muster_instance *instance, const char *option, uint32_t index);

    /* In check.  Reports an error of the configuration, at the file and
     * line of `option` (or of the whole entry if NULL).  The daemon reports all
     * errors of the file and does not start. */
    void (*config_error)(struct muster_instance *instance, const char *option, const char *text);

    /* In check.  The same for an error in a file of the plugin's own, which check may read:
     * FILE:LINE; line 0: none. */
    void (*problem)(struct muster_instance *instance, const char *file, uint32_t line,
                    const char *text);

    /* In open of a sink.  Which kinds of record the sink takes, a sum of
     * MUSTER_TAKES_*, out of those that struct muster_sink names; others are a bug in the plugin,
     * and the daemon does not start.  Without this call: all of those. */
    void (*take)(struct muster_instance *instance, uint32_t kinds);

    /* In open and worker_open.  Declares a metric and returns its cell, which starts at 0 and
     * lives until the instance is closed.  A name, with its label, declared for several workers is
     * one metric, the sum of its cells.  The strings are copied.  Never NULL: if memory
     * is short, or the metric is refused, the cell is one that nobody reads.  The host keeps
     * metrics of its own for each instance: in, out, emitted, passed, refused, offered, written,
     * held, queued, and all that begin with "dropped"; to declare one of these, a malformed name,
     * or a known one with another type or kind is a bug in the plugin. */
    struct muster_cell *(*metric)(struct muster_instance *instance,
                                  const struct muster_metric *metric);

    /* Any thread from open on.  Reads the metric number `index` from 0, of the
     * daemon and of all instances.  Returns 1, or 0 past the last. */
    int (*read_metric)(struct muster_instance *instance, uint32_t index,
                       struct muster_metric *metric);

    /* Any thread from open on.  The same for the metric of that whole name and, if label_value is
     * not NULL, that label; without one, the sum over its labels.  Returns 1, or 0 if there is
     * none. */
    int (*find_metric)(struct muster_instance *instance, const char *name, const char *label_value,
                       struct muster_metric *metric);

    /* Any thread from open on.  Every muster_record.device is below this.  It does not change while
     * the instance lives, but may from run to run: size tables by it.  A device whose id is below
     * 65,536 has that number; any other keeps its number where the configuration has a state_dir,
     * unless that is lost: compare the key with that of before. */
    uint32_t (*device_count)(struct muster_instance *instance);

    /* Any thread from open on.  Fills in what is known of the device of that number, or id.
     * Returns 1 if the catalog lists it, else 0, with the default class; for an id that no device
     * here has also with the number UINT32_MAX and the key "", and for a number that none has with
     * the key "". */
    int (*device)(struct muster_instance *instance, uint32_t number, struct muster_device *device);
    int (*device_by_id)(struct muster_instance *instance, uint64_t device_id,
                        struct muster_device *device);

    /* In process and write.  The values of a message, with names and units, worked out from its
     * bytes: the first `room` of them are written to `out`, each taking `value_size` bytes, sizeof
     * (struct muster_value).  Returns how many there are: at most as many as value_column counts.
     * Of a declared format these are all that it has, in the order of the file; what this message
     * does not have is of type NONE.  Names and units live as long as the instance, `bytes` as long
     * as the record. */
    uint32_t (*values)(struct muster_instance *instance, const struct muster_record *record,
                       struct muster_value *out, uint32_t value_size, uint32_t room);

    /* Any thread from open on.  What the maker of an event or a reject of its own calls it; or
     * NULL. */
    const char *(*own_name)(struct muster_instance *instance, const struct muster_record *record);

    /* Any thread from open on.  The name of the entry of the chain with that number, as in
     * muster_record.origin; or NULL. */
    const char *(*entry_name)(struct muster_instance *instance, uint32_t origin);

    /* [worker] in process, worker_tick, forget and worker_close of a filter.  Adds a copy
     * of `record` behind record number `after` of the batch (which is ignored if
     * the batch is empty); of several with the same `after`, the one added first
     * comes first.  Filters further down the chain see it, this one does not.
     * The payload, of MUSTER_DATAGRAM_MAX bytes at most, and what `via` points to are copied too;
     * `origin` is set.  Outside of process, what was added may move on before the callback
     * returns, so that there may be a lot of it.  It must be about a device of this worker, that is
     * one whose records this state gets, or about none (no MUSTER_MARK_DEVICE): otherwise two
     * threads would work on one device.  Returns 0, or MUSTER_FAILED if it cannot be added (another
     * worker's device, a larger payload, no such kind, no memory); the host says why, and counts it
     * as refused.  An event or a reject of its own whose number the tables do not name is added,
     * and said once. */
    int (*emit)(struct muster_batch *batch, uint32_t after, const struct muster_record *record);

    /* The same.  Takes record number `index` out of the batch when the callback
     * returns, and counts it as dropped by this filter.  Returns 0, or MUSTER_FAILED
     * if there is no such record or no memory. */
    int (*drop)(struct muster_batch *batch, uint32_t index);

    /* Once in open.  Hands out the state of this instance: what its last run
     * left, or zeros.  It is mapped from a file named after the instance, so an
     * instance that is renamed begins anew; what is of another format or size and is not converted,
     * or damaged, is set aside, and the log says so.  It lives until close returns.  If the daemon
     * does not start after all, what open wrote stays, and the next run may find it KILLED.  A full
     * disk is no error: the memory is then not kept, and the log says so.  What is kept takes its
     * space on the disk from the start; what is not, memory as it is written.  Returns 0, or
     * MUSTER_FAILED after a log line. */
    int (*state)(struct muster_instance *instance, struct muster_state *state);

    /* Any thread from open on, until close returns.  The instance's tick, of each worker or of the
     * sink, is called soon, not only in its second. */
    void (*wake)(struct muster_instance *instance);

    /* Any thread but [main] and [worker], from open on, until close returns.  Sleeps for `ns`, or
     * until the daemon stops. On the sink's thread, also until there is an order for the sink, such
     * as to reopen its output: the callback should return then.  Returns 1 if the time is over, 0
     * if the daemon stops, MUSTER_AGAIN if there is an order.  For a thread of the plugin's own,
     * and for a callback of a sink that has to wait. */
    int (*wait)(struct muster_instance *instance, uint64_t ns);

    /* Any thread from open on.  Asks for an orderly end of the daemon, and says why in the log. */
    void (*stop)(struct muster_instance *instance, const char *text);

    /* In write.  How many records of that device this sink would have got and did not, since its
     * queue was full, between the one of that device before and this one, which is among those that
     * write was called with.  0 if none, or if the record is about no device. */
    uint64_t (*dropped_before)(struct muster_instance *instance,
                               const struct muster_record *record);

    /* [worker] in process of a filter.  Takes record number `index` out of the batch when the
     * callback returns, to be handed on later; the host keeps a copy of it, and of what it points
     * to, and counts it as held by this filter.  Returns the copy, which can be read until it is
     * released; or NULL if there is no such record, it is taken out already, or memory is short:
     * then it goes on.  Each is to be released, in worker_close at the latest: what is not, counts
     * as dropped, and is a bug in the plugin. */
    const struct muster_record *(*hold)(struct muster_batch *batch, uint32_t index);

    /* [worker] in process, worker_tick, forget and worker_close.  Adds a record that this state
     * holds, with the places of emit, but as it was: its `origin` stays, so that for whoever is
     * behind it is the device's own, or that of the filter that made it.  Returns 0, or
     * MUSTER_FAILED if memory is short: then it is still held. */
    int (*release)(struct muster_batch *batch, uint32_t after, const struct muster_record *held);

    /* Any thread, any time after check began.  Fills in value number `index` of those that messages
     * can have: 0 is "value", that of the built-in format; then those of the declared formats in
     * the order of the catalog's file, each name once.  Returns 1, or 0 past the last.  They do not
     * change while the instance lives, but may from run to run. */
    int (*value_column)(struct muster_instance *instance, uint32_t index,
                        struct muster_value_column *column);

    /* In check.  As config_error, of something that is there, such as a file with other content,
     * and with which the output could never be made ready.  Who only checks a configuration may
     * not want to know, and a start finds out in any case: so check returns 0 all the same. */
    void (*misfit)(struct muster_instance *instance, const char *option, const char *text);
};

/* Whether the running host has that function; for those newer than version 1.0. */
#define MUSTER_HOST_HAS(host, function)                                                            \
    ((host)->size >= offsetof(struct muster_host, function) + sizeof(void (*)(void)))

/* ---- What a plugin offers ------------------------------------------------------------- */

enum muster_presence {
    MUSTER_PRESENCE_ONLINE = 0, /* or nobody knows how often it should be heard */
    MUSTER_PRESENCE_LATE = 1,   /* it has missed once to be heard */
    MUSTER_PRESENCE_SILENT = 2  /* and so often that something is wrong with it */
};

#define MUSTER_REPORT_CAUSES 16 /* how many there is room for in a report */

/* What a filter that tracks devices knows of one.  Its numbers: due = have + open + lost, and
 * missing = open + recovered + lost, where those that were recovered are among those that it has.
 * By cause: by the number of the cause's bit; each number is counted under one, see
 * muster_cause_counted. */
struct muster_device_report {
    uint32_t size;   /* sizeof (struct muster_device_report), of the plugin */
    uint32_t device; /* muster_record.device */
    uint64_t due, have, recovered;
    uint64_t open[MUSTER_REPORT_CAUSES], lost[MUSTER_REPORT_CAUSES];
    uint64_t first_ns, heard_ns; /* when it was heard: ns since the Unix epoch; 0: not known */
    uint64_t interval_ns;        /* it should be heard once in each; 0: not known */
    uint32_t duplicates, late, restarts; /* records */
    uint8_t presence;                    /* enum muster_presence */
    uint8_t beat_count;                  /* of its last numbers, up to 8, it is known... */
    uint8_t beats;                       /* ...whether they came: bit 0 is the newest's */
    uint8_t reserved;                    /* 0 */
};

/* Numbers of a device that are missing, and may still come. */
struct muster_gap_report {
    uint32_t size;          /* sizeof (struct muster_gap_report), of the plugin */
    uint32_t device;        /* muster_record.device */
    uint64_t first, last;   /* included; modulo 2^seq_bits, as in an event */
    uint64_t opened_ns;     /* when that was known: ns since the Unix epoch */
    uint64_t last_heard_ns; /* when the number before the first came; 0: not known */
    uint16_t cause;         /* MUSTER_CAUSE_* */
    uint8_t is_lost; /* 1: they are given up, and count as lost, unless they come after all */
    uint8_t seq_bits;
    uint32_t reserved; /* 0 */
};

/* A filter:
 *
 *     check, open, for each worker (worker_open, (process | worker_tick | devices | gaps |
 *     forget)*, worker_close), reload*, close
 */
struct muster_filter {
    uint32_t size;  /* sizeof (struct muster_filter) */
    uint32_t takes; /* MUSTER_TAKES_REJECTS: it is to see rejected datagrams, too, which become
                       records only if somebody wants them; else 0 */

    /* [main] before the first record of that worker, so nothing may belong to the
     * calling thread.  `worker` counts from 0 to `workers` - 1.  Sets *worker_state.
     * Returns 0, or MUSTER_FAILED after a log line: the daemon does not start.
     * Without it the worker's state is the instance's, which all workers then share: such a
     * filter must not change it. */
    int (*worker_open)(void *state, uint32_t worker, uint32_t workers, void **worker_state);

    /* [worker] Judges a batch of at least one record.  Must not block and should
     * not allocate.  Records and payloads may be read until it returns.  Returns 0, or
     * MUSTER_FAILED after a log line: this filter is then out of service on this worker; the batch
     * goes on with what it asked for, later records pass by, and are counted.  Must be there. */
    int (*process)(void *worker_state, struct muster_batch *batch);

    /* [worker] About once a second, also when nothing arrives.  The batch is
     * empty; records may be added to it.  `now_ns` is MUSTER_CLOCK_MONOTONIC.
     * Returns when it wants the next call at the latest, on that clock, for one
     * earlier than usual; else 0. */
    uint64_t (*worker_tick)(void *worker_state, struct muster_batch *batch, uint64_t now_ns);

    /* [worker] after its last record, or [main] if the worker never ran.  Once for each worker_open
     * that succeeded.  Records may be added to the batch, which is empty. */
    void (*worker_close)(void *worker_state, struct muster_batch *batch,
                         const struct muster_call *call);

    /* [main] between two batches, while no worker is in a callback of this filter: the options have
     * changed, and the getters show the new ones.  Kept state stays as it is.  Returns 0 if they
     * are adopted; MUSTER_RENEW if that takes a new instance: a sink gets one, which is opened
     * while this one runs, and a filter's options are in force at the next start; or MUSTER_FAILED
     * after a log line: the old ones stay in force.  Without it: MUSTER_RENEW. */
    int (*reload)(void *state, const struct muster_call *call);

    /* [worker] between two batches.  Somebody asks what is known of the devices: fills in reports
     * of those of this worker that were heard, by number, from `from` up to `end`, which is not
     * included: at most `end` - `from`.  Each takes `report_size` bytes, sizeof (struct
     * muster_device_report) of the host, which may be another: see muster_report_put.  Returns how
     * many there are.  It is asked for so few at a time that this takes a millisecond at most. */
    uint32_t (*devices)(void *worker_state, uint32_t from, uint32_t end,
                        struct muster_device_report *out, uint32_t report_size);

    /* [worker] between two batches.  The same of numbers that are missing, by device and from the
     * oldest on: leaves out the first `skip` of the device `from`, and fills in `room` at most.
     * Returns how many: fewer than `room` if that was all. */
    uint32_t (*gaps)(void *worker_state, uint32_t from, uint32_t skip,
                     struct muster_gap_report *out, uint32_t report_size, uint32_t room);

    /* [worker] between two batches.  From now on that device, which is this worker's, was never
     * heard: somebody says that it is gone, or another now.  Records may be added to the batch,
     * which is empty.  Returns 1, or 0 if it was not known. */
    int (*forget)(void *worker_state, struct muster_batch *batch, uint32_t device);
};

/* A sink:
 *
 *     check, open, (connect, (write | flush | rotate | reload | tick)*, disconnect)*, close
 *
 * reload and tick are called between disconnect and connect, too, if the sink is to be connected
 * again.  Records that were taken are held until a flush has returned what it gave up;
 * those that are held when the output is lost are offered again. */
struct muster_sink {
    uint32_t size;     /* sizeof (struct muster_sink) */
    uint32_t takes;    /* which kinds of record it can take, a sum of MUSTER_TAKES_*; 0: MESSAGES */
    uint32_t hold;     /* how many records to take, at least, between two calls of flush while more
                          wait, such as the rows of a transaction; a few more may come; at most a
                          quarter of the queue; 0: the host's choice */
    uint32_t reserved; /* 0 */

    /* [sink] before the first write, and after each disconnect.  Makes the output ready.  May
     * block. Returns 0; MUSTER_AGAIN after a log line that says why, once: the host tries again, a
     * little later each time, at once when the output is to be reopened, and says how many records
     * wait; or MUSTER_FAILED after a log line: somebody has to change something first; the daemon
     * does not start, or, if it runs, tries again much later, and when outputs are to be reopened.
     * A start waits for the first one, for 2 s at most unless the sink is required.  Without it: 0.
     */
    int (*connect)(void *state, const struct muster_call *call);

    /* [sink] Takes records, at least one, aligned to 16 bytes.  Returns how many it took, from the
     * first on.  Fewer than `count`, or MUSTER_AGAIN for none: the rest is offered again, later, as
     * for write(2); the host waits a little longer each time.  MUSTER_LOST after a log line: none
     * of these was taken; the host calls disconnect and connect, and then offers the records that
     * are held, and these, again; what had reached the output before comes twice, so a sink that
     * cares delivers in flush and all or nothing.  MUSTER_FAILED after a log line: this output is
     * finished; what is held and what was offered is dropped and counted, and the host calls
     * disconnect, and connect much later, and when outputs are to be reopened.  Records and
     * payloads may be read until it returns.  Must be there. */
    int64_t (*write)(void *state, const struct muster_record *records, uint32_t count,
                     const struct muster_call *call);

    /* [sink] when the queue has run empty, when as many records as `hold` says are held,
     * before rotate and reload, and before disconnect while stopping: deliver what was
     * taken and is still held.  Returns how many of these records cannot be
     * delivered and are given up: 0 when all is well.  The host counts them as
     * dropped, and the others as written.  MUSTER_AGAIN: something is still held; the host
     * calls again, a little later each time, and write meanwhile; when the deadline is over, what
     * is held counts as dropped.  MUSTER_LOST and MUSTER_FAILED: as for write.  Without it, what
     * write takes is written. */
    int64_t (*flush)(void *state, const struct muster_call *call);

    /* [sink] once for each connect that returned 0: lets go of the output.  The plugin forgets what
     * it holds. */
    void (*disconnect)(void *state, const struct muster_call *call);

    /* [sink] Log rotation: close the output and open it again; a lock on the old one is let go.
     * Returns 0; MUSTER_FAILED after a log line: the old output stays in use; or MUSTER_LOST: as
     * for write.  Without it, a sink that is connected is disconnected and connected again. */
    int (*rotate)(void *state, const struct muster_call *call);

    /* [sink] The options have changed, and the getters show the new ones.  Kept state and locks
     * stay as they are.  Returns as muster_filter.reload does. */
    int (*reload)(void *state, const struct muster_call *call);

    /* [sink] About once a second, also when nothing arrives; while it is not connected, perhaps
     * every two.  `now_ns` is MUSTER_CLOCK_MONOTONIC.  Returns as worker_tick does. */
    uint64_t (*tick)(void *state, uint64_t now_ns);
};

/* An event or a reject of a plugin's own: number, and what it is called. */
struct muster_name {
    uint32_t number;     /* from MUSTER_EVENT_OWN or MUSTER_REJECT_OWN on, below 256 */
    uint32_t reserved;   /* 0 */
    const char *name;    /* as in csv and log: lower case, digits, '-' */
    const char *summary; /* one line, without a full stop */
};

/* check may be called without open.  close is called once for each open that
 * succeeded.  Without open, `state` is the instance itself. */
struct muster_plugin {
    uint32_t size;         /* sizeof (struct muster_plugin) */
    uint16_t abi_major;    /* MUSTER_ABI_MAJOR */
    uint16_t abi_minor;    /* MUSTER_ABI_MINOR: what it was built with */
    uint32_t option_size;  /* sizeof (struct muster_option) */
    uint32_t option_count; /* entries in `options` */
    uint32_t name_size;    /* sizeof (struct muster_name) */
    uint32_t event_count;  /* entries in `events` */
    uint32_t reject_count; /* entries in `rejects` */
    uint32_t reserved;     /* 0 */
    const char *name;      /* as in collector.conf: lower case, digits, '-', '_' */
    const char *version;   /* of the plugin */
    const char *summary;   /* one line, without a full stop */
    const struct muster_option *options;
    const struct muster_name *events;
    const struct muster_name *rejects;

    /* [main] before anything starts, and only if no required option is missing.
     * Looks for errors that the option table cannot express, and reports them with
     * host->config_error and host->problem.  May read files, and must not touch anything else
     * outside.  Returns 0, or MUSTER_FAILED after a report. */
    int (*check)(const struct muster_host *host, struct muster_instance *instance);

    /* [main] before the first record of this instance, perhaps while an older
     * instance of the same entry still runs.  Takes memory, reads options, and sets
     * *state; a sink's output waits for connect.  Returns 0, or MUSTER_FAILED after a log line that
     * says why: the daemon then does not start. */
    int (*open)(const struct muster_host *host, struct muster_instance *instance, void **state);

    /* [main] after the last datagram and the last callback of every thread. */
    void (*close)(void *state, const struct muster_call *call);

    /* What it is: one of these. */
    const struct muster_filter *filter;
    const struct muster_sink *sink;
};

/* The symbol that a plugin exports. */
#if defined __GNUC__
__attribute__((visibility("default")))
#endif
extern const struct muster_plugin muster_plugin_v1;

/* ---- Helpers -------------------------------------------------------------------------- */

/* Adds to a cell of type U64, or sets one of any type.  Only its one writer may call these.  The
 * store is atomic (relaxed), so that the host may read at any time. */
static inline void muster_cell_add(struct muster_cell *cell, uint64_t n)
{
    __atomic_store_n(&cell->bits, __atomic_load_n(&cell->bits, __ATOMIC_RELAXED) + n,
                     __ATOMIC_RELAXED);
}

static inline void muster_cell_set(struct muster_cell *cell, uint64_t n)
{
    __atomic_store_n(&cell->bits, n, __ATOMIC_RELAXED);
}

static inline void muster_cell_set_i64(struct muster_cell *cell, int64_t n)
{
    uint64_t bits;

    memcpy(&bits, &n, sizeof bits);
    __atomic_store_n(&cell->bits, bits, __ATOMIC_RELAXED);
}

static inline void muster_cell_set_double(struct muster_cell *cell, double n)
{
    uint64_t bits;

    memcpy(&bits, &n, sizeof bits);
    __atomic_store_n(&cell->bits, bits, __ATOMIC_RELAXED);
}

/* Puts a report where the host wants it, number `index` of those that take `report_size` bytes
 * each: as much of it as the host knows. */
static inline void muster_report_put(void *out, uint32_t report_size, uint32_t index,
                                     const void *report, uint32_t size)
{
    memcpy((char *)out + (size_t)index * report_size, report,
           size < report_size ? size : report_size);
}

/* For muster_text_number: digits * 10^exponent. */
struct muster_decimal {
    int64_t exponent;
    double whole;          /* the digits as a number, exact if they are 15 at most */
    uint32_t count;        /* digits, without zeros in front */
    char digits[800 + 16]; /* no double depends on more than 768; and room for the exponent */
};

/* Takes digits, with a point or without.  Returns what is behind them, or NULL if none is there. */
static inline const uint8_t *muster_decimal_digits(struct muster_decimal *decimal,
                                                   const uint8_t *at, const uint8_t *end)
{
    const uint32_t most = sizeof decimal->digits - 16;
    int is_number = 0, is_fraction = 0;

    decimal->exponent = 0;
    decimal->whole = 0;
    decimal->count = 0;
    for (; at < end; at++) {
        if (*at == '.' && !is_fraction) {
            is_fraction = 1;
            continue;
        }
        if (*at < '0' || *at > '9')
            break;
        is_number = 1;
        decimal->exponent -= is_fraction;
        if (*at == '0' && decimal->count == 0)
            continue;
        if (decimal->count < most) {
            decimal->whole = decimal->whole * 10 + (*at - '0');
            decimal->digits[decimal->count++] = "0123456789"[*at - '0'];
            continue;
        }
        decimal->exponent++;
        if (*at != '0' && decimal->digits[most - 1] == '0')
            decimal->digits[most - 1] = '1'; /* all that counts of the rest is that it is not 0 */
    }
    return is_number ? at : NULL;
}

/* Takes an exponent, if there is one.  Returns what is behind it, or NULL if it is none. */
static inline const uint8_t *muster_decimal_exponent(struct muster_decimal *decimal,
                                                     const uint8_t *at, const uint8_t *end)
{
    int64_t power = 0;
    int is_number = 0, is_negative;

    if (at == end || (*at != 'e' && *at != 'E'))
        return at;
    at++;
    is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        is_number = 1;
        if (power < INT64_C(1000000000000000))
            power = power * 10 + (*at - '0');
    }
    decimal->exponent += is_negative ? -power : power;
    return is_number ? at : NULL;
}

/* The double that is nearest to it. */
static inline double muster_decimal_value(struct muster_decimal *decimal)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t power = decimal->exponent < 0 ? -decimal->exponent : decimal->exponent;
    char *out = decimal->digits + decimal->count;
    int i;

    if (decimal->count == 0)
        return 0;
    /* Both are exact, and so the one operation is rounded once. */
    if (FLT_EVAL_METHOD == 0 && decimal->count <= 15 && power <= 22)
        return decimal->exponent < 0 ? decimal->whole / powers[power]
                                     : decimal->whole * powers[power];
    /* Without a point there is nothing that the locale has a say in. */
    if (power > 999999)
        power = 999999;
    *out++ = 'e';
    *out++ = decimal->exponent < 0 ? '-' : '+';
    for (i = 5; i >= 0; i--, power /= 10)
        out[i] = "0123456789"[power % 10];
    out[6] = '\0';
    return strtod(decimal->digits, NULL);
}

/* Reads the decimal number that a text is, such as the payload of a value of type TEXT: "-3",
 * "21.5", "1e3", with blanks around it or without.  It is rounded correctly, and no locale has a
 * say in it. Returns 0, or -1 and stores nothing if the text is anything else, or the number is too
 * large. */
static inline int muster_text_number(const uint8_t *text, uint64_t size, double *number)
{
    const uint8_t *at = text, *end = text + size;
    struct muster_decimal decimal;
    int is_negative;
    double value;

    while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
        at++;
    while (at < end && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r')))
        end--;
    is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    at = muster_decimal_digits(&decimal, at, end);
    if (at != NULL)
        at = muster_decimal_exponent(&decimal, at, end);
    if (at == NULL || at != end)
        return -1;
    value = muster_decimal_value(&decimal);
    if (value > DBL_MAX)
        return -1;
    *number = is_negative ? -value : value;
    return 0;
}

#ifdef __cplusplus
}
#endif

#endif
