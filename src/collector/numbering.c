/* SPDX-License-Identifier: MIT
 *
 * How many numbers there can be does not change while the daemon runs, since plugins size their
 * tables by it.
 */
#include "numbering.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "collector/catalog/catalog.h"
#include "collector/catalog/numbers.h"
#include "wire/plan.h"

#define NAME "musterd.devices" /* of the state; no entry of the chain can have it */

enum { STEP = 4096 }; /* numbers: few devices more or less are not another size of every table */

/* Who was not heard for so long may give a number back. */
#define QUIET (24 * 3600 * CLOCK_SECOND)

/* Whether a listener has a format whose devices are not their own numbers. */
static bool are_needed(const struct config *config)
{
    unsigned i, k;

    for (i = 0; i < config->listen_count; i++)
        for (k = 0; k < config->listen[i].format_count; k++)
            if (plan_device_has_key(catalog_plan(config->catalog, config->listen[i].formats[k])))
                return true;
    return false;
}

/* Whoever rejects the unknown may have listed some of them just now, and these keep their numbers.
 */
static uint32_t count_needed(const struct config *config)
{
    uint64_t count = (uint64_t)catalog_key_count(config->catalog) + config->unknown_most;

    if (!are_needed(config))
        return 0;
    count = (count / STEP + 1) * STEP;
    return count < NUMBERS_MOST ? (uint32_t)count : NUMBERS_MOST;
}

static int convert(const struct muster_state *old, const struct muster_state *state)
{
    if (old->format != NUMBERS_FORMAT)
        return 0;
    numbers_copy(state->memory, (uint32_t)(state->bytes / numbers_bytes(1)), old->memory,
                 old->bytes);
    return 1;
}

/* Of devices that are not listed.  Returns 0, or -1 if memory is short. */
static int take_back(struct numbers *numbers, uint32_t wanted, uint64_t quiet_ns,
                     struct problems *problems)
{
    int64_t count = numbers_take_back(numbers, wanted, quiet_ns);

    if (count > 0)
        problems_note(problems, LOG_INFO, NULL,
                      "%" PRIi64 " devices that the catalog does not list, and that were heard "
                      "longest ago, give their numbers back",
                      count);
    return count < 0 ? -1 : 0;
}

/* Every device that is listed has a number, before any that is not; and there is room for new ones,
 * so that those that were made up in an earlier run do not keep them out.  Returns 0, or -1. */
static int give_to_listed(struct numbers *numbers, uint32_t most, const struct config *config,
                          struct problems *problems)
{
    const uint32_t room = config->unknown_most < most ? config->unknown_most / 4 : most / 4;
    size_t missing;
    uint32_t left;

    if (catalog_give_numbers(config->catalog, numbers, config->workers, &missing) < 0)
        return -1;
    left = most - numbers_count(numbers);
    if (left < room && take_back(numbers, room - left + (uint32_t)missing, QUIET, problems) < 0)
        return -1;
    left = most - numbers_count(numbers);
    if (left < missing && take_back(numbers, (uint32_t)missing - left, 0, problems) < 0)
        return -1;
    return missing > 0 ? catalog_give_numbers(config->catalog, numbers, config->workers, &missing)
                       : 0;
}

int numbering_open(struct numbering *numbering, const struct config *config, struct host *host,
                   struct problems *problems)
{
    const uint32_t most = count_needed(config);
    struct muster_state wanted = {.size = sizeof wanted,
                                  .format = NUMBERS_FORMAT,
                                  .bytes = numbers_bytes(most),
                                  .convert = convert};

    if (most == 0)
        return 0;
    if (catalog_key_count(config->catalog) > NUMBERS_MOST) {
        problems_note(problems, LOG_ERROR, NULL,
                      "the catalog lists more than %u devices that are no number below %d",
                      NUMBERS_MOST, MUSTER_DEVICE_IDS);
        return -1;
    }
    numbering->state = state_open(host->states, NAME, "musterd", &wanted, problems);
    if (numbering->state == NULL)
        return -1;
    numbering->numbers = numbers_open(wanted.memory, most, config->workers);
    if (numbering->numbers == NULL ||
        give_to_listed(numbering->numbers, most, config, problems) < 0) {
        problems_note(problems, LOG_ERROR, NULL, "out of memory");
        return -1;
    }
    host->numbers = numbering->numbers;
    problems_note(problems, LOG_DEBUG, NULL,
                  "devices: room for %" PRIu32 " that are no number below %d, %" PRIu32 " known",
                  most, MUSTER_DEVICE_IDS, numbers_count(numbering->numbers));
    return 0;
}

void numbering_close(struct numbering *numbering, struct host *host, struct problems *problems)
{
    host->numbers = NULL;
    numbers_close(numbering->numbers);
    state_close(numbering->state, true, problems);
    memset(numbering, 0, sizeof *numbering);
}
