/* SPDX-License-Identifier: MIT
 *
 * Formats are read as musterd reads them.  What a format cannot do is said before anything is sent.
 */
#include "dialect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/problems.h"
#include "base/suggest.h"
#include "collector/catalog/catalog.h"
#include "collector/config/devices.h"
#include "collector/config/format_files.h"
#include "wire/plan_encode.h"

struct dialect {
    struct catalog *catalog;
    const struct plan *plan;
    const char *name;
    struct plan_encoder *first;                          /* of DATA as it is declared */
    struct plan_encoder *encoders[SCENARIO_GROUPS_MOST]; /* by group */
};

/* ---- Finding it ----------------------------------------------------------------------- */

static void say_unknown(const struct catalog *catalog, const char *format, const char *file)
{
    const unsigned count = catalog_format_count(catalog);
    const char **names = calloc(count + 1, sizeof *names);
    char hint[SUGGEST_ROOM];
    unsigned i;

    if (names == NULL)
        return;
    for (i = 0; i < count; i++)
        names[i] = plan_name(catalog_plan(catalog, i + 1));
    fprintf(stderr, "muster-fleet: there is no format \"%s\" in %s%s%s\n", format,
            file != NULL ? file : "those that come with Muster", count > 0 ? "; " : "",
            suggest_hint(hint, sizeof hint, format, names, count));
    if (file == NULL)
        fprintf(stderr, "muster-fleet: one of your own is in a catalog: --catalog FILE\n");
    free(names);
}

static struct catalog *load(const char *file)
{
    struct problems problems = {0};
    struct catalog *catalog = NULL;

    if (file != NULL) {
        catalog = devices_load(file, &problems);
    } else {
        catalog = catalog_default();
        if (catalog != NULL && format_files_presets(catalog, &problems) < 0) {
            catalog_free(catalog);
            catalog = NULL;
        }
    }
    if (problems_count(&problems) > 0) {
        problems_print(&problems, stderr);
        catalog_free(catalog);
        catalog = NULL;
    } else if (catalog == NULL) {
        fprintf(stderr, "muster-fleet: out of memory\n");
    }
    problems_free(&problems);
    return catalog;
}

struct dialect *dialect_open(const char *format, const char *catalog)
{
    struct dialect *dialect = calloc(1, sizeof *dialect);
    int number;

    if (dialect == NULL)
        goto no_memory;
    dialect->catalog = load(catalog);
    if (dialect->catalog == NULL)
        goto failed;
    number = catalog_find_format(dialect->catalog, format);
    if (number <= 0) {
        say_unknown(dialect->catalog, format, catalog);
        goto failed;
    }
    dialect->plan = catalog_plan(dialect->catalog, (unsigned)number);
    dialect->name = plan_name(dialect->plan);
    dialect->first = plan_encoder_new(dialect->plan, 0, false);
    if (dialect->first == NULL)
        goto no_memory;
    return dialect;

no_memory:
    fprintf(stderr, "muster-fleet: out of memory\n");
failed:
    dialect_close(dialect);
    return NULL;
}

void dialect_close(struct dialect *dialect)
{
    size_t i;

    if (dialect == NULL)
        return;
    for (i = 0; i < SCENARIO_GROUPS_MOST; i++)
        plan_encoder_free(dialect->encoders[i]);
    plan_encoder_free(dialect->first);
    catalog_free(dialect->catalog);
    free(dialect);
}

bool dialect_is_by_source(const struct dialect *dialect)
{
    return plan_encoder_devices(dialect->first) == 0;
}

void dialect_announce(const struct dialect *dialect)
{
    static const struct {
        unsigned type;
        const char *name;
    } types[] = {{MUSTER_MSG_INIT, "init"}, {MUSTER_MSG_HEARTBEAT, "heartbeat"}};
    size_t i;

    for (i = 0; i < sizeof types / sizeof *types; i++) {
        const char *why = plan_encoder_why(dialect->first, types[i].type);

        if (why != NULL)
            fprintf(stderr, "no %s is sent: of the format %s, %s\n", types[i].name, dialect->name,
                    why);
    }
    if (plan_encoder_bits(dialect->first) == 0)
        fprintf(stderr,
                "the messages of the format %s have no number, so nothing is known of loss\n",
                dialect->name);
}

/* ---- What it can -------------------------------------------------------------------- */

/* `where` is what asks for it, such as "--readings".  Always false. */
static bool cannot(const struct dialect *dialect, const char *where, const char *why)
{
    fprintf(stderr, "muster-fleet: %s: the format \"%s\" %s\n", where, dialect->name, why);
    return false;
}

static bool check_data(const struct dialect *dialect, const struct plan_encoder *encoder,
                       const char *where)
{
    const char *why = plan_encoder_why(encoder, MUSTER_MSG_DATA);

    if (why == NULL)
        return true;
    fprintf(stderr, "muster-fleet: %s: the format \"%s\" cannot be played: %s\n", where,
            dialect->name, why);
    return false;
}

static bool check_device(const struct dialect *dialect, uint64_t most, const char *where)
{
    uint64_t devices = plan_encoder_devices(dialect->first);

    if (devices == 0 || most < devices)
        return true;
    fprintf(stderr,
            "muster-fleet: %s: the format \"%s\" tells the devices 0 to %" PRIu64 " apart, and "
            "the last one is %" PRIu64 "; play fewer of them, or with lower numbers\n",
            where, dialect->name, devices - 1, most);
    return false;
}

static bool check_number(const struct dialect *dialect, uint64_t number, const char *where)
{
    unsigned bits = plan_encoder_bits(dialect->first);

    if (bits == 0 || bits >= 64 || number >> bits == 0)
        return true;
    fprintf(stderr,
            "muster-fleet: %s: a number of the format \"%s\" has %u bits; expected %" PRIu64
            " at most\n",
            where, dialect->name, bits, (UINT64_C(1) << bits) - 1);
    return false;
}

static bool check_time(const struct dialect *dialect, const char *where)
{
    if (plan_encoder_has_time(dialect->first, (int64_t)time(NULL) * 1000000000))
        return true;
    return cannot(dialect, where,
                  "has too few bits for the time since its epoch; declare another epoch, or "
                  "`time: { wraps: true }`");
}

bool dialect_play(struct dialect *dialect, struct play_plan *plan)
{
    const bool has_readings = plan->form.readings > 0;
    const char *where = has_readings ? "--readings" : "--format";

    dialect->encoders[0] = plan_encoder_new(dialect->plan, plan->form.readings, plan->acks);
    if (dialect->encoders[0] == NULL) {
        fprintf(stderr, "muster-fleet: out of memory\n");
        return false;
    }
    if (!check_data(dialect, dialect->first, "--format") ||
        !check_data(dialect, dialect->encoders[0], where) ||
        !check_device(dialect, plan->first_id + plan->devices - 1, "--devices") ||
        !check_number(dialect, plan->start_seq, "--start-seq") || !check_time(dialect, "--format"))
        return false;
    if (plan->acks && plan_reply(dialect->plan, 0) == NULL)
        return cannot(dialect, "--ack", "has no `reply`, so there is no answer to wait for");
    if (dialect_is_by_source(dialect) && plan->devices > 1 &&
        (plan->first_id == 0 || plan->first_id + plan->devices - 1 > UINT16_MAX))
        return cannot(dialect, "--first-id",
                      "knows devices by their address, which is 127.0.0.0 and the number; expected "
                      "numbers from 1 to 65535");
    plan->form.encoder = dialect->encoders[0];
    plan->form.readings = plan_encoder_records(plan->form.encoder, MUSTER_MSG_DATA);
    return true;
}

/* ---- Scenarios ------------------------------------------------------------------------ */

/* Whether even a datagram of no bytes is one of it. */
static bool takes_nothing(const struct dialect *dialect)
{
    struct plan_header header;

    return plan_header(dialect->plan, &header, (const uint8_t *)"", 0, NULL, 0) >= 0;
}

static bool check_acts(const struct dialect *dialect, const struct scenario *scenario)
{
    size_t i;

    for (i = 0; i < scenario->act_count; i++) {
        const struct scenario_act *act = &scenario->acts[i];

        if (act->verb == SCENARIO_STRANGERS_COME && takes_nothing(dialect))
            return cannot(dialect, "timeline",
                          "takes any datagram, so strangers cannot be told: leave them out");
        if (act->first == SCENARIO_GIVEN && !check_number(dialect, act->number, "first"))
            return false;
        if (dialect_is_by_source(dialect) &&
            (act->verb == SCENARIO_SHARE || act->verb == SCENARIO_BROADCAST ||
             act->verb == SCENARIO_SEGMENT))
            return cannot(dialect, "timeline",
                          "knows devices by their address, so they cannot share one: leave out "
                          "share, broadcast and segment");
    }
    return true;
}

static bool set_group(struct dialect *dialect, struct scenario *scenario, uint32_t number)
{
    struct scenario_group *group = &scenario->groups[number];
    uint32_t i;

    dialect->encoders[number] = plan_encoder_new(dialect->plan, group->readings, false);
    if (dialect->encoders[number] == NULL) {
        fprintf(stderr, "muster-fleet: out of memory\n");
        return false;
    }
    if (!check_data(dialect, dialect->encoders[number], group->name) ||
        !check_number(dialect, group->start_seq, group->name))
        return false;
    for (i = group->first; i < group->first + group->count; i++)
        if (!check_device(dialect, scenario->ids[i], group->name))
            return false;
    if (dialect_is_by_source(dialect) && group->from != NULL)
        return cannot(dialect, group->name,
                      "knows devices by their address, so each has its own: leave out `from`");
    group->form.encoder = dialect->encoders[number];
    group->form.readings = plan_encoder_records(group->form.encoder, MUSTER_MSG_DATA);
    return true;
}

bool dialect_scenario(struct dialect *dialect, struct scenario *scenario)
{
    uint32_t i;

    if (!check_data(dialect, dialect->first, "format") || !check_time(dialect, "format") ||
        !check_acts(dialect, scenario))
        return false;
    for (i = 0; i < scenario->group_count; i++)
        if (!set_group(dialect, scenario, i))
            return false;
    return true;
}
