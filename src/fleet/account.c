/* SPDX-License-Identifier: MIT
 *
 * The bookkeeping.  It goes by the index of a DATA within its device, which
 * never wraps, and not by the 32-bit number that is derived from it.
 */
#include "account.h"

#include <assert.h>
#include <stdlib.h>

struct device {
    uint64_t first;    /* index + 1 of the first DATA delivered; 0: none yet */
    uint64_t highest;  /* index + 1 of the highest DATA delivered */
    uint64_t withheld; /* DATA withheld before that one */
};

struct account {
    struct account_figures figures; /* what can be counted as it happens */
    uint64_t originals;             /* datagrams sent, copies apart */
    uint64_t between; /* DATA withheld between the first and the highest of their device */
    uint32_t readings;
    struct device *devices;
};

struct account *account_new(const struct play_plan *plan)
{
    struct account *account = calloc(1, sizeof *account);

    if (account == NULL)
        return NULL;
    account->readings = plan->readings;
    account->devices = calloc(plan->devices, sizeof *account->devices);
    if (account->devices == NULL) {
        free(account);
        return NULL;
    }
    return account;
}

void account_free(struct account *account)
{
    if (account == NULL)
        return;
    free(account->devices);
    free(account);
}

static void note_reach(struct account_expect *expect, uint64_t numbers)
{
    if (numbers > expect->reach)
        expect->reach = numbers;
}

static void data_sent(struct account *account, const struct play_datagram *datagram)
{
    struct account_expect *expect = &account->figures.expect;
    struct device *device = &account->devices[datagram->device];
    uint64_t readings = account->readings;
    uint64_t place = datagram->index + 1;

    expect->records += readings;
    if (datagram->copy) {
        expect->duplicates += readings;
        note_reach(expect, (device->highest - place + 1) * readings - 1);
        return;
    }
    if (device->first == 0) {
        device->first = place;
    } else if (place < device->highest) {
        account->figures.delayed++;
        expect->late += readings;
        if (place > device->first)
            expect->recovered += readings;
        note_reach(expect, (device->highest - place + 1) * readings - 1);
        return;
    } else {
        uint64_t missing = (place - device->highest - 1) * readings;

        assert(place > device->highest);
        if (missing > 0) {
            expect->missing += missing;
            expect->gaps++;
            if (missing > expect->jump)
                expect->jump = missing;
        }
        account->between += datagram->withheld - device->withheld;
    }
    device->highest = place;
    device->withheld = datagram->withheld;
}

void account_sent(struct account *account, const struct play_datagram *datagram, size_t size)
{
    struct account_figures *figures = &account->figures;

    figures->sent++;
    figures->bytes += size;
    figures->sent_by_type[datagram->type]++;
    if (datagram->copy)
        figures->doubled[datagram->type]++;
    else
        account->originals++;

    switch (datagram->type) {
    case MUSTER_MSG_DATA:
        data_sent(account, datagram);
        break;
    case MUSTER_MSG_INIT:
        figures->expect.records++;
        figures->expect.duplicates += datagram->copy;
        break;
    default:
        figures->expect.records++;
        figures->expect.unnumbered++;
    }
}

void account_figures(const struct account *account, const struct play_decided *decided,
                     struct account_figures *figures)
{
    struct account_expect *expect = &figures->expect;
    uint64_t withheld = 0, doubled = 0;
    size_t i;

    *figures = account->figures;
    figures->underway = decided->underway;
    for (i = 0; i < PLAY_TYPES; i++) {
        figures->planned += decided->planned[i];
        figures->withheld[i] = decided->withheld[i];
        withheld += decided->withheld[i];
        doubled += figures->doubled[i];
    }
    assert(figures->planned >= withheld + account->originals);
    figures->unsent = figures->planned - withheld - account->originals;
    assert(figures->sent == figures->planned - withheld + doubled - figures->unsent);

    expect->datagrams = figures->sent;
    expect->lost = expect->missing - expect->recovered;
    expect->invisible = (figures->withheld[MUSTER_MSG_DATA] - account->between) * account->readings;
    assert(expect->late == figures->delayed * account->readings);
    /* Two ways to the same figure: the numbers that no one saw, and the
     * datagrams that were withheld.  A play that was cut off leaves others unseen. */
    assert(figures->unsent > 0 || expect->lost == account->between * account->readings);
}
