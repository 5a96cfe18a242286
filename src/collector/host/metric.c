/* SPDX-License-Identifier: MIT
 *
 * What is declared is checked for those who read it elsewhere: names and labels are such that
 * other systems take them as they are.
 */
#include "metric.h"

#include <stdio.h>
#include <string.h>

/* Kinds and types pass as they are. */
_Static_assert((int)METRIC_GAUGE == (int)MUSTER_METRIC_GAUGE, "the same kinds");
_Static_assert((int)METRIC_I64 == (int)MUSTER_METRIC_I64, "the same types");
_Static_assert((int)METRIC_DOUBLE == (int)MUSTER_METRIC_DOUBLE, "the same types");

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool is_name(const char *text, const char *allowed)
{
    return text[0] >= 'a' && text[0] <= 'z' && text[strspn(text, allowed)] == '\0';
}

/* Whether it is a line of text. */
static bool is_line(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* Whether the host keeps a metric of that name for every instance. */
static bool is_reserved(const char *name)
{
    static const char *const own[] = {"in",      "out",     "emitted", "passed", "refused",
                                      "offered", "written", "held",    "queued"};
    size_t i;

    for (i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return strncmp(name, "dropped", 7) == 0;
}

/* NULL, or what is wrong with the label. */
static const char *judge_label(const struct muster_metric *metric)
{
    if (metric->label == NULL && metric->label_value == NULL)
        return NULL;
    if (metric->label == NULL || metric->label_value == NULL)
        return "has one of label and label_value; expected both, or neither";
    if (!is_name(metric->label, LOWER DIGITS "_"))
        return "has a label that is none; expected lower case, digits and '_', beginning with a "
               "letter";
    if (metric->label_value[0] == '\0' || !is_line(metric->label_value))
        return "has a label_value that is none; expected a text without control characters";
    return NULL;
}

/* The same of all but the size. */
static const char *judge(const struct muster_metric *metric)
{
    if (metric->name == NULL || !is_name(metric->name, LOWER DIGITS "_."))
        return "is not called as one; expected lower case, digits, '_' and '.', beginning with a "
               "letter";
    if (is_reserved(metric->name))
        return "is the host's";
    if (metric->unit == NULL || metric->help == NULL || !is_line(metric->unit) ||
        !is_line(metric->help))
        return "has no unit or no help, of a line each";
    if (metric->kind > MUSTER_METRIC_GAUGE)
        return "is of a kind that this version does not know";
    if (metric->type > MUSTER_METRIC_DOUBLE)
        return "is of a type that this version does not know";
    return judge_label(metric);
}

bool metric_is_valid(const struct muster_metric *metric, char *why, size_t room)
{
    const size_t least = offsetof(struct muster_metric, value);
    const char *wrong;

    if (metric == NULL || metric->size < least) {
        snprintf(why, room, "metric() without a size; expected at least %zu bytes", least);
        return false;
    }
    wrong = judge(metric);
    if (wrong != NULL)
        snprintf(why, room, "the metric \"%.100s\" %s", metric->name != NULL ? metric->name : "",
                 wrong);
    return wrong == NULL;
}

struct metric_description metric_describe(const struct muster_metric *metric)
{
    return (struct metric_description){
        .kind = metric->kind,
        .type = metric->type,
        .name = metric->name,
        .unit = metric->unit,
        .help = metric->help,
        .label = metric->label,
        .label_value = metric->label_value,
    };
}

void metric_show(const struct metric_reading *reading, struct muster_metric *out)
{
    const size_t size = out->size;
    struct muster_metric full = {
        .size = out->size,
        .kind = (uint16_t)reading->is.kind,
        .type = (uint16_t)reading->is.type,
        .name = reading->is.name,
        .unit = reading->is.unit,
        .help = reading->is.help,
        .label = reading->is.label,
        .label_value = reading->is.label_value,
    };

    if (reading->is.type == METRIC_DOUBLE)
        full.value.real = reading->value.real;
    else
        full.value.u64 = reading->value.u64;
    memcpy(out, &full, size < sizeof full ? size : sizeof full);
}
