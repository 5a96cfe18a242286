/* SPDX-License-Identifier: MIT
 *
 * The bookkeeping.  It goes by how many numbers a device has used, which never
 * wraps, and not by the number that is derived from it.
 */
#include "account.h"

#include <assert.h>
#include <stdlib.h>

struct device {
    struct account_session session;
    uint64_t withheld; /* numbers, before the highest */
};

struct account {
    struct account_figures figures; /* what can be counted as it happens */
    uint64_t originals;             /* datagrams sent, copies apart */
    uint64_t between;   /* numbers withheld between the first and the highest of their device */
    uint64_t overtaken; /* numbers of those that are delayed */
    uint64_t regained;  /* numbers that were withheld, and sent again */
    struct message_form form;
    struct device *devices;
};

struct account *account_new(const struct play_plan *plan)
{
    struct account *account = calloc(1, sizeof *account);

    if (account == NULL)
        return NULL;
    account->form = plan->form;
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
                                uint64_t place, bool copy, uint64_t numbers, uint64_t sent_ns)
{
    uint64_t first = place + 1, last = place + numbers, missing;

    assert(numbers > 0);
    expect->records += numbers;
    if (session->first == 0) {
        assert(!copy);
        session->first = first;
        session->highest = session->left = last;
        session->highest_ns = sent_ns;
        return ACCOUNT_FIRST;
    }
    if (copy) {
        expect->duplicates += numbers;
        note_reach(expect, session->highest - first);
        return ACCOUNT_COPY;
    }
    if (first < session->highest) {
        if (first > session->left) {
            session->left = last;
            session->behind++;
        }
        if (session->behind >= ACCOUNT_LEAP && !session->doubted &&
            sent_ns - session->highest_ns >= ACCOUNT_LEAP_NS) {
            session->doubted = true;
            expect->leaps++;
        }
        expect->late += numbers;
        if (first > session->first)
            expect->recovered += numbers;
        note_reach(expect, session->highest - first);
        return ACCOUNT_LATE;
    }
    assert(first > session->highest);
    missing = first - session->highest - 1;
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
    session->highest = last;
    return ACCOUNT_AHEAD;
}

void account_shared(struct account_expect *expect, uint64_t records, uint64_t numbers)
{
    if (numbers > 0 && records > numbers) {
        expect->records += records - numbers;
        expect->shared += records - numbers;
    }
}

static void number_sent(struct account *account, const struct play_datagram *datagram,
                        uint64_t numbers)
{
    struct device *device = &account->devices[datagram->device];

    switch (account_data(&account->figures.expect, &device->session, datagram->place,
                         datagram->copy, numbers, datagram->sent_ns)) {
    case ACCOUNT_COPY:
        return;
    case ACCOUNT_LATE:
        account->figures.delayed++;
        account->overtaken += numbers;
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
    const uint64_t numbers = message_numbers(&account->form, datagram->type);
    const uint64_t records = message_records(&account->form, datagram->type);

    figures->sent++;
    figures->bytes += size;
    figures->sent_by_type[datagram->type]++;
    if (datagram->again) {
        figures->resent++;
        account->regained += datagram->copy ? 0 : numbers;
    } else if (datagram->copy)
        figures->doubled[datagram->type]++;
    else
        account->originals++;

    if (numbers > 0) {
        number_sent(account, datagram, numbers);
        account_shared(&figures->expect, records, numbers);
    } else {
        figures->expect.records += records;
        if (datagram->type == MUSTER_MSG_INIT)
            figures->expect.duplicates += datagram->copy;
        else
            figures->expect.unnumbered += records;
    }
}

void account_figures(const struct account *account, const struct play_decided *decided,
                     struct account_figures *figures)
{
    struct account_expect *expect = &figures->expect;
    uint64_t withheld = 0, doubled = 0, numbers = 0;
    uint8_t i;

    *figures = account->figures;
    figures->underway = decided->underway;
    for (i = 0; i < PLAY_TYPES; i++) {
        figures->planned += decided->planned[i];
        figures->withheld[i] = decided->withheld[i];
        withheld += decided->withheld[i];
        numbers += decided->withheld[i] * message_numbers(&account->form, i);
        doubled += figures->doubled[i];
    }
    assert(figures->planned >= withheld + account->originals);
    figures->unsent = figures->planned - withheld - account->originals;
    assert(figures->sent ==
           figures->planned - withheld + doubled + figures->resent - figures->unsent);

    expect->datagrams = figures->sent;
    expect->lost = expect->missing - expect->recovered;
    assert(expect->late == account->overtaken);
    if (figures->resent > 0) {
        numbers -= account->regained;
        expect->invisible = numbers > expect->lost ? numbers - expect->lost : 0;
        return;
    }
    expect->invisible = numbers - account->between;
    /* Two ways to the same figure: the numbers that no one saw, and those that
     * were withheld.  A play that was cut off leaves others unseen. */
    assert(figures->unsent > 0 || expect->lost == account->between);
}
