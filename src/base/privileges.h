/* SPDX-License-Identifier: MIT
 *
 * From root to somebody who may do little: user and groups, no_new_privs, an empty bounding set
 * (capabilities(7)), and no core or tracer of the same user's (PR_SET_DUMPABLE in prctl(2)).
 */
#ifndef BASE_PRIVILEGES_H
#define BASE_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

struct privileges {
    bool are_given; /* else everything stays as it is */
    bool has_entry; /* `uid` has one in the user database, with other groups, too */
    uid_t uid;
    gid_t gid;
};

enum privileges_outcome {
    PRIVILEGES_FOUND,
    PRIVILEGES_NO_USER,
    PRIVILEGES_NO_GROUP,
    PRIVILEGES_ROOT,        /* the user is root */
    PRIVILEGES_NEEDS_GROUP, /* a number without an entry has no group of its own */
};

/* Looks a user up, by name or number, and a group; NULL: the user's own. */
enum privileges_outcome privileges_find(struct privileges *privileges, const char *user,
                                        const char *group);

/* Becomes that user, for good.  All threads of the process change user and groups; the rest is of
 * the calling thread and of those that it starts, so there should be no others.  Who is that user
 * already only loses the rest.  Returns 0, or an errno: then the process is to end. */
int privileges_drop(const struct privileges *privileges);

#endif
