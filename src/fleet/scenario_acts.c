/* SPDX-License-Identifier: MIT
 *
 * Reading a timeline: each act has a verb, and what that verb may have.
 */
#include "scenario_acts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "base/units.h"
#include "fields.h"
#include "play.h"
#include "send.h"

#define MILLISECOND UINT64_C(1000000)
#define HOUR        UINT64_C(3600000000000)
#define DAY         (24 * HOUR)

/* As they are read. */
struct act_values {
    uint64_t at_ns, for_ns, by_ns, every_ns, count, size;
    int64_t offset_ns;
    double share;
    int verb, what;
    bool init, stop, zero, uptime;
    const char *from, *to;
};

static const char *const verbs[] = {"stop",   "lose",      "delay",   "jitter", "duplicate",
                                    "reboot", "clock",     "share",   "random", "strangers",
                                    "burst",  "broadcast", "segment", NULL};
static const char *const whats[] = {"all", "data", "heartbeat", NULL}; /* enum scenario_what */

_Static_assert(sizeof verbs / sizeof *verbs == SCENARIO_VERBS + 1, "each verb has its word");

#define AT(member) offsetof(struct act_values, member)

/* What each act has, and what each that is done to devices has. */
static const struct field common_fields[] = {
    {"at", FIELD_DURATION, AT(at_ns), 0, SCENARIO_LONGEST_NS, NULL, true},
    {"for", FIELD_DURATION, AT(for_ns), 1, SCENARIO_LONGEST_NS, NULL, false},
    {"do", FIELD_CHOICE, AT(verb), 0, 0, verbs, true},
};
static const struct field group_fields[] = {{"group", FIELD_OTHER, 0, 0, 0, NULL, false}};

static const struct field what_fields[] = {
    {"what", FIELD_CHOICE, AT(what), 0, 0, whats, false},
    {"share", FIELD_SHARE, AT(share), 0, 0, NULL, false}, /* not of SCENARIO_STOP */
};
static const struct field share_fields[] = {{"share", FIELD_SHARE, AT(share), 0, 0, NULL, false}};
static const struct field by_fields[] = {{"by", FIELD_DURATION, AT(by_ns), 1, HOUR, NULL, true}};
static const struct field begin_fields[] = {
    {"init", FIELD_TRUTH, AT(init), 0, 0, NULL, false},
    {"first", FIELD_OTHER, 0, 0, 0, NULL, false},
    {"from", FIELD_ADDRESS, AT(from), 0, 0, NULL, false}, /* not of SCENARIO_REBOOT */
};
static const struct field clock_fields[] = {
    {"offset", FIELD_OFFSET, AT(offset_ns), 0, 100 * 365 * DAY / 2, NULL, false},
    {"stop", FIELD_TRUTH, AT(stop), 0, 0, NULL, false},
    {"zero", FIELD_TRUTH, AT(zero), 0, 0, NULL, false},
    {"uptime", FIELD_TRUTH, AT(uptime), 0, 0, NULL, false},
    {"share", FIELD_SHARE, AT(share), 0, 0, NULL, false},
};
static const struct field stranger_fields[] = {
    {"from", FIELD_ADDRESS, AT(from), 0, 0, NULL, false},
    {"every", FIELD_DURATION, AT(every_ns), 1000, DAY, NULL, false},
    {"size", FIELD_WHOLE, AT(size), 1, MUSTER_DATAGRAM_MAX, NULL, false},
};
static const struct field burst_fields[] = {
    {"count", FIELD_WHOLE, AT(count), 1, 1000000, NULL, true},
    {"every", FIELD_DURATION, AT(every_ns), MILLISECOND, DAY, NULL, false},
};
static const struct field to_fields[] = {{"to", FIELD_ADDRESS, AT(to), 0, 0, NULL, true}};
static const struct field segment_fields[] = {
    {"count", FIELD_WHOLE, AT(count), 2, SEND_SEGMENTS, NULL, false}};
#undef AT

static const struct {
    struct field_table own;
    bool is_strangers; /* it has no group: it is done to nobody */
} rules[SCENARIO_VERBS] = {
    [SCENARIO_STOP] = {{what_fields, 1}, false},
    [SCENARIO_LOSE] = {{what_fields, 2}, false},
    [SCENARIO_DELAY] = {{by_fields, 1}, false},
    [SCENARIO_JITTER] = {{by_fields, 1}, false},
    [SCENARIO_DUPLICATE] = {{share_fields, 1}, false},
    [SCENARIO_REBOOT] = {{begin_fields, 2}, false},
    [SCENARIO_CLOCK] = {{clock_fields, 5}, false},
    [SCENARIO_SHARE] = {{begin_fields, 3}, false},
    [SCENARIO_RANDOM] = {{NULL, 0}, false},
    [SCENARIO_STRANGERS_COME] = {{stranger_fields, 3}, true},
    [SCENARIO_BURST] = {{burst_fields, 2}, false},
    [SCENARIO_BROADCAST] = {{to_fields, 1}, false},
    [SCENARIO_SEGMENT] = {{segment_fields, 1}, false},
};

/* ---- Parts of an act ------------------------------------------------------------------ */

/* Adds the group of that name to the act's. */
static void add_group(const struct scenario *scenario, const struct node *node, uint64_t *groups,
                      struct problems *problems)
{
    const char *names[SCENARIO_GROUPS_MOST];
    char hint[SUGGEST_ROOM];
    uint32_t i;

    if (node->kind == NODE_BAD)
        return;
    if (node->kind != NODE_WORD && node->kind != NODE_TEXT) {
        node_problem(node, problems, "group is %s; expected the name of a group, or a list of them",
                     node_kind_name(node));
        return;
    }
    for (i = 0; i < scenario->group_count; i++) {
        names[i] = scenario->groups[i].name;
        if (strcmp(names[i], node->text) == 0) {
            *groups |= UINT64_C(1) << i;
            return;
        }
    }
    node_problem(node, problems, "there is no group \"%s\"; %s", node->text,
                 suggest_hint(hint, sizeof hint, node->text, names, scenario->group_count));
}

/* Without a word of it, all groups. */
static uint64_t read_groups(const struct scenario *scenario, const struct node *map,
                            struct problems *problems)
{
    const struct node *node = node_find(map, "group");
    uint64_t groups = 0;
    size_t i;

    assert(scenario->group_count > 0);
    if (node == NULL)
        return UINT64_MAX >> (SCENARIO_GROUPS_MOST - scenario->group_count);
    if (node->kind != NODE_LIST)
        add_group(scenario, node, &groups, problems);
    for (i = 0; node->kind == NODE_LIST && i < node->count; i++)
        add_group(scenario, node->items[i].value, &groups, problems);
    return groups;
}

static void read_first(struct scenario_act *act, const struct node *map, bool is_declared,
                       struct problems *problems)
{
    const struct field field = {"first", FIELD_WHOLE, 0, 0, is_declared ? UINT64_MAX : UINT32_MAX,
                                NULL,    false};
    const struct node *node = node_find(map, "first");
    uint64_t number = 0;

    if (node == NULL)
        return;
    if ((node->kind == NODE_WORD || node->kind == NODE_TEXT) && strcmp(node->text, "random") == 0) {
        act->first = SCENARIO_ANY;
        return;
    }
    if (fields_read_value(&field, node, &number, problems)) {
        act->first = SCENARIO_GIVEN;
        act->number = number;
    }
}

static void read_clock(struct scenario_act *act, const struct act_values *values,
                       const struct node *map, struct problems *problems)
{
    bool has_offset = node_find(map, "offset") != NULL;

    if (has_offset + values->stop + values->zero + values->uptime != 1)
        node_problem(map, problems,
                     "clock needs one of \"offset: DURATION\", \"stop: true\", \"zero: true\" and "
                     "\"uptime: true\"");
    if (values->stop)
        act->clock = SCENARIO_STANDS;
    else if (values->zero)
        act->clock = SCENARIO_ZERO;
    else if (values->uptime)
        act->clock = SCENARIO_UPTIME;
}

/* ---- Acts ----------------------------------------------------------------------------- */

/* Devices of the act's groups. */
static uint32_t count_devices(const struct scenario *scenario, uint64_t groups)
{
    uint32_t count = 0, i;

    for (i = 0; i < scenario->group_count; i++)
        count += groups >> i & 1 ? scenario->groups[i].count : 0;
    return count;
}

/* How many datagrams an act keeps under way. */
static double underway(const struct scenario *scenario, const struct scenario_act *act)
{
    double most = 0;
    uint32_t i;

    for (i = 0; i < scenario->group_count; i++) {
        const struct scenario_group *group = &scenario->groups[i];

        if ((act->groups >> i & 1) == 0)
            continue;
        most += group->count * (double)act->by_ns / (double)group->interval_ns;
        if (group->heartbeat_ns > 0)
            most += group->count * (double)act->by_ns / (double)group->heartbeat_ns;
    }
    return most;
}

/* What can be wrong with an act whose values are each right. */
static void check_act(struct scenario *scenario, struct scenario_act *act, const struct node *map,
                      struct problems *problems)
{
    char at[UNITS_ROOM], end[UNITS_ROOM];

    if (scenario->length_ns > 0 && act->at_ns >= scenario->length_ns)
        node_problem(map, problems, "begins at %s, when the scenario is over at %s",
                     units_format_duration(at, (int64_t)act->at_ns),
                     units_format_duration(end, (int64_t)scenario->length_ns));
    if (underway(scenario, act) > PLAY_UNDERWAY_MAX)
        node_problem(map, problems, "keeps %.0f datagrams under way; expected at most %u",
                     underway(scenario, act), PLAY_UNDERWAY_MAX);
    if (act->verb != SCENARIO_SHARE)
        return;
    act->twins = scenario->senders;
    scenario->senders += count_devices(scenario, act->groups);
    if (scenario->senders > SCENARIO_SENDERS_MOST) {
        node_problem(map, problems, "%u senders are too many; expected at most %d",
                     scenario->senders, SCENARIO_SENDERS_MOST);
        scenario->senders = SCENARIO_SENDERS_MOST;
    }
}

/* Without a verb nothing else can be read.  Returns false after adding a problem. */
static bool read_verb(const struct node *map, enum scenario_verb *verb, struct problems *problems)
{
    const struct field field = {"do", FIELD_CHOICE, 0, 0, 0, verbs, true};
    const struct node *node = node_find(map, "do");
    int which = 0;

    if (node == NULL) {
        node_problem(map, problems, "an act needs \"do\", which says what happens");
        return false;
    }
    if (!fields_read_value(&field, node, &which, problems))
        return false;
    *verb = (enum scenario_verb)which;
    return true;
}

static void read_act(struct scenario *scenario, const struct node *map, bool is_declared,
                     struct problems *problems)
{
    struct scenario_act *act = &scenario->acts[scenario->act_count];
    struct act_values values = {.share = 1, .count = 16, .init = true};
    struct field_table tables[FIELD_TABLES_MOST];
    enum scenario_verb verb;

    if (!fields_is_map(map, "an act", problems) || !read_verb(map, &verb, problems))
        return;
    values.init = verb == SCENARIO_REBOOT;
    tables[0] = (struct field_table){common_fields, sizeof common_fields / sizeof *common_fields};
    tables[1] = rules[verb].own;
    tables[2] = (struct field_table){group_fields, rules[verb].is_strangers ? 0 : 1};
    if (verb == SCENARIO_STRANGERS_COME) {
        values.every_ns = 10 * MILLISECOND;
        values.from = "127.0.0.66";
    } else if (verb == SCENARIO_SHARE) {
        values.from = "127.0.0.2";
    }
    fields_read(map, verbs[verb], tables, FIELD_TABLES_MOST, &values, problems);
    *act = (struct scenario_act){
        .verb = verb,
        .at_ns = values.at_ns,
        .end_ns = values.for_ns > 0 ? values.at_ns + values.for_ns : SCENARIO_END,
        .groups = rules[verb].is_strangers ? 0 : read_groups(scenario, map, problems),
        .share = values.share,
        .by_ns = values.by_ns,
        .every_ns = values.every_ns,
        .count = values.count,
        .size = values.size,
        .offset_ns = values.offset_ns,
        .what = (enum scenario_what)values.what,
        .from = values.from,
        .to = values.to,
        .init = values.init,
    };
    if (verb == SCENARIO_REBOOT && values.for_ns == 0)
        act->end_ns = act->at_ns;
    read_first(act, map, is_declared, problems);
    if (verb == SCENARIO_CLOCK)
        read_clock(act, &values, map, problems);
    check_act(scenario, act, map, problems);
    scenario->act_count++;
}

int scenario_acts_read(struct scenario *scenario, const struct node *list, bool is_declared,
                       struct problems *problems)
{
    size_t i;

    if (list->kind == NODE_BAD)
        return 0;
    if (list->kind != NODE_LIST) {
        node_problem(list, problems, "timeline is %s; expected a list of acts",
                     node_kind_name(list));
        return 0;
    }
    if (list->count > SCENARIO_ACTS_MOST) {
        node_problem(list, problems, "timeline has %zu acts; expected at most %d", list->count,
                     SCENARIO_ACTS_MOST);
        return 0;
    }
    scenario->acts = calloc(list->count + 1, sizeof *scenario->acts);
    if (scenario->acts == NULL)
        return -1;
    for (i = 0; i < list->count; i++)
        read_act(scenario, list->items[i].value, is_declared, problems);
    return 0;
}
