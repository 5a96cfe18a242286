/* SPDX-License-Identifier: MIT
 *
 * Labels and data sheets write ids as people read them, datagrams and so our outputs in digits.
 */
#include "device_ids.h"

#include <string.h>

#include "base/node.h"
#include "collector/catalog/numbers.h"
#include "wire/plan.h"

bool device_ids_check(const struct node *node, struct problems *problems)
{
    const char *key = node->text;
    size_t length = strlen(key), i;

    if (length == 0 || length > NUMBERS_KEY_MOST) {
        node_problem(node, problems, "id: it has %zu bytes; expected 1 to %d", length,
                     NUMBERS_KEY_MOST);
        return false;
    }
    for (i = 0; i < length; i++) {
        if (key[i] >= 0x20 && key[i] < 0x7f)
            continue;
        node_problem(node, problems,
                     "id: character %zu is not printable ASCII; write it as it is shown, \\xHH",
                     i + 1);
        return false;
    }
    return true;
}

/* Whether a format has devices that call themselves that. */
static bool can_come(const struct catalog *catalog, const char *key)
{
    unsigned i;

    for (i = 1; i <= catalog_format_count(catalog); i++)
        if (plan_device_has_key(catalog_plan(catalog, i)) &&
            plan_device_can_be(catalog_plan(catalog, i), key))
            return true;
    return false;
}

/* As labels have what datagrams have in digits: in capitals, with marks between them. */
static const char *without_marks(const char *key, char plain[NUMBERS_KEY_MOST + 1])
{
    char *out = plain;

    for (; *key != '\0'; key++)
        if (strchr(":-. ", *key) == NULL)
            *out++ = (char)(*key >= 'A' && *key <= 'Z' ? *key - 'A' + 'a' : *key);
    *out = '\0';
    return plain;
}

void device_ids_match(const struct catalog *catalog, const struct node *node,
                      struct problems *problems)
{
    char plain[NUMBERS_KEY_MOST + 1];
    const char *key = node->text;

    if (can_come(catalog, key))
        return;
    if (strcmp(without_marks(key, plain), key) != 0 && plain[0] != '\0' && can_come(catalog, plain))
        node_problem(node, problems,
                     "id: no device of these formats calls itself \"%s\"; did you mean \"%s\"?",
                     key, plain);
    else
        node_problem(
            node, problems,
            "id: \"%s\" is no whole number from 0 to %d, and no format of this catalog has "
            "such devices",
            key, MUSTER_DEVICE_IDS - 1);
}
