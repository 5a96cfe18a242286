/* SPDX-License-Identifier: MIT
 *
 * Start and stop, in the order of a datagram's way backwards and forwards: sinks start before the
 * front, so that there is somebody to take what comes; the front ends before them.
 */
#include "collector.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/notify.h"
#include "collector/config/settings.h"
#include "collector/flow/chain.h"
#include "collector/flow/recognize.h"
#include "collector/live/live.h"
#include "collector/replay/outputs.h"
#include "collector/replay/replay.h"
#include "collector/state/state.h"
#include "ending.h"
#include "ledger.h"
#include "loop.h"
#include "numbering.h"
#include "overrun.h"
#include "reload.h"
#include "requests.h"
#include "watchdog.h"

#define PATIENCE   (100 * CLOCK_MILLISECOND) /* of a stop, before it says what it waits for */
#define CONNECTING (2 * CLOCK_SECOND) /* for the sinks that need not be connected at the start */
#define GRACE      WATCHDOG_GRACE
#define STILL      (3 * CLOCK_SECOND) /* how long a worker may do nothing; each ticks every second */
#define LEAST      (200 * CLOCK_MILLISECOND) /* for the sinks, if a front has used up the time */

struct collector {
    const struct config *config;
    struct host *host;
    struct log *log;
    struct loop loop;
    struct numbering numbering;
    struct chain chain;
    struct listener_formats formats[SETTINGS_LISTENERS_MOST]; /* of each listener */
    struct reload reload;
    struct requests requests; /* of other threads */
    struct restart *restart;  /* NULL: there is none, in a replay */
    struct overrun overrun;
    const struct collector_attendant *attendant; /* that has begun; or NULL */
    const struct capture_account *capture;       /* in a replay */
    bool has_run;                                /* there is a ledger to print */
    const char *asked_by;              /* a signal asked to stop before the front began; or NULL */
    uint64_t started_ns, stopped_ns;   /* monotonic, as all of these */
    uint64_t stopping_ns, deadline_ns; /* when the stop began, and what its deadline is */
    bool asked, urged;                 /* again to stop; and time has been cut for it */
};

/* ---- start and run -------------------------------------------------------------------- */

/* The plugins' state: a replay forgets its own, and touches no other. */
static int open_states(struct collector *collector)
{
    struct problems problems = {0};
    const struct config *config = collector->config;
    const struct state_settings settings = {
        .directory = config->state_directory,
        .live_directory = config->state_live_directory,
        .interval_ns = config->state_interval_ns,
        .is_replay = collector->host->is_replay,
    };

    collector->host->states = state_store_open(&settings, &problems);
    problems_log(&problems, collector->log);
    return collector->host->states != NULL ? 0 : -1;
}

/* Becomes who the configuration says, without what only root may do.  Log and watchdog are started
 * anew, so that no thread keeps any of it. */
static int drop_privileges(const struct collector *collector, struct problems *problems)
{
    const struct privileges *privileges = &collector->config->privileges;
    uid_t before = geteuid();
    int error;

    if (!privileges->are_given)
        return 0;
    watchdog_end();
    log_pause(collector->log);
    error = privileges_drop(privileges);
    if (log_resume(collector->log) != 0) {
        fprintf(stderr, "musterd: cannot start a thread for the log\n");
        _exit(COLLECTOR_START);
    }
    watchdog_start(collector->log);
    if (error == 0) {
        log_format(collector->log, LOG_INFO, NULL, "runs as user %u, group %u", privileges->uid,
                   privileges->gid);
        return 0;
    }
    problems_note(problems, LOG_ERROR, NULL,
                  "cannot become user %u, group %u: %s; musterd was started by user %u; expected "
                  "root, or that user and group, or no user in the configuration",
                  privileges->uid, privileges->gid, strerror(error), before);
    return -1;
}

static void rotate(struct collector *collector)
{
    log_line(collector->log, LOG_INFO, NULL, "SIGHUP: reopening every output");
    chain_rotate(&collector->chain);
}

/* Until each sink has tried to connect its output, those that are not required for a while; or
 * until it is time to stop. */
static int wait_for_sinks(struct collector *collector, struct problems *problems)
{
    uint64_t until = clock_monotonic() + CONNECTING;
    const char *signal = "";
    enum chain_start start;

    while ((start = chain_started(&collector->chain, clock_monotonic() < until, problems)) ==
           CHAIN_STARTING) {
        enum loop_event event = loop_wait(&collector->loop, collector->chain.drained_fd,
                                          clock_monotonic() < until ? until : 0, &signal);

        if (event == LOOP_ROTATE)
            rotate(collector);
        if (event == LOOP_STOP) {
            collector->asked_by = signal;
            return 0;
        }
    }
    return start == CHAIN_STARTED ? 0 : -1;
}

/* Who may send, as the configuration says. */
static struct admit_settings read_admission(const struct config *config,
                                            struct admit_listener listeners[])
{
    unsigned i;

    for (i = 0; i < config->listen_count; i++)
        listeners[i] =
            (struct admit_listener){config->listen[i].allow.all, config->listen[i].allow.count};
    return (struct admit_settings){
        .listeners = listeners,
        .listener_count = config->listen_count,
        .source_rate = config->source_rate,
        .device_rate = config->device_rate,
        .unknown = (enum admit_unknown)config->unknown,
        .unknown_most = config->unknown_most,
    };
}

_Static_assert(LISTEN_FORMATS_MOST == RECOGNIZE_FORMATS_MOST, "a listener's formats fit");

/* NULL if no listener has a declared one. */
static const struct listener_formats *read_formats(const struct config *config,
                                                   struct listener_formats formats[])
{
    bool any = false;
    unsigned i;

    for (i = 0; i < config->listen_count; i++) {
        const struct listen *listen = &config->listen[i];

        formats[i] =
            (struct listener_formats){.count = listen->format_count, .place = listen->place};
        memcpy(formats[i].numbers, listen->formats, sizeof listen->formats);
        any |= listen->format_count > 0;
    }
    return any ? formats : NULL;
}

/* Opens every plugin, and starts the sinks. */
static int start_chain(struct collector *collector, enum overflow overflow,
                       const struct answers_front *front, struct problems *problems)
{
    const struct config *config = collector->config;
    struct admit_listener listeners[SETTINGS_LISTENERS_MOST];
    uint32_t reply_rates[SETTINGS_LISTENERS_MOST];
    const struct admit_settings admit = read_admission(config, listeners);
    const struct chain_settings settings = {
        .entries = config->chain,
        .entry_count = config->entry_count,
        .filter_count = config->filter_count,
        .pipelines = config->workers,
        .largest = config->largest,
        .overflow = overflow,
        .admit = &admit,
        .formats = read_formats(config, collector->formats),
        .front = front,
        .reply_rates = reply_rates,
        .listener_count = config->listen_count,
    };
    unsigned i;

    for (i = 0; i < config->listen_count; i++)
        reply_rates[i] = config->listen[i].reply_rate;

    if (numbering_open(&collector->numbering, config, collector->host, problems) < 0 ||
        chain_open(&collector->chain, &settings, collector->host, problems) < 0 ||
        chain_start(&collector->chain, problems) < 0 || wait_for_sinks(collector, problems) < 0)
        return -1;
    /* From now on a start that fails ends in order too. */
    state_store_begin(collector->host->states, problems);
    return 0;
}

/* Says what is lost in front of the chain. */
static void look_for_losses(struct collector *collector, bool is_last)
{
    const struct chain_account account = chain_account(&collector->chain);
    const struct episode_moment now = {.monotonic = clock_monotonic(), .wall = clock_wall()};

    overrun_look(&collector->overrun, &account, collector->log, now, is_last);
}

/* The program that is there now is to go on, if it can. */
static int want_restart(struct collector *collector, struct problems *said)
{
    if (restart_check(collector->restart, said) < 0)
        return -1;
    collector->restart->is_wanted = true;
    return 0;
}

static void reload(struct collector *collector, struct problems *said)
{
    char text[64];

    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_monotonic() / 1000);
    notify_send(text);
    rotate(collector);
    reload_run(&collector->reload, false, said);
    notify_send("READY=1");
}

/* The manager of services is told as long as all goes on. */
static void tell_manager(struct live *live)
{
    const uint64_t watchdog = notify_watchdog_ns();

    if (watchdog > 0 && live_moves(live, clock_monotonic(), watchdog > STILL ? watchdog : STILL))
        notify_send("WATCHDOG=1");
}

/* What another thread asks for; the log has it, too. */
static int serve(void *context, enum request_kind kind, struct problems *said)
{
    struct collector *collector = context;

    if (kind == REQUEST_RESTART)
        return want_restart(collector, said);
    if (kind == REQUEST_ROTATE) {
        problems_note(said, LOG_INFO, NULL, "reopening every output");
        chain_rotate(&collector->chain);
        return 0;
    }
    return reload_run(&collector->reload, kind == REQUEST_DRY_RELOAD, said);
}

/* Until it is time to stop. */
static void wait_for_end(struct collector *collector, struct live *live)
{
    struct state_store *states = collector->host->states;
    struct problems problems = {0};
    const char *signal = collector->asked_by;
    enum loop_event event = signal != NULL ? LOOP_STOP : LOOP_NOTHING;

    while (event != LOOP_STOP && !collector->restart->is_wanted) {
        uint64_t until = state_store_copy(states, clock_monotonic(), &problems);
        uint64_t again = live_look(live, clock_monotonic(), &problems);
        uint64_t closing = chain_look(&collector->chain);
        uint64_t look = clock_monotonic() + OVERRUN_LOOK;

        if (collector->attendant != NULL)
            requests_serve(&collector->requests, serve, collector);
        if (collector->restart->is_wanted)
            break;
        reload_renew(&collector->reload, &problems);
        if (until != 0 && until < look)
            look = until;
        if (closing != 0 && closing < look)
            look = closing;
        if (again != 0 && again < look)
            look = again;
        problems_log(&problems, collector->log);
        look_for_losses(collector, false);
        event = loop_wait(&collector->loop, collector->chain.drained_fd, look, &signal);
        if (event == LOOP_ROTATE)
            reload(collector, &problems);
        if (event == LOOP_RESTART)
            want_restart(collector, &problems);
        tell_manager(live);
        problems_log(&problems, collector->log);
    }
    if (collector->restart->is_wanted)
        log_line(collector->log, LOG_INFO, NULL,
                 "restarting: what comes meanwhile waits in the sockets");
    else
        log_format(collector->log, LOG_INFO, NULL, "%s: stopping", signal);
}

/* Until the replay is `there`, or it is time to stop.  Returns whether it is there. */
static bool wait_for_replay(struct collector *collector, struct replay *replay,
                            bool (*there)(struct replay *))
{
    const char *signal = collector->asked_by;

    while (!there(replay)) {
        enum loop_event event =
            signal != NULL ? LOOP_STOP : loop_wait(&collector->loop, replay->event_fd, 0, &signal);

        if (event == LOOP_ROTATE)
            rotate(collector);
        if (event != LOOP_STOP)
            continue;
        log_format(collector->log, LOG_INFO, NULL, "%s: stopping before the end of the capture",
                   signal);
        return false;
    }
    return true;
}

/* ---- stop ----------------------------------------------------------------------------- */

/* Those that have not finished wait for this. */
static void tell_waiting(const struct collector *collector, uint64_t left_ns)
{
    unsigned i;

    for (i = 0; i < collector->chain.sink_count; i++) {
        const struct sink *sink = &collector->chain.sinks[i];
        struct sink_account account = sink_account(sink);
        uint64_t waiting = account.held + account.queued;
        char text[64] = "nothing waits, but it is not back";

        if (waiting > 0)
            snprintf(text, sizeof text, "%" PRIu64 " records wait to be written", waiting);
        if (sink->started)
            log_format(collector->log, LOG_INFO, instance_name(sink->instance),
                       "%s; this may take %" PRIu64 " s at most", text, left_ns / CLOCK_SECOND + 1);
    }
}

static void begin_stop(struct collector *collector)
{
    collector->stopping_ns = clock_monotonic();
    collector->deadline_ns = collector->stopping_ns + (uint64_t)collector->reload.running->stop_ns;
    watchdog_stopping(collector->deadline_ns);
}

/* Waits for `fd`, until `limit` at most.  Who asks again to stop is in a hurry, unless all is done
 * at once, as it mostly is: timeout(1), for one, sends each signal twice. */
static void wait_for(struct collector *collector, int fd, uint64_t limit)
{
    uint64_t now = clock_monotonic(), tell_at = collector->stopping_ns + PATIENCE;
    const char *signal;
    enum loop_event event = loop_wait(&collector->loop, fd,
                                      now < tell_at && tell_at < limit ? tell_at : limit, &signal);

    if (event == LOOP_ROTATE)
        rotate(collector);
    if (event == LOOP_STOP && collector->restart != NULL && collector->restart->is_wanted) {
        log_format(collector->log, LOG_INFO, NULL,
                   "%s: stopping instead; what waits in the sockets is not taken", signal);
        collector->restart->is_wanted = false;
    } else if (event == LOOP_STOP) {
        collector->asked = true;
    }
    now = clock_monotonic();
    if (!collector->asked || collector->urged || now < tell_at)
        return;
    log_line(collector->log, LOG_WARNING, NULL, "asked again to stop: sinks get no more time");
    collector->urged = true;
    collector->deadline_ns = now;
    watchdog_stopping(now);
}

/* Waits until the front has ended, for half of the time at most: sinks need some, too.  Returns
 * whether it has. */
static bool wait_for_front(struct collector *collector, int fd, bool (*has_ended)(void *front),
                           void *front)
{
    while (!has_ended(front)) {
        uint64_t time = collector->deadline_ns + GRACE - collector->stopping_ns;
        uint64_t limit = collector->stopping_ns + (time / 2 > GRACE ? time / 2 : GRACE);

        if (collector->urged)
            limit = collector->deadline_ns + GRACE;
        if (clock_monotonic() >= limit)
            return false;
        wait_for(collector, fd, limit);
    }
    return true;
}

/* Waits for the sinks until the deadline, and a little longer. */
static void drain(struct collector *collector)
{
    struct chain *chain = &collector->chain;
    uint64_t now = clock_monotonic(), least = now + LEAST, end;
    bool told = false, urged;

    chain_drain(chain, collector->deadline_ns);
    while (!chain_drained(chain)) {
        now = clock_monotonic();
        end = collector->deadline_ns + GRACE;
        if (end < least)
            end = least;
        if (now >= end)
            break;
        if (now >= collector->stopping_ns + PATIENCE && now < collector->deadline_ns && !told) {
            told = true;
            tell_waiting(collector, collector->deadline_ns - now);
        }
        urged = collector->urged;
        wait_for(collector, chain->drained_fd, end);
        if (collector->urged && !urged)
            chain_drain(chain, collector->deadline_ns);
    }
    chain_abandon(chain);
}

static void report_given_up(const struct collector *collector)
{
    unsigned i;

    if (collector->chain.stuck)
        watchdog_name_hanging();
    for (i = 0; i < collector->chain.pipeline_count; i++)
        if (collector->chain.pipelines[i].stuck)
            log_format(
                collector->log, LOG_ERROR, NULL,
                "worker %u has not ended in the time to stop; what it has in its hands is in "
                "no output and in no sum",
                i);

    for (i = 0; i < collector->chain.sink_count; i++) {
        const struct sink *sink = &collector->chain.sinks[i];
        struct sink_account account = sink_account(sink);

        if (sink->stuck && account.dropped_stuck == 0)
            log_line(collector->log, LOG_ERROR, instance_name(sink->instance),
                     "the sink does not come back from its plugin");
        else if (sink->stuck)
            log_format(collector->log, LOG_ERROR, instance_name(sink->instance),
                       "the sink does not come back from its plugin; %" PRIu64
                       " records are given up",
                       account.dropped_stuck);
        else if (account.dropped_stop > 0)
            log_format(collector->log, LOG_ERROR, instance_name(sink->instance),
                       "the time to stop was over; %" PRIu64 " records are given up%s",
                       account.dropped_stop,
                       collector->urged ? "" : " (stop_timeout gives more time)");
    }
}

/* Whoever attends is shown what runs. */
static void attend(struct collector *collector, const struct collector_arguments *arguments)
{
    const struct collector_view view = {
        .config = collector->config,
        .config_path = arguments->config,
        .host = collector->host,
        .chain = &collector->chain,
        .started_ns = collector->started_ns,
        .started_at = clock_wall(),
        .requests = &collector->requests,
    };

    requests_open(&collector->requests, collector->chain.drained_fd);
    collector->attendant = arguments->attendant;
    if (collector->attendant != NULL)
        collector->attendant->begin(collector->attendant->context, &view);
}

/* The front has ended: runs the queues empty, and closes the plugins. */
static void stop_chain(struct collector *collector)
{
    drain(collector);
    report_given_up(collector);
    if (collector->attendant != NULL)
        requests_close(&collector->requests);
    if (collector->attendant != NULL)
        collector->attendant->end(collector->attendant->context);
    collector->stopped_ns = clock_monotonic();
    chain_close(&collector->chain);
}

static double seconds_until(const struct collector *collector, uint64_t end_ns)
{
    return (double)(end_ns - collector->started_ns) / (double)CLOCK_SECOND;
}

/* For an end that is not in order. */
static void print_unfinished(void *context, FILE *out)
{
    const struct collector *collector = context;

    ledger_print(&collector->chain, collector->capture, seconds_until(collector, clock_monotonic()),
                 true, out);
}

/* Prints the ledger if the collector has run.  `status` is the exit status if all goes well;
 * returns what it is. */
static int finish(struct collector *collector, int status)
{
    double seconds = seconds_until(collector, collector->stopped_ns);
    bool partial = chain_is_partial(&collector->chain);

    log_settle(collector->log);
    ending_has_none();
    if (collector->has_run &&
        !ledger_print(&collector->chain, collector->capture, seconds, partial, stderr))
        status = partial ? COLLECTOR_PLUGIN : COLLECTOR_LEDGER;
    if (collector->chain.stuck) {
        /* The thread that does not come back would use what exit() takes away, and
         * may hold the lock of a stream. */
        chain_settle(&collector->chain);
        if (collector->restart != NULL && collector->restart->is_wanted)
            restart_now(collector->restart);
        _exit(status);
    }
    chain_free(&collector->chain);
    return status;
}

/* ---- the two fronts ------------------------------------------------------------------- */

static bool has_live_stopped(void *live)
{
    return live_stopped(live);
}

static int run_live(struct collector *collector, const struct collector_arguments *arguments)
{
    const struct config *config = collector->config;
    const struct live_settings settings = {
        .listen = config->listen,
        .listen_count = config->listen_count,
        .workers = config->workers,
        .receive_buffer = config->receive_buffer,
    };
    struct problems problems = {0};
    struct live live;
    bool is_open = live_open(&live, &settings, &problems) == 0 &&
                   drop_privileges(collector, &problems) == 0 && open_states(collector) == 0;
    const struct answers_front front = live_answers(&live);
    int status;

    problems_log(&problems, collector->log); /* a smaller buffer is no reason to stop */
    collector->has_run = is_open && start_chain(collector, OVERFLOW_DROP, &front, &problems) == 0 &&
                         live_start(&live, &collector->chain, &problems) == 0;
    problems_log(&problems, collector->log);
    if (collector->has_run) {
        ending_has_ledger(print_unfinished, collector);
        live_store(&live);
        notify_send("READY=1");
        attend(collector, arguments);
        wait_for_end(collector, &live);
    }
    notify_send(collector->restart->is_wanted ? "RELOADING=1" : "STOPPING=1");
    begin_stop(collector);
    live_stop(&live, live.is_held || collector->restart->is_wanted);
    if (!wait_for_front(collector, live_ended_fd(&live), has_live_stopped, &live))
        live_abandon(&live, &collector->chain);
    if (collector->has_run)
        look_for_losses(collector, true);
    stop_chain(collector);
    live_retire(&live);
    if (collector->restart->is_wanted && live_leave(&live, &collector->restart->sockets) < 0)
        collector->restart->is_wanted = false;
    status = finish(collector, collector->has_run ? COLLECTOR_FINE : COLLECTOR_START);
    live_close(&live);
    return status;
}

static bool has_replay_stopped(void *replay)
{
    return replay_stopped(replay);
}

static void stop_replay(struct collector *collector, struct replay *replay)
{
    begin_stop(collector);
    replay_stop(replay);
    if (!wait_for_front(collector, replay->event_fd, has_replay_stopped, replay))
        replay_abandon(replay, &collector->chain);
}

/* With the capture at its first packet. */
static void run_capture(struct collector *collector, struct replay *replay, const char *into)
{
    const struct config *config = collector->config;
    struct problems problems = {0};

    collector->has_run = (into == NULL || outputs_make_room(config->chain, config->entry_count,
                                                            into, &problems) == 0) &&
                         start_chain(collector, OVERFLOW_WAIT, NULL, &problems) == 0 &&
                         replay_start(replay, &collector->chain, &problems) == 0;
    problems_log(&problems, collector->log);
    if (collector->has_run) {
        ending_has_ledger(print_unfinished, collector);
        wait_for_replay(collector, replay, replay_is_over);
    }
    stop_replay(collector, replay);
    stop_chain(collector);
}

static int run_replay(struct collector *collector, const struct collector_arguments *arguments)
{
    const struct config *config = collector->config;
    const struct replay_settings settings = {
        .path = arguments->capture,
        .listen = config->listen,
        .listen_count = config->listen_count,
    };
    struct problems problems = {0};
    struct replay replay;
    int status = COLLECTOR_START;

    if (open_states(collector) < 0)
        return status;
    if (arguments->into == NULL &&
        outputs_refuse(config->chain, config->entry_count, &problems) < 0) {
        problems_log(&problems, collector->log);
        return status;
    }
    /* cppcheck-suppress autoVariables; taken back below */
    collector->capture = &replay.account;
    if (replay_open(&replay, &settings, collector->host, &problems) < 0) {
        problems_log(&problems, collector->log);
    } else if (!wait_for_replay(collector, &replay, replay_is_ready)) {
        status = COLLECTOR_FINE; /* asked to stop while a pipe was awaited */
    } else if (!replay.broken) {
        run_capture(collector, &replay, arguments->into);
        status = collector->has_run && !replay.broken ? COLLECTOR_FINE : COLLECTOR_START;
    }
    if (replay.started)
        stop_replay(collector, &replay);
    status = finish(collector, status);
    collector->capture = NULL;
    replay_close(&replay);
    return status;
}

int collector_run(const struct config *config, struct host *host,
                  const struct collector_arguments *arguments)
{
    struct collector collector = {
        .config = config,
        .host = host,
        .reload = {.path = arguments->config,
                   .directories = arguments->directories,
                   .chain = &collector.chain,
                   .running = config},
        .restart = arguments->restart,
        .log = host->log,
        .chain.drained_fd = -1,
        .started_ns = clock_monotonic(),
    };
    struct problems problems = {0};
    int status;

    host->is_replay = arguments->capture != NULL;
    if (loop_open(&collector.loop, host->log) < 0) {
        log_format(host->log, LOG_ERROR, NULL, "cannot make a signalfd: %s", strerror(errno));
        return COLLECTOR_START;
    }
    status = arguments->capture != NULL ? run_replay(&collector, arguments)
                                        : run_live(&collector, arguments);
    reload_free(&collector.reload);
    numbering_close(&collector.numbering, host, &problems);
    problems_log(&problems, host->log);
    state_store_close(host->states);
    host->states = NULL;
    loop_close(&collector.loop);
    return status;
}
