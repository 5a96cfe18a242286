/* SPDX-License-Identifier: MIT
 *
 * See proc(5), /proc/net/snmp; the names are those of Linux's net/ipv4/proc.c and net/ipv6/proc.c.
 */
#include "drops.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 16 << 10 }; /* bytes of one of the files, at most */

/* ---- the kernel's counters ------------------------------------------------------------ */

/* Adds the value of a counter of that name, if it is one of those that matter. */
static void add(struct drops_seen *seen, const char *name, size_t length, const char *value)
{
    static const char *const no_room[] = {"RcvbufErrors", "MemErrors"};
    size_t i;

    for (i = 0; i < sizeof no_room / sizeof no_room[0]; i++)
        if (length == strlen(no_room[i]) && memcmp(name, no_room[i], length) == 0)
            seen->no_room += strtoull(value, NULL, 10);
    if (length == strlen("InCsumErrors") && memcmp(name, "InCsumErrors", length) == 0)
        seen->checksum += strtoull(value, NULL, 10);
}

/* The next word of the line, or NULL behind its last. */
static const char *next_word(const char **at, size_t *length)
{
    const char *word = *at + strspn(*at, " \t");

    *length = strcspn(word, " \t\n");
    *at = word + *length;
    return *length > 0 ? word : NULL;
}

/* snmp: a line of names, and below it one of values. */
static void parse_table(const char *names, struct drops_seen *seen)
{
    const char *values = strstr(names, "\nUdp:"), *name, *value;
    size_t name_length, value_length;

    if (values == NULL)
        return;
    values += strlen("\nUdp:");
    while ((name = next_word(&names, &name_length)) != NULL &&
           (value = next_word(&values, &value_length)) != NULL)
        add(seen, name, name_length, value);
}

void drops_parse(const char *text, struct drops_seen *seen)
{
    const char *table = strstr(text, "Udp:"), *line;

    if (table != NULL)
        parse_table(table + strlen("Udp:"), seen);
    /* snmp6: a line for each. */
    for (line = text; (line = strstr(line, "Udp6")) != NULL;) {
        size_t name_length, value_length;
        const char *at = line + strlen("Udp6"), *name = next_word(&at, &name_length);
        const char *value = next_word(&at, &value_length);

        if (name != NULL && value != NULL)
            add(seen, name, name_length, value);
        line = at;
    }
}

/* Returns false if nothing could be read. */
static bool read_counters(const struct drops *drops, struct drops_seen *seen)
{
    char text[TEXT + 1];
    bool any = false;
    unsigned i;

    *seen = (struct drops_seen){0};
    for (i = 0; i < sizeof drops->fds / sizeof drops->fds[0]; i++) {
        ssize_t length = drops->fds[i] < 0 ? -1 : pread(drops->fds[i], text, TEXT, 0);

        if (length <= 0)
            continue;
        text[length] = '\0';
        drops_parse(text, seen);
        any = true;
    }
    return any;
}

/* ---- claims --------------------------------------------------------------------------- */

void drops_init(struct drops *drops)
{
    memset(drops, 0, sizeof *drops);
    pthread_mutex_init(&drops->lock, NULL);
    drops->fds[0] = open("/proc/self/net/snmp", O_RDONLY | O_CLOEXEC);
    drops->fds[1] = open("/proc/self/net/snmp6", O_RDONLY | O_CLOEXEC);
    read_counters(drops, &drops->last);
}

void drops_free(struct drops *drops)
{
    unsigned i;

    for (i = 0; i < sizeof drops->fds / sizeof drops->fds[0]; i++)
        if (drops->fds[i] >= 0)
            close(drops->fds[i]);
    pthread_mutex_destroy(&drops->lock);
}

/* Adds what has come since the last reading to what is there to be claimed. */
static void renew(struct drops *drops)
{
    struct drops_seen now;

    if (!read_counters(drops, &now))
        return;
    drops->left[0].no_room += now.no_room - drops->last.no_room;
    drops->left[0].checksum += now.checksum - drops->last.checksum;
    drops->last = now;
}

void drops_look(struct drops *drops)
{
    pthread_mutex_lock(&drops->lock);
    renew(drops);
    drops->left[1] = drops->left[0];
    drops->left[0] = (struct drops_seen){0};
    pthread_mutex_unlock(&drops->lock);
}

/* Takes up to `most` away from what is there, the older first.  Returns how many. */
static uint64_t claim(uint64_t *old, uint64_t *new, uint64_t most)
{
    uint64_t from_old = most < *old ? most : *old;
    uint64_t from_new = most - from_old < *new ? most - from_old : *new;

    *old -= from_old;
    *new -= from_new;
    return from_old + from_new;
}

uint64_t drops_of_checksum(struct drops *drops, uint64_t dropped)
{
    struct drops_seen *left = drops->left;
    uint64_t no_room, checksum = 0;

    if (dropped == 0)
        return 0;
    pthread_mutex_lock(&drops->lock);
    renew(drops);
    /* No room first: a short datagram with a wrong checksum is in the namespace's counter, and in
     * no socket's. */
    no_room = claim(&left[1].no_room, &left[0].no_room, dropped);
    checksum = claim(&left[1].checksum, &left[0].checksum, dropped - no_room);
    pthread_mutex_unlock(&drops->lock);
    return checksum;
}
