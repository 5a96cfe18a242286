/* SPDX-License-Identifier: MIT
 *
 * Who may send, datagram by datagram.
 */
#include "admit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/rate.h"

enum {
    SETS = 4096, /* of sources */
    WAYS = 4     /* sources of a set that are told apart */
};

/* A source that sent of late. */
struct source {
    uint64_t tag; /* its address, hashed; 0: none */
    uint64_t due_ns;
};

struct admit {
    struct admit_settings is;
    struct admit_listener *listeners;
    const struct catalog *catalog;
    struct hash_secret secret; /* so that nobody can choose whose place he takes */
    struct source *sources;    /* SETS times WAYS, if there is a rate of sources */
    uint64_t *device_due_ns;   /* of each device, if there is a rate of devices */
    uint8_t *is_accepted;      /* of each device that the catalog does not list */
    uint32_t accepted;         /* how many these are */
};

static bool is_needed(const struct admit_settings *is, const struct catalog *catalog,
                      uint32_t devices)
{
    unsigned i;

    for (i = 0; i < is->listener_count; i++)
        if (is->listeners[i].count > 0)
            return true;
    return is->source_rate > 0 || is->device_rate > 0 || is->unknown != ADMIT_ACCEPT ||
           is->unknown_most < devices || catalog_has_sources(catalog);
}

int admit_new(struct admit **admit, const struct admit_settings *settings,
              const struct catalog *catalog, uint32_t devices)
{
    struct admit *made;

    *admit = NULL;
    if (!is_needed(settings, catalog, devices))
        return 0;
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return -1;
    made->is = *settings;
    made->catalog = catalog;
    made->secret = hash_new_secret();
    made->listeners = calloc(settings->listener_count + 1, sizeof *made->listeners);
    made->is_accepted = calloc(devices, 1);
    if (settings->source_rate > 0)
        made->sources = calloc((size_t)SETS * WAYS, sizeof *made->sources);
    if (settings->device_rate > 0)
        made->device_due_ns = calloc(devices, sizeof *made->device_due_ns);
    if (made->listeners == NULL || made->is_accepted == NULL ||
        (settings->source_rate > 0 && made->sources == NULL) ||
        (settings->device_rate > 0 && made->device_due_ns == NULL)) {
        admit_free(made);
        return -1;
    }
    if (settings->listener_count > 0)
        memcpy(made->listeners, settings->listeners,
               settings->listener_count * sizeof *made->listeners);
    made->is.listeners = made->listeners;
    *admit = made;
    return 0;
}

void admit_use_catalog(struct admit *admit, const struct catalog *catalog)
{
    if (admit != NULL)
        admit->catalog = catalog;
}

void admit_free(struct admit *admit)
{
    if (admit == NULL)
        return;
    free(admit->listeners);
    free(admit->sources);
    free(admit->device_due_ns);
    free(admit->is_accepted);
    free(admit);
}

static int reject(enum muster_reject reason)
{
    return -(1 + (int)reason);
}

/* ---- rates ---------------------------------------------------------------------------- */

/* Of its address, without the port: never 0. */
static uint64_t hash(const struct admit *admit, const struct sockaddr *source)
{
    uint8_t family, bytes[16] = {0};
    uint32_t scope;
    uint16_t port;

    address_split(source, &family, &port, bytes, &scope);
    return hash_bytes(&admit->secret, admit->secret.first, bytes, sizeof bytes) | 1;
}

/* The place of a source: its own, or that of the one in the same set that has been quiet longest.
 * Two workers may take a place at once: then one of them counts a datagram for the other. */
static struct source *find(const struct admit *admit, uint64_t tag)
{
    struct source *set = &admit->sources[(tag >> 32) % SETS * WAYS], *quiet = set;
    unsigned i;

    for (i = 0; i < WAYS; i++) {
        if (__atomic_load_n(&set[i].tag, __ATOMIC_RELAXED) == tag)
            return &set[i];
        if (__atomic_load_n(&set[i].due_ns, __ATOMIC_RELAXED) <
            __atomic_load_n(&quiet->due_ns, __ATOMIC_RELAXED))
            quiet = &set[i];
    }
    __atomic_store_n(&quiet->due_ns, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&quiet->tag, tag, __ATOMIC_RELAXED);
    return quiet;
}

int admit_source(struct admit *admit, const struct sockaddr *source, uint8_t listener,
                 uint64_t arrival_ns)
{
    const struct admit_settings *is = &admit->is;

    if (listener < is->listener_count && is->listeners[listener].count > 0 &&
        !network_has(is->listeners[listener].allow, is->listeners[listener].count, source))
        return reject(MUSTER_REJECT_SOURCE);
    if (is->source_rate > 0 &&
        !rate_pass(&find(admit, hash(admit, source))->due_ns, is->source_rate, arrival_ns))
        return reject(MUSTER_REJECT_RATE);
    return 0;
}

/* ---- devices -------------------------------------------------------------------------- */

/* Whether a device that the catalog does not list is accepted; its datagrams are one pipeline's. */
static bool accept_unknown(struct admit *admit, uint32_t device)
{
    if (admit->is.unknown == ADMIT_REJECT)
        return false;
    if (admit->is_accepted[device])
        return true;
    if (__atomic_fetch_add(&admit->accepted, 1, __ATOMIC_RELAXED) >= admit->is.unknown_most) {
        __atomic_fetch_sub(&admit->accepted, 1, __ATOMIC_RELAXED);
        return false;
    }
    admit->is_accepted[device] = 1;
    return true;
}

bool admit_may_enroll(const struct admit *admit)
{
    return admit->is.unknown != ADMIT_REJECT &&
           __atomic_load_n(&admit->accepted, __ATOMIC_RELAXED) < admit->is.unknown_most;
}

int admit_device(struct admit *admit, const struct sockaddr *source, uint32_t device,
                 uint64_t arrival_ns, uint8_t *marks)
{
    const struct network *networks;
    unsigned count = catalog_sources(admit->catalog, device, &networks);

    *marks = 0;
    if (count > 0 && !network_has(networks, count, source))
        return reject(MUSTER_REJECT_SOURCE);
    if (!catalog_lists(admit->catalog, device)) {
        if (!accept_unknown(admit, device))
            return reject(MUSTER_REJECT_UNKNOWN_DEVICE);
        if (admit->is.unknown == ADMIT_MARK)
            *marks = MUSTER_MARK_UNKNOWN;
    }
    if (admit->is.device_rate > 0 &&
        !rate_pass(&admit->device_due_ns[device], admit->is.device_rate, arrival_ns))
        return reject(MUSTER_REJECT_RATE);
    return 0;
}
