/* SPDX-License-Identifier: MIT
 *
 * An entry of the chain at work: the plugin's state, and what the host notes about it.
 */
#ifndef COLLECTOR_HOST_INSTANCE_H
#define COLLECTOR_HOST_INSTANCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <muster/plugin.h>

#include "base/clock.h"
#include "base/problems.h"
#include "entry.h"
#include "host.h"

/* Where a sink's thread is. */
enum instance_place { INSTANCE_AT_HOME, INSTANCE_IN_PLUGIN, INSTANCE_GIVEN_UP };

enum { INSTANCE_TOLD = 4, INSTANCE_ACCUSED = 32 };

struct muster_instance {
    const struct entry *entry;         /* outlives the instance */
    const struct option_value *sent;   /* the main thread's: the values that it handed out last */
    const struct option_value *values; /* the entry's, or those of a configuration that was read
                                          later; they outlive the instance, too */
    struct host *host;
    const struct entry *chain; /* all entries of its chain: number `origin` is at origin - 1 */
    uint32_t chain_count;
    struct problems *problems; /* while the configuration is checked, else NULL */
    void *state;               /* the plugin's own */
    struct state *memory;      /* what muster_host.state gave it; NULL: nothing */
    uint32_t kinds;            /* MUSTER_TAKES_*; sinks only */
    bool opening;              /* the plugin's open runs */
    bool opened;
    atomic_uint broken;  /* rules of the contract, each said once: bits by enum rule (rules.h) */
    atomic_bool misused; /* asked for what it must not */
    atomic_bool
        spoke; /* it has logged something since its last callback that is to say why it fails */
    atomic_bool stopping;                    /* it will be closed */
    atomic_int place;                        /* enum instance_place */
    atomic_uint orders, heard_orders;        /* from the main thread; how many the sink has heard */
    atomic_ullong accused[INSTANCE_ACCUSED]; /* bugs that were logged, as hashes */
    atomic_bool trying; /* connect, again and again: what it logs then is shown once */
    atomic_ullong told[INSTANCE_TOLD]; /* what was shown last of that, as hashes */
    /* Has its tick called soon; set by whoever runs it.  Any thread. */
    void (*_Atomic wake)(void *context, struct muster_instance *instance);
    void *wake_context;
    /* Of a sink: see struct muster_host. */
    uint64_t (*dropped_before)(const void *context, const struct muster_record *record);
};

void instance_init(struct muster_instance *instance, const struct entry *entry, struct host *host);

/* Has the plugin look for errors that the option table cannot express, unless a required option is
 * missing, which is one already.  [main] */
void instance_check(const struct entry *entry, struct host *host, struct problems *problems);

/* Opens and closes the plugin's state.  -1: the plugin has logged why.  What it kept is written in
 * the end by instance_settle.  Its metrics stay until
 * instance_free, so that those that are closed later can still report them.  [main] */
int instance_open(struct muster_instance *instance);
void instance_close(struct muster_instance *instance);
void instance_settle(struct muster_instance *instance);

/* Has the plugin adopt other values of its options, and says what comes of it.  On the thread of
 * its callback.  Returns as the callback does; of MUSTER_RENEW nothing is said. */
int instance_reload(struct muster_instance *instance, const struct option_value *values);

/* [sink] It is connected: when it is not again, the reason is shown again. */
void instance_connected(struct muster_instance *instance);

/* Says that the plugin has a bug, and what it is: while the configuration is checked, with the
 * place of its entry; else in the log.  Any thread. */
void instance_bug(struct muster_instance *instance, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends every muster_host.wait of this instance: there is an order for its sink, or it will be
 * closed.  Any thread. */
void instance_order(struct muster_instance *instance);
void instance_stop(struct muster_instance *instance);

/* [main] If the sink's thread is in its plugin, it will not come out of it: should the plugin
 * return after all, it stays where it is for ever.  Returns whether that is so. */
bool instance_give_up(struct muster_instance *instance);

void instance_free(struct muster_instance *instance);

/* When a plugin's tick is called next that was called at `now` and asked for `asked` (0: no
 * wish): in a second, or earlier, but not in less than a millisecond. */
static inline uint64_t instance_next_tick(uint64_t now, uint64_t asked)
{
    uint64_t usual = now + CLOCK_SECOND, least = now + CLOCK_MILLISECOND;

    if (asked == 0 || asked >= usual)
        return usual;
    return asked > least ? asked : least;
}

static inline const char *instance_name(const struct muster_instance *instance)
{
    return instance->entry->name;
}

static inline const struct muster_plugin *instance_api(const struct muster_instance *instance)
{
    return &instance->entry->plugin.api;
}

static inline const struct muster_filter *instance_filter(const struct muster_instance *instance)
{
    return &instance->entry->plugin.filter;
}

static inline const struct muster_sink *instance_sink(const struct muster_instance *instance)
{
    return &instance->entry->plugin.sink;
}

#endif
