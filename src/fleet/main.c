/* SPDX-License-Identifier: MIT
 *
 * muster-fleet: plays a fleet of devices that send to a collector.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "ack.h"
#include "base/problems.h"
#include "base/standard.h"
#include "base/units.h"
#include "claims_report.h"
#include "dialect.h"
#include "options.h"
#include "perform.h"
#include "play.h"
#include "report.h"
#include "run.h"
#include "send.h"

enum { EXIT_PLAYED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static void say_share(const char *what, double share)
{
    if (share > 0)
        fprintf(stderr, ", %s %g%%", what, share * 100);
}

static void say_duration(const char *what, uint64_t ns)
{
    char text[UNITS_ROOM];

    fprintf(stderr, ", %s %s", what, units_format_duration(text, (int64_t)ns));
}

/* How often the devices send, if not as those in the field. */
static void say_intervals(const struct play_plan *play)
{
    if (play->data_ns != PLAY_DATA_NS)
        say_duration("data every", play->data_ns);
    if (play->heartbeat_ns == 0)
        fprintf(stderr, ", no heartbeats");
    else if (play->heartbeat_ns != PLAY_HEARTBEAT_NS)
        say_duration("a heartbeat every", play->heartbeat_ns);
}

/* What the network does. */
static void say_impairment(const struct play_plan *play)
{
    if (play->loss <= 0 && play->duplicate <= 0 && play->reorder <= 0 && play->delay_ns == 0 &&
        play->jitter_ns == 0)
        fprintf(stderr, ", no impairment");
    say_share("loss", play->loss);
    say_share("duplicate", play->duplicate);
    say_share("reorder", play->reorder);
    if (play->delay_ns > 0)
        say_duration("delay", play->delay_ns);
    if (play->jitter_ns > 0)
        say_duration("jitter", play->jitter_ns);
}

/* One line: what is going to be played. */
static void announce(const struct options *options)
{
    const struct play_plan *play = &options->play;
    uint64_t last;

    fprintf(stderr, "playing %u device%s (", play->devices, play->devices == 1 ? "" : "s");
    if (play->devices > 1)
        fprintf(stderr, "%" PRIu64 " to ", play->first_id);
    last = play->first_id + play->devices - 1;
    fprintf(stderr, "%" PRIu64 ")", options->format != NULL ? last : last & 0xffff);
    if (options->format != NULL)
        fprintf(stderr, " of the format %s", options->format);
    fprintf(stderr, " to %s", options->target_text);
    if (play->pace == PLAY_FLAT && options->rate > 0)
        fprintf(stderr, " at %.12g datagrams a second", options->rate);
    else if (play->pace == PLAY_FLAT)
        fprintf(stderr, " as fast as possible");
    else if (options->run.speed == 1)
        fprintf(stderr, " at real speed");
    else
        fprintf(stderr, " at %.12g times real speed", options->run.speed);
    if (options->send.segment)
        fprintf(stderr, " in segments");
    if (play->form.payload == MESSAGE_U16 || play->form.readings > 1)
        fprintf(stderr, ", %u reading%s each", play->form.readings,
                play->form.readings == 1 ? "" : "s");
    say_intervals(play);
    say_impairment(play);
    if (play->acks)
        fprintf(stderr, ", with answers");
    fprintf(stderr, ", seed %llu\n", (unsigned long long)play->seed);
}

static int no_memory(void)
{
    fprintf(stderr, "muster-fleet: out of memory\n");
    return EXIT_FAILED;
}

static void explain(const struct options *options, int reason)
{
    const char *advice = "";

    if (reason == EMSGSIZE)
        advice = "; use fewer --readings";
    else if ((reason == EIO || reason == EINVAL) && options->send.segment)
        advice = "; the way to the target does not take segments: leave out --segment";
    else if (reason == EACCES)
        advice = "; a broadcast address cannot be a target";
    if (reason == ENOMEM)
        fprintf(stderr, "muster-fleet: cannot go on: out of memory\n");
    else
        fprintf(stderr, "muster-fleet: cannot send to %s: %s%s\n", options->target_text,
                strerror(reason), advice);
}

/* Returns the exit status. */
static int save_report(const struct options *options, void (*write)(FILE *, const void *),
                       const void *what)
{
    char why[DESTINATION_WHY];

    if (options->report == NULL || report_save(options->report, write, what, why) == 0)
        return EXIT_PLAYED;
    fprintf(stderr, "muster-fleet: cannot write the report \"%s\": %s\n", options->report, why);
    return EXIT_FAILED;
}

/* All that a play takes. */
struct fleet {
    struct dialect *dialect; /* NULL: the built-in format */
    uint16_t *numbers;
    struct sender *sender;
    struct play *play;
    struct account *account;
    struct ack *ack; /* NULL: no answers are waited for */
};

/* Prints and saves what was done.  Returns the exit status. */
static int conclude(const struct options *options, const struct run_result *result,
                    const struct fleet *fleet)
{
    struct report report = {
        .plan = &options->play,
        .speed = options->run.speed,
        .form = &options->play.form,
        .acks = fleet->ack != NULL ? ack_counts(fleet->ack) : NULL,
        .refused = sender_refused(fleet->sender),
        .unreachable = sender_unreachable(fleet->sender),
        .seconds = result->seconds,
        .interrupted = result->interrupted,
    };
    int status = EXIT_PLAYED;

    account_figures(fleet->account, play_decided(fleet->play), &report.figures);
    if (!options->quiet)
        report_text(stderr, &report);
    if (result->error != 0) {
        explain(options, result->error);
        status = EXIT_FAILED;
    }
    return save_report(options, report_json, &report) == EXIT_PLAYED ? status : EXIT_FAILED;
}

/* Each device sends from an address of its own.  Returns 0, or -1 if memory is short. */
static int own_addresses(struct options *options, uint16_t **numbers)
{
    uint32_t i;

    if (options->play.devices == 1)
        return 0;
    *numbers = calloc(options->play.devices, sizeof **numbers);
    if (*numbers == NULL)
        return -1;
    for (i = 0; i < options->play.devices; i++)
        (*numbers)[i] = (uint16_t)(options->play.first_id + i);
    options->send.own_addresses = *numbers;
    options->send.sockets = options->play.devices;
    return 0;
}

/* The format, if it is a declared one.  Returns the exit status, or -1 to go on. */
static int open_dialect(struct fleet *fleet, struct options *options)
{
    if (options->format == NULL)
        return -1;
    fleet->dialect = dialect_open(options->format, options->catalog);
    if (fleet->dialect == NULL || !dialect_play(fleet->dialect, &options->play))
        return EXIT_USAGE;
    if (dialect_is_by_source(fleet->dialect) && own_addresses(options, &fleet->numbers) != 0)
        return no_memory();
    return -1;
}

/* The same of all else. */
static int open_fleet(struct fleet *fleet, const struct options *options)
{
    const struct play_plan *play = &options->play;
    char error[SEND_ERROR_SIZE];

    fleet->sender = sender_open(&options->send, error);
    if (fleet->sender == NULL) {
        fprintf(stderr, "muster-fleet: target %s: %s\n", options->target_text, error);
        return EXIT_FAILED;
    }
    fleet->play = play_new(play);
    fleet->account = account_new(play);
    if (play->acks)
        fleet->ack = ack_new(&play->form, play->seed, play->loss, options->ack_wait_ns);
    if (fleet->play == NULL || fleet->account == NULL || (play->acks && fleet->ack == NULL))
        return no_memory();
    if (fleet->ack != NULL && sender_listen(fleet->sender) != 0) {
        fprintf(stderr, "muster-fleet: cannot wait for answers: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    return -1;
}

static void close_fleet(struct fleet *fleet)
{
    ack_free(fleet->ack);
    account_free(fleet->account);
    play_free(fleet->play);
    sender_close(fleet->sender);
    free(fleet->numbers);
    dialect_close(fleet->dialect);
}

static int play_fleet(struct options *options, const sigset_t *stop)
{
    struct fleet fleet = {0};
    struct run_result result;
    int status = open_dialect(&fleet, options);

    if (status < 0)
        status = open_fleet(&fleet, options);
    if (status >= 0)
        goto done;
    if (!options->quiet)
        announce(options);
    if (!options->quiet && fleet.dialect != NULL)
        dialect_announce(fleet.dialect);
    if (run(fleet.play, &options->play, &options->run, fleet.sender, fleet.account, fleet.ack, stop,
            &result) != 0)
        status = no_memory();
    else
        status = conclude(options, &result, &fleet);

done:
    close_fleet(&fleet);
    return status;
}

/* ---- A scenario ----------------------------------------------------------------------- */

static int conclude_scenario(const struct options *options, const struct scenario *scenario,
                             const struct perform *perform, const struct run_result *result)
{
    const struct claims_report report = {
        .file = options->scenario,
        .scenario = scenario,
        .claims = perform_claims(perform),
        .stage = perform_stage(perform),
        .refused = perform_refused(perform),
        .unreachable = perform_unreachable(perform),
        .seconds = result->seconds,
        .interrupted = result->interrupted,
    };
    int status = EXIT_PLAYED;

    if (!options->quiet)
        claims_report_text(stderr, &report);
    if (result->error != 0) {
        explain(options, result->error);
        status = EXIT_FAILED;
    }
    return save_report(options, claims_report_json, &report) == EXIT_PLAYED ? status : EXIT_FAILED;
}

static void announce_scenario(const struct options *options, const struct scenario *scenario)
{
    char length[UNITS_ROOM];

    fprintf(stderr, "playing %s to %s: %u device%s for %s", options->scenario, options->target_text,
            scenario->devices, scenario->devices == 1 ? "" : "s",
            units_format_duration(length, (int64_t)scenario->length_ns));
    if (options->run.speed != 1)
        fprintf(stderr, " at %.12g times real speed", options->run.speed);
    fprintf(stderr, ", seed %llu\n", (unsigned long long)scenario->seed);
}

/* Its format, and the catalog, which the file names from where it is; the command line goes before.
 */
static struct dialect *scenario_dialect(const struct options *options,
                                        const struct scenario *scenario)
{
    const char *catalog = options->catalog != NULL ? options->catalog : scenario->catalog;
    const char *slash = strrchr(options->scenario, '/');
    struct dialect *dialect;
    char *path = NULL;

    if (catalog != NULL && catalog == scenario->catalog && catalog[0] != '/' && slash != NULL) {
        if (asprintf(&path, "%.*s%s", (int)(slash + 1 - options->scenario), options->scenario,
                     catalog) < 0) {
            no_memory();
            return NULL;
        }
        catalog = path;
    }
    dialect = dialect_open(options->format != NULL ? options->format : scenario->format, catalog);
    free(path);
    return dialect;
}

static int play_scenario(const struct options *options, const sigset_t *stop)
{
    struct problems problems = {0};
    struct scenario scenario;
    struct perform *perform = NULL;
    struct run_result result;
    struct send_plan send = options->send;
    struct dialect *dialect = NULL;
    char error[SEND_ERROR_SIZE];
    int status = EXIT_USAGE;

    if (scenario_read(&scenario, options->scenario, options->format != NULL, &problems) != 0) {
        problems_print(&problems, stderr);
        goto done;
    }
    if (options->format != NULL || scenario.format != NULL) {
        dialect = scenario_dialect(options, &scenario);
        if (dialect == NULL || !dialect_scenario(dialect, &scenario))
            goto done;
        if (dialect_is_by_source(dialect))
            send.own_addresses = scenario.ids;
    }
    status = EXIT_FAILED;
    if (options->has_seed)
        scenario.seed = options->play.seed;
    perform = perform_open(&scenario, &send, options->sockets_each, options->run.speed, error);
    if (perform == NULL) {
        fprintf(stderr, "muster-fleet: target %s: %s\n", options->target_text, error);
        goto done;
    }
    if (!options->quiet)
        announce_scenario(options, &scenario);
    if (!options->quiet && dialect != NULL)
        dialect_announce(dialect);
    if (perform_run(perform, options->run.progress, stop, &result) != 0) {
        status = no_memory();
        goto done;
    }
    status = conclude_scenario(options, &scenario, perform, &result);

done:
    perform_close(perform);
    scenario_free(&scenario);
    dialect_close(dialect);
    problems_free(&problems);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    char why[DESTINATION_WHY];
    sigset_t stop;

    if (standard_open(false) < 0)
        return EXIT_FAILED;
    standard_append();
    switch (options_read(&options, argc, argv)) {
    case OPTIONS_SHOWN:
        return standard_finish("muster-fleet") == 0 ? EXIT_PLAYED : EXIT_FAILED;
    case OPTIONS_WRONG:
        return EXIT_USAGE;
    case OPTIONS_PLAY:
        break;
    }
    if (options.report != NULL && report_check(options.report, why) != 0) {
        fprintf(stderr, "muster-fleet: cannot write the report \"%s\": %s\n", options.report, why);
        return EXIT_FAILED;
    }
    signal(SIGPIPE, SIG_IGN); /* a pipe that nobody reads is an error of that write */
    options.run.progress = !options.quiet && !options.no_progress && isatty(STDERR_FILENO);
    if (sigemptyset(&stop) != 0 || sigaddset(&stop, SIGINT) != 0 ||
        sigaddset(&stop, SIGTERM) != 0 || sigprocmask(SIG_BLOCK, &stop, NULL) != 0) {
        fprintf(stderr, "muster-fleet: cannot block signals: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    return options.scenario != NULL ? play_scenario(&options, &stop) : play_fleet(&options, &stop);
}
