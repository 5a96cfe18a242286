/* SPDX-License-Identifier: MIT
 *
 * A list of blocks of addresses.
 */
#include "networks.h"

#include <stdlib.h>

static void read_one(struct networks *networks, const char *text, const char *key,
                     const struct node *place, struct problems *problems)
{
    struct network *network = &networks->all[networks->count];
    char without[NETWORK_TEXT];

    switch (network_parse(network, text)) {
    case NETWORK_READ:
        networks->count++;
        break;
    case NETWORK_HOST_BITS:
        node_problem(place, problems, "%s: \"%s\" has bits behind its length; did you mean \"%s\"?",
                     key, text, network_text(network, without));
        break;
    default:
        node_problem(place, problems,
                     "%s: \"%s\" is not a block of addresses; expected one such as "
                     "\"10.0.0.0/8\", \"2001:db8::/32\", or an address",
                     key, text);
        break;
    }
}

int networks_read(struct networks *networks, const struct option_value *value, const char *key,
                  const struct node *place, struct problems *problems)
{
    uint32_t i;

    *networks = (struct networks){0};
    if (value->item_count == 0) {
        if (value->line > 0)
            node_problem(place, problems,
                         "%s: the list is empty, which would allow nobody; without it everybody is",
                         key);
        return 0;
    }
    networks->all = calloc(value->item_count, sizeof *networks->all);
    if (networks->all == NULL)
        return -1;
    for (i = 0; i < value->item_count; i++)
        read_one(networks, value->items[i], key, place, problems);
    return 0;
}

void networks_free(struct networks *networks)
{
    free(networks->all);
    *networks = (struct networks){0};
}
