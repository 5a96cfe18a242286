/* SPDX-License-Identifier: MIT
 *
 * The bookkeeping.  It goes by the index of a DATA within its device, which
 * never wraps, and not by the 32-bit number that is derived from it.
 */
#include "account.h"

#include <assert.h>
#include <stdlib.h>

struct device {
    struct account_session session;
    uint64_t withheld; /* DATA withheld before the highest */
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
    account->readings = plan->form.readings;
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

enum account_place account_data(struct account_expect *expect, struct account_session *session,
                                uint64_t index, bool copy, uint64_t readings, uint64_t sent_ns)
{
    uint64_t place = index + 1, missing;

    expect->records += readings;
    if (session->first == 0) {
        assert(!copy);
        session->first = session->highest = session->left = place;
        session->highest_ns = sent_ns;
        return ACCOUNT_FIRST;
    }
    if (copy) {
        expect->duplicates += readings;
        note_reach(expect, (session->highest - place + 1) * readings - 1);
        return ACCOUNT_COPY;
    }
    if (place < session->highest) {
        if (place > session->left) {
            session->left = place;
            session->behind++;
        }
        if (session->behind >= ACCOUNT_LEAP && !session->doubted &&
            sent_ns - session->highest_ns >= ACCOUNT_LEAP_NS) {
            session->doubted = true;
            expect->leaps++;
        }
        expect->late += readings;
        if (place > session->first)
            expect->recovered += readings;
        note_reach(expect, (session->highest - place + 1) * readings - 1);
        return ACCOUNT_LATE;
    }
    assert(place > session->highest);
    missing = (place - session->highest - 1) * readings;
    if (missing > 0) {
        expect->missing += missing;
        expect->gaps++;
        if (missing > expect->jump)
            expect->jump = missing;
    }
    session->left = session->highest;
    session->behind = 0;
    session->doubted = false;
    session->highest_ns = sent_ns;
    session->highest = place;
    return ACCOUNT_AHEAD;
}

static void data_sent(struct account *account, const struct play_datagram *datagram)
{
    struct device *device = &account->devices[datagram->device];

    switch (account_data(&account->figures.expect, &device->session, datagram->index,
                         datagram->copy, account->readings, datagram->sent_ns)) {
    case ACCOUNT_COPY:
        return;
    case ACCOUNT_LATE:
        account->figures.delayed++;
        return;
    case ACCOUNT_AHEAD:
        account->between += datagram->withheld - device->withheld;
        break;
    default:
        break;
    }
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
