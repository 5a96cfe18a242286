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
#include "collector/flow/admit.h"
#include "wire/plan.h"

#define NAME "musterd.devices" /* of the state; no entry of the chain can have it */

enum { STEP = 4096 }; /* numbers: few devices more or less are not another size of every table */

#define QUIET                                                                                      \
    (30 * 24 * 3600 * CLOCK_SECOND) /* who is not heard for so long gives a number back            \
                                     */

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

static uint32_t count_needed(const struct config *config)
{
    uint64_t count = catalog_key_count(config->catalog);

    if (!are_needed(config))
        return 0;
    if (config->unknown != ADMIT_REJECT)
        count += config->unknown_most;
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

/* Every device that is listed has a number, before any that is not. */
static int give_to_listed(struct numbers *numbers, uint32_t most, const struct config *config,
                          struct problems *problems)
{
    const uint64_t since[] = {clock_wall() - QUIET, UINT64_MAX};
    size_t missing;
    unsigned i;

    if (catalog_give_numbers(config->catalog, numbers, config->workers, &missing) < 0)
        return -1;
    for (i = 0; i < 2; i++) {
        uint32_t count;

        if (missing == 0 && (i > 0 || numbers_count(numbers) < most - most / 4))
            break;
        count = numbers_take_back(numbers, since[i]);
        if (count > 0)
            problems_note(problems, LOG_INFO, NULL,
                          "%" PRIu32 " devices that the catalog does not list%s give their "
                          "numbers back",
                          count, i == 0 ? ", and that were not heard for 30 days," : "");
        if (catalog_give_numbers(config->catalog, numbers, config->workers, &missing) < 0)
            return -1;
    }
    return 0;
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
