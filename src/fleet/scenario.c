/* SPDX-License-Identifier: MIT
 *
 * Reading a scenario: the file as a whole, and its groups of devices.
 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "base/node_yaml.h"
#include "fields.h"
#include "play.h"
#include "scenario_acts.h"

#define FIRST_ID    101 /* of devices that are only counted */
#define INTERVAL_MS UINT64_C(1000000)

static const char *const payloads[] = {"text", "u16", NULL}; /* as in enum message_payload */

/* ---- What the file may say ------------------------------------------------------------ */

#define AT(member) offsetof(struct scenario, member)
static const struct field scenario_fields[] = {
    {"for", FIELD_DURATION, AT(length_ns), 1, SCENARIO_LONGEST_NS, NULL, true},
    {"seed", FIELD_WHOLE, AT(seed), 0, UINT64_MAX, NULL, false},
    {"format", FIELD_TEXT, AT(format), 0, 0, NULL, false},
    {"catalog", FIELD_TEXT, AT(catalog), 0, 0, NULL, false},
    {"devices", FIELD_OTHER, 0, 0, 0, NULL, true},
    {"timeline", FIELD_OTHER, 0, 0, 0, NULL, false},
};
#undef AT

/* As they are read; struct scenario_group has them in fewer bytes. */
struct group_values {
    uint64_t count, interval_ns, heartbeat_ns, start, readings;
    int payload;
    const char *from;
};

#define AT(member) offsetof(struct group_values, member)
static const struct field group_fields[] = {
    {"count", FIELD_WHOLE, AT(count), 1, MUSTER_DEVICE_IDS, NULL, false},
    {"ids", FIELD_OTHER, 0, 0, 0, NULL, false},
    {"interval", FIELD_DURATION, AT(interval_ns), INTERVAL_MS, PLAY_INTERVAL_MAX_NS, NULL, false},
    {"heartbeat", FIELD_DURATION, AT(heartbeat_ns), 0, PLAY_INTERVAL_MAX_NS, NULL, false},
    {"start", FIELD_WHOLE, AT(start), 0, UINT64_MAX, NULL, false},
    {"payload", FIELD_CHOICE, AT(payload), 0, 0, payloads, false},
    {"readings", FIELD_WHOLE, AT(readings), 1, MESSAGE_READINGS_MAX, NULL, false},
    {"from", FIELD_ADDRESS, AT(from), 0, 0, NULL, false},
};
#undef AT

static const struct field_table scenario_table = {scenario_fields,
                                                  sizeof scenario_fields / sizeof *scenario_fields};
static const struct field_table group_table = {group_fields,
                                               sizeof group_fields / sizeof *group_fields};

/* ---- Groups --------------------------------------------------------------------------- */

struct reader {
    struct scenario *scenario;
    struct problems *problems;
    bool is_declared;                 /* the format */
    uint32_t next_id;                 /* for the next device that is only counted */
    uint8_t taken[MUSTER_DEVICE_IDS]; /* 1 + the group that has the id */
};

/* Gives the group a device of that id. */
static void add_id(struct reader *reader, struct scenario_group *group, const struct node *node,
                   uint32_t id)
{
    struct scenario *scenario = reader->scenario;
    uint8_t holder = reader->taken[id];

    if (holder > 0) {
        const struct scenario_group *other = &scenario->groups[holder - 1];

        node_problem(node, reader->problems,
                     "id %u is in the group \"%s\" on line %u already; expected each id once", id,
                     other->name, other->line);
        return;
    }
    reader->taken[id] = (uint8_t)(1 + (group - scenario->groups));
    scenario->ids[scenario->devices++] = (uint16_t)id;
    group->count++;
}

/* "7" or "7-12" */
static void add_ids(struct reader *reader, struct scenario_group *group, const struct node *node)
{
    unsigned long first, last;
    char *end;
    size_t before;

    if (node->kind == NODE_BAD)
        return;
    if (node->kind == NODE_WORD || node->kind == NODE_TEXT) {
        first = last = strtoul(node->text, &end, 10);
        if (end != node->text && *end == '-' && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        if (node->text[0] >= '0' && node->text[0] <= '9' && *end == '\0' && first <= last &&
            last < MUSTER_DEVICE_IDS) {
            before = problems_count(reader->problems);
            while (first <= last && problems_count(reader->problems) == before)
                add_id(reader, group, node, (uint32_t)first++);
            return;
        }
    }
    node_problem(node, reader->problems,
                 "ids: %s cannot be; expected ids from 0 to 65535, such as 7 or 7-12, or a list of "
                 "them",
                 node->kind == NODE_WORD || node->kind == NODE_TEXT ? node->text
                                                                    : node_kind_name(node));
}

static void add_devices(struct reader *reader, struct scenario_group *group, const struct node *map,
                        uint64_t count)
{
    const struct node *ids = node_find(map, "ids"), *counted = node_find(map, "count");
    size_t i;

    group->first = reader->scenario->devices;
    if ((ids == NULL) == (counted == NULL)) {
        node_problem(map, reader->problems, "a group needs \"count\" or \"ids\", and not both");
    } else if (counted != NULL) {
        if (count > MUSTER_DEVICE_IDS - reader->next_id) {
            node_problem(counted, reader->problems,
                         "count: ids would go beyond 65535, since the first is %u; expected %u at "
                         "most",
                         reader->next_id, MUSTER_DEVICE_IDS - reader->next_id);
            return;
        }
        for (i = 0; i < count; i++)
            add_id(reader, group, counted, reader->next_id++);
    } else if (ids->kind == NODE_LIST) {
        for (i = 0; i < ids->count; i++)
            add_ids(reader, group, ids->items[i].value);
    } else {
        add_ids(reader, group, ids);
    }
}

/* What the built-in format allows, and what is of it alone. */
static void check_form(struct reader *reader, const struct node *map,
                       const struct group_values *values)
{
    const struct node *payload = node_find(map, "payload"), *readings = node_find(map, "readings");

    if (reader->is_declared && payload != NULL)
        node_problem(payload, reader->problems,
                     "payload: it is of the built-in format, and the scenario has another one; "
                     "leave it out");
    if (reader->is_declared)
        return;
    if (values->payload == MESSAGE_TEXT && readings != NULL)
        node_problem(readings, reader->problems,
                     "readings: expected \"payload: u16\" with it, since a text holds one");
    if (values->start > UINT32_MAX)
        node_problem(node_find(map, "start"), reader->problems,
                     "start: expected a whole number from 0 to 4294967295");
}

static void read_group(struct reader *reader, const struct node *key, const struct node *map)
{
    struct scenario *scenario = reader->scenario;
    struct scenario_group *group = &scenario->groups[scenario->group_count];
    struct group_values values = {
        .interval_ns = PLAY_DATA_NS, .heartbeat_ns = PLAY_HEARTBEAT_NS, .start = 1};

    if (key->text == NULL || key->text[0] == '\0') {
        if (key->kind != NODE_BAD)
            node_problem(key, reader->problems, "the name of a group is %s; expected a text",
                         key->text == NULL ? node_kind_name(key) : "empty");
        return;
    }
    if (scenario->group_count == SCENARIO_GROUPS_MOST) {
        node_problem(key, reader->problems, "group \"%s\" is one too many; expected at most %d",
                     key->text, SCENARIO_GROUPS_MOST);
        return;
    }
    if (!fields_is_map(map, "a group", reader->problems))
        return;
    fields_read(map, "a group", &group_table, 1, &values, reader->problems);
    if (values.heartbeat_ns > 0 && values.heartbeat_ns < INTERVAL_MS)
        node_problem(map, reader->problems, "heartbeat: expected 1ms or longer, or 0 for none");
    check_form(reader, map, &values);
    *group = (struct scenario_group){
        .name = key->text,
        .from = values.from,
        .interval_ns = values.interval_ns,
        .heartbeat_ns = values.heartbeat_ns,
        .start_seq = values.start,
        .readings = (uint32_t)values.readings,
        .form = {.payload = (enum message_payload)values.payload,
                 .readings = values.readings > 0 ? (uint32_t)values.readings : 1},
        .line = key->line,
    };
    scenario->group_count++;
    add_devices(reader, group, map, values.count);
}

static void read_groups(struct reader *reader, const struct node *map)
{
    size_t i, j;

    if (!fields_is_map(map, "devices", reader->problems))
        return;
    if (map->count == 0)
        node_problem(map, reader->problems, "devices: expected at least one group");
    for (i = 0; i < map->count; i++) {
        const struct node *key = map->items[i].key;

        for (j = 0; j < i && key->text != NULL; j++) {
            const struct node *other = map->items[j].key;

            if (other->text != NULL && strcmp(other->text, key->text) == 0)
                node_problem(key, reader->problems,
                             "group \"%s\" is there again; it is first on line %u", key->text,
                             other->line);
        }
        read_group(reader, key, map->items[i].value);
    }
}

/* ---- The file ------------------------------------------------------------------------- */

static int read_root(struct scenario *scenario, const struct node *root, bool is_declared,
                     struct problems *problems)
{
    struct reader *reader = calloc(1, sizeof *reader);
    const struct node *devices, *timeline;
    int result = 0;

    scenario->ids = calloc(MUSTER_DEVICE_IDS, sizeof *scenario->ids);
    if (reader == NULL || scenario->ids == NULL) {
        free(reader);
        return -1;
    }
    reader->scenario = scenario;
    reader->problems = problems;
    reader->next_id = FIRST_ID;
    fields_read(root, "a scenario", &scenario_table, 1, scenario, problems);
    reader->is_declared = is_declared || scenario->format != NULL;
    devices = node_find(root, "devices");
    timeline = node_find(root, "timeline");
    if (devices != NULL)
        read_groups(reader, devices);
    scenario->senders = scenario->devices;
    if (timeline != NULL && scenario->group_count > 0)
        result = scenario_acts_read(scenario, timeline, reader->is_declared, problems);
    free(reader);
    return result;
}

int scenario_read(struct scenario *scenario, const char *path, bool is_declared,
                  struct problems *problems)
{
    size_t before = problems_count(problems);

    memset(scenario, 0, sizeof *scenario);
    scenario->seed = 1;
    if (node_yaml_read(&scenario->tree, path, problems) != 0)
        return -1;
    if (fields_is_map(scenario->tree.root, "the file", problems) &&
        read_root(scenario, scenario->tree.root, is_declared, problems) < 0)
        problems_add(problems, path, 0, 0, "cannot read: out of memory");
    return problems_count(problems) > before ? -1 : 0;
}

void scenario_free(struct scenario *scenario)
{
    free(scenario->acts);
    free(scenario->ids);
    node_tree_free(&scenario->tree);
}
